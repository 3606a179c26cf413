"""What a stored notebook has to fulfil. Each check takes it and returns what is wrong with it, a sentence each."""

import ast
import copy
import json
import re
from collections import Counter
from itertools import takewhile

import nbformat

from tools.normalize import WIDGET, normalize_notebook

# What a lesson may hold at most (curriculum: so that one person can overlook it); lesson 3, the heart, may hold more.
BUDGET = {
    "words": 1_800,
    "cells": 24,
    "lines": 140,
    "imports": 12,
    "longest cell": 12,
    "claims": 7,
    "minutes": 50,
}
WORDS_A_MINUTE, LINE_IN_WORDS, MINUTES_AN_EXERCISE = 75, 8, 6
BUDGET_OF = {"03_training": BUDGET | {"words": 2_300, "cells": 32, "lines": 190, "minutes": 65}}

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
        yield from map(text_of, cell.outputs)


def text_of(output):
    return output.get("text") or output.get("data", {}).get("text/plain", "")


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
    same = nbformat.writes(normalize_notebook(copy.deepcopy(notebook))) == nbformat.writes(notebook)
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
        explores = re.search(r"^(explore\w*|.* = draw_here)\(", cell.source, re.MULTILINE)
        if explores and not any("image/png" in d for d in stored):
            wrong.append(f"the explorer of cell {cell.execution_count} has no picture beside it")
    return wrong


def claims_not_so(notebook):
    """Every claim at the end of a lesson, which ends with claims, is true of the stored run."""
    marks = re.findall(r"^[✓✗–].*", "\n".join(output_texts(notebook)), re.MULTILINE)
    return [f"not so: {mark}" for mark in marks if mark[0] != "✓"] or ([] if marks else ["it claims nothing"])


def clocks_compared(notebook):
    """No claim compares seconds: another machine, or a busy one, would refute it."""
    claims = "\n".join(cell.source for cell in code_cells(notebook) if "recap(" in cell.source)
    clocks = re.findall(r"^.*(?:\.seconds\b|perf_counter|\btime\.\w).*", claims, re.MULTILINE)
    return [f"a claim is about seconds: {line}" for line in clocks]


def borrowed_generators(notebook):
    """Each cell that draws at random makes its own generator: run a second time, it draws the same."""
    made: set[str] = set()
    wrong: list[str] = []
    for cell in code_cells(notebook):
        nodes = list(ast.walk(ast.parse(cell.source)))
        stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        read = {node.id for node in nodes if isinstance(node, ast.Name)} - stored
        wrong += [f"cell {cell.execution_count} draws from another cell's {name}" for name in made & read]
        for names in re.findall(r"^(\w+)(?:, (\w+))? = [\w.]*(?:Generator|default_rng)\(", cell.source, re.M):
            made |= {*names}
    return wrong


def full_lines(source):
    return [line for line in source.splitlines() if line.strip()]


def is_import(source):
    return bool(re.match("import |from ", source))


def counts(source):
    """Whether the lines of a cell count: not those of imports, settings, and the list of claims at the end."""
    setting = all(re.match(r"\w[\w, ]* = .*#", line) for line in full_lines(source))
    last = re.search(r"recap\(|^claims = |^about_mnist = ", source, re.MULTILINE)
    return not (is_import(source) or setting or last)


def size(notebook):
    """What the budgets count."""
    sources = [cell.source for cell in code_cells(notebook) if cell.source.strip()]
    others = [source for source in sources if counts(source)]
    words = sum(len(cell.source.split()) for cell in text_cells(notebook))
    lines = sum(len(full_lines(source)) for source in others)
    free = re.compile("^class |^def fit\\(", re.MULTILINE)  # a network, and the loop, are shown whole
    return {
        "words": words,
        "cells": len(sources),
        "lines": lines,
        "imports": sum(len(full_lines(source)) for source in sources if is_import(source)),
        "longest cell": max(len(full_lines(source)) for source in others if not free.search(source)),
        "claims": len(re.findall("^[✓✗–]", "\n".join(output_texts(notebook)), re.MULTILINE)),
        "minutes": round(minutes(words, lines, exercises(notebook))),
    }


def minutes(words, lines, exercises):
    """What a newcomer needs: the one rate for lessons, guide and timetables, until a room has measured another."""
    return (words + LINE_IN_WORDS * lines) / WORDS_A_MINUTE + MINUTES_AN_EXERCISE * exercises


def exercises(notebook):
    return sum("exercise-starter" in cell.metadata.get("tags", ()) for cell in code_cells(notebook))


def over_budget(notebook, budget):
    counted = size(notebook)
    return [
        f"{counted[what]} {what}, at most {most}" for what, most in budget.items() if counted[what] > most
    ]


def wrong_minutes(notebook):
    """The first cell says how many minutes a newcomer needs, as they are counted, within a tenth."""
    stated = re.search(r"\| (\d+) min", notebook.cells[0].source)
    counted = size(notebook)["minutes"]
    right = stated and abs(int(stated[1]) - counted) <= max(3, counted / 10)
    return [] if right else [f"counted are {counted} minutes, and it says {stated and stated[1]}"]


