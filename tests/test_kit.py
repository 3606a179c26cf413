"""The teaching kit: editions, notes, timetables, pages, slides, and the archive, installed as a room would."""

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile

import nbformat
import pytest

from mnist_helpers.data import load_digits
from mnist_lessons.exercises import RIGHT
from tools.kit import __main__ as kit
from tools.kit import pages, slides
from tools.kit.editions import BEGIN, DEFINED, EDITIONS, MARKED, has_tag, master
from tools.kit.pages import AT_HOME, FULL, HALF, HEADING, SOLUTION, headings, read_notes
from tools.lesson_checks import broken_links, code_cells, text_cells
from tools.paths import LESSONS, NOTEBOOKS, ROOT, TEACHING, name_of
from tools.start import platform

NETWORK = slides.first_picture(nbformat.read(LESSONS[0], 4))  # any picture will do
# With KIT_WHEELS=1, all packages go into the archive and are installed from it: 3 GB and some minutes.
WHEELS = os.environ.get("KIT_WHEELS") == "1"
FITS = """() => {
  const shown = [...Reveal.getCurrentSlide().querySelectorAll("*")].filter(e => e.offsetParent)
  const texts = shown.filter(e => [...e.childNodes].some(c => c.nodeType == 3 && c.data.trim()))
  return [Math.max(...shown.map(e => e.getBoundingClientRect().bottom)) <= 720,
          Math.max(...shown.map(e => e.getBoundingClientRect().right)) <= 1280,
          Math.min(...texts.map(e => parseFloat(getComputedStyle(e).fontSize))) >= 24]
}"""


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def lesson(request):
    """A lesson, its notes, and its editions by name."""
    notebook, notes = nbformat.read(request.param, 4), read_notes(request.param.stem)
    full = master(notebook, notes)
    return notebook, notes, {name: edition(full) for name, edition in EDITIONS.items()}


def sources(notebook):
    return [cell.source for cell in code_cells(notebook)]


def test_every_section_has_a_note_and_learners_see_what_the_half_day_leaves_out(lesson):
    notebook, notes, editions = lesson
    assert list(notes) == headings(notebook) and {note.route for note in notes.values()} <= {HALF, FULL}
    assert all(headings(edition) == headings(notebook) for edition in editions.values())
    text = "\n".join(cell.source for cell in text_cells(editions["live"]))
    marked = {found[1] for found in HEADING.finditer(text) if found[0].endswith(AT_HOME)}
    left_out = {heading for heading, note in notes.items() if note.route == FULL}
    assert marked == (left_out if left_out < {*notes} else set())


def test_learners_see_no_solution_no_note_no_output_and_no_answer_to_a_prediction(lesson):
    notebook, _, editions = lesson
    found = [SOLUTION.search(cell.source) for cell in text_cells(notebook)]
    solutions = [one["code"].strip() for one in found if one]
    assert len(solutions) == 2
    for edition in (editions["notebooks"], editions["live"]):
        text, everything = nbformat.writes(edition), "\n".join(cell.source for cell in edition.cells)
        assert not any(solution in everything for solution in solutions)
        assert BEGIN not in text and "Solution</summary>" not in text and '"teacher"' not in text
        assert everything.count("<summary>Hint</summary>") == len(solutions)
        assert not any(cell.outputs or cell.execution_count for cell in code_cells(edition))
        for cell, below in zip(edition.cells, edition.cells[1:], strict=False):
            if cell.metadata.get("jupyter", {}).get("outputs_hidden") and below.cell_type == "markdown":
                assert re.match(r"<details>|#|\*\*Predict", below.source), below.source[:60]


def test_learners_run_what_the_lesson_runs_and_folded_cells_fill_in_what_is_not_typed(lesson):
    notebook, _, editions = lesson
    whole, before = sources(editions["notebooks"]), ""
    assert whole == sources(notebook)
    live = editions["live"].cells
    assert not any(cell.source for cell in live if has_tag(cell, "live"))
    fillings = [ast.parse(cell.source).body[0].handlers[0] for cell in live if has_tag(cell, "catch-up")]
    typed = [cell.source for cell in code_cells(notebook) if has_tag(cell, "live")]
    assert [ast.unparse(one.body) for one in fillings] == [ast.unparse(ast.parse(one)) for one in typed]
    for source in whole:
        new = [name for name in DEFINED.findall(source) if f"\n{name} = " not in before]
        assert source not in typed or (new and len(source.splitlines()) <= 8)
        before += f"\n{source}"


