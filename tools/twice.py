"""Execute notebooks as they are, and with each cell run twice in a row; name the cells that then say something else.

python -m tools.twice notebooks/04_evaluation.ipynb ...

Only words are compared, and not those of cells with the tag nbval-ignore-output, which may hold times.
"""

from __future__ import annotations

import sys
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbformat import NotebookNode

from mnist_helpers.data import Digits, load_digits
from tools.lesson_checks import text_of
from tools.normalize import normalize_notebook
from tools.text import argument_parser
from tools.walkthrough import execute, where


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("notebooks", nargs="+", type=Path)
    asked, digits = parser.parse_args(), load_digits()
    found = [line for path in asked.notebooks for line in differences(path, digits)]
    print(*found, sep="\n")
    return 1 if found else 0


def differences(path: Path, digits: Digits) -> list[str]:
    """A sentence for each cell of a notebook that says something else the second time, or the one at which it stops."""
    notebook = nbformat.read(path, as_version=4)
    double = deepcopy(notebook)
    double.cells = [each for cell in notebook.cells for each in (cell, deepcopy(cell))]
    with TemporaryDirectory() as folder:  # where no learner has saved anything
        plain, doubled = Path(folder, path.name), Path(folder, f"{path.stem}_twice.ipynb")
        nbformat.write(notebook, plain)
        nbformat.write(normalize_notebook(double), doubled)
        (once, _, _, stopped), (twice, _, _, again) = execute(plain, digits), execute(doubled, digits)
    second = normalize_notebook(twice).cells[1::2]
    return [failure for failure in (stopped, again) if failure] or [
        f"{path} says something else {where(once, number).removeprefix('stopped ')}:\n{words(cell)}{words(second[number])}"
        for number, cell in enumerate(normalize_notebook(once).cells)
        if "nbval-ignore-output" not in cell.metadata.get("tags", ()) and words(cell) != words(second[number])
    ]


def words(cell: NotebookNode) -> str:
    return "".join(f"    {text_of(output).strip()}\n" for output in cell.get("outputs", ()))


if __name__ == "__main__":
    sys.exit(main())
