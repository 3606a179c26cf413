"""Each exercise: the solution passes, the untouched starter does not, and plausible wrong answers are told so."""

import os
import shutil
import subprocess
import sysconfig
import tomllib

import nbformat
import pytest

from mnist_lessons.exercises import NOT_YET, RIGHT, Exercise
from tools.kit.editions import definitions_of, sentence_about
from tools.kit.pages import SOLUTION
from tools.paths import NOTEBOOKS, ROOT, name_of

TABLES = {
    p.stem: tomllib.loads(p.read_text("utf-8")) for p in (ROOT / "mnist_lessons/exercises").glob("*.toml")
}
SECTIONS = {(stem, name): section for stem, table in TABLES.items() for name, section in table.items()}
every_exercise = pytest.mark.parametrize("section", [pytest.param(s, id=n[1]) for n, s in SECTIONS.items()])


def found_exercises():
    """Notebook, starter, check and solution of each exercise, in the order of the notebooks."""
    for path in NOTEBOOKS:
        cells = nbformat.read(path, 4).cells
        for number, cell in enumerate(cells):
            if "exercise-starter" in cell.metadata.get("tags", ()):
                above = "\n".join(before.source for before in cells[:number])
                assert "### Exercise" in above, f"{name_of(path)}: no prompt"
                assert "exercise-check" in cells[number + 1].metadata.get("tags", ())
                folded = cells[number + 2].source
                assert folded.count("<details>") == folded.count("</details>") == 2
                solution = SOLUTION.search(folded)["code"]
                code = cell.source, cells[number + 1].source, solution
                yield pytest.param(path, *code, id=f"{name_of(path)}-{number}")


@pytest.mark.parametrize(("path", "starter", "check", "solution"), list(found_exercises()))
def test_solution_passes_and_starter_is_not_begun(path, starter, check, solution):
    definitions = definitions_of(nbformat.read(path, 4))
    assert sentence_about(f"{starter}\n{check}", definitions).startswith(NOT_YET)
    assert sentence_about(f"{starter}\n{solution}\n{check}", definitions).startswith(RIGHT)


def test_names_are_unique_and_each_is_used_in_the_notebook_of_its_table():
    assert len({name for _, name in SECTIONS}) == len(SECTIONS)
    checks = [(path.stem, check) for path, _, check, _ in (p.values for p in found_exercises())]
    assert sorted(SECTIONS) == sorted((stem, check.split('"')[1]) for stem, check in checks)


@every_exercise
def test_answers_are_told_right_from_wrong(section):
    """Each known mistake gets its own sentence; other wrong answers get one, too, or the name of their error."""
    exercise = Exercise(section)
    for known in section.get("known", ()):
        for text in known["answers"]:
            assert exercise.verdict(exercise.answer(text)) == f"Not quite: {known['says']}", text
    for text in section["wrong"]:
        sentence = answer_to(exercise, text)
        assert sentence and not sentence.startswith(RIGHT), (text, sentence)
    for text in section["right"]:
        assert answer_to(exercise, text).startswith(RIGHT), text
    assert len(section["wrong"]) >= 5 and len(section["right"]) >= 1


def answer_to(exercise, text):
    answer = exercise.answer(text)
    try:
        return exercise.verdict(answer)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@every_exercise
def test_sections_hold_what_is_read(section):
    fields = {"arguments", "case", "cases", "tolerance", "reference", "note", "otherwise", "setup", "known"}
    assert {"reference"} <= {*section} <= fields | {"wrong", "right"}
    assert all({*known} == {"says", "answers"} and known["answers"] for known in section.get("known", ()))


def test_setups_compile_and_are_formatted(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for (_, name), section in SECTIONS.items():
        compile(section.get("setup", ""), name, "exec")
        (tmp_path / f"{name}.py").write_text(section.get("setup", ""), "utf-8")
    ruff = os.path.join(sysconfig.get_path("scripts"), "ruff")
    done = subprocess.run([ruff, "format", "--diff"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_check_never_raises():
    assert "stopped with ZeroDivisionError" in sentence_about('check("output_size", lambda *given: 1 / 0)')
    assert "KeyError" in sentence_about('check("no such exercise", 1)')
