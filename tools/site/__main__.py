"""Build the site, build/site: open build/site/index.html, or publish the folder as it is.

python -m tools.site

Its buttons lead to the project's address, which `python -m tools.address` sets; without one there are none.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from mnist_helpers.data import Digits, load_digits
from mnist_helpers.errors import WalkthroughError
from tools import address, demo
from tools.paths import BUILD, DEEPER, LESSONS, ROOT, TEACHING, name_of
from tools.text import argument_parser, slug, with_links

HERE = Path(__file__).resolve().parent
SOURCE, SITE = BUILD / "site-source", BUILD / "site"
BACK = '<p><a href="../index.html">The course, in which this network is built</a></p>'
PAGES = ["README.md", "INSTALL.md", "CONTRIBUTING.md", "LICENSE-TEXT.md"]
PAGES += ["benchmarks/README.md", "benchmarks/log.md"]
SECTION = re.compile(r"\[\*(.+?)\*\]\([^)#]*\.ipynb\)")  # a link to one, by its name
FOR_LEARNERS = re.compile("quizzes/|glossary|cheat-sheet|what-next")
TO_LOOK_UP = re.compile(r"(:caption: To look up\n:hidden:\n).*", re.DOTALL)  # to the front page's end


def main() -> int:
    argument_parser(__doc__).parse_args()
    demo.use_checkpoints()
    try:
        digits = load_digits()
        print(digits.origin, flush=True)
        prepare(SOURCE, digits)
    except WalkthroughError as error:
        print(error, file=sys.stderr)
        return 1
    return build(SOURCE, SITE, address.repository())


def prepare(folder: Path, digits: Digits, for_room: bool = False) -> None:
    """Write the pages, as Sphinx reads them, into an empty folder; for a room, those that are for learners."""
    shutil.rmtree(folder, ignore_errors=True)
    teaching = [path.relative_to(ROOT).as_posix() for path in sorted(TEACHING.rglob("*.md"))]
    pages = [page for page in teaching if FOR_LEARNERS.search(page)] if for_room else [*PAGES, *teaching]
    notebooks = {path: f"notebooks/{name_of(path)}.ipynb" for path in (*LESSONS, *DEEPER)}
    known = {*pages, *notebooks.values()}
    for name in pages:
        text = (ROOT / name).read_text(encoding="utf-8")
        if name == "README.md":
            text = text.replace("# How a CNN reads digits", "# Run the lessons yourself", 1)
        text = SECTION.sub(lambda link: f"{link[0][:-1]}#{slug(link[1])})", text)
        write(folder / name, with_links(text, Path(name).parent, known))
    if not for_room:
        with (folder / "teaching" / "README.md").open("a", encoding="utf-8") as kit:
            kit.write(f"\n```{{toctree}}\n:hidden:\n\n{below_the_kit()}\n```\n")
        write(folder / "reference.md", reference())
    for path, name in notebooks.items():
        notebook = lesson_page(nbformat.read(path, as_version=4), Path(name).parent, known)
        write(folder / name, nbformat.writes(notebook))
    shutil.copy(ROOT / "notebooks" / "readme.png", folder / "notebooks")
    index = front()
    if for_room:
        others = [page for page in pages if "quizzes" not in page]
        index = with_links(TO_LOOK_UP.sub("\n".join([r"\1", *others, "```\n"]), index), Path(), known)
    write(folder / "index.md", index)
    page = demo.write_page(demo.trained_networks(digits), digits).replace("<footer>", f"<footer>{BACK}")
    write(folder / "_static" / "digit.html", page)
    for name in ("site.css", "site.js"):
        shutil.copy(HERE / name, folder / "_static")


def lesson_page(lesson: NotebookNode, folder: Path, known: set[str]) -> NotebookNode:
    """The notebook of a folder, with what myst-nb and the site's extension look for: which cells are folded, where links lead."""
    lesson.cells[2].metadata["jupyter"] = {"source_hidden": True}  # the imports
    lesson.cells = [part for cell in lesson.cells for part in described(cell)]
    for cell in lesson.cells:
        hidden = cell.metadata.get("jupyter", {})
        marks = {"hide-input": hidden.get("source_hidden"), "answer": hidden.get("outputs_hidden")}
        cell.metadata["tags"] = [*cell.metadata.get("tags", ()), *(tag for tag in marks if marks[tag])]
        if cell.cell_type == "markdown":
            cell.source = with_links(cell.source, folder, known)
    return lesson


def described(cell: NotebookNode) -> list[NotebookNode]:
    """The cell, with its picture's description and width where myst-nb looks for them; one cell for each picture."""
    parts = [cell]
    for output in cell.pop("outputs", ()):
        if shown := output.get("metadata", {}).get("image/png"):
            if "mystnb" in parts[-1].metadata:
                parts.append(new_code_cell("# its next picture", metadata={"tags": ["remove-input"]}))
            parts[-1].metadata["mystnb"] = {"image": {"alt": shown["alt"], "width": f"{shown['width']}px"}}
        parts[-1].setdefault("outputs", []).append(output)
    if cell.cell_type == "code":
        cell.setdefault("outputs", [])
    return parts


def front() -> str:
    """The front page: the digit to be drawn, the tables of the README, and what the site holds."""
    readme, page = (path.read_text("utf-8") for path in (ROOT / "README.md", HERE / "index.md"))
    for name, paths in {"lessons": LESSONS, "deeper": DEEPER}.items():
        table = re.search(f"<!-- {name} -->\n(.*?)<!-- end {name} -->", readme, re.DOTALL)
        assert table is not None
        links = "\n".join(f"notebooks/{name_of(path)}" for path in paths)
        page = page.replace(f"<!-- {name} -->", table[1]).replace(f"<!-- links to {name} -->", links)
    return page


def below_the_kit() -> str:
    """The notes of all lessons, as the navigation lists them below the kit."""
    notes = [f"Notes {path.stem[1]} <lessons/{path.stem}>" for path in LESSONS]
    return "\n".join([*notes, "Answers to the questions <before-and-after-key>"])


def reference() -> str:
    """The helper's reference, from its docstrings, module by module."""
    modules = sorted(path.stem for path in (ROOT / "mnist_helpers").glob("[a-z]*.py"))
    parts = [
        f"## {name}\n\n```{{eval-rst}}\n.. automodule:: mnist_helpers.{name}\n   :members:\n   :exclude-members: forward\n```"
        for name in modules
    ]
    return "\n\n".join(["# The helper, mnist_helpers", *parts]) + "\n"


def build(source: Path, site: Path, repository: str = "") -> int:
    """Let Sphinx make the site; a warning is an error. Returns its exit status.

    repository: OWNER/NAME on the code-hosting site that buttons lead to; none if empty.
    """
    shutil.rmtree(site, ignore_errors=True)
    options = ["-b", "html", "-W", "--keep-going", "-q", "-j", "auto", "-c", str(HERE)]
    options += ["-D", f"html_static_path={source / '_static'}"]
    options += ["-d", str(BUILD / "site-cache")]
    command = [sys.executable, "-m", "sphinx", *options, str(source), str(site)]
    ended = subprocess.run(command, env=os.environ | {"SITE_REPOSITORY": repository}).returncode
    if not ended:
        for path in (*LESSONS, *DEEPER):  # what is downloaded
            notebook = nbformat.read(path, as_version=4)
            if not repository:  # to which the cell for Colab would lead
                del notebook.cells[1]
            write(site / "_sources" / "notebooks" / f"{name_of(path)}.ipynb", nbformat.writes(notebook))
        print(f"The site: {os.path.relpath(site)}/index.html")
    return ended


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
