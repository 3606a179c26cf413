"""Bring an executed notebook into the one form in which it is stored, so that a re-run changes only what changed."""

from __future__ import annotations

import hashlib
from collections import Counter

from nbformat import NotebookNode

WIDGET = "application/vnd.jupyter.widget-view+json"


def normalize_notebook(notebook: NotebookNode) -> NotebookNode:
    """Drop what differs from run to run and from machine to machine; returns the notebook, changed in place.

    Kept: sources, tags and other metadata that was written by hand, outputs. Dropped: timings, widgets (the picture
    beside them stays), progress bars, versions. Ids follow from a cell's content, counts run from 1.
    """
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: Counter[str] = Counter()
    count = 0
    for cell in notebook.cells:
        content = f"{cell.cell_type} {cell.source}".encode()
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()[:8]
        seen[digest] += 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        for transient in ("execution", "collapsed", "scrolled", "ExecuteTime", "lines_to_next_cell"):
            cell.metadata.pop(transient, None)
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = _merge_streams([output for output in cell.outputs if not is_live(output)])
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = count
    return notebook


def is_live(output: NotebookNode) -> bool:
    """Whether an output lives only while its kernel does: a widget, a style, or a progress bar, also one that has ended."""
    data = output.get("data")
    if data is not None:
        return WIDGET in data or data.get("text/plain") == ""
    return output.output_type == "stream" and output.name == "stderr" and "%|" in output.text


def _merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join what was printed in several pieces: where it is cut depends on time alone."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged
