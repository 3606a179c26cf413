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

from mnist_helpers.figures import set_style
from mnist_helpers.recap import recap
from tools import walkthrough
from tools.normalize import WIDGET, normalize_notebook
from tools.paths import BUILD, DEEPER, ROOT, name_of
from tools.walkthrough import execute, html_page, run, store

PICTURE = "display({'image/png': 'iVBORw0KGgo='}, raw=True, metadata={'image/png': {'alt': 'a <dot>'}})"


def written(path, *sources):
    cells = [new_markdown_cell("# 1 · Some\n\n## Where it happens"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_lesson_that_fails_is_named_and_not_stored_and_the_others_are_run(tmp_path, practice, monkeypatch):
    """As a command, in a terminal that lacks a sign of what it prints."""
    (tmp_path / "deeper").mkdir()
    lessons = [
        written(tmp_path / "01_broken.ipynb", PICTURE, "ink = 0\nraise ValueError('the ink ran out')", "1"),
        written(tmp_path / "02_dies.ipynb", "import os; os._exit(1)"),
        written(tmp_path / "deeper" / "02_whole.ipynb", "answer = 42"),
    ]
    monkeypatch.setattr(walkthrough, "BUILD", tmp_path)
    monkeypatch.setattr(walkthrough, "LESSONS", lessons)
    monkeypatch.setattr(walkthrough, "REPORTED", {"deeper/02_whole": {"answer": "answer"}})
    monkeypatch.setattr(sys, "argv", ["walkthrough", "run"])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii", write_through=True))
    monkeypatch.setenv("MNIST_PRACTICE", "1")
    assert walkthrough.main() == 1
    results = json.loads((tmp_path / "results.json").read_text())
    message = "stopped in “Where it happens”, at the cell that begins “ink = 0”: ValueError: the ink ran out"
    assert results["failed"].keys() == {"01_broken", "02_dies"} and results["answer"] == 42
    assert results["failed"]["01_broken"] == message
    assert "stopped in “Where it happens”" in results["failed"]["02_dies"]
    printed = sys.stdout.buffer.getvalue().decode()
    assert "Failed:        01_broken " + re.sub("[“”]", "?", message) in printed
    assert re.search(r"deeper/02_whole +1 cells, [\d.]+ s", printed)
    pages = tmp_path / "walkthrough"
    assert 'alt="a &lt;dot&gt;"' in (pages / "01_broken.html").read_text()
    assert (pages / "deeper" / "02_whole.html").is_file()
    assert run(lessons[2:], practice) == 0
    before = lessons[0].read_bytes()
    assert store(lessons[:1], practice) == 1 and lessons[0].read_bytes() == before


def test_settings_of_this_user_change_no_output_and_no_figure(tmp_path, practice, monkeypatch):
    (tmp_path / "profile_default").mkdir()
    shows_all = "get_config().InteractiveShell.ast_node_interactivity = 'all'"
    (tmp_path / "profile_default" / "ipython_config.py").write_text(shows_all)
    assert os.environ["IPYTHONDIR"] == str(BUILD / "ipython"), "the kernels of tests have their own"
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook, *_ = execute(written(tmp_path / "01_some.ipynb", "1\n2"), practice)
    assert len(notebook.cells[1].outputs) == 1
    with plt.rc_context({"text.usetex": True, "figure.facecolor": "black"}):
        set_style(practice)
        assert not plt.rcParams["text.usetex"] and plt.rcParams["figure.facecolor"] == "white"


COMMANDS = [p.stem for p in (ROOT / "tools").glob("*.py") if "__main__" in p.read_text("utf-8")]


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
@pytest.mark.parametrize("name", [*COMMANDS, "kit", "site"])
def test_command_that_is_asked_for_help_does_nothing_else(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit, match="^0$"):
        runpy.run_module(f"tools.{name}", run_name="__main__", alter_sys=True)
    assert re.search(rf"python (-m tools\.)?{name}", capsys.readouterr().out)


def test_page_needs_nothing_from_elsewhere_and_its_links_lead_on():
    links = "[next](02_model.ipynb#shapes), [help](../README.md#when-something-fails), [all](deeper)"
    colab = new_code_cell("install()", metadata={"tags": ["remove-cell"]})
    page = html_page(new_notebook(cells=[new_markdown_cell(links), colab]), "01_data")
    assert 'href="02_model.html#shapes"' in page and f'href="{name_of(DEEPER[0])}.html"' in page
    assert "help" in page and "README" not in page  # which is no page: its words stay
    assert "install()" not in page and "<script src" not in page and "cdn" not in page.lower()
    back = new_notebook(cells=[new_markdown_cell("[back](../02_model.ipynb)")])
    assert 'href="../02_model.html"' in html_page(back, name_of(DEEPER[0]))


def test_normalize_keeps_what_was_written_and_drops_what_differs():
    outputs = [
        new_output("display_data", {WIDGET: {"model_id": "1f"}, "text/plain": "VBox(...)"}),
        new_output("stream", name="stderr", text="\r 50%|█████     | 2/4"),
        new_output("stream", name="stdout", text="one\n"),
        new_output("stream", name="stdout", text="two\n"),
        new_output("execute_result", {"text/plain": "3"}, execution_count=7),
    ]
    metadata = {"tags": ["nbval-ignore-output"], "execution": {"iopub.busy": "now"}}
    cell = new_code_cell("fit()", execution_count=7, metadata=metadata, outputs=outputs)
    notebook = new_notebook(cells=[cell, new_code_cell("fit()")], metadata={"widgets": {"state": {}}})
    first, second = normalize_notebook(notebook).cells
    assert first.metadata == {"tags": ["nbval-ignore-output"]}
    assert [output.output_type for output in first.outputs] == ["stream", "execute_result"]
    assert first.outputs[0].text == "one\ntwo\n"
    assert (first.execution_count, first.outputs[1].execution_count, second.execution_count) == (1, 1, 2)
    assert first.id != second.id and "widgets" not in notebook.metadata


def test_recap_marks_each_claim_and_never_raises(practice, monkeypatch):
    shown = []
    monkeypatch.setattr("mnist_helpers.recap.display", lambda data, raw: shown.append(data))
    claims = {"One is one.": 1 == 1, "One is <two>.": lambda: 1 == 2, "Nothing is known.": lambda: 1 / 0}
    recap(practice, claims, {"MNIST is large.": True})
    assert shown[0]["text/plain"].splitlines() == [
        "✓ One is one.",
        "✗ not so in this run: One is <two>.",
        "✗ not so in this run (ZeroDivisionError): Nothing is known.",
        "– about MNIST, not these digits: MNIST is large.",
    ]
    assert "One is &lt;two&gt;." in shown[0]["text/html"]
