"""Running a notebook without a screen, its page, and the form in which it is stored."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from mnist_helpers import data
from mnist_helpers.data import WalkthroughError
from tools.normalize import normalize
from tools.walkthrough import execute, html_page, over_budget

PICTURE = (
    "from IPython.display import display\n"
    "display({'image/png': 'iVBORw0KGgo=', 'text/plain': 'a dot'}, raw=True, metadata={'image/png': {'alt': 'a <dot>'}})"
)


@pytest.fixture
def digits():
    return data._practice_digits(())


def written(path, *sources):
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    return path


def test_execute_returns_results_and_writes_a_page(tmp_path, digits, capsys):
    path = written(
        tmp_path / "01_some.ipynb", PICTURE, "import os\nresults = {'practice': os.environ['MNIST_PRACTICE']}"
    )
    notebook, results, seconds = execute(path, digits, page=tmp_path / "page.html")
    assert results.pop("memory_mb") > 50 and results == {"practice": "1"} and seconds > 0
    assert len(notebook.cells) == 2
    assert 'alt="a &lt;dot&gt;"' in (tmp_path / "page.html").read_text()
    assert "01_some" in capsys.readouterr().out


def test_failing_cell_is_named_and_the_page_shows_how_far_it_came(tmp_path, digits):
    path = written(tmp_path / "01_some.ipynb", "print('so far')", "raise ValueError('the ink ran out')")
    with pytest.raises(
        WalkthroughError, match="01_some.ipynb stopped at its code cell 2 of 2, ValueError: the ink ran out"
    ):
        execute(path, digits, page=tmp_path / "page.html")
    assert "so far" in (tmp_path / "page.html").read_text()


def test_a_run_says_what_is_over_its_budget():
    assert over_budget({"01_data": 10.0, "02_model": 12.0}, {"01_data": 500.0, "02_model": None}) == []
    slow, together, large = over_budget(
        {"02_model": 15.5, "03_training": 39.0, "06_more": 90.0}, {"02_model": 1_300.0}
    )
    assert slow == "02_model took 15.5 s, its budget is 15 s."
    assert together == "Together they took 144.5 s of 120 s."
    assert large == "02_model held 1300 MB of memory, its budget is 1200 MB."


def test_page_needs_nothing_from_elsewhere_and_links_to_pages():
    notebook = new_notebook(
        cells=[new_markdown_cell("[next](02_model.ipynb), [table](02_model.ipynb#shapes)")]
    )
    page = html_page(notebook, "01_data")
    assert 'href="02_model.html"' in page and 'href="02_model.html#shapes"' in page
    assert "<script src" not in page and "cdn" not in page.lower()


def test_normalize_keeps_what_was_written_and_drops_what_differs():
    bar = {
        "application/vnd.jupyter.widget-view+json": {"model_id": "1f"},
        "text/plain": "  0%|          | 0/430",
    }
    cell = new_code_cell(
        "fit()",
        execution_count=7,
        metadata={"tags": ["nbval-ignore-output"], "execution": {"iopub.busy": "now"}},
        outputs=[
            new_output("display_data", bar),
            new_output("stream", name="stderr", text="\r 50%|█████     | 2/4"),
            new_output("stream", name="stdout", text="one\n"),
            new_output("stream", name="stdout", text="two\n"),
            new_output("execute_result", {"text/plain": "3"}, execution_count=7),
        ],
    )
    notebook = new_notebook(cells=[cell, new_code_cell("fit()")], metadata={"widgets": {"state": {}}})
    normalize(notebook)
    first, second = notebook.cells
    assert first.metadata == {"tags": ["nbval-ignore-output"]}
    assert [output.output_type for output in first.outputs] == ["stream", "execute_result"]
    assert first.outputs[0].text == "one\ntwo\n"
    assert (first.execution_count, first.outputs[1].execution_count, second.execution_count) == (1, 1, 2)
    assert first.id != second.id and "widgets" not in notebook.metadata
    once = nbformat.writes(notebook)
    assert nbformat.writes(normalize(notebook)) == once
