"""What the site does to the pages of lessons: predictions are folded, words lead to the glossary, formulas are MathML.

A Sphinx extension. It changes the pages as they are read, after the notebooks have become trees of nodes.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

from tools.kit.pages import TEACHING

READING = """<p class="reading">You are reading a stored run; nothing has to be installed. Make each prediction, then open
what follows it: the lesson goes on inside. <button type="button" id="open-all">Open all</button></p>"""
OPEN = '<details class="prediction"><summary>I have made my prediction: show what happens</summary>'
ENTRY = re.compile(r"^## (.+)\n\n(.+?)(?: \[Lesson \d\]\([^)]*\))?$", re.MULTILINE)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (inline_formula, None), (displayed_formula, None))
    app.connect("doctree-read", change_lesson)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def change_lesson(app: Sphinx, tree: nodes.document) -> None:
    if app.env.docname.startswith("notebooks/"):
        fold_predictions(tree)
        tree.next_node(nodes.title).parent.insert(1, nodes.raw("", READING, format="html"))
        lead_to_glossary(tree, glossary())


def fold_predictions(tree: nodes.document) -> None:
    """Fold what follows a prediction in its section, up to the next prediction or the end of the section."""
    for section in tree.findall(nodes.section):
        kept: list[nodes.Node] = []
        folded = False
        for child in section.children:
            asks = isinstance(child, nodes.paragraph) and child.astext().startswith("Predict")
            if folded and (asks or isinstance(child, nodes.section)):
                kept.append(nodes.raw("", "</details>", format="html"))
                folded = False
            kept.append(child)
            if asks:
                kept.append(nodes.raw("", OPEN, format="html"))
                folded = True
        section.children = [*kept, *([nodes.raw("", "</details>", format="html")] if folded else [])]
        for child in section.children:
            child.parent = section


def glossary() -> dict[str, tuple[str, str]]:
    """Each term of the glossary, in small letters -> its place on the page, and its definition without links."""
    text = (TEACHING / "glossary.md").read_text(encoding="utf-8")
    found = {}
    for term, definition in ENTRY.findall(text):
        found[term.lower()] = nodes.make_id(term), re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", definition)
    return found


def lead_to_glossary(tree: nodes.document, terms: dict[str, tuple[str, str]]) -> None:
    """A word in italics that the glossary has becomes a link to it, with the definition as hover text."""
    for word in list(tree.findall(nodes.emphasis)):
        name = word.astext().lower()
        entry = terms.get(name) or terms.get(name.removesuffix("s")) or terms.get(name.removesuffix("es"))
        if entry and not any(isinstance(above, nodes.reference) for above in above_of(word)):
            place, definition = entry
            link = nodes.reference("", "", refuri=f"../teaching/glossary.html#{place}", reftitle=definition)
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
