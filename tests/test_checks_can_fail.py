"""That the checks can fail: lessons are broken on purpose, a fault at a time, and each must be caught."""

import copy
import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import lesson_checks as checks
from tools.lesson_checks import code_cells
from tools.paths import NOTEBOOKS, ROOT, name_of

STORED = {name_of(path): nbformat.read(path, 4) for path in NOTEBOOKS}


@pytest.fixture
def lesson():
    return copy.deepcopy(STORED["02_model"])


def picture_of(notebook, begin=""):
    """The first picture, of a cell that has a line beginning so."""
    cells = (
        cell for cell in code_cells(notebook) if re.search(f"^{re.escape(begin)}", cell.source, re.MULTILINE)
    )
    return next((cell, o) for cell in cells for o in cell.outputs if "image/png" in o.get("data", {}))


def a_lesson_that_says(prose, printed):
    output = new_output("stream", name="stdout", text=printed)
    opening = [new_markdown_cell("# 1"), new_code_cell("import torch"), new_code_cell("epochs = 3")]
    return new_notebook(
        cells=[*opening, new_code_cell("print()", outputs=[output]), new_markdown_cell(prose)]
    )


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
    assert bool(checks.unseen_numbers(a_lesson_that_says(prose, printed))) == wrong


def say(lesson, **output):
    code_cells(lesson)[4].outputs.append(new_output(**output))


def rewrite(cell, pattern, text):
    cell.source = re.sub(pattern, text, cell.source, count=1, flags=re.MULTILINE)


def deny_a_claim(lesson):
    outputs = [output for cell in code_cells(lesson) for output in cell.outputs]
    recap = next(output for output in outputs if "✓" in checks.text_of(output))
    recap.data["text/plain"] = recap.data["text/plain"].replace("✓", "✗ not so in this run:", 1)


def borrow_a_generator(lesson):
    code_cells(lesson)[3].source, code_cells(lesson)[4].source = "rng = default_rng(0)", "rng.random()"


def claim_seconds(lesson):
    code_cells(lesson)[-1].source = "recap(digits, {'It is fast.': history.seconds < 9})"


ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}
STREAM = {"output_type": "stream", "name": "stdout"}
# What is wrong -> the check that says so, and how lesson 2 comes to be wrong in this way.
BROKEN = {
    "a cell moved": ("wrong_order", lambda lesson: lesson.cells.insert(5, lesson.cells.pop(10))),
    "an error stored": ("wrong_order", lambda lesson: say(lesson, **ERROR)),
    "a warning stored": ("wrong_order", lambda lesson: say(lesson, **STREAM | {"name": "stderr"}, text="Warn")),
    "a missing description": (
        "missing_descriptions", lambda lesson: picture_of(lesson)[1].metadata["image/png"].pop("alt"),
    ),
    "an explorer without its twin": (
        "explorers_without_twin", lambda lesson: picture_of(lesson, "explore_kernel(")[0].outputs.clear(),
    ),
    "a claim that is not so": ("claims_not_so", deny_a_claim),
    "a claim about seconds": ("clocks_compared", claim_seconds),
    "a generator that another cell made": ("borrowed_generators", borrow_a_generator),
    **{
        f"a trace of a machine, {trace[:8]}": (
            "machine_traces", lambda lesson, trace=trace: say(lesson, **STREAM, text=f"read from {trace}"),
        )
        for trace in ("/home/ada/mnist", "/Users/ada/Desktop", "ghp_" + "a" * 20)
    },
    "metadata left by an editor": (
        "not_normalized", lambda lesson: lesson.cells[3].metadata.update(collapsed=False),
    ),
    "a heading that jumps": ("heading_jumps", lambda lesson: rewrite(lesson.cells[7], "^## ", "#### ")),
    "three cells of code in a row": ("cells_in_a_row", lambda lesson: lesson.cells.extend([new_code_cell("1")] * 3)),
    "minutes that nobody counted": (
        "wrong_minutes", lambda lesson: rewrite(lesson.cells[0], r"\| \d+ min", "| 10 min"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_lesson_is_caught(lesson, fault):
    name, breaks = BROKEN[fault]
    assert getattr(checks, name)(lesson) == []
    breaks(lesson)
    assert getattr(checks, name)(lesson)


def test_a_definition_changed_in_the_helper_only():
    helper = checks.definitions((ROOT / "mnist_helpers" / "data.py").read_text())
    assert checks.different_definitions(STORED["01_data"], helper) == []
    helper["normalize"] = helper["normalize"].replace("255", "256")
    assert checks.different_definitions(STORED["01_data"], helper) == ["normalize differs from the helper's"]


@pytest.mark.parametrize("link", ["03_trainign.ipynb", "../README.md#when-nothing-fails", "../LICENCE"])
def test_a_dead_link(link):
    assert checks.broken_links(f"see [there]({link})", ROOT / "notebooks")


ASKED = "**Predict:** how many does it read: 75%, 85% or 97%?"
LETTERS = "**Predict:** is the answer (a) the same, (b) moved, or (c) new?"


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
            "Both pictures are alike but for their place: (b).",
            "",
        ),
        (LETTERS, "f(b)", "True", "That is (b).", "the text"),
        ("**Predict:** does it forget none, half, or nearly all?", "", "all", "Half of them.", "the text"),
    ],
)
def test_an_answer_given_away(asked, code, printed, below, wrong):
    cells = [
        new_markdown_cell(asked),
        new_code_cell(code or "run()"),
        new_markdown_cell(below or "So it is."),
    ]
    if printed is not None:
        cells[1].outputs = [new_output("stream", name="stdout", text=printed)]
        cells[1].metadata["jupyter"] = {"outputs_hidden": True}
    found = checks.answers_given_away(new_notebook(cells=cells))
    assert wrong in found[0] if wrong else found == [], found


