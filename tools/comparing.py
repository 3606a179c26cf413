"""How nbval runs and compares the notebooks, as a plugin of pytest that tests/conftest.py loads.

What a cell may say about its outputs, in its metadata:

- `tolerance: 0.5`: each number may differ by as much from the stored one; the words around it may not.
- tag `varying-picture`: the words that describe a picture depend on the training, and are not compared.
- tag `nbval-ignore-output`: times, and where something was found; nothing is compared.

All else has to be equal. Pictures themselves, widgets and progress bars are never compared.

A cell that takes less than a second is run twice in a row, and has to say the same both times; TWICE=1 does so with all.
"""

import json
import os
import re
import shutil
import tempfile
import time
from pathlib import Path
from queue import Empty
from unittest.mock import patch

import nbval.plugin
import pytest
import torch
from filelock import FileLock
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell

from mnist_helpers.data import load_digits
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.training import save_checkpoint, trained_cnn
from tools.lesson_checks import text_of
from tools.normalize import is_live
from tools.paths import BUILD, ROOT, name_of

LONG = ["checks_can_fail", "cluster", "engines", "faults", "handwriting", "jupyterlab", "kit", "page"]
LONG += ["places", "site", "walkthrough"]  # tests of about a minute
MEASURED = (json.loads(line) for line in (ROOT / "benchmarks" / "lessons.jsonl").read_text().splitlines())
SECONDS = {one["lesson"]: one["seconds"] for one in MEASURED} | {f"test_{name}": 60 for name in LONG}
OUTPUT_WAIT = 120  # seconds for a cell's last outputs to arrive; nbval's 5 are too few on a busy machine
NUMBER = re.compile(r"[-+−]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?")

# Warnings stop a lesson, so that a deprecation shows on the day it appears. Excepted is one of ipywidgets 7, on Colab.
WARNINGS = "import warnings; warnings.filterwarnings('error')"
WARNINGS += "; warnings.filterwarnings('ignore', 'Deprecated in traitlets 4.1')"


def pytest_configure(config):
    """Look once where digits are to be had, so that no lesson has to wait for a network that is not there."""
    nbval.plugin.RunningKernel = LessonKernel
    os.environ.pop("MNIST_CHECKPOINTS", None)
    (BUILD / "ipython").mkdir(parents=True, exist_ok=True)
    os.environ["IPYTHONDIR"] = str(BUILD / "ipython")  # without this user's settings
    if hasattr(config, "workerinput"):  # a worker of pytest-xdist: it inherits what was found
        share_cores(config.workerinput["workercount"])
        return
    try:
        config.digits = load_digits()
    except WalkthroughError as error:
        pytest.exit(str(error), returncode=2)
    if not config.digits.is_mnist:
        os.environ["MNIST_PRACTICE"] = "1"
    config.lent = tempfile.TemporaryDirectory()  # as long as this run takes
    os.environ["LENT_CHECKPOINTS"] = config.lent.name