def predictions(notebook):
    """Each prediction: its text, the code between it and its folded output, that output, the text that follows.

    An output that is missing is None: no cell before the next heading or prediction is folded.
    """
    cells = [cell for cell in notebook.cells if cell.source.strip()]
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown" and "**Predict" in cell.source:
            below = cells[number + 1 :]
            before = [*takewhile(lambda c: not (_folded(c) or _begins_anew(c)), below)]
            result = below[len(before)] if len(before) < len(below) and _folded(below[len(before)]) else None
            code = [c.source for c in [*before, *[result] * bool(result)] if c.cell_type == "code"]
            output = "\n".join(map(text_of, result.outputs)) if result else None
            after = next((c.source for c in below[len(before) + 1 :] if c.cell_type == "markdown"), "")
            yield cell.source[cell.source.index("**Predict") :], "\n".join(code), output, after


def _folded(cell):
    return cell.metadata.get("jupyter", {}).get("outputs_hidden", False)


def _begins_anew(cell):
    return cell.cell_type == "markdown" and re.search(r"^#|\*\*Predict", cell.source, re.MULTILINE)


def answers_given_away(notebook):
    """No prediction is answered by code before its result is unfolded, or by the first words of the text below it.

    Plain cases: a letter, "(b)"; of numbers of two digits or more, that one which the output shows; at the beginning
    of the text, any answer that was offered.
    """
    wrong = []
    for asked, code, output, after in predictions(notebook):
        about = f"“{' '.join(asked.split())[:60]}…”"
        if output is None:
            wrong.append(f"the result of {about} is not folded")
            continue
        letters, offered = re.findall(r"\([a-e]\)", asked), choices(asked)
        given = [one for one in letters if re.search(rf"(?<!\w){re.escape(one)}", code)]
        if len(given) == len(letters):  # the code draws what is to choose from
            given = []
        right = [one for one in offered if rounded_among(one, output)]
        given += [one for one in right if len(right) == 1 and written_in(one, code)]
        wrong += [f"the code below {about} holds {one}" for one in given]
        first = re.sub(r"[*_]|^(that is|it is|about|nearly) ", "", after.strip().lower())
        begins = [one for one in letters if one in first[:20]]
        begins += [one for one in offered if re.match(rf"{re.escape(one)}(?!\w)", first)]
        wrong += [f"the text after {about} begins with {one}" for one in begins]
    return wrong


def rounded_among(one, output):
    """Whether a choice begins with a number that an output shows, rounded or not."""
    found = NUMBER.match(one)
    decimals = len(found[0].partition(".")[2]) if found else 0
    return found and number(found[0]) in {round(number(n), decimals) for n in NUMBER.findall(output)}


def written_in(one, code):
    """Whether code holds the number with which a choice begins; of 97%, also as 0.97."""
    value = number(NUMBER.findall(one)[0])
    if value < 10 and value == int(value):
        return False  # too common to mean anything
    if "%" in one:
        return one.split("%")[0].strip() + "%" in code or value / 100 in map(number, NUMBER.findall(code))
    return value in map(number, NUMBER.findall(code))


def choices(asked):
    """What questions offer to choose from, if in a few words: "is it half, or 75%?" -> ["half", "75%"]."""
    questions = re.findall(r"(?:[^.?]|\.(?=\d))+\?", asked.lower().replace("\n", " "))
    lists = [question[:-1].rpartition(": ")[2] for question in questions if " or " in question]
    parts = [
        re.sub("^((is it|and|about|nearly|to|by|at|in) )+", "", p)
        for one in lists
        for p in re.split(",? or |, ", one)
    ]
    return [part.strip() for part in parts if 0 < len(part.split()) <= 5]


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


def cells_in_a_row(notebook):
    """Text comes before nearly every cell of code: never more than two in a row."""
    row, wrong = 0, []
    for cell in notebook.cells:
        row = row + 1 if cell.cell_type == "code" else 0
        wrong += [f"three cells of code in a row, the last: {cell.source[:40]!r}"] if row == 3 else []
    return wrong


WRITTEN = (
    clocks_compared,
    borrowed_generators,
    heading_jumps,
    answers_given_away,
    wrong_minutes,
    cells_in_a_row,
    unseen_numbers,
)
CHECKS = (
    *WRITTEN,
    wrong_order,
    not_normalized,
    machine_traces,
    missing_descriptions,
    explorers_without_twin,
    claims_not_so,
)


def imports_of(sources):
    """(module, name) of this project's own -> whose source imports it. sources: name -> Python."""
    found: dict[tuple[str, str], list[str]] = {}
    for user, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("mnist_"):
                for alias in node.names:
                    found.setdefault((node.module, alias.name), []).append(user)
    return found


def names_used_in(folder):
    """How often each name stands in the modules of a folder, its definition included."""
    nodes = (node for path in folder.glob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    kinds = {ast.Name: "id", ast.FunctionDef: "name", ast.ClassDef: "name", ast.alias: "name"}
    return Counter(getattr(node, kinds[type(node)]) for node in nodes if type(node) in kinds)