def test_a_lesson_over_its_budget(lesson):
    before = checks.over_budget(lesson, checks.BUDGET)
    lesson.cells += [new_markdown_cell("word " * 1_801), *[new_code_cell("a = 1\n" * 13)] * 25]
    words = ("words", "cells", "lines", "longest cell", "minutes")
    assert [entry.split(" ", 1)[1].split(",")[0] for entry in checks.over_budget(lesson, checks.BUDGET)] == [
        *words
    ], before


# What only shows when a notebook runs: small notebooks, run by nbval with this project's plugin.

SUM = "print('sum', 1.0 + 1.0)"
DEPRECATED = "import warnings\nwarnings.warn('use the other one', DeprecationWarning)"
RUNS = {
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
    "name_of_a_later_cell": ("print(later)", "1\n", {}, False),
    "file_of_another_lesson": ("open('checkpoints/cnn.pt')", None, {}, False),
    "other_words_the_second_time": (
        "print(len(globals().setdefault('seen', [])))\nseen.append(1)",
        "0\n",
        {},
        False,
    ),
    "dead_kernel": ("import os\nos._exit(1)", None, {}, False),
}

# Comparing on practice digits too, which need no look for MNIST.
CONFTEST = """from tools import comparing
comparing.comparable_here = lambda: True
pytest_plugins = ["tools.comparing"]
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """name -> whether nbval lets the notebook pass, and the whole report."""
    folder = tmp_path_factory.mktemp("broken")
    for name, (source, output, metadata, _) in RUNS.items():
        outputs = [new_output("stream", name="stdout", text=output)] if output else []
        cell = new_code_cell(source, metadata=metadata, outputs=outputs, execution_count=1)
        nbformat.write(new_notebook(cells=[cell]), folder / f"{name}.ipynb")
    (folder / "conftest.py").write_text(CONFTEST)
    options = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=300", "-v", "-p", "no:xdist"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MNIST_PRACTICE": "1"}
    command = [sys.executable, "-m", "pytest", *options]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    failed, passed = map(int, re.search(r"(\d+) failed, (\d+) passed", run.stdout).groups())
    assert failed + passed == len(RUNS), run.stdout
    return {name: f"FAILED {name}.ipynb::" not in run.stdout for name in RUNS}, run.stdout


@pytest.mark.parametrize("name", RUNS)
def test_fault_that_shows_in_a_run(name, outcomes):
    passed, report = outcomes
    assert passed[name] == RUNS[name][3], report


def test_dead_kernel_is_called_so(outcomes):
    assert "The kernel died in this cell." in outcomes[1]
