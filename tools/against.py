"""Time the lessons of this checkout and of another beside each other, in pairs, on the same packages.

python -m tools.against PATH                all lessons of both, a lesson here after a lesson there; numbers go to
                                            build/against.json, and with --keep NAME to benchmarks/NAME.json as well
python -m tools.against PATH --only 03      only lessons whose names begin so
python -m tools.against PATH --busy 1       the same beside a process that takes a core
python -m tools.against PATH --rounds 5     as often; the medians are printed

A lesson is opened when its first picture is there, and begins to learn when its first training has ended.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

from tools.machine import describe_machine
from tools.paths import BENCHMARKS, BUILD, ROOT
from tools.text import argument_parser

# Runs in the checkout whose lesson it is: prints seconds and megabytes, as JSON.
MEASURE = r"""
import json, os, re, sys, time
from pathlib import Path
import nbformat
from nbclient import NotebookClient

path = Path(sys.argv[1])
notebook, found, start = nbformat.read(path, 4), {}, time.perf_counter()
client = NotebookClient(notebook, timeout=3600, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}},
                        extra_arguments=["--log-level=ERROR"])
trains = re.compile(r"^(?!\s*(?:def|class|from|import)\b).*\b(?:fit|trained|trained_cnn|train_step)\(", re.MULTILINE)
with client.setup_kernel(env=os.environ):
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            client.execute_cell(cell, number)
            now = round(time.perf_counter() - start, 2)
            if any("image/png" in output.get("data", {}) for output in cell.outputs):
                found.setdefault("first_picture", now)
            if trains.search(cell.source) and "def fit" not in cell.source:
                found.setdefault("first_training", now)
    status = Path(f"/proc/{client.km.provisioner.pid}/status").read_text()
found["seconds"] = round(time.perf_counter() - start, 2)
found["memory_mb"] = int(re.search(r"VmHWM:\s*(\d+)", status)[1]) // 1024
print(json.dumps(found))
"""


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("path", type=Path, help="the other checkout")
    parser.add_argument("--only", default="[0-9]", help="lessons whose names begin so")
    parser.add_argument("--busy", type=int, default=0, help="how many cores are taken by others")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--keep", metavar="NAME")
    asked = parser.parse_args()
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(asked.busy)]
    runs: list[dict] = []
    try:
        sides = {"here": ROOT, "there": asked.path.resolve()}
        lessons = [sorted((side / "notebooks").glob(f"{asked.only}*.ipynb")) for side in sides.values()]
        for number in range(asked.rounds):
            for pair in zip_longest(*lessons):
                for name, path in zip(sides, pair, strict=True):
                    if path:
                        found = measure(path, sides[name])
                        runs.append({"side": name, "lesson": path.stem, "round": number, **found})
                        print(json.dumps(runs[-1]), flush=True)
    finally:
        for process in others:
            process.kill()
    result = {"machine": describe_machine(), "busy": asked.busy, "runs": runs}
    for file in [BUILD / "against.json", *([BENCHMARKS / f"{asked.keep}.json"] if asked.keep else [])]:
        file.write_text(json.dumps(result, indent=1) + "\n")
    print(summary(runs))
    return 0


def measure(lesson: Path, checkout: Path) -> dict[str, float]:
    """What MEASURE finds out about a lesson, in its own checkout."""
    own = {"PYTHONPATH": str(checkout), "MNIST_CHECKPOINTS": str(checkout / "build" / "checkpoints")}
    command = [sys.executable, "-c", MEASURE, str(lesson)]
    done = subprocess.run(command, cwd=checkout, env=os.environ | own, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def summary(runs: list[dict]) -> str:
    """Seconds of all lessons together and the worst of the rest, medians over the rounds, and their ratios."""
    lines, rounds = [], sorted({run["round"] for run in runs})
    joins: dict[str, Callable] = {
        "seconds": sum,
        "first_picture": max,
        "first_training": max,
        "memory_mb": max,
    }
    for what, join in joins.items():
        here, there = (
            statistics.median(
                join(
                    run[what] for run in runs if (run["side"], run["round"]) == (side, number) and what in run
                )
                for number in rounds
            )
            for side in ("here", "there")
        )
        lines.append(f"{what:15} here {here:8.1f}, there {there:8.1f}, ratio {here / there:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