def share_cores(workers):
    """Give each worker and its kernels their part of the cores.

    Two networks that train at once with as many threads each as there are cores wait for each other at every
    step, and take ten times as long as one after the other.
    """
    threads = max(1, (os.cpu_count() or 1) // workers)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    torch.set_num_threads(threads)


def pytest_report_header(config):
    if not hasattr(config, "digits"):
        return []
    header = repr(config.digits).splitlines()
    if not comparable_here():
        header.append(
            "Stored outputs are of MNIST on a CPU: lessons are run here, their outputs not compared."
        )
    return header


def comparable_here():
    return not os.environ.get("MNIST_PRACTICE") and not torch.accelerator.is_available()


def pytest_collection_modifyitems(items):
    # The longest first, so that no worker waits for the other at the end.
    items.sort(key=seconds, reverse=True)
    for item in items:
        if isinstance(item, IPyNbCell):
            item.output_timeout = OUTPUT_WAIT
            run_twice(item)
            if comparable_here():
                compare_with_tolerance(item)
            else:
                item.options["check"] = False


def lend_checkpoint(folder):
    """Lesson 3's network, trained once a run of tests, put where a notebook in this folder will look for it."""
    lent = Path(os.environ["LENT_CHECKPOINTS"]) / "cnn.pt"
    with FileLock(f"{lent}.lock"), patch.dict(os.environ, MNIST_CHECKPOINTS=str(lent.parent)):
        if not lent.exists():
            digits = load_digits()
            model, history, _ = trained_cnn(digits)
            save_checkpoint(model, history, digits)
    (Path(folder) / "checkpoints").mkdir(exist_ok=True)
    shutil.copy(lent, Path(folder) / "checkpoints")


def seconds(item):
    """About how long an item's file takes: a lesson as long as last time, a notebook in deeper/ two minutes."""
    return SECONDS.get(name_of(item.path), 120 if isinstance(item, IPyNbCell) else 0)


def run_twice(item):
    """Make nbval run a cell a second time in a row, where that takes next to no time: it has to say the same."""
    run, compared = item.runtest, item.options["check"]  # on practice digits, too

    def words():
        return "\n".join(text_of(output) for output in item.test_outputs if not is_live(output))

    def runtest():
        if "trained_cnn(" in item.cell.source and "save_checkpoint(" not in item.cell.source:
            lend_checkpoint(item.parent.kernel.folder.name)
        begun = time.monotonic()
        run()
        if os.environ.get("TWICE") or time.monotonic() - begun < 1:
            first = words()
            run()
            if compared and words() != first:
                item.raise_cell_error("Run a second time in a row, it says something else:", words(), first)

    item.runtest = runtest


def compare_with_tolerance(item):
    """Make nbval compare a cell's outputs as its metadata says."""
    metadata, compare = item.cell.metadata, item.compare_outputs
    varying = "varying-picture" in metadata.get("tags", ())
    item.compare_outputs = lambda test, ref: compare(reduced(test, varying), reduced(ref, varying))
    if tolerance := metadata.get("tolerance"):
        item.sanitize = lambda text: Approximately(text, tolerance) if isinstance(text, str) else text


def reduced(outputs, varying):
    """Outputs without what is live and, if asked, without what pictures are described as."""
    kept = [output for output in outputs if not is_live(output)]
    for output in kept:
        data = output.get("data", {})
        if varying and "image/png" in data:
            output["data"] = {"image/png": data["image/png"], "text/plain": "a picture"}
    return kept


class Approximately(str):
    """A text that equals another if the words are the same and each number is within the tolerance."""

    tolerance: float

    def __new__(cls, text, tolerance):
        self = super().__new__(cls, text)
        self.tolerance = tolerance
        return self

    def __eq__(self, other):
        if self._words(self) != self._words(other):
            return False
        pairs = zip(self._numbers(self), self._numbers(other), strict=True)
        return all(abs(mine - theirs) <= self.tolerance for mine, theirs in pairs)

    def __ne__(self, other):
        return not self == other

    __hash__ = str.__hash__

    @staticmethod
    def _words(text):
        """All but the numbers; spaces count once, since a column is padded by the length of its numbers."""
        return NUMBER.sub("#", text).split()

    @staticmethod
    def _numbers(text):
        return [float(number.replace(",", "").replace("−", "-")) for number in NUMBER.findall(text)]


class LessonKernel(RunningKernel):
    """A kernel in an empty folder of its own, in which warnings are errors, and whose death is noticed at once."""

    def __init__(self, kernel_name, cwd=None, startup_timeout=60):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        super().__init__(kernel_name, cwd=self.folder.name, startup_timeout=startup_timeout)
        message = self.execute_cell_input(WARNINGS, allow_stdin=False)
        self.await_reply(message, timeout=startup_timeout)
        self.await_idle(message, startup_timeout)

    def await_reply(self, msg_id, timeout=None):
        """Wait until a cell is done, as nbval does, but look every second whether the kernel is still alive."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                message = self.get_message("shell", timeout=1)
            except Empty:
                if not self.is_alive():
                    raise RuntimeError("The kernel died in this cell.") from None
                if time.monotonic() > deadline:
                    raise
            else:
                if message["parent_header"].get("msg_id") == msg_id:
                    return

    def stop(self):
        super().stop()
        self.folder.cleanup()