def test_teachers_edition_passes_every_check_and_keeps_the_outputs(lesson):
    notebook, _, editions = lesson
    ours, kept = code_cells(editions["teacher"]), code_cells(notebook)
    assert [MARKED.sub("", cell.source) for cell in ours] == sources(notebook)
    checks = [cell.outputs[0].text for cell in ours if has_tag(cell, "exercise-check")]
    assert len(checks) == 2 and all(printed.startswith(RIGHT) for printed in checks)
    shown = [[[o.get("data") or o.text for o in cell.outputs] for cell in cells] for cells in (ours, kept)]
    pairs = zip(*shown, kept, strict=True)
    assert all(one == other for one, other, cell in pairs if not has_tag(cell, "exercise-check"))
    notes = sum(has_tag(cell, "teacher") for cell in editions["teacher"].cells)
    assert notes == len(headings(notebook)) + len(checks)


@pytest.mark.parametrize(("route", "limits"), [(HALF, (270, 4, 60)), (FULL, (500, 12, 90))])
def test_workshop_is_that_of_the_notebooks_with_pauses_reserves_exercises_and_slides(route, limits):
    most_minutes, exercises, most_slides = limits
    guide, rows = (TEACHING / "guide.md").read_text(encoding="utf-8"), pages.workshop(route)
    assert f"<!-- {route} -->\n{pages.timetables()[route]}\n<!-- end {route} -->" in guide, "run make kit"
    assert sum(row.minutes for row in rows) <= most_minutes
    assert sum(row.section.exercises for row in rows) == exercises
    reserves = [row.minutes for row in rows if row.what == "*Reserve*"]
    assert sum(reserves) >= 0.15 * sum(row.minutes for row in rows if row.lesson)
    stretches = "".join("|" if row in (pages.PAUSE, pages.LUNCH) else "." * row.minutes for row in rows)
    assert max(map(len, stretches.split("|"))) <= 51
    read = [(nbformat.read(path, 4), read_notes(path.stem)) for path in LESSONS]
    decks = [slides.slides_of(*lesson, route, NETWORK) for lesson in read]
    assert sum(len(deck) + 1 for deck in decks if deck) <= most_slides


def test_form_gives_the_rates_of_a_room(tmp_path):
    """Of one that reads 60 words a minute, and needs nine minutes for an exercise beside its words."""
    head, *lines = pages.form(pages.workshop(HALF)).splitlines()
    now, filled = 540, [head]
    for line in lines:
        filled.append(line.replace(",,", f",{now // 60}:{now % 60:02},"))
        minutes, words, exercises = map(int, line.split(",")[1:4])
        now += round(words / 60 + 9 * exercises) if words else minutes
    (tmp_path / "form.csv").write_text("\n".join(filled))
    found = re.findall(r"([\d.]+) (?:words|minutes for)", pages.rates_of_a_room(tmp_path / "form.csv"))
    assert [*map(float, found)] == pytest.approx([60, 9], abs=2)


def test_links_of_the_pages_lead_somewhere():
    for page in (*TEACHING.rglob("*.md"), ROOT / "CONTRIBUTING.md", ROOT / "LICENSE-TEXT.md"):
        assert broken_links(page.read_text(encoding="utf-8"), page.parent) == [], page


@pytest.mark.parametrize("quiz", sorted((TEACHING / "quizzes").glob("*.md")), ids=lambda path: path.stem)
def test_quiz_has_one_right_answer_to_each_question_explains_all_and_leads_back(quiz):
    text, notes = quiz.read_text(encoding="utf-8"), read_notes(quiz.stem)
    questions = re.split(r"^\d\. ", text, flags=re.MULTILINE)[1:]
    rights = [re.findall(r"^   \*\*([a-d])\.\*\* ", question, re.MULTILINE) for question in questions]
    assert len(questions) >= 4 and len({right for (right,) in rights}) >= 3
    for question, (right,) in zip(questions, rights, strict=True):
        assert re.findall(r"^   - ([a-d])\. ", question, re.MULTILINE) == list("abcd")
        explained = question.partition("Answer</summary>")[2]
        assert all(re.search(rf"\*{letter}\*", explained) for letter in set("abcd") - {right})
    early, _, late = text.partition("## After the full day")
    for part, route in ((early, HALF), (late, FULL)):
        assert {notes[heading].route for heading in re.findall(r"Back to \[\*(.+?)\*\]", part)} <= {route}
    assert text.count("Back to [*") == len(questions)


def test_questions_before_and_after_say_what_only_the_full_day_teaches():
    key = (TEACHING / "before-and-after-key.md").read_text(encoding="utf-8")
    asked = re.findall(r"^\*\*\d · \w\*\* \[\*(.+?)\*\]\(\S+/(\w+)\.ipynb\)(.*)", key, re.MULTILINE)
    routes = [(read_notes(name)[heading].route == FULL, "full day" in said) for heading, name, said in asked]
    assert len(routes) == 8 and all(by_note == said for by_note, said in routes)


