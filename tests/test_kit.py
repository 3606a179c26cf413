"""The teaching kit: editions, notes, timetables, pages, slides, and the archive, installed as a room would."""

import os
import re
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest

from mnist_helpers.data import load_digits
from mnist_lessons.exercises import RIGHT
from tools.kit import __main__ as kit
from tools.kit import slides
from tools.kit.editions import BEGIN, EDITIONS, MARKED, has_tag, master
from tools.kit.pages import FULL, HALF, HOME, SOLUTION, headings, read_notes, sections, timetables
from tools.lesson_checks import broken_links, code_cells, text_cells
from tools.paths import LESSONS, NOTEBOOKS, ROOT, TEACHING, name_of

PAGES = [*sorted(TEACHING.rglob("*.md")), ROOT / "CONTRIBUTING.md", ROOT / "LICENSE-TEXT.md"]
QUIZZES = sorted((TEACHING / "quizzes").glob("*.md"))
# With KIT_WHEELS=1, all packages go into the archive and are installed from it: 3 GB and some minutes.
WHEELS = os.environ.get("KIT_WHEELS") == "1"


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def lesson(request):
    """A lesson, its notes, and its editions by name."""
    notebook, notes = nbformat.read(request.param, 4), read_notes(request.param.stem)
    full = master(notebook, notes)
    return notebook, notes, {name: edition(full) for name, edition in EDITIONS.items()}


def sources(notebook):
    return [cell.source for cell in code_cells(notebook)]


def test_every_section_has_a_note_and_editions_have_the_same_headings(lesson):
    notebook, notes, editions = lesson
    assert list(notes) == headings(notebook)
    assert {note.route for note in notes.values()} <= {HALF, FULL, HOME}
    assert all(headings(edition) == headings(notebook) for edition in editions.values())


def test_learners_see_no_solution_no_note_and_no_output(lesson):
    notebook, _, editions = lesson
    solutions = [
        found["code"].strip() for cell in text_cells(notebook) if (found := SOLUTION.search(cell.source))
    ]
    assert len(solutions) == 2
    for name in ("notebooks", "live"):
        text = nbformat.writes(editions[name])
        everything = "\n".join(cell.source for cell in editions[name].cells)
        assert not any(solution in everything for solution in solutions)
        assert BEGIN not in text and "Solution</summary>" not in text and '"teacher"' not in text
        assert everything.count("<summary>Hint</summary>") == len(solutions)
        assert not any(cell.outputs or cell.execution_count for cell in code_cells(editions[name]))


def test_learners_run_what_the_lesson_runs_once_empty_cells_are_filled(lesson):
    notebook, notes, editions = lesson
    assert sources(editions["notebooks"]) == sources(notebook)
    empty = [cell for cell in code_cells(editions["live"]) if has_tag(cell, "live")]
    assert all(cell.source == "" for cell in empty)
    assert sources(kit.filled_in(editions["live"])) == sources(notebook)


def test_cells_to_be_typed_are_short_and_stand_in_sections_that_are_taught(lesson):
    notebook, notes, _ = lesson
    least = HALF if HALF in (note.route for note in notes.values()) else FULL
    typed = [section for section in sections(notebook) if section.typed_lines]
    assert all(notes[section.heading].route == least and section.typed_lines <= 8 for section in typed)


def test_teachers_edition_passes_every_check_and_keeps_the_outputs(lesson):
    notebook, _, editions = lesson
    ours, kept = code_cells(editions["teacher"]), code_cells(notebook)
    assert [MARKED.sub("", cell.source) for cell in ours] == sources(notebook)
    checks = [cell.outputs[0].text for cell in ours if has_tag(cell, "exercise-check")]
    assert len(checks) == 2 and all(printed.startswith(RIGHT) for printed in checks)
    pairs = zip(ours, kept, strict=True)
    assert all(one.outputs == other.outputs for one, other in pairs if not has_tag(one, "exercise-check"))
    notes = sum(has_tag(cell, "teacher") for cell in editions["teacher"].cells)
    assert notes == len(headings(notebook)) + len(checks)


