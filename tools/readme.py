"""Bring the numbers of the README, and of benchmarks/, up to those of the last run and of what was kept.

python -m tools.readme
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from pathlib import Path

import nbformat

from mnist_helpers.errors import WalkthroughError
from tools.bench import RIVALS
from tools.paths import ACCURACY_LOG, BENCHMARKS, BUILD, DEEPER, LESSONS, MEASURED, ROOT, name_of
from tools.recipes import RECIPES
from tools.text import argument_parser, read_log, replace_block

README = ROOT / "README.md"


def main() -> int:
    argument_parser(__doc__).parse_args()
    try:
        results = read_results(BUILD / "results.json")
        replace_block(README, "numbers", numbers(results))
        replace_block(README, "lessons", lessons(results["notebooks"]))
        replace_block(README, "deeper", deeper())
        (BENCHMARKS / "lessons.jsonl").write_text(costs(results), encoding="utf-8")
        replace_block(BENCHMARKS / "README.md", "benchmark", benchmark(kept_benchmarks()))
        replace_block(BENCHMARKS / "README.md", "accuracy", accuracy_log(read_log(ACCURACY_LOG)))
    except WalkthroughError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def read_results(path: Path) -> dict:
    """The numbers of the last run. Raises WalkthroughError unless it was of all lessons and on MNIST."""
    if not path.is_file():
        raise WalkthroughError(f"{path} does not exist: run `make run` first.")
    results = json.loads(path.read_text(encoding="utf-8"))
    whole = set(results["notebooks"]) >= set(map(name_of, LESSONS)) and not results.get("failed")
    if results["dataset"] != "mnist" or not whole:
        raise WalkthroughError(f"{path} is not of a whole run on MNIST; the README was left as it is.")
    return results


def numbers(results: dict) -> str:
    """The sentence with what was measured, and on what; the accuracies are those that deeper/04_statistics stores."""
    stored = (ROOT / "notebooks" / "deeper" / "04_statistics.ipynb").read_text(encoding="utf-8")
    count, mean, spread = re.findall(
        r"(\d+) networks: mean ([\d.]+)%, standard deviation ([\d.]+) points", stored
    )[0]
    machine = f"{results['cpu_cores']} CPU cores without a GPU, Python {results['python']}"
    return (
        f"Measured on {machine}, torch {results['torch'].split('+')[0]}: a CNN of "
        f"{results['parameters']:,} parameters, trained for {results['train_seconds']:.0f} s, reads "
        f"{mean} ± {spread}% of MNIST's test images "
        f"(mean and standard deviation over {count} seeds, the last weights of each, no image of the "
        "test split used in any choice)."
    )


def lessons(seconds: dict[str, float]) -> str:
    """The table of lessons: link, question, what it lets the reader do, minutes, seconds to run."""
    rows = [
        "| lesson | its question | after it you can | time | computing |",
        "| --- | --- | --- | --- | --- |",
    ]
    for path in LESSONS:
        opening = opening_of(path)
        able, _, time, _ = re.findall(r"^\| (?!after|---)(.+) \|$", opening, re.MULTILINE)[0].split(" | ")
        link = f"[{title(opening)}](notebooks/{path.name})"
        rows.append(f"| {link} | {question(opening)} | {able} | {time} | {seconds[path.stem]:.0f} s |")
    return "\n".join(rows)


def deeper() -> str:
    """The table of the notebooks that go deeper: question, link, the lesson that each follows."""
    rows = ["| question | notebook | after lesson |", "| --- | --- | --- |"]
    for path in DEEPER:
        opening, name = opening_of(path), name_of(path)
        link = f"[{title(opening)}](notebooks/{name}.ipynb)"
        rows.append(f"| {question(opening)} | {link} | {int(path.stem[:2])} |")
    return "\n".join(rows)


def opening_of(path: Path) -> str:
    return nbformat.read(path, as_version=4).cells[0].source


def title(opening: str) -> str:
    return opening.splitlines()[0].removeprefix("# ")


def question(opening: str) -> str:
    """The first bold words of a notebook."""
    return re.findall(r"\*\*(.+?)\*\*", opening)[0]


def costs(results: dict) -> str:
    """A line for each notebook: seconds, seconds of the processor, and the most memory that its kernel held."""
    return "".join(json.dumps({"lesson": name} | cost) + "\n" for name, cost in results["costs"].items())


def kept_benchmarks() -> list[dict]:
    """The benchmarks that were kept, from the first to the newest."""
    kept = (json.loads(path.read_text()) for path in MEASURED.glob("*.json"))
    return sorted(kept, key=lambda result: result["date"])


def benchmark(results: list[dict]) -> str:
    """The table of ways to train: on each machine, accuracy over seeds after so many seconds."""
    heads = [machine_head(result["machine"]) for result in results]
    rows = [f"| way to train | seeds | {' | '.join(heads)} |", f"| --- | --- |{' --- |' * len(heads)}"]
    measured = [{recipe["name"]: recipe for recipe in result["recipes"]} for result in results]
    for recipe in (*RECIPES, *RIVALS):
        found = [recipes.get(recipe.name) for recipes in measured]
        rows.append(f"| {recipe.name} | {recipe.seeds} | {' | '.join(map(cell, found))} |")
    return "\n".join(rows)


def machine_head(machine: dict) -> str:
    """A machine in the head of a column: what computes, and the versions."""
    processor = f"{machine['cpu_cores']} cores, {machine['cpu']}"
    computes = processor if machine["device"] == "cpu" else machine["device"]
    return f"{computes}, torch {machine['torch'].split('+')[0]}, {machine['fast_dtype']}"


def cell(recipe: dict | None) -> str:
    """An accuracy and its seconds; and where 98.41% was seen on the way, after how many."""
    if recipe is None:
        return "–"
    spread = "" if recipe["accuracy_std"] is None else f" ± {100 * recipe['accuracy_std']:.2f}"
    first = recipe["seconds_to"].get("0.9841")
    on_the_way = f" (98.41% after {first:.3g} s)" if first and first < 0.99 * recipe["seconds"] else ""
    return f"{100 * recipe['accuracy_mean']:.2f}{spread}% after {recipe['seconds']:.3g} s{on_the_way}"


def accuracy_log(records: list[dict]) -> str:
    """The table of the log of accuracy: what is right of the images held out, and of the test images, over the runs."""
    rows = [
        "| line | parameters | seconds, one thread | runs | held out | test |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for line in dict.fromkeys(record["line"] for record in records):
        for everything in (False, True):
            those = [r for r in records if r["line"] == line and r["run"].startswith("all") == everything]
            if runs := [r for r in those if "test" not in r]:
                seconds = statistics.mean(r["seconds"] for r in runs) if "seconds" in runs[0] else None
                cells = (
                    f"{line}{', on all images' * everything}",
                    f"{runs[0]['parameters']:,}",
                    f"{seconds:.0f}" if seconds else "–",
                    str(len(runs)),
                    spread([r["wrong"] for r in runs if r["wrong"]]),
                    spread([r["test"] for r in those if "test" in r]),
                )
                rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def spread(wrong: list[dict]) -> str:
    """Mean and standard deviation of what is right, in percent, from the mistakes among 10,000 images of each run."""
    right = [100 - len(run["last"]) / 100 for run in wrong]
    if len(right) < 2:
        return f"{right[0]:.2f}%" if right else "–"
    return f"{statistics.mean(right):.3f} ± {statistics.stdev(right):.3f}%"


if __name__ == "__main__":
    sys.exit(main())
