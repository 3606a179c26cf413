#!/bin/sh
# "marimo convert" keeps only the last term of a sum over a loop that starts in an earlier cell.
#
# marimo 0.25.2, Python 3.11: a notebook of three cells, "correct = 0", "for batch in [3, 4, 5]: correct +=
# batch" and "print(correct)", prints 12 in Jupyter. The converter has to give each cell variables of its own,
# and writes "correct_1 = correct + batch" into the loop, which adds to the old name each time: the program
# prints 5. It says nothing, neither when it converts nor when it runs. Starting a count in one cell and
# counting in another is common in notebooks. With both lines in one cell the sum is right.
# Output seen: in three cells: 12 becomes 5; in two cells: 12 stays 12
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    marimo==0.25.2 nbformat==5.11.1
export HOME="$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib, io, pathlib, subprocess, sys, tempfile
import nbformat
from nbformat.v4 import new_code_cell, new_notebook

start, loop, show = "correct = 0", "for batch in [3, 4, 5]:\n    correct += batch", "print(correct)"


def in_jupyter(cells):
    printed, names = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        for cell in cells:
            exec(cell, names)
    return printed.getvalue().strip()


def converted(cells):
    with tempfile.TemporaryDirectory() as folder:
        notebook, program = pathlib.Path(folder, "count.ipynb"), pathlib.Path(folder, "count.py")
        nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), notebook)
        command = [sys.executable, "-m", "marimo", "--quiet", "convert", notebook, "--output", program]
        subprocess.run(command, check=True)
        command = [sys.executable, program]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


three, two = [start, loop, show], [f"{start}\n{loop}", show]
found = in_jupyter(three), converted(three), in_jupyter(two), converted(two)
print("in three cells: {} becomes {}; in two cells: {} stays {}".format(*found))
sys.exit(found != ("12", "5", "12", "12"))
PYTHON
