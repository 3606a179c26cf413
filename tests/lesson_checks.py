"""What a stored lesson has to fulfil. Each check takes a notebook and returns what is wrong with it, a sentence each."""

import ast
import copy
import json
import re
from pathlib import Path

import nbformat

from tools.normalize import WIDGET, normalize

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))

# What looks like a result: percentages, points, counts of things, numbers of a thousand and more, decimals.
RESULT = re.compile(
    r"(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d+\.\d+|\d+(?= ?%| (?:percentage )?points?\b"
    r"| (?:s|ms|seconds?|milliseconds|minutes?|parameters|steps|images|digits)\b))(?!\w)( ?%)?"
)
NUMBER = re.compile(r"(?<![\w.])\d[\d_,]*(?:\.\d+)?(?:e-?\d+)?")
PROMPT = re.compile(r"^\*\*Predict.*?(?=\n\n|\Z)|^### Exercise.*", re.MULTILINE | re.DOTALL)
NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)|<details>.*?</details>", re.DOTALL)
MACHINE = re.compile(
    r"(?<![\w.:/])/(?:home|root|Users|tmp|work|opt|private|mnt)/[\w.-]+|[A-Z]:\\\\?Users\\|file:///"
)
SECRET = re.compile(r"ghp_\w{20}|github_pat_\w{20}|AKIA[A-Z0-9]{16}|sk-[\w-]{20}|hf_\w{20}|PRIVATE KEY-----")