def test_glossary_is_in_order_and_holds_what_the_lessons_say():
    text = (TEACHING / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^- \*\*(.+?)\*\* \((\d)\): .+$", text.lower(), re.MULTILINE)
    assert len(terms) == text.count("\n- ") > 50 and terms == sorted(terms)
    for term, lesson in terms:
        assert term in LESSONS[int(lesson) - 1].read_text(encoding="utf-8").lower(), term
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
    for path in NOTEBOOKS:
        assert {f"notebooks/{name_of(path)}.ipynb", f"live/{name_of(path)}.ipynb"} <= names
    assert not re.search("guide|teaching/lessons|before-and-after|test", " ".join(names))
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


def test_wheels_for_another_platform_are_named_and_a_failed_installation_can_be_repeated(room, tmp_path):
    other = shutil.copytree(room, tmp_path / "other", ignore=shutil.ignore_patterns("wheels", ".venv"))
    (other / "wheels").mkdir()
    (other / "wheels" / "platform.txt").write_text("Python 3.10, win-amd64\n")
    (other / "pyproject.toml").write_text("[project")  # pip refuses it before it downloads anything
    done = start(other, "--install")
    assert done.returncode == 1 and "are for Python 3.10, win-amd64" in done.stdout
    assert "TOMLDecodeError" in done.stdout and "Run this again" in done.stdout
    assert not (other / ".venv" / "installed").exists()


def test_room_without_a_network_installs_and_runs_lesson_1_with_nothing_typed(room):
    """With KIT_WHEELS=1 all comes from the archive; else packages are lent, and setuptools alone is on the stick."""
    cut_off = ["unshare", "--map-root-user", "--net"]
    if not shutil.which("unshare") or subprocess.run([*cut_off, "true"], capture_output=True).returncode:
        pytest.skip("the network cannot be cut off here")
    if not WHEELS:
        venv.create(room / ".venv", with_pip=True)
        (packages,) = (room / ".venv").glob("lib/*/site-packages")
        (packages / "lent.pth").write_text(sysconfig.get_path("purelib"))
        pip = ["-m", "pip", "wheel", "--quiet", "setuptools", "--wheel-dir", str(room / "wheels")]
        subprocess.run([sys.executable, *pip], check=True, capture_output=True)
        (room / "wheels" / "platform.txt").write_text(platform())
    if is_mnist := load_digits().is_mnist:
        kit.copy_mnist(room / "mnist")
    done = start(room, "--install", cut_off=cut_off)
    assert done.returncode == 0 and "without the network" in done.stdout, done.stdout
    printed = "mnist holds MNIST's" if is_mnist else "mnist holds no train-images"
    assert printed in start(room, "--check", cut_off=cut_off).stdout
    shell = ["sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh", ".venv/bin/python", "-W", "ignore"]
    notebook = ["-m", "nbconvert", "--execute", "--to", "notebook", "--output", "run", "live/01_data.ipynb"]
    place = {"MNIST_DIR": str(room / "mnist")} if is_mnist else {"MNIST_PRACTICE": "1"}
    ran = subprocess.run([*cut_off, *shell, *notebook], cwd=room, env=os.environ | place, capture_output=True)
    assert ran.returncode == 0, ran.stderr[-2_000:]
    assert "images to train on" in (room / "live" / "run.ipynb").read_text(encoding="utf-8")


def test_slides_fit_the_screen_show_a_picture_and_are_read_from_the_last_row(open_page, lesson, tmp_path):
    notebook, notes, _ = lesson
    (tmp_path / "slides.html").write_text(slides.page(notebook, notes, FULL, NETWORK), encoding="utf-8")
    page = open_page((tmp_path / "slides.html").as_uri(), viewport={"width": 1280, "height": 720})
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    assert page.evaluate("Reveal.getTotalSlides()") > len(headings(notebook))
    assert page.locator("img:not([alt]), img[alt=''], section:not(:has(img))").count() == 0
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({number})")
        assert page.evaluate(FITS) == [True, True, True], f"bottom, right, letters of slide {number}"


def test_cheat_sheet_and_what_next_are_a_page_each_and_the_guide_fits_a_phone(open_page, tmp_path):
    for name in ("cheat-sheet", "what-next", "guide", "quizzes/03_training"):
        target = tmp_path / f"{name}.html"
        kit.write_page(TEACHING / f"{name}.md", target)
        page = open_page(target.as_uri(), viewport={"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390 or name == "cheat-sheet"
        pages_printed = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
        assert pages_printed == 1 or name not in ("cheat-sheet", "what-next")
