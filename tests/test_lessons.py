"""The stored notebooks, the README and the helper agree with each other."""

import inspect
import json
import re

import nbformat
import pytest

from mnist_helpers import data, evaluation, model, training, visualization
from mnist_helpers.errors import WalkthroughError
from tools import lesson_checks as checks
from tools import readme
from tools.paths import DEEPER, LESSONS, NOTEBOOKS, ROOT, name_of

HELPER: dict[str, str] = {}
for module in (data, model, training, evaluation, visualization):
    HELPER |= checks.definitions(inspect.getsource(module))
HELPER.pop("wilson_interval")  # in a line of SciPy, and deeper/04_statistics compares its own with that

# What the lessons show and the helper holds under the same name.
TAUGHT = {"normalize", "CNN", "predict", "accuracy", "fit"}
README = (ROOT / "README.md").read_text(encoding="utf-8")
STORED = {name_of(path): nbformat.read(path, 4) for path in NOTEBOOKS}


@pytest.fixture(params=NOTEBOOKS, ids=name_of)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return STORED[name_of(path)]


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_notebook_is_stored_as_it_should_be(notebook, check):
    assert check(notebook) == []


@pytest.mark.parametrize("name", [*map(name_of, LESSONS)])
def test_lesson_keeps_its_budget(name):
    assert checks.over_budget(STORED[name], checks.BUDGET_OF.get(name, checks.BUDGET)) == []


def test_notebook_defines_what_the_helper_defines(notebook):
    assert checks.different_definitions(notebook, HELPER) == []


def test_all_that_is_taught_is_shown_in_a_lesson():
    shown = {name for path in LESSONS for name in checks.definitions(checks.source_of(STORED[name_of(path)]))}
    assert shown & set(HELPER) >= TAUGHT


def test_helper_holds_what_two_notebooks_need_and_the_rooms_what_one_does():
    """By imports. A room is a module of mnist_lessons; `save_checkpoint` writes what `trained_cnn` reads."""
    rooms = {str(path): path.read_text("utf-8") for path in (ROOT / "mnist_lessons").rglob("*.py")}
    by_notebooks = checks.imports_of({name: checks.source_of(one) for name, one in STORED.items()})
    by_rooms, known = checks.imports_of(rooms), checks.names_used_in(ROOT / "mnist_helpers")
    for (module, name), users in by_notebooks.items():
        if module.startswith("mnist_helpers") and name != "save_checkpoint":
            assert len(users + by_rooms.get((module, name), [])) > 1 or known[name] > 1, (name, users)
        elif module not in ("mnist_lessons.exercises", "mnist_helpers.training"):
            assert len(users) == 1, f"{name} of {module}: {users}"


def test_helper_imports_nothing_from_above():
    for path in (ROOT / "mnist_helpers").glob("*.py"):
        assert not re.search("(import|from) (mnist_lessons|tools)", path.read_text()), path


def test_notebook_is_made_on_mnist_small_enough_and_with_few_exercises(path, notebook):
    assert "MNIST: 55,000 images" in path.read_text(encoding="utf-8")
    assert path.stat().st_size < 1_000_000
    assert checks.exercises(notebook) in ((2,) if path in LESSONS else (2, 3))


def test_links_lead_somewhere(path, notebook):
    text = "\n".join(cell.source for cell in checks.text_cells(notebook))
    assert checks.broken_links(text, path.parent) == []


@pytest.mark.parametrize("name", ["README.md", "INSTALL.md", "benchmarks/README.md"])
def test_links_of_a_page_lead_somewhere(name):
    page = ROOT / name
    assert checks.broken_links(page.read_text(encoding="utf-8"), page.parent) == []


def test_commands_of_the_readme_exist():
    verbs = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"\bmake ((?:[a-z]+ ?)+)(?=`|\n|  )", README)
    assert named and {verb for line in named for verb in line.split()} <= verbs


def test_first_cell_says_the_seconds_of_the_readme_or_the_lesson_that_a_deeper_notebook_follows(
    path, notebook
):
    """A lesson's own 'about N s' and the README's measured seconds, within a half of each other."""
    opening = notebook.cells[0].source
    assert f"/{path.name})" in README
    stated = float(re.search(r"about (\d+) s on two CPU cores", opening)[1])
    if path in DEEPER:
        assert f"](../{LESSONS[int(path.stem[:2]) - 1].name})" in opening
    else:
        assert 0.5 < stated / float(re.search(rf"/{path.name}\).*\| (\d+) s \|", README)[1]) < 2


def test_numbers_of_the_readme_are_those_of_the_stored_notebooks():
    """The same recipe is described in the README and in deeper/04_statistics, to a tenth of a point."""
    text = "\n".join(checks.output_texts(STORED["deeper/04_statistics"]))
    stated = float(re.search(r"(\d+\.\d+) ± ", README)[1])
    assert abs(stated - float(re.search(r"mean (\d+\.\d+)%", text)[1])) <= 0.1


@pytest.mark.parametrize(("dataset", "lessons"), [(None, 0), ("practice", 6), ("mnist", 1)])
def test_readme_refuses_numbers_that_are_not_of_all_lessons_on_mnist(dataset, lessons, tmp_path):
    path, names = tmp_path / "results.json", map(name_of, LESSONS[:lessons])
    if dataset:
        path.write_text(json.dumps({"dataset": dataset, "notebooks": dict.fromkeys(names, 1)}))
    with pytest.raises(WalkthroughError, match="results.json"):
        readme.read_results(path)
