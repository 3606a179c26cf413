"""What teaching/lessons says about each section of a lesson, and how long a room takes for it.

The minutes are counted from the notebook, at the rates of the lessons' own heads. They are estimates until a room was
timed: `began` turns the times that a teacher noted into the rates that would have fitted.
"""

from __future__ import annotations

import csv
import itertools
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode

from mnist_helpers.errors import WalkthroughError
from tools.lesson_checks import LINE_IN_WORDS, counts, full_lines, minutes
from tools.paths import LESSONS, TEACHING

LOOK_BACK = "What we now know"  # the lesson's last section; no jump leads to it, for it is shown on a slide
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

    def if_late(self) -> str:
        """What may be skipped; empty where nothing is said of it."""
        found = re.search(r"\*\*If you are late\*\* (.+)", self.text)
        return found[1] if found else ""


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
    """A line of a timetable: how many minutes, for what, which section it is, what may be cut, whether a jump leads to it."""

    minutes: int
    what: str
    section: Section | None = None
    cut: str = ""
    jump: bool = False

    @property
    def opens(self) -> bool:
        """Whether a lesson begins with it."""
        return self.section is not None and not self.section.heading


WELCOME = Row(5, "*Welcome*: lesson 1 is open on every screen; how a section goes")
PAUSE, LUNCH = Row(10, "*Pause*"), Row(60, "*Lunch*")
END = Row(
    30, "*What next*: the eight questions again (10), [the page](what-next.md) (15), three opinions (5)"
)


def timetables() -> dict[str, str]:
    """The timetables of the guide, by the names of their places in it."""
    return {HALF: timetable(workshop(HALF)), FULL: timetable(by_lesson(workshop(FULL)))}


def workshop(route: str) -> list[Row]:
    """A workshop with its reserves and pauses: half a day, or the full one, with lunch in place of its third pause."""
    rows, planned, lessons, pauses = [WELCOME], WELCOME.minutes, 0, 0
    for row in [*taught(route), END]:
        of_lesson = row.minutes * bool(row.section)
        too_long = row.what != LOOK_BACK and planned + row.minutes + reserve(lessons + of_lesson) > STRETCH
        if too_long or (row.opens and lessons > 0.6 * STRETCH):
            pauses += 1
            rows += [reserved(lessons), LUNCH if route == FULL and pauses == 3 else PAUSE]
            planned = lessons = 0
        elif row is END:
            rows.append(reserved(lessons))
        rows.append(row)
        planned, lessons = planned + row.minutes, lessons + of_lesson
    return rows


def taught(route: str) -> list[Row]:
    """What a workshop teaches: what opens each lesson, and its sections on that route."""
    rows: list[Row] = []
    for lesson in LESSONS:
        notebook, notes = nbformat.read(lesson, as_version=4), read_notes(lesson.stem)
        opening, *others = sections(notebook)
        kept = [section for section in others if route in (FULL, notes[section.heading].route)]
        if kept:
            title = notebook.cells[0].source.partition("\n")[0].removeprefix("# ")
            rows.append(Row(opening.minutes(), f"**{title}**", opening))
        for section in kept:
            before = others[others.index(section) - 1] if section is not others[0] else section
            jump = before not in kept and section.heading != LOOK_BACK
            cut = notes[section.heading].if_late()
            rows.append(Row(section.minutes(), section.heading, section, cut, jump))
    return rows


def reserve(minutes: int) -> int:
    return math.ceil(RESERVE * minutes)


def reserved(minutes: int) -> Row:
    return Row(reserve(minutes), "*Reserve*")


def by_lesson(rows: list[Row]) -> list[Row]:
    """The rows with one for all that is taught of a lesson between two pauses."""
    merged: list[Row] = []
    title = ""
    for row in rows:
        title = row.what if row.opens else title
        if row.section and not row.opens and merged[-1].section:
            merged[-1] = replace(merged[-1], minutes=merged[-1].minutes + row.minutes)
        else:
            what = f"{title}, from *{row.what}*" if row.section and not row.opens else row.what
            merged.append(replace(row, what=what))
    return merged


def timetable(rows: list[Row]) -> str:
    """The rows as a table: the clock, if the day begins at nine, and the minutes."""
    lines = [f"| {clock} | {row.minutes} | {'→ ' * row.jump}{row.what} |" for clock, row in timed(rows)]
    return "\n".join(["| clock | min | what |", "| --- | --- | --- |", *lines])


def wall_sheet(rows: list[Row]) -> str:
    """The rows to be printed, with what to cut, and a place to note when each really began."""
    lines = [
        f"| {clock} | {row.minutes} | {'→ ' * row.jump}{row.what} | {row.cut} | |"
        for clock, row in timed(rows)
    ]
    return "\n".join(
        ["| clock | min | what | if you are late | began at |", "| --- | --- | --- | --- | --- |", *lines]
    )


def timed(rows: list[Row]) -> list[tuple[str, Row]]:
    """Each row with the time at which it begins, and the end."""
    ends = itertools.accumulate((row.minutes for row in rows), initial=9 * 60)
    return [
        (f"{end // 60}:{end % 60:02}", row) for end, row in zip(ends, [*rows, Row(0, "the end")], strict=True)
    ]


def form(rows: list[Row]) -> str:
    """The rows for a spreadsheet, in which the times that a teacher noted become the rates of the room."""
    lines: list[list[Any]] = [["clock", "minutes", "words", "exercises", "began", "what"]]
    for clock, row in timed(rows):
        one = row.section or Section("")
        words = one.words + LINE_IN_WORDS * one.lines
        lines.append([clock, row.minutes, words, one.exercises, "", row.what.replace(",", ";")])
    return "".join(",".join(map(str, line)) + "\n" for line in lines)


def rates_of_a_room(path: Path) -> str:
    """The rates that fit the times in a form, by least squares over the sections whose beginning and end were noted."""
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    times = [re.fullmatch(r"(\d+):(\d\d)", row["began"].strip()) for row in rows]
    began = [60 * int(time[1]) + int(time[2]) if time else None for time in times]
    both = [
        (int(row["words"]), int(row["exercises"]), end - start, int(row["minutes"]))
        for row, start, end in zip(rows, began, began[1:], strict=False)
        if row["words"] != "0" and start is not None and end is not None
    ]
    if len(both) < 5:
        raise WalkthroughError(
            f"{path.name} tells when {len(both)} sections began and ended; five are needed."
        )
    words, exercises, took, planned = np.array(both).T
    per_word, an_exercise = np.linalg.lstsq(np.stack([words, exercises], axis=1), took, rcond=None)[0]
    return (
        f"{len(both)} sections took {took.sum()} minutes where {planned.sum()} were planned. The rates that fit: "
        f"{1 / per_word:.0f} words a minute, and {an_exercise:.1f} minutes for an exercise beside its words."
    )
