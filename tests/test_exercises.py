"""Each exercise: the solution passes, the untouched starter does not, and plausible wrong answers are told so."""

import nbformat
import pytest
from lesson_checks import NOTEBOOKS, name_of
from wrong_answers import OTHER_FORMS, WRONG

from mnist_helpers import exercises
from mnist_helpers.exercises import NOT_YET, RIGHT, Check
from tools.kit.editions import definitions_of, said
from tools.kit.pages import SOLUTION

CHECKS = {name: check for name, check in vars(exercises).items() if isinstance(check, Check)}


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
    assert said(f"{starter}\n{check}", definitions).startswith(NOT_YET)
    assert said(f"{starter}\n{solution}\n{check}", definitions).startswith(RIGHT)


def test_every_check_is_used():
    uses = [parameters.values[2] for parameters in found_exercises()]
    assert all(any(name in use for use in uses) for name in CHECKS)


def answers(table):
    return [(name, answer) for name, those in table.items() for answer in those]


@pytest.mark.parametrize(("name", "answer"), answers(WRONG))
def test_wrong_answers_are_refused_in_a_sentence(name, answer):
    sentence = said(f"{answer}\n{name}(answer)")
    assert sentence and not sentence.startswith(RIGHT), sentence


@pytest.mark.parametrize(("name", "answer"), answers(OTHER_FORMS))
def test_right_answers_in_another_form_are_accepted(name, answer):
    sentence = said(f"{answer}\n{name}(answer)")
    assert sentence.startswith(RIGHT), sentence


@pytest.mark.parametrize("name", CHECKS)
def test_known_mistakes_are_told_apart(name):
    """Each mistake that a check knows gets its own sentence, and there are at least five wrong answers from outside."""
    check = CHECKS[name]
    for sentence, mistake in check.mistakes.items():
        for form in mistake if isinstance(mistake, tuple) else (mistake,):
            assert check.verdict(form) == f"Not quite: {sentence}"
    assert len(WRONG[name]) >= 5 and len(OTHER_FORMS[name]) >= 1


def test_a_check_never_raises():
    assert "stopped with ZeroDivisionError" in said("check_output_size(lambda *given: 1 / 0)")
