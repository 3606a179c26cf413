"""Write the teaching kit to build/kit.

python -m tools.kit             editions, slides, pages and poster for the teacher; one archive for the room
python -m tools.kit --wheels    the same, with all packages for this Python on this kind of machine in the archive
python -m tools.kit --mnist     the same, with MNIST's four files, from where this machine's lessons read them
python -m tools.kit --check     execute all editions of all notebooks, as they came out
python -m tools.kit --began build/kit/teacher/minutes-half-day.csv
                                the rates that fit the times in a form that you have filled in; writes nothing
"""

from __future__ import annotations

import base64
import os
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
from jinja2 import Environment
from nbconvert.filters import markdown2html_mistune
from nbformat import NotebookNode

from mnist_helpers.data import Digits, load_digits
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.sources import FILES, cache_folder
from tools import demo
from tools.kit import poster, slides
from tools.kit.editions import EDITIONS, has_tag, master
from tools.kit.pages import FULL, HALF, form, rates_of_a_room, read_notes, timetable, timetables, workshop
from tools.paths import BENCHMARKS, BUILD, DEEPER, LESSONS, ROOT, TEACHING, name_of
from tools.site import __main__ as site
from tools.text import argument_parser, replace_block, slug
from tools.walkthrough import execute

KIT = BUILD / "kit"
NAME = "mnist-cnn-workshop"  # the folder inside the archive
ROOM = Path(__file__).with_name("room")
START = ROOT / "tools" / "start.py"
SHARED = ("LICENSE", "LICENSE-TEXT.md", "pyproject.toml", "constraints.txt", "environment.yml")
FOR_LEARNERS = ("glossary.md", "cheat-sheet.md", "what-next.md", "quizzes")
FORM = "Date: ________ People: ________ They knew: ________ One machine each, or in pairs: ________"
WORKSHOPS = {"half-day": HALF, "full-day": FULL}


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--wheels", action="store_true", help="put all packages into the archive")
    parser.add_argument("--mnist", action="store_true", help="put MNIST into the archive")
    parser.add_argument("--check", action="store_true", help="execute all editions")
    parser.add_argument("--began", type=Path, metavar="FORM", help="the times of a workshop, as rates")
    asked = parser.parse_args()
    demo.use_checkpoints()
    try:
        if asked.began:
            print(rates_of_a_room(asked.began))
            return 0
        digits = load_digits()
        print(digits.origin, flush=True)
        for name, table in timetables().items():
            replace_block(TEACHING / "guide.md", name, table)
        for_teacher(KIT / "teacher", digits)
        without_python(KIT / "if-laptops-fail", digits)
        room = for_room(KIT / NAME)
        if asked.wheels:
            wheelhouse(room / "wheels")
        if asked.mnist:
            copy_mnist(room / "mnist")
        archive = pack(room)
    except WalkthroughError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"For the teacher: {os.path.relpath(KIT / 'teacher')}: begin with guide.html")
    print(f"For the room:    {os.path.relpath(archive)}, {archive.stat().st_size / 1e6:,.1f} MB")
    print(
        f"Beside it on the stick: {os.path.relpath(KIT / 'if-laptops-fail')}: index.html needs only a browser"
    )
    return check(room, digits) if asked.check else 0


