"""Running a notebook without a screen, its page, and the form in which it is stored."""

import io
import json
import os
import re
import runpy
import sys

import matplotlib.pyplot as plt
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from mnist_helpers.data import load_digits
from mnist_helpers.figures import set_style
from mnist_helpers.recap import recap
from tools import walkthrough
from tools.normalize import WIDGET, normalize_notebook
from tools.paths import BUILD, DEEPER, ROOT, name_of
from tools.walkthrough import execute, html_page, run, store

PICTURE = (
    "from IPython.display import display\n"
    "display({'image/png': 'iVBORw0KGgo=', 'text/plain': 'a dot'}, raw=True, metadata={'image/png': {'alt': 'a <dot>'}})"
)


@pytest.fixture
def digits(monkeypatch):
    monkeypatch.setenv("MNIST_PRACTICE", "1")
    return load_digits()


def written(path, *sources):
    cells = [new_markdown_cell("# 1 · Some\n\n## Where it happens"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_run_goes_on_after_a_failure_and_says_what_failed_where(tmp_path, digits, capsys, monkeypatch):
    monkeypatch.setattr(walkthrough, "BUILD", tmp_path / "build")
    monkeypatch.setattr(walkthrough, "REPORTED", {"deeper/02_whole": {"answer": "answer"}})
    (tmp_path / "deeper").mkdir()
    broken = written(
        tmp_path / "01_broken.ipynb", PICTURE, "ink = 0\nraise ValueError('the ink ran out')", "1"
    )
    whole = written(tmp_path / "deeper" / "02_whole.ipynb", "answer = 42")
    assert run([broken, whole], digits) == 1
    results = json.loads((tmp_path / "build" / "results.json").read_text())
    message = "stopped in “Where it happens”, at the cell that begins “ink = 0”: ValueError: the ink ran out"
    assert results["failed"] == {"01_broken": message} and results["answer"] == 42
    printed = capsys.readouterr().out
    assert f"Failed:        01_broken {message}" in printed
    assert re.search(r"deeper/02_whole +1 cells, [\d.]+ s", printed)
    pages = tmp_path / "build" / "walkthrough"
    assert 'alt="a &lt;dot&gt;"' in (pages / "01_broken.html").read_text()
    assert (pages / "deeper" / "02_whole.html").is_file()
    assert run([whole], digits) == 0


def test_command_goes_on_where_a_terminal_lacks_a_sign(tmp_path, digits, monkeypatch):
    monkeypatch.setattr(walkthrough, "BUILD", tmp_path)
    monkeypatch.setattr(walkthrough, "LESSONS", [written(tmp_path / "01_some.ipynb", "1 / 0")])
    monkeypatch.setattr(sys, "argv", ["walkthrough", "run"])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert walkthrough.main() == 1 and (tmp_path / "results.json").is_file()


def test_settings_of_this_user_change_no_output_and_no_figure(tmp_path, digits, monkeypatch):
    (tmp_path / "profile_default").mkdir()
    shows_all = "get_config().InteractiveShell.ast_node_interactivity = 'all'"
    (tmp_path / "profile_default" / "ipython_config.py").write_text(shows_all)
    assert os.environ["IPYTHONDIR"] == str(BUILD / "ipython"), "the kernels of tests have their own"
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook, *_ = execute(written(tmp_path / "01_some.ipynb", "1\n2"), digits)
    assert len(notebook.cells[1].outputs) == 1
    with plt.rc_context({"text.usetex": True, "figure.facecolor": "black"}):
        set_style(digits)
        assert not plt.rcParams["text.usetex"] and plt.rcParams["figure.facecolor"] == "white"


COMMANDS = [p.stem for p in (ROOT / "tools").glob("*.py") if "__main__" in p.read_text("utf-8")]


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
@pytest.mark.parametrize("name", [*COMMANDS, "kit", "site"])
def test_command_that_is_asked_for_help_does_nothing_else(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit, match="^0$"):
        runpy.run_module(f"tools.{name}", run_name="__main__", alter_sys=True)
    assert re.search(rf"python (-m tools\.)?{name}", capsys.readouterr().out)


def test_kernel_that_dies_is_a_failure_like_another(tmp_path, digits):
    _, _, _, failure = execute(written(tmp_path / "01_some.ipynb", "import os; os._exit(1)"), digits)
    assert "stopped in “Where it happens”" in failure


def test_store_leaves_a_lesson_that_fails_as_it_was(tmp_path, digits):
    path = written(tmp_path / "01_some.ipynb", "1 / 0")
    before = path.read_bytes()
    assert store([path], digits) == 1 and path.read_bytes() == before


def test_page_needs_nothing_from_elsewhere_and_its_links_lead_on():
    links = "[next](02_model.ipynb#shapes), [help](../README.md#when-something-fails), [all](deeper)"
    colab = new_code_cell("install()", metadata={"tags": ["remove-cell"]})
    page = html_page(new_notebook(cells=[new_markdown_cell(links), colab]), "01_data")
    assert 'href="02_model.html#shapes"' in page and "help" in page  # the README is no page: its words stay
    assert f'href="{name_of(DEEPER[0])}.html"' in page
    back = new_notebook(cells=[new_markdown_cell("[back](../02_model.ipynb)")])
    deeper = html_page(back, name_of(DEEPER[0]))
    assert 'href="../02_model.html"' in deeper
    assert "README" not in page and "install()" not in page
    assert "<script src" not in page and "cdn" not in page.lower()


def test_normalize_keeps_what_was_written_and_drops_what_differs():
    cell = new_code_cell(
        "fit()",
        execution_count=7,
        metadata={"tags": ["nbval-ignore-output"], "execution": {"iopub.busy": "now"}},
        outputs=[
            new_output("display_data", {WIDGET: {"model_id": "1f"}, "text/plain": "VBox(...)"}),
            new_output("stream", name="stderr", text="\r 50%|█████     | 2/4"),
            new_output("stream", name="stdout", text="one\n"),
            new_output("stream", name="stdout", text="two\n"),
            new_output("execute_result", {"text/plain": "3"}, execution_count=7),
        ],
    )
    notebook = new_notebook(cells=[cell, new_code_cell("fit()")], metadata={"widgets": {"state": {}}})
    first, second = normalize_notebook(notebook).cells
    assert first.metadata == {"tags": ["nbval-ignore-output"]}
    assert [output.output_type for output in first.outputs] == ["stream", "execute_result"]
    assert first.outputs[0].text == "one\ntwo\n"
    assert (first.execution_count, first.outputs[1].execution_count, second.execution_count) == (1, 1, 2)
    assert first.id != second.id and "widgets" not in notebook.metadata
    once = nbformat.writes(notebook)
    assert nbformat.writes(normalize_notebook(notebook)) == once


def test_recap_marks_each_claim_and_never_raises(digits, monkeypatch):
    shown = []
    monkeypatch.setattr("mnist_helpers.recap.display", lambda data, raw: shown.append(data))
    claims = {"One is one.": 1 == 1, "One is <two>.": lambda: 1 == 2, "Nothing is known.": lambda: 1 / 0}
    recap(digits, claims, {"MNIST is large.": True})
    assert shown[0]["text/plain"].splitlines() == [
        "✓ One is one.",
        "✗ not so in this run: One is <two>.",
        "✗ not so in this run (ZeroDivisionError): Nothing is known.",
        "– about MNIST, not these digits: MNIST is large.",
    ]
    assert "One is &lt;two&gt;." in shown[0]["text/html"]
