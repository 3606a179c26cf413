"""That the checks can fail: lessons are broken on purpose, a fault at a time, and each must be caught."""

import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import lesson_checks as checks
from tools.paths import LESSONS, ROOT

# What is wrong -> the check that says so, and what is replaced, once, in lesson 2's file, with what.
BROKEN = {
    "a cell run out of order": ("wrong_order", '"execution_count": 5,', '"execution_count": 6,'),
    "an error stored": ("wrong_order", '"output_type": "stream"', '"output_type": "error"'),
    "a warning stored": ("wrong_order", '"name": "stdout"', '"name": "stderr"'),
    "a missing description": ("missing_descriptions", '"alt": ".+"', '"alt": ""'),
    "an explorer without its twin": ("explorers_without_twin", '"import torch', '"explore(torch)'),
    "a claim that is not so": ("claims_not_so", '"✓', '"✗'),
    "a claim about seconds": ("clocks_compared", r"recap\(", "recap(history.seconds < 9, "),
    "a generator that another cell made": ("borrowed_generators", r"= load_digits\(", "= default_rng("),
    "a folder on Linux": ("machine_traces", "✓", "✓ /home/ada/mnist"),
    "a folder on a Mac": ("machine_traces", "✓", "✓ /Users/ada/Desktop"),
    "a secret": ("machine_traces", "✓", "✓ ghp_" + "a" * 20),
    "metadata left by an editor": ("not_normalized", '"metadata": {}', '"metadata": {"collapsed": false}'),
    "a heading that jumps": ("heading_jumps", '"## ', '"#### '),
    "three cells of code in a row": ("cells_in_a_row", '"markdown"', '"code"'),
    "minutes that nobody counted": ("wrong_minutes", r"\| \d+ min", "| 10 min"),
}
ASKED = "**Predict:** how many does it read: 75%, 85% or 97%?"
LETTERS = "**Predict:** is the answer (a) the same, (b) moved, or (c) new?"
# What only shows when a notebook runs: small ones, run by nbval with this project's plugin.
SUM = "print('sum', 1.0 + 1.0)"
DEPRECATED = "import warnings\nwarnings.warn('use the other one', DeprecationWarning)"
COUNTS = "print(len(globals().setdefault('seen', [])))\nseen.append(1)"
RUNS = {  # source, stored output, metadata, and whether it passes
    "as_stored": (SUM, "sum 2.0\n", {}, True),
    "changed_number": (SUM, "sum 2.1\n", {}, False),
    "within_tolerance": (SUM, "sum 2.1\n", {"tolerance": 0.2}, True),
    "within_tolerance_with_another_width": (SUM, "sum  2.1\n", {"tolerance": 0.2}, True),
    "beyond_tolerance": (SUM, "sum 2.3\n", {"tolerance": 0.2}, False),
    "other_words_within_tolerance": (SUM, "total 2.0\n", {"tolerance": 0.2}, False),
    "one_number_more_within_tolerance": (SUM, "sum 2.0 2.0\n", {"tolerance": 0.2}, False),
    "deleted_output": (SUM, None, {}, False),
    "exempted": (SUM, "sum 17\n", {"tags": ["nbval-ignore-output"]}, True),
    "deprecated_call": (DEPRECATED, None, {}, False),
    "error": ("1 / 0", None, {}, False),
    "file_of_another_lesson": ("open('checkpoints/cnn.pt')", None, {}, False),
    "other_words_the_second_time": (COUNTS, "0\n", {}, False),
    "dead_kernel": ("import os\nos._exit(1)", None, {}, False),
}


@pytest.mark.parametrize(
    ("prose", "printed", "wrong"),
    [
        ("It reads 82%.", "right 81.6%", False),
        ("It reads 84%.", "right 81.6%", True),
        ("It reads 82%.", "82 images", True),  # a count is no percentage
        ("It has 80,202 parameters.", "80202", False),
        ("It has 80,203 parameters.", "80202", True),
        ("The loss is 0.31.", "loss 0.3072", False),
        ("The loss is 0.31.", "loss 0.3172", True),
        ("**Predict:** is it 84% or 99%?", "right 81.6%", False),
        ("You chose 3 epochs and 7 steps.", "", True),
    ],
)
def test_number_in_the_prose_that_no_output_shows(prose, printed, wrong):
    output = new_output("stream", name="stdout", text=printed)
    opening = [new_markdown_cell("# 1"), new_code_cell("import torch"), new_code_cell("epochs = 3")]
    cells = [*opening, new_code_cell("print()", outputs=[output]), new_markdown_cell(prose)]
    assert bool(checks.unseen_numbers(new_notebook(cells=cells))) == wrong


