"""Where things are in the project; nothing is imported for it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
DEEPER = sorted((ROOT / "notebooks" / "deeper").glob("[0-9][0-9]_*.ipynb"))
NOTEBOOKS = [*LESSONS, *DEEPER]
BUILD = ROOT / "build"
TEACHING = ROOT / "teaching"
BENCHMARKS = ROOT / "benchmarks"
MEASURED = ROOT / "mnist_lessons" / "measured"  # what notebooks read of it
ACCURACY_LOG = MEASURED / "accuracy.jsonl"


def name_of(notebook: Path) -> str:
    """What a notebook is called: 01_data, deeper/01_splits."""
    return f"{'deeper/' * (notebook.parent.name == 'deeper')}{notebook.stem}"
