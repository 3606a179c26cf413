"""Bring the README's numbers up to those of the last run on MNIST and of the newest benchmark that was kept.

python -m tools.readme
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import nbformat

from mnist_helpers.data import WalkthroughError
from tools.bench import KEPT
from tools.walkthrough import BUILD, LESSONS, ROOT

README = ROOT / "README.md"


def main() -> int:
    try:
        results = read_results(BUILD / "results.json")
        text = README.read_text(encoding="utf-8")
        blocks = {
            "numbers": numbers(results),
            "lessons": lessons(results),
            "benchmark": benchmark(newest_benchmark()),
        }
        for name, content in blocks.items():
            text = replace_block(text, name, content)
    except WalkthroughError as error:
        print(error, file=sys.stderr)
        return 1
    README.write_text(text, encoding="utf-8")
    return 0


def read_results(path: Path) -> dict:
    """The numbers of the last run. Raises WalkthroughError unless it was whole and on MNIST."""
    if not path.is_file():
        raise WalkthroughError(f"{path} does not exist: run `make run` first.")
    results = json.loads(path.read_text(encoding="utf-8"))
    if results["dataset"] != "mnist" or set(results["notebooks"]) != {lesson.stem for lesson in LESSONS}:
        raise WalkthroughError(f"{path} is not of a whole run on MNIST; the README was left as it is.")
    return results


def numbers(results: dict) -> str:
    """The sentence with what was measured, and on what."""
    low, high = results["test_accuracy_interval"]
    seeds = results["test_accuracy_over_seeds"]
    return (
        f"Measured by `make run` on {results['cpu_cores']} CPU cores without a GPU, Python {results['python']}, "
        f"torch {results['torch'].split('+')[0]}: **{results['test_accuracy']:.2%}** of MNIST's test images are "
        f"read correctly (95 % interval {low:.2%} to {high:.2%}) by a CNN of {results['parameters']:,} parameters, "
        f"after **{results['train_seconds']:.1f} s** of training. Over {seeds['seeds']} seeds: "
        f"mean {seeds['mean']:.2%}, standard deviation {100 * seeds['standard_deviation']:.2f} points."
    )


def lessons(results: dict) -> str:
    """The table of lessons: link, question, seconds to run."""
    rows = ["| lesson | its question | runs in |", "| --- | --- | --- |"]
    for path in LESSONS:
        opening = nbformat.read(path, as_version=4).cells[0].source
        (title,), (question, *_) = re.findall(r"^# (.+)", opening), re.findall(r"\*\*(.+?)\*\*", opening)
        rows.append(
            f"| [{title}](notebooks/{path.name}) | {question} | {results['notebooks'][path.stem]:.0f} s |"
        )
    rows.append(f"| together | | {sum(results['notebooks'].values()):.0f} s |")
    return "\n".join(rows)


def newest_benchmark() -> dict:
    """The benchmark that was kept last."""
    return max((json.loads(path.read_text()) for path in KEPT.glob("*.json")), key=lambda kept: kept["date"])


def benchmark(result: dict) -> str:
    """The table of ways to train: accuracy over seeds, and seconds until it stands at each level."""
    machine = result["machine"]
    device = "no GPU" if machine["device"] == "cpu" else machine["device"]
    rows = [
        f"Measured by `make bench` on {machine['cpu_cores']} cores ({machine['cpu']}, {device}), Python "
        f"{machine['python']}, torch {machine['torch']}; medians over seeds. The clock runs during training steps and "
        "stands still for imports, reading the digits and evaluation.",
        "",
        "| way to train | test accuracy | seconds | to 98.41 % | to 99.0 % | to 99.4 % | to 99.6 % |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for recipe in result["recipes"]:
        spread = f" ± {100 * recipe['accuracy_std']:.2f}" if recipe["accuracy_std"] is not None else ""
        to = (recipe["seconds_to"].get(level) for level in ("0.9841", "0.99", "0.994", "0.996"))
        cells = [
            recipe["name"],
            f"{100 * recipe['accuracy_mean']:.2f}{spread} % ({recipe['seeds']} seed{'s' * (recipe['seeds'] > 1)})",
            f"{recipe['seconds']:.2f}",
            *("–" if seconds is None else f"{seconds:.2f}" for seconds in to),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def replace_block(text: str, name: str, content: str) -> str:
    """Put `content` between the marks `<!-- name -->` and `<!-- end name -->`."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)"
    changed, count = re.subn(pattern, lambda match: f"{match[1]}{content}\n{match[2]}", text, flags=re.DOTALL)
    if count != 1:
        raise WalkthroughError(f"README.md has no block {name}.")
    return changed


if __name__ == "__main__":
    sys.exit(main())