def code_cells(notebook, hidden=False):
    """The cells with code that a page shows; with the hidden one, which serves Colab, if asked."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell for cell in cells if hidden or "remove-cell" not in cell.metadata.get("tags", ())]


def text_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def source_of(notebook):
    return "\n".join(cell.source for cell in code_cells(notebook))


def definitions(source):
    """name -> definition, without docstrings and annotations, as text."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for part in ast.walk(node):
                if isinstance(part, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(part) is not None:
                    part.body = part.body[1:]
            found[node.name] = ast.unparse(node)
    return found


def different_definitions(notebook, helper):
    """A definition that the lesson shows is the one that later lessons import."""
    shown = definitions(source_of(notebook))
    return [
        f"{name} differs from the helper's" for name in shown if helper.get(name, shown[name]) != shown[name]
    ]


def output_texts(notebook):
    """All text that the lesson's cells have printed or displayed, claims and descriptions of pictures among them."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            yield output.get("text") or output.get("data", {}).get("text/plain", "")


def unseen_numbers(notebook):
    """A number in the text that looks like a result stands in an output, rounded or not, or among the settings.

    A percentage has to stand in an output that speaks of percentages or shares. A cell's metadata may list numbers
    that are no results of the lesson: `illustration: ["85%"]`. The first cell and prompts are left out.
    """
    seen = {True: set(), False: {number(text) for text in NUMBER.findall(code_cells(notebook)[1].source)}}
    for text in output_texts(notebook):
        found = {number(text) for text in NUMBER.findall(text)}
        seen[False] |= found
        seen[True] |= {100 * value for value in found if value <= 1} | (found if "%" in text else set())
    wrong = []
    for cell in text_cells(notebook)[1:]:
        text = NOT_PROSE.sub("", PROMPT.sub("", cell.source))
        for illustration in cell.metadata.get("illustration", ()):
            text = text.replace(illustration, "")
        for written, percent in RESULT.findall(text):
            decimals = len(written.partition(".")[2])
            if not any(round(value, decimals) == number(written) for value in seen[bool(percent)]):
                wrong.append(
                    f"{written}{percent} in the text stands in no output: …{_around(text, written)}…"
                )
    return wrong


def number(text):
    return float(re.sub("[_,]", "", text))


def _around(text, part):
    place = text.index(part)
    return " ".join(text[max(0, place - 40) : place + 40].split())


def wrong_order(notebook):
    """Executed from top to bottom, without errors and without what a reader would take for one."""
    counts = [cell.execution_count for cell in code_cells(notebook, hidden=True)]
    wrong = [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts are {counts}"]
    for cell in code_cells(notebook):
        if any(output.output_type == "error" or output.get("name") == "stderr" for output in cell.outputs):
            wrong.append(f"cell {cell.execution_count} stores an error, or text of the error stream")
    return wrong


def not_normalized(notebook):
    """Stored as `make store` leaves it."""
    same = nbformat.writes(normalize(copy.deepcopy(notebook))) == nbformat.writes(notebook)
    return [] if same else ["it is not in the form that `make store` gives it"]


def machine_traces(notebook):
    """No path of anybody's machine, no secret; pictures are left out."""
    text = re.sub(r'"image/png": "[^"]*"', "", json.dumps(notebook, ensure_ascii=False))
    return [f"it holds {match.group()!r}" for what in (MACHINE, SECRET) for match in what.finditer(text)]


def missing_descriptions(notebook):
    """Each picture has alternative text of at least a phrase."""
    return [
        f"a picture of cell {cell.execution_count} has no alternative text"
        for cell in code_cells(notebook)
        for output in cell.outputs
        if "image/png" in output.get("data", {})
        and len(output.metadata.get("image/png", {}).get("alt", "")) < 20
    ]


def explorers_without_twin(notebook):
    """Each explorer shows a picture where no kernel runs, and no widget is stored."""
    wrong = []
    for cell in code_cells(notebook):
        stored = [output.get("data", {}) for output in cell.outputs]
        if any(WIDGET in data for data in stored):
            wrong.append(f"cell {cell.execution_count} stores a widget")
        if re.search(r"^explore\(", cell.source, re.MULTILINE) and not any("image/png" in d for d in stored):
            wrong.append(f"the explorer of cell {cell.execution_count} has no picture beside it")
    return wrong


def claims_not_so(notebook):
    """Every claim at the end of a lesson, which ends with claims, is true of the stored run."""
    marks = re.findall(r"^[✓✗–].*", "\n".join(output_texts(notebook)), re.MULTILINE)
    return [f"not so: {mark}" for mark in marks if mark[0] != "✓"] or ([] if marks else ["it claims nothing"])


def clocks_compared(notebook):
    """No claim compares seconds: another machine, or a busy one, would refute it."""
    claims = [cell.source for cell in code_cells(notebook) if "recap(" in cell.source]
    clock = re.compile(r"\.seconds\b|perf_counter|\btime\.\w")
    return [
        f"a claim is about seconds: {line}"
        for source in claims
        for line in source.splitlines()
        if clock.search(line)
    ]


def broken_links(text, folder):
    """Each link to a file of the project leads to one, and to a heading that it has."""
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        name, _, anchor = target.partition("#")
        path = folder / name if name else None
        if re.match(r"https?:", target):
            continue
        if path and not path.exists():
            wrong.append(f"the link to {target} leads nowhere")
        elif anchor and anchor not in anchors(path.read_text(encoding="utf-8") if path else text):
            wrong.append(f"the link to {target} leads to no heading")
    return wrong


def anchors(text):
    """What code-hosting sites call the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def heading_jumps(notebook):
    """One title, and below it headings that go down one level at a time."""
    text = re.sub(r"```.*?```", "", "\n".join(cell.source for cell in text_cells(notebook)), flags=re.DOTALL)
    levels = [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]
    wrong = [] if levels[:1] == [1] and levels.count(1) == 1 else ["it does not have exactly one title"]
    jumps = [(above, below) for above, below in zip(levels, levels[1:], strict=False) if below > above + 1]
    return wrong + [f"a heading of level {below} follows one of level {above}" for above, below in jumps]


CHECKS = (
    unseen_numbers, wrong_order, not_normalized, machine_traces, missing_descriptions, explorers_without_twin,
    claims_not_so, clocks_compared, heading_jumps,
)  # fmt: skip