@pytest.mark.parametrize(("check", "pattern", "text"), BROKEN.values(), ids=BROKEN)
def test_a_broken_lesson_is_caught(check, pattern, text):
    """As it is stored, no check finds anything: see test_lessons.py."""
    broken = re.sub(pattern, text, LESSONS[1].read_text(encoding="utf-8"), count=1)
    assert getattr(checks, check)(nbformat.v4.reads(broken))


def test_a_definition_changed_in_the_helper_only():
    helper = checks.definitions((ROOT / "mnist_helpers" / "data.py").read_text())
    helper["normalize"] = helper["normalize"].replace("255", "256")
    found = checks.different_definitions(nbformat.read(LESSONS[0], 4), helper)
    assert found == ["normalize differs from the helper's"]


@pytest.mark.parametrize("link", ["03_trainign.ipynb", "../README.md#when-nothing-fails", "../LICENCE"])
def test_a_dead_link(link):
    assert checks.broken_links(f"see [there]({link})", ROOT / "notebooks")


@pytest.mark.parametrize(
    ("asked", "code", "printed", "below", "wrong"),
    [
        (ASKED, "print(f'{right:.1%}')", "97.4%", "So many are read: 97.4%.", ""),
        (ASKED, "limit = 0.97", "97.4%", "", "the code"),
        (ASKED, "limit = 0.75", "97.4%", "", ""),  # a wrong one gives nothing away
        (ASKED, "show(title='97% are right')", "97.4%", "", "the code"),
        (ASKED, "count()", "97.4%", "**97%**, so it is good.", "the text"),
        (ASKED, "count()", None, "", "not folded"),
        (LETTERS, "print('(b)', moved)", "(b) True", "", "the code"),
        (
            LETTERS,
            "print('(a)', '(b)', '(c)')",
            "(a) (b) (c)",
            "They differ in one thing, their place: (b).",
            "",
        ),
        (LETTERS, "f(b)", "True", "That is (b).", "the text"),
        (
            "**Predict:** does it forget none, half, or nearly all?",
            "run()",
            "all",
            "Half of them.",
            "the text",
        ),
    ],
)
def test_an_answer_given_away(asked, code, printed, below, wrong):
    cells = [new_markdown_cell(asked), new_code_cell(code), new_markdown_cell(below)]
    if printed is not None:
        cells[1].outputs = [new_output("stream", name="stdout", text=printed)]
        cells[1].metadata["jupyter"] = {"outputs_hidden": True}
    found = checks.answers_given_away(new_notebook(cells=cells))
    assert wrong in found[0] if wrong else found == [], found


def test_a_lesson_over_its_budget():
    lesson = nbformat.read(LESSONS[1], 4)
    lesson.cells += [new_markdown_cell("word " * 1_801), *[new_code_cell("a = 1\n" * 13)] * 25]
    found = re.findall(r"^\d+ (.+?),", "\n".join(checks.over_budget(lesson, checks.BUDGET)), re.MULTILINE)
    assert found == ["words", "cells", "lines", "longest cell", "minutes"]


def test_faults_that_show_in_a_run_fail_it_and_a_dead_kernel_is_called_so(tmp_path):
    for name, (source, output, metadata, _) in RUNS.items():
        outputs = [new_output("stream", name="stdout", text=output)] if output else []
        cell = new_code_cell(source, metadata=metadata, outputs=outputs, execution_count=1)
        nbformat.write(new_notebook(cells=[cell]), tmp_path / f"{name}.ipynb")
    compare = "from tools import comparing\ncomparing.comparable_here = lambda: True"  # practice digits, too
    (tmp_path / "conftest.py").write_text(compare)
    options = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=300", "-v", "-p", "no:xdist"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MNIST_PRACTICE": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "tools.comparing", *options]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    failed = {*re.findall(r"^FAILED (\w+)\.ipynb", run.stdout, re.MULTILINE)}
    assert failed == {name for name, (*_, passes) in RUNS.items() if not passes}, run.stdout
    assert f"{len(failed)} failed, {len(RUNS) - len(failed)} passed" in run.stdout
    assert "The kernel died in this cell." in run.stdout
