"""Where people are: a lesson opened alone on Colab, Binder's environment, the container, the address of the project."""

import json
import os
import re
import shutil
import site
import subprocess
import sys
import tomllib
import venv
from importlib.util import find_spec
from textwrap import dedent

import nbformat
import pytest
import yaml
from lesson_checks import LESSONS, ROOT, code_cells
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tools import address

PLACEHOLDER = "ADDRESS-OF-THIS-REPOSITORY"
COLAB = "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')"
RUN = """
import nbformat, sys
from nbclient import NotebookClient
notebook = nbformat.read("alone.ipynb", 4)
NotebookClient(notebook, timeout=600, extra_arguments=["--log-level=ERROR"]).execute()
nbformat.write(notebook, "alone.ipynb")
"""


@pytest.fixture
def copy(tmp_path):
    """The files of the project that its address stands in, and what an installation needs."""
    folder = tmp_path / "copy"
    for name in ("mnist_helpers", "benchmarks", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in ("README.md", "pyproject.toml", "CITATION.cff", "LICENSE", "LICENSE-TEXT.md"):
        shutil.copy(ROOT / name, folder)
    return folder


def test_every_lesson_begins_with_the_same_cell_for_colab():
    first = {nbformat.read(path, 4).cells[1].source for path in LESSONS}
    assert len(first) == 1 and f"git+{address.current_address()}" in first.pop()


def test_address_is_written_wherever_it_stands(copy):
    changed = address.write_address(copy, "https://github.com/somebody/digits.git")
    assert {path.name for path in changed} >= {"README.md", *(path.name for path in LESSONS)}
    assert address.repository(copy) == "somebody/digits"
    text = "".join(path.read_text(encoding="utf-8") for path in changed)
    assert (
        text.count("git+https://github.com/somebody/digits.git") == len(LESSONS) and PLACEHOLDER not in text
    )
    assert address.write_address(copy, address.current_address())  # and back again, nothing else changed
    assert all(path.read_bytes() == (ROOT / path.relative_to(copy)).read_bytes() for path in changed)


def test_address_that_is_none_changes_nothing(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["address", "somebody/digits"])
    before = (ROOT / "README.md").read_bytes()
    assert address.main() == 1 and "no address like" in capsys.readouterr().err
    assert (ROOT / "README.md").read_bytes() == before


@pytest.mark.skipif(
    not (shutil.which("git") and find_spec("pip") and find_spec("setuptools")),
    reason="git, pip or setuptools is missing, which Colab has",
)
def test_lesson_opened_alone_on_colab_installs_what_is_missing(copy, tmp_path):
    """Lesson 7, up to the log that it reads, in an empty folder, with the packages of this project but not itself."""
    address.write_address(copy, f"file://{copy.as_posix()}")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "copy"]):
        subprocess.run([*git, *arguments], cwd=copy, check=True)
    venv.create(tmp_path / "colab")
    python = tmp_path / "colab" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    packages = next((tmp_path / "colab").glob("[Ll]ib/**/site-packages"))
    (packages / "lent.pth").write_text("\n".join(site.getsitepackages()))

    lesson = nbformat.read(copy / "notebooks" / LESSONS[6].name, 4)
    lesson.cells = [nbformat.v4.new_code_cell(COLAB), *lesson.cells]
    log = next(n for n, cell in enumerate(lesson.cells) if "accuracy.jsonl" in cell.source)
    del lesson.cells[log + 1 :]
    alone = tmp_path / "alone"
    alone.mkdir()
    nbformat.write(lesson, alone / "alone.ipynb")
    offline = {
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PYTHONPATH": "",
        "PYTHONWARNINGS": "ignore",
    }
    ran = subprocess.run(
        [python, "-c", RUN], cwd=alone, env=os.environ | offline, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    installing = code_cells(nbformat.read(alone / "alone.ipynb", 4), hidden=True)[1]
    said = "".join(output.text for output in installing.outputs)
    assert "Successfully installed mnist-cnn-walkthrough" in said


def test_explorers_answer_in_a_kernel_without_a_browser():
    """With the ipywidgets that is installed: in version 7, which Colab has, much is called otherwise."""
    explorer = """
    import matplotlib.pyplot as plt
    from ipywidgets import IntSlider
    from mnist_helpers.figures import describe
    from mnist_helpers.widgets import draw_here, explore

    def picture(n):
        axes = plt.subplots()[1]
        describe(axes, f"{n} points")
        return axes

    explore(picture, n=(slider := IntSlider(3, 2, 9)))
    """
    drawing = """
    canvas = draw_here(lambda strokes: picture(len(strokes[0])), [[[(0, 0), (1, 1)]]])
    """
    sources = [explorer, "slider.value = 7", drawing, "canvas.strokes = [[(0, 0)] * 5]"]
    notebook = new_notebook(cells=[new_code_cell(dedent(source)) for source in sources])
    NotebookClient(notebook, timeout=120, extra_arguments=["--log-level=ERROR"]).execute()
    shown = [
        output.data["text/plain"] for cell in notebook.cells for output in cell.outputs if "data" in output
    ]
    assert "7 points" in shown and "5 points" in shown, shown
    assert not {"3 points", "2 points"} & set(shown)  # it took their places


def test_container_installs_with_a_verb_and_an_environment_that_exist():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    verb = container["postCreateCommand"].removeprefix("make ")
    assert re.search(rf"^{verb}: \.venv/installed", (ROOT / "Makefile").read_text(), re.MULTILINE)
    python = container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert python.startswith("${containerWorkspaceFolder}/.venv/")


def test_weekly_workflow_tries_the_oldest_versions_that_are_allowed():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    sets = workflow["jobs"]["versions"]["strategy"]["matrix"]["include"]
    tried = {(one["name"], one["python"]): one["packages"] for one in sets}
    bounds = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    oldest = [re.sub(r">=([\d.]+),.*", r"==\1.*", bound) for bound in bounds[:2]]
    assert tried["oldest", "3.11"].split() == oldest
    assert {"colab", "newest"} <= {name for name, _ in tried} and {"3.11", "3.14"} <= {
        python for _, python in tried
    }
