"""Bring the README's numbers up to those of the last run on MNIST and of the benchmarks that were kept.

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
            "benchmark": benchmark(kept_benchmarks()),
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


def kept_benchmarks() -> list[dict]:
    """The benchmarks that were kept, from the first to the newest."""
    return sorted(
        (json.loads(path.read_text()) for path in KEPT.glob("*.json")), key=lambda kept: kept["date"]
    )


def benchmark(results: list[dict]) -> str:
    """The table of ways to train: on each machine, accuracy over seeds after so many seconds."""
    heads = [machine_head(result["machine"]) for result in results]
    rows = [
        "Measured by `make bench`: the mean and standard deviation over seeds, after the median of seconds. The clock "
        "runs during training steps and stands still for imports, reading the digits and evaluation.",
        "",
        f"| way to train | seeds | {' | '.join(heads)} |",
        f"| --- | --- |{' --- |' * len(heads)}",
    ]
    measured = [{recipe["name"]: recipe for recipe in result["recipes"]} for result in results]
    for name, recipe in measured[-1].items():
        cells = [benchmark_cell(recipes[name]) if name in recipes else "–" for recipes in measured]
        rows.append(f"| {name} | {recipe['seeds']} | {' | '.join(cells)} |")
    return "\n".join(rows)


def machine_head(machine: dict) -> str:
    """A machine in the head of a column: what computes, and the versions."""
    computes = (
        f"{machine['cpu_cores']} cores, {machine['cpu']}" if machine["device"] == "cpu" else machine["device"]
    )
    return f"{computes}, torch {machine['torch'].split('+')[0]}, {machine['fast_dtype']}"


def benchmark_cell(recipe: dict) -> str:
    """An accuracy and its seconds; and where 98.41 % was seen on the way, after how many."""
    spread = f" ± {100 * recipe['accuracy_std']:.2f}" if recipe["accuracy_std"] is not None else ""
    first = recipe["seconds_to"].get("0.9841")
    on_the_way = f" (98.41 % after {first:.3g} s)" if first and first < 0.99 * recipe["seconds"] else ""
    return f"{100 * recipe['accuracy_mean']:.2f}{spread} % after {recipe['seconds']:.3g} s{on_the_way}"


def replace_block(text: str, name: str, content: str) -> str:
    """Put `content` between the marks `<!-- name -->` and `<!-- end name -->`."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)"
    changed, count = re.subn(pattern, lambda match: f"{match[1]}{content}\n{match[2]}", text, flags=re.DOTALL)
    if count != 1:
        raise WalkthroughError(f"README.md has no block {name}.")
    return changed


if __name__ == "__main__":
    sys.exit(main())
