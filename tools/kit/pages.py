"""What teaching/lessons says about each section of a lesson, and how long a room takes for it.

The minutes are counted from the notebook, at the rates of the lessons' own heads. They are estimates until a room was
timed: `began` turns the times that a teacher noted into the rates that would have fitted.
"""

from __future__ import annotations

import csv
import itertools
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import numpy as np
from nbformat import NotebookNode

from mnist_helpers.errors import WalkthroughError
from tools.lesson_checks import LINE_IN_WORDS, counts, full_lines, minutes
from tools.paths import LESSONS, TEACHING

LOOK_BACK = "What we now know"  # the last section of each lesson
RESERVE = 0.15  # of the lessons' minutes, before each pause
STRETCH = 50  # minutes without a pause, at most
HALF, FULL = "half day", "full day"
AT_HOME = " *(half day: at home)*"  # what learners read behind the heading of a section that the half day leaves out
HEADING = re.compile(rf"^#{{2,3}} (.+?)(?:{re.escape(AT_HOME)})?$", re.MULTILINE)
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


@dataclass
class Section:
    """A section of a lesson: its heading (none for what opens the lesson), its first cell, what was counted in it."""

    heading: str
    first_cell: int = 0
    words: int = 0
    lines: int = 0
    exercises: int = 0

    def minutes(self) -> int:
        return max(1, round(minutes(self.words, self.lines, self.exercises)))


def read_notes(lesson: str) -> dict[str, Note]:
    """The notes of a lesson, heading by heading, from teaching/lessons; none for a notebook in deeper/."""
    page = TEACHING / "lessons" / f"{lesson}.md"
    if not page.exists():
        return {}
    _, _, noted = page.read_text(encoding="utf-8").partition("## Section by section\n")
    return {heading: Note(route, text.strip()) for heading, route, text in NOTE.findall(noted)}


def headings(notebook: NotebookNode) -> list[str]:
    """The headings of a lesson below its title, those of a teacher's notes left out."""
    return [section.heading for section in sections(notebook)[1:]]


def sections(notebook: NotebookNode) -> list[Section]:
    """What opens a lesson, then its sections, with the words, lines and exercises in each."""
    found = [Section("")]
    for number, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags", ())
        if cell.cell_type == "markdown" and "teacher" not in tags:
            before, *parts = HEADING.split(cell.source)
            found[-1].words += len(before.split())
            for heading, text in zip(parts[::2], parts[1::2], strict=True):
                found.append(Section(heading, number, len(f"## {heading} {text}".split())))
        elif cell.cell_type == "code" and "remove-cell" not in tags:
            found[-1].lines += len(full_lines(cell.source)) * counts(cell.source)
            found[-1].exercises += "exercise-starter" in tags
    return found


@dataclass
class Row:
    """A line of a timetable: how many minutes, for what; of a lesson: its title, what is taught, whether a jump leads there."""

    minutes: int
    what: str
    lesson: str = ""
    section: Section = field(default_factory=lambda: Section(""))
    arrow: str = ""


WELCOME = Row(5, "*Welcome*: lesson 1 is open on every screen; how a section goes")
PAUSE, LUNCH = Row(10, "*Pause*"), Row(60, "*Lunch*")
END = Row(30, "*What next*: the questions again (10), [the page](what-next.md) (15), three opinions (5)")


def timetables() -> dict[str, str]:
    """The timetables of the guide, by the names of their places in it; the full day by lessons."""
    together = itertools.groupby(workshop(FULL), lambda row: row.lesson or row.what)
    by_lesson = [Row(sum(row.minutes for row in rows), what) for what, rows in together]
    return {HALF: timetable(workshop(HALF)), FULL: timetable(by_lesson)}


