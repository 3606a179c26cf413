"""How nbval runs the lessons: on which digits, how long it waits, and what it does when a kernel dies."""

import os
import shutil
import tempfile
import time
from queue import Empty

import pytest
import torch
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell

from mnist_helpers.data import WalkthroughError, load_digits

OUTPUT_WAIT = (
    60  # seconds for a cell's last outputs to arrive; nbval has a fixed 5, too few on a busy machine
)


def pytest_configure(config):
    """Look once where digits are to be had, so that no lesson has to wait for a network that is not there."""
    RunningKernel.await_reply = await_reply
    config.checkpoints = os.environ["MNIST_CHECKPOINTS"] = tempfile.mkdtemp()
    if hasattr(config, "workerinput"):  # a worker of pytest-xdist: it inherits what was found
        share_cores(config.workerinput["workercount"])
        return
    try:
        config.digits = load_digits()
    except WalkthroughError as error:
        pytest.exit(str(error), returncode=2)
    if not config.digits.is_mnist:
        os.environ["MNIST_PRACTICE"] = "1"


def pytest_unconfigure(config):
    shutil.rmtree(config.checkpoints, ignore_errors=True)


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
