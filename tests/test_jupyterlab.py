"""Drawing and uploading in a real JupyterLab and a real Notebook 7, in a real browser."""

import os
import re
import shutil
import sys
from importlib.util import find_spec
from unittest.mock import patch

import pytest
from engines import draw, running, until
from nbformat import read, v4, write

from tools import start
from tools.comparing import lend_checkpoint
from tools.paths import ROOT

LESSON = ROOT / "notebooks" / "06_your_digits.ipynb"
SEVEN = [(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]
EXPLORERS = """
import math, matplotlib.pyplot as plt
from mnist_helpers.widgets import WalkthroughError
from mnist_lessons.canvas import draw_here, upload_here
def titled(text, fault):
    if fault: raise WalkthroughError(fault)
    return plt.subplots(figsize=(3, 3), subplot_kw={"title": text, "gid": text})[1]
def drawn(strokes):
    length = sum(math.dist(*ends) for stroke in strokes for ends in zip(stroke, stroke[1:]))
    return titled(f"strokes: {len(strokes)}, length: {length:.1f}", "" if strokes else "There is no ink.")
one, two = [[(0.2, 0.5), (0.8, 0.5)]], [[(0.5, 0.1), (0.5, 0.9)], [(0.4, 0.1), (0.6, 0.1)]]
canvas = draw_here(drawn, [one, two])
upload_here(lambda content: titled(f"bytes: {len(content)}", "That is no picture." * (content == b"text")))
"""
OPTIONS = "--port=0 --no-browser --allow-root --expose-app-in-browser --IdentityProvider.token=abc"
PAPER = ".drawing canvas >> nth=0"
ADDRESSES = {"jupyterlab": "lab/workspaces/{}/tree", "notebook": "notebooks"}
IDLE = "window.jupyterapp?.shell.currentWidget?.context?.sessionContext.session?.kernel?.status === 'idle'"
SAYS = """([pattern, inside]) => jupyterapp.shell.currentWidget.content.widgets
    .flatMap((cell) => cell.node.querySelector(inside) ? cell.model.outputs.toJSON() : [])
    .some((output) => RegExp(pattern).test(output.data?.["text/plain"] ?? ""))"""


@pytest.fixture(scope="module", params=ADDRESSES)
def run(request, browser, tmp_path_factory):
    """Runs a notebook, returns its page; in the end there was no error, and no other host was asked."""
    if not find_spec(request.param):
        pytest.skip(f"{request.param} is not installed: no lesson was opened in it.")
    folder, faults = tmp_path_factory.mktemp("lab"), []
    lend_checkpoint(folder)
    shutil.copytree(ROOT / "tools" / "lab", folder / "tools" / "lab")
    (folder / "jupyter_server_config.json").write_text('{"ServerApp": {"root_dir": "/tmp"}}')  # the user's
    with patch.object(start, "HERE", folder):
        command = [sys.executable, "-m", request.param, *start.lab_options("notebooks"), *OPTIONS.split()]

    def open_and_run(name, notebook):
        write(notebook, folder / f"{name}.ipynb")
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(240_000)  # the lesson trains two networks first
        here = (address, "data:", "blob:")
        page.on("request", lambda request: request.url.startswith(here) or faults.append(request.url))
        page.on("console", lambda message: message.type == "error" and faults.append(message.text))
        page.goto(f"{address}{ADDRESSES[request.param].format(name)}/{name}.ipynb?token=abc")
        page.wait_for_function(IDLE)
        # Notebook 7.6.5 has an error of its own while it begins.
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        return page

    log, own = folder / "log.txt", {"JUPYTER_CONFIG_DIR": str(folder)}
    with running(command, log, cwd=folder, env=os.environ | own):
        address = until(lambda: re.search(r"(http://127\.0\.0\.1:\d+/).*\?token=", log.read_text()))[1]
        yield open_and_run
    assert not faults


def test_explorers(run):
    kernel, files = {"name": "python3", "display_name": "Python 3"}, [b"text", b"\x89PNG", bytes(12_000_000)]
    cells, photo = [v4.new_code_cell(EXPLORERS)], {"name": "a.png", "mimeType": "image/png"}
    page = run("explorers", v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}))
    page.on("filechooser", lambda chooser: chooser.set_files(photo | {"buffer": files.pop(0)}))
    for act, message in {
        lambda: draw(page, page.locator(PAPER), SEVEN): "strokes: 1, length: 1.2",
        lambda: page.keyboard.press("ArrowRight"): "strokes: 1, length: 0.6",
        lambda: page.keyboard.press("ArrowLeft"): "strokes: 2, length: 1.0",
        lambda: page.click(".drawing >> text=Clear"): "There is no ink.",
        lambda: page.click(".drawing >> text=Undo", click_count=3): "strokes: 1, length: 1.2",
        lambda: draw(page, page.locator(PAPER), [(0.3, 0.5), (0.6, 0.5)]): "strokes: 2, length: 1.5",
        lambda: page.click(".widget-upload"): "That is no picture.",
        lambda: page.click(".jupyter-button.widget-upload"): "bytes: 4",
        lambda: page.click(".jupyter-button >> text=/Choose a picture/"): "bytes: 12000000",
    }.items():
        act()
        page.wait_for_function(SAYS, arg=[message, ".drawing"])


def test_lesson_reads_a_seven_and_its_folded_outputs_show_nothing(run):
    page = run("lesson", read(LESSON, as_version=4))
    page.click(".drawing >> text=Clear")
    draw(page, page.locator(PAPER), SEVEN)
    answer = r"ead as \d" if os.environ.get("MNIST_PRACTICE") else r"\b7\b"  # practice has other sevens
    page.wait_for_function(SAYS, arg=[answer, ".drawing"])
    page.evaluate("jupyterapp.shell.currentWidget.content.widgets.at(-2).outputHidden = true")
    assert not page.locator(".jp-OutputPlaceholder").inner_text().strip()