def for_teacher(folder: Path, digits: Digits) -> None:
    """The teacher's edition, slides, the pages of teaching/ to be read in a browser, and the poster."""
    fresh(folder)
    poster.draw(digits, folder / "poster.pdf", folder / "network.png")
    picture = base64.b64encode((folder / "network.png").read_bytes()).decode()
    network = picture, "A digit's maps on their way through the trained network, with their shapes."
    for path in (*LESSONS, *DEEPER):
        name, notebook, notes = name_of(path), nbformat.read(path, as_version=4), read_notes(path.stem)
        edition, target = EDITIONS["teacher"](master(notebook, notes)), folder / "lessons" / f"{name}.ipynb"
        up = "../" * len(Path("notebooks", name).parents[:-1])
        for cell in edition.cells:  # it lies deeper than its source, and what it links to stays where it is
            cell.source = cell.source.replace(f"]({up}", f"]({os.path.relpath(ROOT, target.parent)}/")
        write_notebook(edition, target)
        routes = {note.route for note in notes.values()}
        for deck in [
            deck for deck, route in WORKSHOPS.items() if routes and (route in routes or route == FULL)
        ]:
            deck_file = folder / "slides" / deck / f"{name}.html"
            deck_file.parent.mkdir(parents=True, exist_ok=True)
            deck_file.write_text(slides.page(notebook, notes, WORKSHOPS[deck], network), encoding="utf-8")
    for path in sorted(TEACHING.rglob("*.md")):
        if path != TEACHING / "README.md":
            write_page(path, folder / path.relative_to(TEACHING).with_suffix(".html"))
    for name, route in WORKSHOPS.items():
        rows = workshop(route)
        text = f"# {route.capitalize()}: our minutes\n\n{FORM}\n\n{timetable(rows, to_fill_in=True)}\n"
        write_text(text, TEACHING / "guide.md", folder / f"minutes-{name}.html")
        (folder / f"minutes-{name}.csv").write_text(form(rows), encoding="utf-8")


def write_page(source: Path, target: Path) -> None:
    """A page of teaching/ as one file for a browser and a printer."""
    write_text(source.read_text(encoding="utf-8"), source, target)


def write_text(text: str, source: Path, target: Path) -> None:
    """Markdown as a page, its links, which are those of `source`, leading to the other pages."""

    def lead(link: re.Match) -> str:
        to = (source.parent / link[1]).resolve()
        if to.is_relative_to(ROOT / "notebooks"):
            to = KIT / "teacher" / "lessons" / to.relative_to(ROOT / "notebooks")
        elif to.is_relative_to(TEACHING):
            to = (KIT / "teacher" / to.relative_to(TEACHING)).with_suffix(".html" if to.suffix else "")
        return f"]({Path(os.path.relpath(to, target.parent)).as_posix()}{link[2] or ''})"

    body = markdown2html_mistune(re.sub(r"\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)", lead, text))
    body = re.sub(r'(<h\d id=")([^"]+)"', lambda found: f'{found[1]}{slug(found[2])}"', body)
    body = body.replace("<table>", '<div class="table"><table>').replace("</table>", "</table></div>")
    title = text.partition("\n")[0].removeprefix("# ")
    template = Environment().from_string(Path(__file__).with_name("page.html.j2").read_text(encoding="utf-8"))
    target.parent.mkdir(parents=True, exist_ok=True)
    page = template.render(title=title, body=body, columns=target.stem.startswith(("cheat-sheet", "minutes")))
    target.write_text(page, encoding="utf-8")


def without_python(folder: Path, digits: Digits) -> None:
    """The lessons as pages, and the page to draw on: what a room goes on with if its laptops cannot run Python."""
    print("Building the pages that need only a browser: about a minute.", flush=True)
    site.prepare(BUILD / "room-source", digits, for_room=True)
    if site.build(BUILD / "room-source", folder):
        raise WalkthroughError("The pages that need only a browser could not be built; see above.")
    shutil.rmtree(folder.parent / "jupyter_execute", ignore_errors=True)  # myst-nb's


def for_room(folder: Path) -> Path:
    """What each learner gets, as a folder."""
    fresh(folder)
    for name in SHARED:
        shutil.copy(ROOT / name, folder)
    hidden = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for package in ("mnist_helpers", "mnist_lessons"):
        shutil.copytree(ROOT / package, folder / package, ignore=hidden)
    shutil.copytree(BENCHMARKS, folder / "benchmarks")
    (folder / "teaching").mkdir()
    for name in FOR_LEARNERS:
        copy = shutil.copytree if (TEACHING / name).is_dir() else shutil.copy
        copy(TEACHING / name, folder / "teaching" / name)
    for path in (*LESSONS, *DEEPER):
        full = master(nbformat.read(path, as_version=4), read_notes(path.stem))
        for name in ("notebooks", "live"):
            write_notebook(EDITIONS[name](full), folder / name / f"{name_of(path)}.ipynb")
    (folder / "mnist").mkdir()
    shutil.copy(ROOM / "mnist.md", folder / "mnist" / "README.md")
    shutil.copy(START, folder)
    readme, heading = (ROOM / "README.md").read_text(encoding="utf-8"), "## When something fails\n"
    failing = (ROOT / "README.md").read_text(encoding="utf-8").partition(heading)[2].partition("\n## ")[0]
    (folder / "README.md").write_text(f"{readme}\n{heading}{failing.rstrip()}\n", encoding="utf-8")
    return folder