def workshop(route: str) -> list[Row]:
    """A workshop with its reserves and pauses: half a day, or the full one, with lunch in place of its third pause."""
    rows, planned, lessons, pauses = [WELCOME], WELCOME.minutes, 0, 0
    for row in [*taught(route), END]:
        of_lesson = row.minutes * bool(row.lesson)
        reserve, with_it = (math.ceil(RESERVE * minutes) for minutes in (lessons, lessons + of_lesson))
        too_long = row.what != LOOK_BACK and planned + row.minutes + with_it > STRETCH
        break_now = too_long or (row.what == row.lesson and lessons > 0.6 * STRETCH)
        rows += [Row(reserve, "*Reserve*")] * (break_now or row is END)
        if break_now:
            pauses += 1
            rows.append(LUNCH if route == FULL and pauses == 3 else PAUSE)
            planned = lessons = 0
        rows.append(row)
        planned, lessons = planned + row.minutes, lessons + of_lesson
    return rows


def taught(route: str) -> list[Row]:
    """What a workshop teaches: what opens each lesson, and its sections on that route."""
    rows: list[Row] = []
    for lesson in LESSONS:
        notebook, notes = nbformat.read(lesson, as_version=4), read_notes(lesson.stem)
        title = f"**{notebook.cells[0].source.partition(chr(10))[0].removeprefix('# ')}**"
        opening, *others = sections(notebook)
        kept = [section for section in others if route in (FULL, notes[section.heading].route)]
        rows += [Row(opening.minutes(), title, title, opening)] * bool(kept)
        for before, section in zip([others[0], *others], others, strict=False):
            if section in kept:
                arrow = "→ " * (before not in kept)
                rows.append(Row(section.minutes(), section.heading, title, section, arrow))
    return rows


def timetable(rows: list[Row], to_fill_in: bool = False) -> str:
    """The rows as a table: the clock, if the day begins at nine, and the minutes; with a place for when each began."""
    lines = [
        "| clock | min | what |" + " began at |" * to_fill_in,
        "| --- | --- | --- |" + " --- |" * to_fill_in,
    ]
    for clock, row in timed(rows):
        lines.append(f"| {clock} | {row.minutes} | {row.arrow}{row.what} |" + " |" * to_fill_in)
    return "\n".join(lines)


def timed(rows: list[Row]) -> list[tuple[str, Row]]:
    """Each row, and the end, with the time at which it begins."""
    times = itertools.accumulate((row.minutes for row in rows), initial=9 * 60)
    everything = [*rows, Row(0, "the end")]
    return [(f"{time // 60}:{time % 60:02}", row) for time, row in zip(times, everything, strict=True)]


def form(rows: list[Row]) -> str:
    """The rows for a spreadsheet, in which the times that a teacher noted become the rates of the room."""
    lines = ["clock,minutes,words,exercises,began,what"]
    for clock, row in timed(rows):
        words = row.section.words + LINE_IN_WORDS * row.section.lines
        what = row.what.replace(",", ";")
        lines.append(f"{clock},{row.minutes},{words},{row.section.exercises},,{what}")
    return "\n".join(lines) + "\n"


def rates_of_a_room(path: Path) -> str:
    """The rates that fit the times in a form, by least squares over the sections whose beginning and end were noted."""
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    times = [row["began"].strip() for row in rows]
    took = np.diff([60 * int(time[:-3]) + int(time[-2:]) if time else np.nan for time in times])
    counted = np.array([[int(row["words"]), int(row["exercises"])] for row in rows[:-1]])
    known = np.isfinite(took) & (counted[:, 0] > 0)
    if known.sum() < 5:
        raise WalkthroughError(f"{path.name} tells how long {known.sum()} sections took; five are needed.")
    per_word, an_exercise = np.linalg.lstsq(counted[known], took[known], rcond=None)[0]
    fit = f"{1 / per_word:.0f} words a minute, and {an_exercise:.1f} minutes for an exercise beside its words"
    return f"{known.sum()} sections took {took[known].sum():.0f} minutes. What fits: {fit}."
