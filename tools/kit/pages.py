"""What teaching/lessons says about each section of a lesson, and how long a room takes for it.

The minutes are counted from the notebook, at the rates below. The rates are estimates; no room was timed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

from tools.paths import LESSONS, TEACHING

WORDS_A_MINUTE = 150  # a teacher tells what the text says, about as fast as people speak
MINUTES_A_CELL = 0.5  # to run it and to look at what it shows
MINUTES_A_TYPED_LINE = 0.25  # more, where the room types it together
MINUTES_A_PREDICTION = 2  # to think, to vote, and for a reason or two
MINUTES_AN_EXERCISE = 5  # in pairs, to understand it and to compare answers; a few will not be done
MINUTES_A_SOLUTION_LINE = 1  # more, for each line of its solution
MINUTES_A_LOOK_BACK = 1  # for the question at the end of a lesson
MINUTES_A_JUMP = 1  # where sections are left out: everybody runs their cells
MINUTES_TO_OPEN = 2  # the question of the lesson, its imports and settings

LOOK_BACK = "What we now know"  # shown on a slide, so no jump leads to it
HALF, FULL, HOME = "half day", "full day", "at home"
HEADING = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SOLUTION = re.compile(
    r"<details><summary>Solution</summary>\n\n```python\n(?P<code>.*?)```\n*(?P<words>.*?)\n*</details>\n*",
    re.DOTALL,
)
FOLDED = re.compile(r"<details>.*?</details>\n*", re.DOTALL)
NOTE = re.compile(r"^### ([^\n]+)\n\*([^\n*]+)\*\n\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)


@dataclass
class Note:
    """What a teacher is told about a section, and in which workshop the section is taught."""

    route: str
    text: str

    def if_late(self) -> str:
        """What may be skipped; empty where nothing is said of it."""
        found = re.search(r"\*\*If you are late\*\* (.+)", self.text)
        return found[1] if found else ""


@dataclass
class Section:
    """A section of a lesson: its heading, the cells it begins with and ends before, and what was counted in it."""

    heading: str
    words: int = 0
    cells: int = 0
    typed_lines: int = 0
    predictions: int = 0
    solution_lines: int = 0
    first_cell: int = 0

    @property
    def exercise(self) -> bool:
        return self.heading.startswith("Exercise:")

    def minutes(self) -> int:
        """Estimated minutes in a room, at least one."""
        counted = (
            self.words / WORDS_A_MINUTE
            + self.cells * MINUTES_A_CELL
            + self.typed_lines * MINUTES_A_TYPED_LINE
            + self.predictions * MINUTES_A_PREDICTION
            + self.exercise * MINUTES_AN_EXERCISE
            + self.solution_lines * MINUTES_A_SOLUTION_LINE
            + (self.heading == LOOK_BACK) * MINUTES_A_LOOK_BACK
        )
        return max(1, round(counted))

    def contents(self) -> str:
        """What was counted, in words."""
        counted = {"prediction": self.predictions, "cell": self.cells, "typed line": self.typed_lines}
        parts = [f"{n} {what}{'s' * (n > 1)}" for what, n in counted.items() if n]
        parts += [f"in pairs, {self.solution_lines} line{'s' * (self.solution_lines > 1)}"] * self.exercise
        return ", ".join(parts) or "to be said"


def read_notes(lesson: str) -> dict[str, Note]:
    """The notes of a lesson, heading by heading, from teaching/lessons; none for a notebook in deeper/."""
    page = TEACHING / "lessons" / f"{lesson}.md"
    if not page.exists():
        return {}
    _, _, sections = page.read_text(encoding="utf-8").partition("## Section by section\n")
    return {heading: Note(route, text.strip()) for heading, route, text in NOTE.findall(sections)}


def headings(notebook: NotebookNode) -> list[str]:
    """The headings of a lesson below its title, those of a teacher's notes left out."""
    return [section.heading for section in sections(notebook)]


def sections(notebook: NotebookNode) -> list[Section]:
    """The sections of a lesson, with what has to be read, run, typed and thought about in each."""
    found: list[Section] = []
    for number, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags", ())
        if cell.cell_type == "markdown" and "teacher" not in tags:
            if solution := SOLUTION.search(cell.source):
                found[-1].solution_lines = len(solution["code"].splitlines())
            before, *parts = HEADING.split(FOLDED.sub("", FENCED.sub("", cell.source)))
            _count_text(found[-1:], before)
            for heading, text in zip(parts[::2], parts[1::2], strict=True):
                found.append(Section(heading, first_cell=number))
                _count_text(found[-1:], text)
        elif found and cell.cell_type == "code" and not {"exercise-starter", "exercise-check"} & set(tags):
            found[-1].cells += 1
            if "live" in tags:
                found[-1].typed_lines += len(cell.source.splitlines())
    return found