def wheelhouse(folder: Path) -> None:
    """All packages for this Python on this kind of machine; PyTorch's CPU build where pip's index offers one."""
    folder.mkdir()
    pip, constraints = [sys.executable, "-m", "pip", "--disable-pip-version-check"], ROOT / "constraints.txt"
    pins = dict(line.split("==") for line in constraints.read_text().splitlines() if "==" in line)
    wanted = [f"{name}=={pins[name]}+cpu" for name in ("torch", "torchvision")]
    offered = subprocess.run(
        [*pip, "install", "--dry-run", "--ignore-installed", "--no-deps", *wanted], capture_output=True
    )
    if offered.returncode:
        wanted = []
        if sys.platform == "linux":
            print("pip's index offers no CPU build of PyTorch, so the one with GPU libraries is taken: 3 GB.")
    print("Collecting packages; this can take minutes.", flush=True)
    command = [*pip, "wheel", "--quiet", "--wheel-dir", str(folder), "--constraint", str(constraints)]
    command += [f"{ROOT}[export]", "setuptools", "wheel", *wanted]
    collected = subprocess.run(command, capture_output=True, text=True)
    if collected.returncode:
        raise WalkthroughError(f"The packages could not be collected:\n{collected.stderr[-1_500:]}")
    for own in folder.glob("mnist_cnn_walkthrough-*"):
        own.unlink()  # it is installed from the folder, where everybody can read it
    platform = runpy.run_path(str(START))["platform"]
    (folder / "platform.txt").write_text(platform() + "\n")


def copy_mnist(folder: Path) -> None:
    """MNIST's four files, from the folder that the lessons read here. Raises WalkthroughError if one is missing."""
    source = Path(os.environ.get("MNIST_DIR") or cache_folder()).expanduser()
    for name in FILES:
        found = sorted(source.rglob(f"{name}*"))
        if not found:
            raise WalkthroughError(f"{source} holds no {name}. Run: python -m mnist_helpers data --get")
        shutil.copyfile(found[-1], folder / found[-1].name)  # the packed one, where there are both


def pack(folder: Path) -> Path:
    """The folder as one archive; packages are packed already, so they are only stored."""
    archive = folder.parent / f"{folder.name}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*")):
            packed = zipfile.ZIP_STORED if path.suffix == ".whl" else zipfile.ZIP_DEFLATED
            if path.is_file():
                file.write(path, path.relative_to(folder.parent), compress_type=packed)
    return archive


def check(room: Path, digits: Digits) -> int:
    """Execute every edition as it came out, the live one with nothing typed. Returns 1 if one failed, else 0."""
    failures = 0
    for folder in (room / "notebooks", room / "live", KIT / "teacher" / "lessons"):
        print(f"{os.path.relpath(folder)}:")
        for path in sorted(folder.rglob("*.ipynb")):
            executed, _, _, failure = execute(path, digits)
            sentences = [
                cell.outputs[0].text
                for cell in executed.cells
                if has_tag(cell, "exercise-check") and cell.outputs
            ]
            wanted = "Right." if folder.parent.name == "teacher" else "Not solved yet."
            wrong = [text for text in sentences if not text.startswith(wanted)]
            failures += bool(failure or wrong or not sentences)
            print(*wrong, sep="\n", end="\n" * bool(wrong))
    return 1 if failures else 0


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def fresh(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


if __name__ == "__main__":
    sys.exit(main())
