"""Slides of a lesson from its own cells.

Each section that is taught gets a slide, with its opening sentences and its first picture, and so does each prediction,
with the picture that it is about; what came out takes its place at the next press of a key. Predictions and outputs are
those of cells that the lesson's metadata marks as slides. All else stands in the speaker's notes (press S). Each page is one file that needs no other, with reveal.js in it, which the package
sphinx-revealjs brings along.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment
from nbconvert.filters import Highlight2HTML, markdown2html_mistune
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from tools.kit.pages import FOLDED, FULL, HEADING, LOOK_BACK, Note

REVEAL = files("sphinx_revealjs") / "_static" / "revealjs"
TEMPLATE = Path(__file__).with_name("slides.html.j2")
# What is read from the last row: lines of output, of code beside a picture of its own and without one, words of text.
OUTPUT_LINES, CODE_LINES, MORE_CODE_LINES, WORDS = 10, 4, 8, 60
PREDICT = re.compile(r"^\*\*Predict.*?(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
SENTENCE = re.compile(r".+?[.?:)](?=\s+[A-Z(*`]|\s*\Z)", re.DOTALL)
Picture = tuple[str, str]  # a PNG in base64, and its description


@dataclass
class Slide:
    """What one slide shows, as HTML but for what comes from an output."""

    heading: str = ""
    where: str = ""
    text: str = ""
    asked: str = ""
    code: str = ""
    given: Picture | None = None
    answer: Picture | None = None
    output: str = ""
    claims: list[str] = field(default_factory=list)
    notes: str = ""


def slides_of(notebook: NotebookNode, notes: dict[str, Note], route: str, network: Picture) -> list[Slide]:
    """The slides of what a workshop teaches of a lesson. network: its picture, for the end of *Our network*."""
    slides: list[Slide] = []
    where, latest = "", first_picture(notebook) or network
    for number, cell in enumerate(notebook.cells):
        before, *parts = HEADING.split(cell.source) if cell.cell_type == "markdown" else (cell.source,)
        if where and (is_slide(cell) or where == LOOK_BACK) and route in (FULL, notes[where].route):
            if cell.cell_type == "code":
                latest = _shown(cell, slides[-1], latest)
            elif PREDICT.search(before):
                slides.append(Slide(where=html_line(where), given=latest, notes=html(before)))
                slides[-1].text, slides[-1].asked = _led_by(before), _asked(before)
        for heading, text in zip(parts[::2], parts[1::2], strict=True):
            if where == "Our network":
                text = html("The same network after its training, at work on one digit:")
                slides.append(Slide(where=html_line(where), text=text, given=network))
            where = heading
            if route in (FULL, notes[where].route):
                slides.append(Slide(html_line(where), text=_opening(text), asked=_asked(text)))
                slides[-1].notes = html(f"{text}\n\n---\n\n{notes[where].text}")
                if where.startswith("Exercise:"):
                    slides[-1].code = _starter(notebook.cells[number + 1 :])
                slides[-1].given = latest if slides[-1].asked or slides[-1].code else None
    for slide, below in zip(slides[:-1], slides[1:], strict=True):
        if not (slide.given or slide.claims) and below.asked and below.where == slide.heading:
            slides.remove(slide)  # it has nothing to show before the prediction
            below.heading, below.notes = slide.heading, slide.notes + below.notes
    for above, slide in zip([Slide(given=latest), *slides], slides, strict=False):
        slide.given = slide.given or above.answer or above.given
    return slides


def is_slide(cell: NotebookNode) -> bool:
    return cell.metadata.get("slideshow", {}).get("slide_type") == "slide"


def pictures(cell: NotebookNode) -> list[Picture]:
    """The pictures that a cell shows."""
    shown = [output for output in cell.get("outputs", ()) if "image/png" in output.get("data", {})]
    return [(one.data["image/png"].strip(), one.metadata["image/png"]["alt"]) for one in shown]


def first_picture(notebook: NotebookNode) -> Picture | None:
    """The picture that comes before any prediction; none where a prediction is first."""
    first = next(cell for cell in notebook.cells if PREDICT.search(cell.source) or pictures(cell))
    return next(iter(pictures(first)), None)


def _shown(cell: NotebookNode, slide: Slide, latest: Picture) -> Picture:
    """Put what a cell shows on the slide above it, if that still lacks it; returns the latest picture from then on."""
    found = pictures(cell)
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    printed = "" if found else "".join(texts).strip()
    if slide.asked and cell.metadata.get("jupyter", {}).get("outputs_hidden"):
        slide.answer, slide.output = found[0] if found else None, printed
    elif printed.startswith("✓"):
        slide.claims = [*map(html_line, printed.splitlines())]
    elif not slide.asked and found and not slide.given:
        slide.given = found[0]
    elif not slide.asked and not slide.output and 0 < len(printed.splitlines()) <= OUTPUT_LINES:
        slide.output = printed
        if len(cell.source.splitlines()) <= (CODE_LINES if slide.given else MORE_CODE_LINES):
            slide.code = slide.code or highlighted(cell.source)
    return found[0] if found else latest


def _opening(text: str) -> str:
    """The sentences that open a section, as many as can be read from the last row."""
    paragraph = PREDICT.sub("", FOLDED.sub("", text)).strip().split("\n\n")[0]
    kept: list[str] = []
    for sentence in SENTENCE.findall(paragraph):
        if kept and len(" ".join([*kept, sentence]).split()) > WORDS:
            break
        kept.append(sentence)
    return html("".join(kept))


def _led_by(text: str) -> str:
    """The end of the paragraph that leads to a prediction; of a list, what its items are about."""
    paragraph = PREDICT.sub("", text).strip().split("\n\n")[-1]
    kept: list[str] = []
    if items := re.findall(r"^- (.+?)[:,(]", paragraph, re.MULTILINE):
        return html("\n".join(f"- {item}" for item in items))
    for sentence in reversed(SENTENCE.findall(paragraph)):
        if kept and len(" ".join([sentence, *kept]).split()) > WORDS:
            break
        kept.insert(0, sentence.strip())
    return html(" ".join(kept))


def _asked(text: str) -> str:
    return "".join(map(html, PREDICT.findall(text)))


def _starter(cells: list[NotebookNode]) -> str:
    """The cell in which an exercise is solved."""
    starter = next(cell for cell in cells if "exercise-starter" in cell.metadata.get("tags", ()))
    return highlighted(starter.source)


def highlighted(code: str) -> str:
    return Highlight2HTML(pygments_lexer="python")(code)


def html(markdown: str) -> str:
    return markdown2html_mistune(re.sub(r"\]\([^)]*\.(ipynb|md)[^)]*\)", "]()", markdown)).replace(
        '<a href="">', "<a>"
    )


def html_line(markdown: str) -> str:
    """A heading, without a paragraph around it."""
    return re.sub(r"^<p>|</p>$", "", markdown2html_mistune(markdown).strip())


def page(notebook: NotebookNode, notes: dict[str, Note], route: str, network: Picture) -> str:
    """The slides of a lesson as one page that needs no other file."""
    opening = notebook.cells[0].source
    parts = {
        "title": opening.splitlines()[0].removeprefix("# "),
        "question": html(re.search(r"^\*\*.+\*\*$", opening, re.MULTILINE)[0]),  # type: ignore[index]
        "picture": first_picture(notebook) or network,
        "slides": slides_of(notebook, notes, route, network),
        "code_css": HtmlFormatter(style="xcode").get_style_defs(".highlight"),
        "reveal_css": (REVEAL / "dist" / "reveal.css").read_text(encoding="utf-8"),
        "reveal_js": (REVEAL / "dist" / "reveal.js").read_text(encoding="utf-8"),
        "notes_js": (REVEAL / "plugin" / "notes" / "notes.js").read_text(encoding="utf-8"),
    }
    return Environment().from_string(TEMPLATE.read_text(encoding="utf-8")).render(parts)
