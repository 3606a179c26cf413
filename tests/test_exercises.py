"""Each exercise: the solution passes, the untouched starter does not, and plausible wrong answers are told so."""

import os
import shutil
import subprocess
import sysconfig
import tomllib

import nbformat
import pytest

from mnist_lessons.exercises import NOT_YET, RIGHT, Exercise
from tools.kit.editions import definitions_of, has_tag, sentence_about
from tools.kit.pages import SOLUTION
from tools.paths import NOTEBOOKS, ROOT

FOLDER = ROOT / "mnist_lessons" / "exercises"
TABLES = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.toml")}
SECTIONS = {(stem, name): section for stem, table in TABLES.items() for name, section in table.items()}
FIELDS = {"arguments", "case", "cases", "tolerance", "note", "otherwise", "setup", "known"}


def found_exercises():
    """Notebook, starter, check and solution of each exercise, in the order of the notebooks."""
    for path in NOTEBOOKS:
        cells = nbformat.read(path, 4).cells
        for number, cell in enumerate(cells):
            if has_tag(cell, "exercise-starter"):
                check, folded = cells[number + 1], cells[number + 2].source
                assert any("### Exercise" in above.source for above in cells[:number]), f"{path}: no prompt"
                assert has_tag(check, "exercise-check")
                assert folded.count("<details>") == folded.count("</details>") == 2
                yield path, cell.source, check.source, SOLUTION.search(folded)["code"]


EXERCISES = list(found_exercises())


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise[2])
def test_solution_passes_and_starter_is_not_begun(exercise):
    path, starter, check, solution = exercise
    definitions = definitions_of(nbformat.read(path, 4))
    assert sentence_about(f"{starter}\n{check}", definitions).startswith(NOT_YET)
    assert sentence_about(f"{starter}\n{solution}\n{check}", definitions).startswith(RIGHT)


def test_names_are_unique_and_each_is_used_in_the_notebook_of_its_table():
    assert len({name for _, name in SECTIONS}) == len(SECTIONS)
    assert sorted(SECTIONS) == sorted((path.stem, check.split('"')[1]) for path, _, check, _ in EXERCISES)


@pytest.mark.parametrize("section", SECTIONS.values(), ids=[name for _, name in SECTIONS])
def test_section_holds_what_is_read_and_answers_are_told_right_from_wrong(section):
    """Each known mistake gets its own sentence; other wrong answers get one, too, or the name of their error."""
    exercise, needed = Exercise(section), {"reference", "wrong", "right"}
    assert needed <= {*section} <= needed | FIELDS
    for known in section.get("known", ()):
        assert {*known} == {"says", "answers"} and known["answers"]
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


def test_setups_are_formatted(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for (_, name), section in SECTIONS.items():
        (tmp_path / f"{name}.py").write_text(section.get("setup", ""), "utf-8")
    ruff = os.path.join(sysconfig.get_path("scripts"), "ruff")
    done = subprocess.run([ruff, "format", "--diff"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_check_never_raises():
    assert "stopped with ZeroDivisionError" in sentence_about('check("output_size", lambda *given: 1 / 0)')
    assert "KeyError" in sentence_about('check("no such exercise", 1)')
