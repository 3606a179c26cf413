#!/bin/sh
# What JupyterLab folds away stands open on nbconvert's page, in its template "lab", too.
#
# nbconvert 7.17.2, nbformat 5.11.1, Python 3.11: JupyterLab keeps in a cell's metadata that its code
# (`jupyter.source_hidden`) or its outputs (`jupyter.outputs_hidden`, in the classic notebook `collapsed`) are folded.
# nbconvert's HTML shows all of them, without a fold, in all of its templates, even in the one that looks like
# JupyterLab. So answers folded under a question, and folded solutions, are open for whoever gets the page. Only
# tags, with settings of one's own, remove a cell.
# Output seen: lab: code and both outputs shown; classic: code and both outputs shown; basic: code and both outputs shown
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    nbconvert==7.17.2 nbformat==5.11.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import re, sys
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output


def cell(code, printed, **metadata):
    return new_code_cell(code, metadata=metadata, outputs=[new_output("stream", name="stdout", text=printed)])


cells = [
    cell("folded_code()", "open", jupyter={"source_hidden": True}),
    cell("one()", "folded answer", jupyter={"outputs_hidden": True}),
    cell("two()", "collapsed answer", collapsed=True),
]
open_everywhere = True
for template in ("lab", "classic", "basic"):
    page = HTMLExporter(template_name=template).from_notebook_node(new_notebook(cells=cells))[0]
    body = re.sub(r"(?s)<style.*?</style>|<script.*?</script>", "", page)
    words = re.sub("<[^>]*>", "", body)
    shown = [part for part in ("folded_code()", "folded answer", "collapsed answer") if part in words]
    folds = re.findall(r"<details|jp-mod-(?:input|output)Hidden|jp-(?:Input|Output)Placeholder", body)
    print(f"{template}: {'code and both outputs shown' if len(shown) == 3 else shown}{', folds' * bool(folds)}")
    open_everywhere &= len(shown) == 3 and not folds
sys.exit(not open_everywhere)
PYTHON
