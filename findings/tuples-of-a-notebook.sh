#!/bin/sh
# testbook gives a test lists for a notebook's tuples and text for its numbered keys; comparing them fails.
#
# testbook 0.4.2, nbclient 0.11.0, ipykernel 7.4.0, Python 3.11: values travel between kernel and test as JSON
# where that works. A shape (28, 28) arrives as [28, 28], which is not equal to (28, 28); {0: "zero"} arrives
# as {"0": "zero"}; NaN arrives as the text "nan". On the way in a dictionary {3: 5} reaches the notebook's
# function with the key "3", so its count of threes is 0, without an error. A plain tuple as an argument stays
# one.
# Output seen: [28, 28], {'0': 'zero'}, 'nan', count of threes 0, tuple
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    testbook==0.4.2 nbclient==0.11.0 ipykernel==7.4.0 nbformat==5.11.1
export HOME="$folder" PATH="$folder/venv/bin:$PATH"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import pathlib, sys, tempfile
import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from testbook import testbook

code = """
shape, names, loss = (28, 28), {0: "zero"}, float("nan")
def threes(counts): return counts.get(3, 0)
def kind(value): return type(value).__name__
"""
kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "lesson.ipynb")
    nbformat.write(new_notebook(cells=[new_code_cell(code)], metadata=kernel), path)
    with testbook(path, execute=True) as notebook:
        values = [notebook.get(name) for name in ("shape", "names", "loss")]
        calls = [notebook.ref("threes")({3: 5}), notebook.ref("kind")((28, 28))]
print(*map(repr, values), f"count of threes {calls[0]}", calls[1], sep=", ")
sys.exit(values != [[28, 28], {"0": "zero"}, "nan"] or calls != [0, "tuple"])
PYTHON