def test_timetables_are_those_of_the_notebooks_and_fit_the_day():
    guide = (TEACHING / "guide.md").read_text(encoding="utf-8")
    for name, table in timetables().items():
        assert f"<!-- {name} -->\n{table}\n<!-- end {name} -->" in guide, "run make kit"
    ends = re.findall(r"^\| (\d+):(\d\d) \| [\d:]+ \| \| the end", guide, re.MULTILINE)
    half, full = (60 * int(hours) + int(minutes) for hours, minutes in ends)
    assert half == 240 and full <= 500
    assert int(re.search(r"\| (-?\d+) \| \*Reserve\*", guide)[1]) >= 5


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_links_of_the_pages_lead_somewhere(page):
    assert broken_links(page.read_text(encoding="utf-8"), page.parent) == []


@pytest.mark.parametrize("quiz", QUIZZES, ids=lambda path: path.stem)
def test_quiz_has_one_right_answer_to_each_question_and_explains_all(quiz):
    questions = re.split(r"^\d\. ", quiz.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    rights = [re.findall(r"^   \*\*([a-d])\.\*\* ", question, re.MULTILINE) for question in questions]
    assert len(questions) >= 6 and all(len(right) == 1 for right in rights)
    assert len({right for (right,) in rights}) >= 3
    for question, (right,) in zip(questions, rights, strict=True):
        assert re.findall(r"^   - ([a-d])\. ", question, re.MULTILINE) == list("abcd")
        explained = question.partition("Answer</summary>")[2]
        assert all(re.search(rf"\*{letter}\*", explained) for letter in set("abcd") - {right})


def test_glossary_is_in_order_and_every_notebook_leads_to_it():
    terms = re.findall(r"^## (.+)$", (TEACHING / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(terms) > 100 and terms == sorted(terms, key=str.lower)
    assert all("../teaching/glossary.md)" in nbformat.read(path, 4).cells[0].source for path in NOTEBOOKS)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """The archive as it is handed out, unpacked in an empty folder."""
    folder = tmp_path_factory.mktemp("room")
    made = kit.for_room(folder / "made" / kit.NAME)
    if WHEELS:
        kit.wheelhouse(made / "wheels")
    with zipfile.ZipFile(kit.pack(made)) as file:
        file.extractall(folder)
    return folder / kit.NAME


def test_archive_is_whole_small_and_without_solutions(room):
    names = {path.relative_to(room).as_posix() for path in room.rglob("*")}
    assert {"start.py", "README.md", "environment.yml", "mnist/README.md", "mnist_helpers/data.py"} <= names
    found = {f"{folder}/{name_of(path)}.ipynb" for folder in ("notebooks", "live") for path in NOTEBOOKS}
    assert found <= names
    barred = ("guide", "teaching/lessons", "before-and-after", "test")
    assert not any(word in name for name in names for word in barred)
    for path in room.rglob("*.ipynb"):
        text = "\n".join(cell.source for cell in text_cells(nbformat.read(path, 4)))
        assert broken_links(text, path.parent) == [] and "Solution</summary>" not in text
    for path in (room / "README.md", *(room / "teaching").glob("*.md")):
        assert broken_links(path.read_text(encoding="utf-8"), path.parent) == []


def start(room, *arguments, cut_off=()):
    command = [*cut_off, sys.executable, "start.py", *arguments]
    hidden = {"MNIST_DIR", "MNIST_PRACTICE", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run(command, cwd=room, env=environment, capture_output=True, text=True)


def test_failed_installation_says_so_and_can_be_repeated(room, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(room, other, ignore=shutil.ignore_patterns("wheels", ".venv"))
    (other / "wheels").mkdir()
    (other / "wheels" / "platform.txt").write_text("Python 3.10, win-amd64\n")
    python = other / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    python.parent.mkdir(parents=True)
    if os.name == "nt":
        pytest.skip("a stand-in for Python needs a shell")
    python.write_text("#!/bin/sh\necho 'the disk is full'; exit 1\n")
    python.chmod(0o755)
    done = start(other, "--install")
    assert done.returncode == 1 and "are for Python 3.10, win-amd64" in done.stdout
    assert "the disk is full" in done.stdout and "Run this again" in done.stdout
    assert not (other / ".venv" / "installed").exists()


@pytest.mark.skipif(
    not shutil.which("unshare"), reason="the network cannot be cut off here: unshare is missing"
)
def test_room_without_a_network_installs_and_runs_lesson_1(room):
    """With KIT_WHEELS=1 all comes from the archive; else packages are lent, and setuptools alone is on the stick."""
    cut_off = ["unshare", "--map-root-user", "--net"]
    if subprocess.run([*cut_off, "true"], capture_output=True).returncode:
        pytest.skip("the network cannot be cut off here: unshare is not allowed")
    if not WHEELS:
        venv.create(room / ".venv", with_pip=True)
        (packages,) = (room / ".venv").glob("lib/*/site-packages")
        lent = [folder for folder in site.getsitepackages() if folder.startswith(sys.prefix)]
        (packages / "lent.pth").write_text("\n".join(lent))
        pip = ["-m", "pip", "wheel", "--quiet", "setuptools", "--wheel-dir", str(room / "wheels")]
        subprocess.run([sys.executable, *pip], check=True, capture_output=True)
        shutil.copy(kit.START, room)
        code = "import start; print(start.platform())"
        platform = subprocess.run([sys.executable, "-c", code], cwd=room, capture_output=True)
        (room / "wheels" / "platform.txt").write_bytes(platform.stdout)
    digits = load_digits()
    if digits.is_mnist and (folder := os.environ.get("MNIST_DIR")):
        shutil.copytree(folder, room / "mnist", dirs_exist_ok=True)
    done = start(room, "--install", cut_off=cut_off)
    assert done.returncode == 0, done.stdout
    assert "without the network" in done.stdout and "Installed in" in done.stdout, done.stdout
    checked = start(room, "--check", cut_off=cut_off)
    printed = "mnist holds MNIST's" if os.environ.get("MNIST_DIR") else "mnist holds no train-images"
    assert printed in checked.stdout, checked.stdout
    code = "import sys, nbformat; from pathlib import Path; from nbclient import NotebookClient; import mnist_helpers;"
    code += "print(mnist_helpers.__file__); notebook = nbformat.read('notebooks/01_data.ipynb', 4);"
    code += "NotebookClient(notebook, timeout=1200, resources={'metadata': {'path': 'notebooks'}}).execute();"
    code += "print(sum(cell.cell_type == 'code' for cell in notebook.cells), 'cells')"
    shell = ["sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh"]
    python = [*cut_off, *shell, ".venv/bin/python", "-W", "ignore", "-c", code]
    found = any((room / "mnist").rglob("*ubyte*"))
    place = {"MNIST_DIR": str(room / "mnist")} if found else {"MNIST_PRACTICE": "1"}
    ran = subprocess.run(python, cwd=room, env=os.environ | place, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2_000:]
    cells = len(code_cells(nbformat.read(LESSONS[0], 4), hidden=True))
    assert str(room) in ran.stdout and f"{cells} cells" in ran.stdout


FITS = """() => {
  const slide = Reveal.getCurrentSlide(), shown = [...slide.querySelectorAll("*")].filter(e => e.offsetParent)
  const texts = shown.filter(e => [...e.childNodes].some(c => c.nodeType == 3 && c.data.trim()))
  return [Math.max(...shown.map(e => e.getBoundingClientRect().bottom)),
          Math.max(...shown.map(e => e.getBoundingClientRect().right)),
          Math.min(...texts.map(e => parseFloat(getComputedStyle(e).fontSize)))]
}"""


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_slides_fit_the_screen_and_are_read_from_the_last_row(browser, path, tmp_path):
    notebook, notes = nbformat.read(path, 4), read_notes(path.stem)
    (tmp_path / "slides.html").write_text(slides.page(notebook, notes, (HALF, FULL, HOME)), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    wrong = []
    page.on("request", lambda request: request.url.startswith("http") and wrong.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto((tmp_path / "slides.html").as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    assert page.evaluate("Reveal.getTotalSlides()") > len(headings(notebook))
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({number})")
        bottom, right, smallest = page.evaluate(FITS)
        assert bottom <= 720 and right <= 1280 and smallest >= 24, (number, bottom, right, smallest)
    assert wrong == []
    page.close()


def test_cheat_sheet_is_one_page_and_the_guide_fits_a_phone(browser, tmp_path, monkeypatch):
    monkeypatch.setattr(kit, "KIT", tmp_path)
    names = ("cheat-sheet", "guide", "glossary", "quizzes/03_training")
    written = [tmp_path / "teacher" / f"{name}.html" for name in names]
    for target in written:
        kit.write_page(TEACHING / target.relative_to(tmp_path / "teacher").with_suffix(".md"), target)
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(target.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390 or target.stem == "cheat-sheet"
        printed = page.pdf(prefer_css_page_size=True)
        assert target.stem != "cheat-sheet" or len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
        page.close()
    assert Path(written[0]).stat().st_size < 100_000
