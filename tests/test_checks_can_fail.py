"""That the checks can fail: lessons are broken on purpose, a fault at a time, and each must be caught."""

import copy
import os
import re
import shutil
import subprocess
import sys

import lesson_checks
import nbformat
import pytest
from lesson_checks import (
    LESSONS,
    ROOT,
    broken_links,
    code_cells,
    definitions,
    different_definitions,
    text_cells,
)
from nbformat.v4 import new_code_cell, new_notebook, new_output

STORED = {path.stem: nbformat.read(path, 4) for path in LESSONS}


def broken(stem):
    return copy.deepcopy(STORED[stem])


def test_a_wrong_percentage_in_the_prose():
    notebook = broken("01_data")
    (cell,) = (cell for cell in text_cells(notebook) if "The bar is at 82 %" in cell.source)
    cell.source = cell.source.replace("82 %", "84 %")
    assert "84 in the text is not asserted" in lesson_checks.uncovered_numbers(notebook)[0]


def test_a_number_that_no_assertion_covers_any_more():
    notebook = broken("02_model")
    recap = next(cell for cell in code_cells(notebook) if "80_202" in cell.source and "assert" in cell.source)
    recap.source = recap.source.replace("80_202", "count_parameters(model)")
    assert any("80,202" in sentence for sentence in lesson_checks.uncovered_numbers(notebook))


def test_a_cell_moved():
    notebook = broken("01_data")
    notebook.cells.insert(4, notebook.cells.pop(9))
    assert lesson_checks.wrong_order(notebook)


def test_an_error_stored():
    notebook = broken("01_data")
    code_cells(notebook)[4].outputs.append(new_output("error", ename="ValueError", evalue="", traceback=[]))
    assert lesson_checks.wrong_order(notebook)


def test_a_warning_stored():
    notebook = broken("03_training")
    code_cells(notebook)[4].outputs.append(new_output("stream", name="stderr", text="UserWarning: ..."))
    assert lesson_checks.wrong_order(notebook)


def test_a_missing_description():
    notebook = broken("05_visualization")
    picture = next(
        o for cell in code_cells(notebook) for o in cell.outputs if "image/png" in o.get("data", {})
    )
    del picture.metadata["image/png"]["alt"]
    assert lesson_checks.missing_descriptions(notebook)


def test_an_explorer_without_its_twin():
    notebook = broken("02_model")
    next(cell for cell in code_cells(notebook) if cell.source.startswith("explore_")).outputs = []
    assert lesson_checks.explorers_without_twin(notebook)


def test_a_definition_changed_in_the_helper_only():
    helper = definitions((ROOT / "mnist_helpers" / "data.py").read_text())
    assert different_definitions(STORED["01_data"], helper) == []
    helper["normalize"] = helper["normalize"].replace("255", "256")
    assert different_definitions(STORED["01_data"], helper) == ["normalize differs from the helper's"]


@pytest.mark.parametrize("link", ["03_trainign.ipynb", "../README.md#when-nothing-fails", "../LICENCE"])
def test_a_dead_link(link):
    assert broken_links(f"see [there]({link})", ROOT / "notebooks")


@pytest.mark.parametrize("trace", ["/home/ada/mnist", "/Users/ada/Desktop", "ghp_" + "a" * 20])
def test_a_trace_of_a_machine(trace):
    notebook = broken("04_evaluation")
    code_cells(notebook)[3].outputs.append(new_output("stream", name="stdout", text=f"read from {trace}"))
    assert lesson_checks.machine_traces(notebook)


def test_metadata_left_by_an_editor():
    notebook = broken("04_evaluation")
    notebook.cells[3].metadata["collapsed"] = False
    assert lesson_checks.not_normalized(notebook)


def test_a_heading_that_jumps():
    notebook = broken("04_evaluation")
    cell = next(cell for cell in text_cells(notebook) if re.search(r"^## ", cell.source, re.MULTILINE))
    cell.source = re.sub(r"^## ", "#### ", cell.source, count=1, flags=re.MULTILINE)
    assert lesson_checks.heading_jumps(notebook)


# What only shows when a notebook runs: small notebooks, run by nbval with this project's conftest.

SUM = "print('sum', 1.0 + 1.0)"
DEPRECATED = "import warnings\nwarnings.warn('use the other one', DeprecationWarning)"
RUNS = {
    "as_stored": (SUM, "sum 2.0\n", {}, True),
    "changed_number": (SUM, "sum 2.1\n", {}, False),
    "within_tolerance": (SUM, "sum 2.1\n", {"tolerance": 0.2}, True),
    "beyond_tolerance": (SUM, "sum 2.3\n", {"tolerance": 0.2}, False),
    "other_words_within_tolerance": (SUM, "total 2.0\n", {"tolerance": 0.2}, False),
    "one_number_more_within_tolerance": (SUM, "sum 2.0 2.0\n", {"tolerance": 0.2}, False),
    "deleted_output": (SUM, None, {}, False),
    "exempted": (SUM, "sum 17\n", {"tags": ["nbval-ignore-output"]}, True),
    "deprecated_call": (DEPRECATED, None, {}, False),
    "error": ("1 / 0", None, {}, False),
    "name_of_a_later_cell": ("print(later)", "1\n", {}, False),
    "file_of_another_lesson": ("open('checkpoints/cnn.pt')", None, {}, False),
    "dead_kernel": ("import os\nos._exit(1)", None, {}, False),
}


# The project's conftest, without a look for digits, and comparing whichever there are.
COMPARING_CONFTEST = """
import lessons_conftest
from mnist_helpers import data

lessons_conftest.load_digits = lambda: data._practice_digits(())
lessons_conftest.comparable_here = lambda: True
from lessons_conftest import *
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """name -> whether nbval lets the notebook pass, and the whole report."""
    folder = tmp_path_factory.mktemp("broken")
    for name, (source, output, metadata, _) in RUNS.items():
        outputs = [new_output("stream", name="stdout", text=output)] if output else []
        cell = new_code_cell(source, metadata=metadata, outputs=outputs, execution_count=1)
        nbformat.write(new_notebook(cells=[cell]), folder / f"{name}.ipynb")
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "lessons_conftest.py")
    (folder / "conftest.py").write_text(COMPARING_CONFTEST)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "--nbval-cell-timeout=60",
        "-v",
    ]
    run = subprocess.run(
        [*command, "-p", "no:xdist"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    failed, passed = map(int, re.search(r"(\d+) failed, (\d+) passed", run.stdout).groups())
    assert failed + passed == len(RUNS), run.stdout
    return {name: f"FAILED {name}.ipynb::" not in run.stdout for name in RUNS}, run.stdout


@pytest.mark.parametrize("name", RUNS)
def test_fault_that_shows_in_a_run(name, outcomes):
    passed, report = outcomes
    assert passed[name] == RUNS[name][3], report


def test_dead_kernel_is_called_so(outcomes):
    assert "The kernel died in this cell." in outcomes[1]
