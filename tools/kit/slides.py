"""Slides of a lesson from its own cells: those that its metadata marks as slides (`slideshow.slide_type`).

A slide of text shows the heading, the sentence that opens the section and what is to be predicted; a slide of code shows
code of a few lines and what came of it. All else that the cell says stands in the speaker's notes (press S). Each page is
one file that needs no other, with reveal.js in it, which the package sphinx-revealjs brings along.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment
from nbconvert.filters import Highlight2HTML, markdown2html_mistune
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from tools.kit.pages import FOLDED, HEADING, HOME, Note

REVEAL = files("sphinx_revealjs") / "_static" / "revealjs"
TEMPLATE = Path(__file__).with_name("slides.html.j2")
# What is read from the last row: lines of code, alone or beside a picture, of output, and words of text; claims on one slide.
CODE_LINES, CODE_LINES_BESIDE_A_PICTURE, OUTPUT_LINES, WORDS, CLAIMS = 16, 4, 14, 60, 7
PREDICT = re.compile(r"^\*\*Predict.*?(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
SENTENCE = re.compile(r".+?[.?:)](?=\s+[A-Z(*`]|\s*\Z)", re.DOTALL)


@dataclass
class Slide:
    """What one slide shows, as HTML but for what comes from an output; `heading` only where a section begins."""

    heading: str = ""
    where: str = ""
    text: str = ""
    code: str = ""
    output: str = ""
    picture: str = ""
    alt: str = ""
    claims: tuple[str, ...] = ()
    notes: str = ""


def is_slide(cell: NotebookNode) -> bool:
    return cell.metadata.get("slideshow", {}).get("slide_type") == "slide"


def slides_of(notebook: NotebookNode, notes: dict[str, Note], routes: tuple[str, ...]) -> list[Slide]:
    """The slides of those sections of a lesson that are taught on these routes, in its order."""
    slides, where = [], ""
    for number, cell in enumerate(notebook.cells):
        before, *parts = HEADING.split(cell.source) if cell.cell_type == "markdown" else (cell.source,)
        shown = is_slide(cell) and bool(where) and notes[where].route in routes
        if cell.cell_type == "code":
            slides += _of_code(cell, where) if shown else []
        elif shown and PREDICT.search(before):
            slides.append(Slide(where=html_line(where), text=_asked(before), notes=html(before)))
        for where, text in zip(parts[::2], parts[1::2], strict=True):
            if is_slide(cell) and notes[where].route in routes:
                note = f"{text}\n\n---\n\n{notes[where].text}"
                code = "" if not where.startswith("Exercise:") else _starter(notebook.cells[number + 1 :])
                slides.append(Slide(html_line(where), text=_opening(text), code=code, notes=html(note)))
    return slides


def _opening(text: str) -> str:
    """The sentences that open a section, as many as can be read from the last row, and what is to be predicted."""
    paragraph, *following = PREDICT.sub("", FOLDED.sub("", text)).strip().split("\n\n")
    kept: list[str] = []
    for sentence in SENTENCE.findall(paragraph):
        if kept and len(" ".join([*kept, sentence]).split()) > WORDS:
            break
        kept.append(sentence)
    if kept and kept[-1].endswith(":") and following and len(following[0].split()) <= 1.5 * WORDS:
        kept.append(f"\n\n{following[0]}")  # the list or the code that the sentence announces
    return html("".join(kept)) + _predict(text)


def _asked(text: str) -> str:
    """What is to be predicted, below the paragraph that leads to it."""
    led_by = PREDICT.sub("", text).strip().split("\n\n")[-1]
    return (html(led_by) if len(led_by.split()) <= 1.5 * WORDS else "") + _predict(text)


def _starter(cells: list[NotebookNode]) -> str:
    """The cell in which an exercise is solved."""
    starter = next(cell for cell in cells if "exercise-starter" in cell.metadata.get("tags", ()))
    return highlighted(starter.source)


def _predict(text: str) -> str:
    return "".join(f'<div class="predict">{html(found)}</div>' for found in PREDICT.findall(text))


def _of_code(cell: NotebookNode, where: str) -> list[Slide]:
    """A slide for each picture, one for what is printed or for code alone; several for the claims at the end."""
    lines, slides = len(cell.source.splitlines()), []
    if not cell.outputs:
        slides.append(Slide(where=html_line(where), code=highlighted(cell.source)))
    for output in cell.outputs:
        data = output.get("data", {})
        printed = (output.get("text") or data.get("text/plain", "")).strip().splitlines()
        slide = Slide(where=html_line(where))
        if "image/png" in data:
            slide.picture, slide.alt = data["image/png"].strip(), output.metadata["image/png"]["alt"]
            slide.code = highlighted(cell.source) if lines <= CODE_LINES_BESIDE_A_PICTURE else ""
            slides.append(slide)
        elif "text/html" in data and printed[0].startswith("✓"):
            for first in range(0, len(printed), CLAIMS):
                claims = tuple(map(html_line, printed[first : first + CLAIMS]))
                slides.append(Slide(where=slide.where, claims=claims))
        elif 0 < len(printed) <= OUTPUT_LINES:
            slide.output = "\n".join(printed)
            slide.code = highlighted(cell.source) if lines + len(printed) <= CODE_LINES else ""
            slides.append(slide)
    return slides


def highlighted(code: str) -> str:
    return Highlight2HTML(pygments_lexer="python")(code)


def html(markdown: str) -> str:
    return markdown2html_mistune(re.sub(r"\]\([^)]*\.(ipynb|md)[^)]*\)", "]()", markdown)).replace(
        '<a href="">', "<a>"
    )


def html_line(markdown: str) -> str:
    """A heading, without a paragraph around it."""
    return re.sub(r"^<p>|</p>$", "", markdown2html_mistune(markdown).strip())


def page(notebook: NotebookNode, notes: dict[str, Note], routes: tuple[str, ...]) -> str:
    """The slides of a lesson as one page that needs no other file."""
    opening = notebook.cells[0].source
    able = re.findall(r"^\| (?!after|---)(.+?) \|", opening, re.MULTILINE)[0]
    parts = {
        "title": opening.splitlines()[0].removeprefix("# "),
        "question": html(re.search(r"^\*\*.+\*\*$", opening, re.MULTILINE)[0]),  # type: ignore[index]
        "able": html(f"Afterwards you can {able}.") if HOME in routes else "",
        "slides": slides_of(notebook, notes, routes),
        "code_css": HtmlFormatter(style="xcode").get_style_defs(".highlight"),
        "reveal_css": (REVEAL / "dist" / "reveal.css").read_text(encoding="utf-8"),
        "reveal_js": (REVEAL / "dist" / "reveal.js").read_text(encoding="utf-8"),
        "notes_js": (REVEAL / "plugin" / "notes" / "notes.js").read_text(encoding="utf-8"),
    }
    return Environment().from_string(TEMPLATE.read_text(encoding="utf-8")).render(parts)
