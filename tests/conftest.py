"""How nbval runs the lessons: on which digits, how long it waits, and what it does when a kernel dies."""

import os
import shutil
import tempfile
import time
from queue import Empty

import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell

from mnist_helpers.data import WalkthroughError, load_digits

OUTPUT_WAIT = (
    60  # seconds for a cell's last outputs to arrive; nbval has a fixed 5, too few on a busy machine
)


def pytest_configure(config):
    """Look once where digits are to be had, so that no lesson has to wait for a network that is not there."""
    RunningKernel.await_reply = await_reply
    if hasattr(config, "workerinput"):  # a worker of pytest-xdist: it inherits what was found
        config.checkpoints = os.environ["MNIST_CHECKPOINTS"] = tempfile.mkdtemp()
        return
    try:
        config.digits = load_digits()
    except WalkthroughError as error:
        pytest.exit(str(error), returncode=2)
    if not config.digits.is_mnist:
        os.environ["MNIST_PRACTICE"] = "1"


def pytest_unconfigure(config):
    if folder := getattr(config, "checkpoints", None):
        shutil.rmtree(folder, ignore_errors=True)


def pytest_report_header(config):
    lines = [str(config.digits), *config.digits.steps]
    if not config.digits.is_mnist:
        lines.append("Stored outputs are MNIST's, so the lessons are run but their outputs are not compared.")
    return lines


def pytest_collection_modifyitems(items):
    for item in items:
        if isinstance(item, IPyNbCell):
            item.output_timeout = OUTPUT_WAIT
            if os.environ.get("MNIST_PRACTICE"):
                item.options["check"] = False


def await_reply(kernel, msg_id, timeout):
    """Wait until a cell is done, as nbval does, but look every second whether its kernel is still alive."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            message = kernel.get_message("shell", timeout=1)
        except Empty:
            if not kernel.is_alive():
                raise RuntimeError("The kernel died in this cell.") from None
            if time.monotonic() > deadline:
                raise
        else:
            if message["parent_header"].get("msg_id") == msg_id:
                return
