"""Where people are: a lesson opened alone on Colab, Binder's environment, the container, the address of the project."""

import json
import os
import re
import shutil
import site
import subprocess
import sys
import venv
from importlib.util import find_spec

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tools import address
from tools.lesson_checks import code_cells, output_texts
from tools.paths import NOTEBOOKS, ROOT

COLAB = "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')"
READ = """
from importlib.resources import files
assert (files("mnist_lessons") / "measured" / "accuracy.jsonl").is_file()
"""
EXPLORE = """
import matplotlib.pyplot as plt
from ipywidgets import IntSlider
from mnist_helpers.widgets import explore
from mnist_lessons.canvas import draw_here

def picture(n):
    return plt.subplots(subplot_kw={"gid": f"{n} points"})[1]

explore(picture, n=(slider := IntSlider(3, 2, 9)))
"""
DRAW = "canvas = draw_here(lambda strokes: picture(len(strokes[0])), [[[(0, 0), (1, 1)]]])"


@pytest.fixture
def copy(tmp_path):
    """The files of the project that its address stands in, and what an installation needs."""
    folder = tmp_path / "copy"
    for name in ("mnist_helpers", "mnist_lessons", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in ("README.md", "pyproject.toml", "CITATION.cff", "LICENSE", "LICENSE-TEXT.md"):
        shutil.copy(ROOT / name, folder)
    return folder


def test_every_notebook_begins_with_the_same_cell_for_colab():
    first = {nbformat.read(path, 4).cells[1].source for path in NOTEBOOKS}
    assert len(first) == 1 and f"git+{address.current_address()}" in first.pop()


def test_address_is_written_wherever_it_stands(copy):
    changed = address.write_address(copy, "https://github.com/somebody/digits.git")
    assert {path.name for path in changed} >= {path.name for path in NOTEBOOKS}
    assert address.repository(copy) == "somebody/digits"
    text = "".join(path.read_text(encoding="utf-8") for path in changed)
    assert text.count("git+https://github.com/somebody/digits.git") == len(NOTEBOOKS)
    assert address.current_address() not in text
    assert address.write_address(copy, address.current_address())  # and back again, nothing else changed
    assert all(path.read_bytes() == (ROOT / path.relative_to(copy)).read_bytes() for path in changed)


def test_address_that_is_none_changes_nothing(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["address", "somebody/digits"])
    before = NOTEBOOKS[0].read_bytes()
    assert address.main() == 1 and "no address like" in capsys.readouterr().err
    assert NOTEBOOKS[0].read_bytes() == before


@pytest.mark.skipif(
    not (shutil.which("git") and find_spec("pip") and find_spec("setuptools")),
    reason="git, pip or setuptools is missing, which Colab has",
)
def test_notebook_opened_alone_on_colab_installs_what_is_missing(copy, tmp_path):
    """In an empty folder, with the packages of this project but not itself: what any notebook imports is there."""
    address.write_address(copy, f"file://{copy.as_posix()}")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "copy"]):
        subprocess.run([*git, *arguments], cwd=copy, check=True)
    venv.create(tmp_path / "colab")
    python = tmp_path / "colab" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    packages = next((tmp_path / "colab").glob("[Ll]ib/**/site-packages"))
    (packages / "lent.pth").write_text("\n".join(site.getsitepackages()))

    read = [nbformat.read(copy / path.relative_to(ROOT), 4) for path in NOTEBOOKS]
    installing, imports = zip(*(code_cells(notebook, hidden=True)[:2] for notebook in read), strict=True)
    cells = [new_code_cell(COLAB), installing[0], *imports, new_code_cell(READ)]
    (tmp_path / "alone").mkdir()
    nbformat.write(new_notebook(cells=cells), tmp_path / "alone" / "alone.ipynb")
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    environment = os.environ | offline | {"PYTHONPATH": "", "PYTHONWARNINGS": "ignore"}
    command = [python, "-m", "nbconvert", "--execute", "--to=notebook", "--stdout", "alone.ipynb"]
    ran = subprocess.run(command, cwd=tmp_path / "alone", env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2_000:]
    assert "Successfully installed mnist-cnn-walkthrough" in ran.stdout


def test_explorers_answer_in_a_kernel_without_a_browser():
    """With the ipywidgets that is installed: in version 7, which Colab has, much is called otherwise."""
    sources = [EXPLORE, "slider.value = 7", DRAW, "canvas.strokes = [[(0, 0)] * 5]"]
    notebook = new_notebook(cells=[*map(new_code_cell, sources)])
    NotebookClient(notebook, timeout=120, extra_arguments=["--log-level=ERROR"]).execute()
    shown = {*output_texts(notebook)}
    assert {"7 points", "5 points"} <= shown, shown
    assert not {"3 points", "2 points"} & shown, "the others took their places"


def test_container_installs_with_a_verb_and_an_environment_that_exist():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    verb = container["postCreateCommand"].removeprefix("make ")
    assert re.search(rf"^{verb}: \.venv/installed", (ROOT / "Makefile").read_text(), re.MULTILINE)
    python = container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert python.startswith("${containerWorkspaceFolder}/.venv/")
