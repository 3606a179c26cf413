#!/bin/sh
# nbval fails a notebook that was executed a moment ago, where a cell updates what it displays or clears it.
#
# nbval 0.11.0, nbclient 0.11.0, ipykernel 7.4.0, Python 3.11: Jupyter and nbclient store what a cell shows in
# the end. nbval runs the cell and compares with that what came first: after display(..., display_id=True) and
# update, the text before the update; after print and clear_output, all that was ever printed. Both cells fail
# whatever the kernel does right. So cells with a live counter can only be left out of the comparison.
# Output seen: passed: updated False, cleared False, printed True
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    nbval==0.11.0 nbclient==0.11.0 ipykernel==7.4.0 nbformat==5.11.1 pytest==9.2.0
export HOME="$folder" PATH="$folder/venv/bin:$PATH"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import pathlib, subprocess, sys, tempfile
import nbclient, nbformat
from nbformat.v4 import new_code_cell, new_notebook

cells = {
    "updated": "shown = display('epoch 1', display_id=True)\nshown.update('epoch 2')",
    "cleared": "from IPython.display import clear_output\nprint('epoch 1')\nclear_output()\nprint('epoch 2')",
    "printed": "print('epoch 1')\nprint('epoch 2')",
}
kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
passed = {}
with tempfile.TemporaryDirectory() as folder:
    for name, code in cells.items():
        path = pathlib.Path(folder, f"{name}.ipynb")
        nbformat.write(nbclient.execute(new_notebook(cells=[new_code_cell(code)], metadata=kernel)), path)
        command = [sys.executable, "-m", "pytest", "--quiet", "--nbval", "-p", "no:cacheprovider", path]
        result = subprocess.run(command, capture_output=True, text=True, cwd=folder)
        passed[name] = "1 passed" in result.stdout
        if not passed[name] and "1 failed" not in result.stdout:
            sys.exit(f"nbval did not run: {result.stdout}{result.stderr}")
print("passed:", ", ".join(f"{name} {verdict}" for name, verdict in passed.items()))
sys.exit(passed != {"updated": False, "cleared": False, "printed": True})
PYTHON
