"""What the site does to the pages of lessons: predictions are folded, words lead to the glossary, formulas are MathML.

A Sphinx extension. It changes the pages as they are read, after the notebooks have become trees of nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

from tools.paths import TEACHING

READING = """<p class="reading">You are reading a stored run; nothing has to be installed. Make each prediction, then open
what follows it: the lesson goes on inside. <button type="button" id="open-all">Open all</button></p>"""
OPEN = '<details class="prediction"><summary>I have made up my mind: show what happens</summary>'
ENTRY = re.compile(r"^- \*\*(.+?)\*\* \((\d)\): (.+)$", re.MULTILINE)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (inline_formula, None), (displayed_formula, None))
    app.connect("doctree-read", change_lesson)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def change_lesson(app: Sphinx, tree: nodes.document) -> None:
    if app.env.docname == "teaching/glossary":
        for entry in tree.findall(nodes.list_item):  # a link leads to each
            entry["ids"].append(nodes.make_id(entry.next_node(nodes.strong).astext()))
    if app.env.docname.startswith("notebooks/"):
        fold_predictions(tree)
        tree.next_node(nodes.title).parent.insert(1, nodes.raw("", READING, format="html"))
        *folders, name = app.env.docname.split("/")
        known = {term: entry for term, entry in glossary().items() if entry[2] <= int(name[:2])}
        lead_to_glossary(tree, known, "../" * len(folders))


def fold_predictions(tree: nodes.document) -> None:
    """Fold the answer to each prediction, up to the next prediction or the end of the section.

    An answer begins at a cell whose output is folded in JupyterLab, or else directly below the prediction.
    """
    for section in list(tree.findall(nodes.section)):
        kept: list[nodes.Node] = []
        folded = False
        for number, child in enumerate(section.children):
            if folded and (asks(child) or isinstance(child, nodes.section)):
                kept.append(nodes.raw("", "</details>", format="html"))
                folded = False
            if not folded and is_answer(child):
                kept.append(nodes.raw("", OPEN, format="html"))
                folded = True
            kept.append(child)
            if asks(child) and not answer_below(section.children[number + 1 :]):
                kept.append(nodes.raw("", OPEN, format="html"))
                folded = True
        section.children = [*kept, *([nodes.raw("", "</details>", format="html")] if folded else [])]
        for child in section.children:
            child.parent = section


def asks(node: nodes.Node) -> bool:
    return isinstance(node, nodes.paragraph) and node.astext().startswith("Predict")


def is_answer(node: nodes.Node) -> bool:
    """Whether it is a cell that tools.site has marked, because its output is folded in JupyterLab."""
    return isinstance(node, nodes.container) and "tag_answer" in node["classes"]


def answer_below(following: Iterable[nodes.Node]) -> bool:
    """Whether a marked cell comes before the next prediction."""
    before = takewhile(lambda node: not asks(node) and not isinstance(node, nodes.section), following)
    return any(map(is_answer, before))


def glossary() -> dict[str, tuple[str, str, int]]:
    """Each term, in small letters -> its place on the page, its definition, the lesson that it is from."""
    text = (TEACHING / "glossary.md").read_text(encoding="utf-8")
    found = ENTRY.findall(text)
    return {term.lower(): (nodes.make_id(term), words, int(lesson)) for term, lesson, words in found}


def lead_to_glossary(tree: nodes.document, terms: dict[str, tuple[str, str, int]], root: str) -> None:
    """A word in italics that the glossary has becomes a link to it, with the definition as hover text."""
    for word in list(tree.findall(nodes.emphasis)):
        name = word.astext().lower()
        entry = terms.get(name) or terms.get(name.removesuffix("s")) or terms.get(name.removesuffix("es"))
        if entry and not any(isinstance(above, nodes.reference) for above in above_of(word)):
            place, definition, _ = entry
            link = nodes.reference(
                "", "", refuri=f"{root}teaching/glossary.html#{place}", reftitle=definition
            )
            link["classes"].append("term")
            word.parent.replace(word, link)
            link += word


def above_of(node: nodes.Node):
    while node.parent is not None:
        node = node.parent
        yield node


def inline_formula(self, node: nodes.Element) -> None:
    self.body.append(convert(node.astext()))
    raise nodes.SkipNode


def displayed_formula(self, node: nodes.Element) -> None:
    self.body.append(convert(node.astext(), display="block"))
    raise nodes.SkipNode
