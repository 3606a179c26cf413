"""Three editions of each lesson from one source: for learners, to be typed together, and for the teacher.

The source is the notebook in notebooks/ and its page in teaching/lessons. `master` puts both together: the notes of the
page become cells tagged `teacher`, each solution stands in its exercise's cell between nbgrader's marks, and headings
say what the half day leaves out. Each edition is the master without what it must not show.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import re
from collections.abc import Callable
from textwrap import indent
from typing import Any

from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from mnist_lessons.exercises import IMPORTS, check
from tools.kit.pages import AT_HOME, FULL, HALF, HEADING, SOLUTION, Note, Section, sections
from tools.normalize import normalize_notebook

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
MARKED = re.compile(rf"\n*{BEGIN}\n.*?{END}", re.DOTALL)
# A prediction's answer: what follows the folded output, up to the next heading or prediction.
ANSWER = re.compile(r"\A(?!#|\*\*Predict)(.+?)(?=\n\n#|\n\n\*\*Predict|\Z)", re.DOTALL)
FOLD = r"<details><summary>What came out, and what follows (first run the cell)</summary>\n\n\1\n\n</details>"
CATCH_UP = """# To catch up, open this cell: it does the work of the one above if that is empty.
try:
    {names}
except NameError:
{code}"""
DEFINED = re.compile(r"^(?:def )?(\w+)(?: = |\(.*\):$)", re.MULTILINE)  # the names that a cell gives
FAILS = "If a cell fails, choose"
LIVE = "Some cells are empty: you type them together. Whatever is not typed yet, *Run All Cells* works. "


def master(notebook: NotebookNode, notes: dict[str, Note]) -> NotebookNode:
    """The notebook with all that any edition shows. Raises KeyError for a section without a note where others have one."""
    noted: dict[int, list[NotebookNode]] = {}
    for section in sections(notebook)[1:] if notes else ():
        noted.setdefault(section.first_cell, []).append(note_cell(section, notes[section.heading]))
    taught = HALF in (note.route for note in notes.values())  # else the half day leaves out the lesson
    home = {heading for heading, note in notes.items() if taught and note.route == FULL}
    full, cells = copy.deepcopy(notebook), []
    for number, cell in enumerate(full.cells):
        if has_tag(cell, "remove-cell"):  # for Colab
            continue
        cells.append(cell)
        if cell.cell_type == "markdown":
            cell.source = HEADING.sub(lambda found: found[0] + AT_HOME * (found[1] in home), cell.source)
        if has_tag(cell, "exercise-starter"):
            solution = SOLUTION.search(full.cells[number + 2].source)
            assert solution is not None, f"no solution two cells below {cell.source!r}"
            cell.source += f"\n\n{BEGIN}\n{solution['code']}{END}"
        elif solution := SOLUTION.search(cell.source):
            cell.source = SOLUTION.sub("", cell.source).strip()
            cells.append(teacher_cell(f"**About the solution.** {solution['words']}"))
        cells += noted.get(number, ())
    full.cells = cells
    return full


def note_cell(section: Section, note: Note) -> NotebookNode:
    """A note as a cell: where the section is taught, the minutes that were counted, and what to ask."""
    return teacher_cell(f"**For the teacher: {note.route} · {section.minutes()} min**\n\n{note.text}")


def teacher_cell(text: str) -> NotebookNode:
    """A cell in a frame of its own, as a quotation, so that it is told from the lesson at a glance."""
    quoted = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
    return new_markdown_cell(quoted, metadata={"tags": ["teacher"]})


def teacher(full: NotebookNode) -> NotebookNode:
    """Solutions and notes in place, outputs kept, and each check with what it says to the solution."""
    edition, definitions = copy.deepcopy(full), definitions_of(full)
    for number, cell in enumerate(edition.cells):
        if has_tag(cell, "exercise-check"):
            answer = edition.cells[number - 1].source
            cell.outputs = [
                new_output(
                    "stream", name="stdout", text=sentence_about(f"{answer}\n{cell.source}", definitions)
                )
            ]
    return normalize_notebook(edition)


def learner(full: NotebookNode) -> NotebookNode:
    """No solution, no note, no output, and what answers a prediction is folded; hints stay."""
    edition, _ = TagRemovePreprocessor(remove_cell_tags={"teacher"}).preprocess(copy.deepcopy(full), {})
    edition, _ = ClearOutputPreprocessor().preprocess(edition, {})
    above = None
    for cell in edition.cells:
        if cell.cell_type == "code":
            cell.source = MARKED.sub("", cell.source)
        elif above and above.metadata.get("jupyter", {}).get("outputs_hidden"):
            cell.source = ANSWER.sub(FOLD, cell.source)
        above = cell
    edition = normalize_notebook(edition)
    for cell in edition.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
    return edition


def live(full: NotebookNode) -> NotebookNode:
    """The learner's edition with the cells tagged `live` left empty, each with a folded cell that fills in for it."""
    edition, cells = learner(full), []
    for cell in edition.cells:
        cells.append(cell)
        if has_tag(cell, "live"):
            names, code = DEFINED.findall(cell.source), indent(cell.source, "    ")
            code = CATCH_UP.format(names=", ".join(names), code=code)
            cells.append(
                new_code_cell(code, metadata={"tags": ["catch-up"], "jupyter": {"source_hidden": True}})
            )
            cell.source = ""
    edition.cells = cells
    edition.cells[0].source = edition.cells[0].source.replace(FAILS, LIVE + FAILS)
    return edition


EDITIONS: dict[str, Callable[[NotebookNode], NotebookNode]] = {
    "notebooks": learner,
    "live": live,
    "teacher": teacher,
}


def has_tag(cell: NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", ())


def definitions_of(notebook: NotebookNode) -> str:
    """Imports, functions and classes of a lesson outside its exercises, which solutions may use."""
    kept = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    cells = [c for c in cells if not has_tag(c, "exercise-starter") and not has_tag(c, "remove-cell")]
    nodes = [node for cell in cells for node in ast.parse(cell.source).body if isinstance(node, kept)]
    known = {getattr(node, "name", "") for node in nodes}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            known |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.FunctionDef):  # a default that the lesson computes is not there
            unknown = [
                any(isinstance(n, ast.Name) and n.id not in known for n in ast.walk(d))
                for d in node.args.defaults
            ]
            node.args.defaults = [
                ast.Constant(None) if missing else default
                for missing, default in zip(unknown, node.args.defaults, strict=True)
            ]
    return IMPORTS + "\n".join(map(ast.unparse, nodes))


def sentence_about(code: str, definitions: str = IMPORTS) -> str:
    """What a piece of code prints, after the definitions of its lesson."""
    names: dict[str, Any] = {"__name__": "exercise", "check": check}
    exec(definitions, names)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    return printed.getvalue()
