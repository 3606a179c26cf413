"""What a stored lesson has to fulfil. Each check takes a notebook and returns what is wrong with it, a sentence each."""

import ast
import copy
import json
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.normalize import WIDGET, normalize

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))

RESULT = re.compile(
    r"(?<![\w.,])("
    r"\d+(?:\.\d+)?(?= ?%)"  # percentages
    r"|\d+(?:\.\d+)?(?= (?:percentage )?points?\b)"
    r"|\d+(?:\.\d+)?(?= (?:s|ms|seconds?|milliseconds|minutes?|parameters|steps|images)\b)"
    r"|\d{1,3}(?:,\d{3})+"  # counts
    r"|\d+\.\d+"  # measures
    r")(?![\w])"
)
LITERAL = re.compile(r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?:e-?\d+)?")
MACHINE = re.compile(
    r"(?<![\w.:/])/(?:home|root|Users|tmp|work|opt|private|mnt)/[\w.-]+|[A-Z]:\\\\?Users\\|file:///"
)
SECRET = re.compile(
    r"ghp_\w{20}|github_pat_\w{20}|AKIA[A-Z0-9]{16}|sk-[\w-]{20}|hf_\w{20}|-----BEGIN [A-Z ]*PRIVATE KEY"
)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def definitions(source: str) -> dict[str, str]:
    """name -> definition, without docstrings, as text."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for part in ast.walk(node):
                if isinstance(part, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(part) is not None:
                    part.body = part.body[1:]
            found[node.name] = ast.unparse(node)
    return found


def source_of(notebook: NotebookNode) -> str:
    return "\n".join(cell.source for cell in code_cells(notebook))


def different_definitions(notebook: NotebookNode, helper: dict[str, str]) -> list[str]:
    """A definition that the lesson shows is the one that later lessons import."""
    shown = definitions(source_of(notebook))
    return [
        f"{name} differs from the helper's"
        for name in shown
        if name in helper and shown[name] != helper[name]
    ]


def uncovered_numbers(notebook: NotebookNode) -> list[str]:
    """A number in the text that looks like a result stands in an assertion, or is a setting, or marked as none.

    A cell's metadata may list numbers that are no results of the lesson: `illustration: ["85 %"]`.
    """
    recap = "\n".join(cell.source for cell in code_cells(notebook) if "assert " in cell.source)
    recap += "\n" + code_cells(notebook)[1].source
    asserted = {float(number.replace("_", "")) for number in LITERAL.findall(recap)}
    wrong = []
    for cell in text_cells(notebook)[
        1:
    ]:  # the first cell's table has the measured times; see the README's test
        text = re.sub(
            r"```.*?```|`[^`]*`|\]\([^)]*\)|<details>.*?</details>", "", cell.source, flags=re.DOTALL
        )
        for illustration in cell.metadata.get("illustration", ()):
            text = text.replace(illustration, "")
        for number in RESULT.findall(text):
            value = float(number.replace(",", ""))
            if not any(abs(value * scale - known) < 1e-9 for scale in (1, 0.01) for known in asserted):
                wrong.append(f"{number} in the text is not asserted: …{_around(text, number)}…")
    return wrong


def _around(text: str, part: str) -> str:
    place = text.index(part)
    return " ".join(text[max(0, place - 30) : place + 30].split())


def wrong_order(notebook: NotebookNode) -> list[str]:
    """Executed from top to bottom, without errors and without what a reader would take for one."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    wrong = [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts are {counts}"]
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                wrong.append(
                    f"cell {cell.execution_count} stores an error or what was written to the error stream"
                )
    return wrong


def not_normalized(notebook: NotebookNode) -> list[str]:
    """Stored as `make store` leaves it."""
    same = nbformat.writes(normalize(copy.deepcopy(notebook))) == nbformat.writes(notebook)
    return [] if same else ["it is not in the form that `make store` gives it"]


def machine_traces(notebook: NotebookNode) -> list[str]:
    """No path of anybody's machine, no secret; pictures are left out."""
    text = re.sub(r'"image/png": "[^"]*"', "", json.dumps(notebook, ensure_ascii=False))
    return [
        f"it holds {match.group()!r}" for pattern in (MACHINE, SECRET) for match in pattern.finditer(text)
    ]


def missing_descriptions(notebook: NotebookNode) -> list[str]:
    """Each picture has alternative text of at least a phrase."""
    wrong = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                if len(alt) < 20:
                    wrong.append(f"a picture of cell {cell.execution_count} has no alternative text")
    return wrong


def explorers_without_twin(notebook: NotebookNode) -> list[str]:
    """Each explorer shows a picture where no kernel runs, and no widget is stored."""
    wrong = []
    for cell in code_cells(notebook):
        stored = [output.get("data", {}) for output in cell.outputs]
        if any(WIDGET in data for data in stored):
            wrong.append(f"cell {cell.execution_count} stores a widget")
        if re.search(r"^explore_\w+\(", cell.source, re.MULTILINE) and not any(
            "image/png" in data for data in stored
        ):
            wrong.append(f"the explorer of cell {cell.execution_count} has no still twin")
    return wrong


def broken_links(text: str, folder: Path) -> list[str]:
    """Each link to a file of the project leads to one, and to a heading that it has."""
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        path = folder / name if name else None
        if path and not path.exists():
            wrong.append(f"the link to {target} leads nowhere")
        elif anchor and anchor not in anchors(path.read_text(encoding="utf-8") if path else text):
            wrong.append(f"the link to {target} leads to no heading")
    return wrong


def anchors(text: str) -> set[str]:
    """What code-hosting sites call the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def heading_jumps(notebook: NotebookNode) -> list[str]:
    """One title, and below it headings that go down one level at a time."""
    text = re.sub(r"```.*?```", "", "\n".join(cell.source for cell in text_cells(notebook)), flags=re.DOTALL)
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]
    wrong = [] if levels[:1] == [1] and levels.count(1) == 1 else ["it does not have exactly one title"]
    jumps = [(above, below) for above, below in zip(levels, levels[1:], strict=False) if below > above + 1]
    return wrong + [f"a heading of level {below} follows one of level {above}" for above, below in jumps]


CHECKS = (
    uncovered_numbers,
    wrong_order,
    not_normalized,
    machine_traces,
    missing_descriptions,
    explorers_without_twin,
    heading_jumps,
)