def _count_text(section: list[Section], text: str) -> None:
    for one in section:  # none before the first heading
        one.words += len(text.split())
        one.predictions += text.count("**Predict")


@dataclass
class Row:
    """A line of a timetable: how many minutes, for what, what was counted in it, what may be cut."""

    minutes: int
    what: str
    counted: str = ""
    cut: str = ""


WELCOME = Row(10, "*Welcome*", "everybody has lesson 1 open; who sits with whom; how a section goes")
PAUSE, SHORT_PAUSE, LUNCH = Row(15, "*Pause*"), Row(10, "*Pause*"), Row(60, "*Lunch*")
HALF_A_DAY = 240
END = Row(15, "*End*", "the eight questions again, and the three about the day; what to try next")


def timetables() -> dict[str, str]:
    """The timetables of the guide, by the names of their places in it."""
    half, full = workshops()
    return {"rates": rates(), "half day": timetable(half), "full day": timetable(full)}


def workshops() -> tuple[list[Row], list[Row]]:
    """The half day, with what is left of it as a reserve, and the full day, with half an hour of it."""
    half = workshop((HALF,), {"02_model": PAUSE, "03_training": SHORT_PAUSE})
    left = HALF_A_DAY - sum(row.minutes for row in half)
    half.insert(-1, Row(left, "*Reserve*", "questions, and what took longer"))
    pauses = {"01_data": SHORT_PAUSE, "02_model": PAUSE, "03_training": LUNCH}
    full = workshop((HALF, FULL), pauses | {"04_evaluation": PAUSE, "05_visualization": PAUSE})
    full.insert(-1, Row(30, "*Reserve*", "questions, what took longer, or a notebook in deeper"))
    return half, full


def workshop(routes: tuple[str, ...], pauses: dict[str, Row]) -> list[Row]:
    """A workshop of those sections that are taught on these routes; `pauses` come after the lessons of those names."""
    rows = [WELCOME]
    for lesson in LESSONS:
        notebook, notes = nbformat.read(lesson, as_version=4), read_notes(lesson.stem)
        everything = sections(notebook)
        taught = [section for section in everything if notes[section.heading].route in routes]
        if not taught:
            continue
        title = notebook.cells[0].source.partition("\n")[0].removeprefix("# ")
        rows.append(Row(MINUTES_TO_OPEN, f"**{title}**", "its question, imports and settings"))
        for before, section in zip([None, *everything], everything, strict=False):
            if section in taught:
                jump = section.heading != LOOK_BACK and before is not None and before not in taught
                counted = "a jump, " * jump + section.contents()
                cut = notes[section.heading].if_late()
                rows.append(Row(section.minutes() + jump * MINUTES_A_JUMP, section.heading, counted, cut))
        rows += [pauses[lesson.stem]] if lesson.stem in pauses else []
    return [*rows, END]


def timetable(rows: list[Row]) -> str:
    """The rows as a table: time since the beginning, the clock if that is at nine, minutes, and what they are for."""
    lines, passed = (
        ["| from | clock | min | what | counted | if late |", "| --- | --- | --- | --- | --- | --- |"],
        0,
    )
    for row in rows:
        lines.append(f"| {clock(passed)} | {row.minutes} | {row.what} | {row.counted} | {row.cut} |")
        passed += row.minutes
    return "\n".join([*lines, f"| {clock(passed)} | | the end | | |"])


def wall_sheet(rows: list[Row]) -> str:
    """The rows to be printed, for the wall and to note when each really began; an arrow marks a jump."""
    lines, passed = ["| clock | min | what | it began at |", "| --- | --- | --- | --- |"], 0
    for row in rows:
        arrow = "→ " * row.counted.startswith("a jump")
        lines.append(f"| {clock(passed).partition(' | ')[2]} | {row.minutes} | {arrow}{row.what} | |")
        passed += row.minutes
    return "\n".join(lines)


def clock(passed: int) -> str:
    """Minutes as two cells of a table: since the beginning, and on the clock of a day that begins at nine."""
    return " | ".join(f"{time // 60}:{time % 60:02}" for time in (passed, passed + 9 * 60))


def rates() -> str:
    """At which rates the minutes are counted, in a sentence."""
    return (
        f"{WORDS_A_MINUTE} words of text a minute; {MINUTES_A_CELL:g} minutes for each code cell, to run it and to look, and "
        f"{MINUTES_A_TYPED_LINE:g} more for each line that is typed together; {MINUTES_A_PREDICTION:g} minutes for each "
        f"prediction; {MINUTES_AN_EXERCISE} minutes for an exercise, and {MINUTES_A_SOLUTION_LINE} more for each line of its "
        f"solution; {MINUTES_A_JUMP} minute for each jump over sections that are left out; {MINUTES_TO_OPEN} minutes to open a lesson, and {MINUTES_A_LOOK_BACK} more for the question at its end."
    )
