"""What goes wrong on a reader's machine, done for real: servers that fail, processes that are killed, stop buttons."""

import os
import pickle
import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import Mock

import pytest
import server
import torch
from jupyter_client.manager import run_kernel

from mnist_helpers import sources
from mnist_helpers.data import load_digits
from mnist_helpers.model import CNN, seeded
from mnist_helpers.training import History, checkpoint_path, fit, save_checkpoint, trained_cnn

NAMES = list(server.PACKED)
OTHERS = {"network": "Dense"}, {"digits": "MNIST"}, {"seed": 5}  # what a checkpoint may be of
LOOK = sys.executable, server.__file__
LOGIN = "http://somebody:p%40ss@w0rd@"  # how the address of a mirror may begin, and what is shown nowhere


def snapshot(folder):
    """All that writing would change in a folder."""
    paths = [folder, *sorted(folder.rglob("*"))]
    return [(path, path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in paths]


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "127.0.0.1:9", "mnist.invalid"])
def test_dead_network_is_noticed_within_ten_seconds_and_no_password_shown(address, cache, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        address, start = address.format(silent.getsockname()[1]), time.monotonic()
        monkeypatch.setenv("MNIST_MIRRORS", LOGIN + address)
        digits = load_digits()
    assert time.monotonic() - start < 20, "twice ten seconds, for a machine that is busy"
    assert not digits.is_mnist and f"(no answer from http://{address})" in digits.origin
    assert not re.search("somebody|w0rd", digits.origin)


@pytest.mark.parametrize(
    "fault",
    [
        lambda request, body: request.send_error(404),
        lambda request, body: request.send(body[:-9], length=len(body)),
        lambda request, body: request.send(b"<!DOCTYPE html><title>Please log in</title>"),
        lambda request, body: request.send(body[:-1] + b"?"),
    ],
)
def test_faulty_mirror_is_refused_without_its_password_and_the_next_one_serves(fault, cache, monkeypatch):
    monkeypatch.setattr(sources, "in_order_of_answer", list)
    with server.serve() as good, server.serve(fault) as faulty:
        monkeypatch.setenv("MNIST_MIRRORS", faulty.url.replace("http://", LOGIN))
        origin = load_digits().origin
        assert f"could not be downloaded ({faulty.url}: " in origin
        assert not re.search("somebody|w0rd", origin)
        assert [path.name for path in cache.iterdir()] == ["lock"]
        monkeypatch.setenv("MNIST_MIRRORS", f"{faulty.url} {good.url}")
        assert load_digits().is_mnist and good.asked == NAMES


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither forks nor such modes")
def test_eight_processes_share_one_download_whose_files_can_be_read_by_whom_umask_allows(cache):
    with server.serve(pause=0.2) as mirror:
        output = subprocess.run([*LOOK, cache, "3"], capture_output=True, umask=0o027, timeout=300).stdout
    assert output.count(b"MNIST was ") == 8 and mirror.asked == NAMES
    assert {(cache / name).stat().st_mode & 0o777 for name in NAMES} == {0o640}


def test_killed_download_and_damaged_files_are_mended(cache):
    (cache / "MNIST/raw").mkdir(parents=True)
    for path in (NAMES[0], *(f"MNIST/raw/{name}" for name in server.PLAIN)):
        (cache / path).write_bytes(b"damaged")
    with server.serve(pause=60) as mirror:
        with subprocess.Popen([*LOOK, cache, "0"]) as process:
            while len(mirror.asked) < 2 and process.poll() is None:
                time.sleep(0.2)
            process.kill()
        assert [name for name in NAMES if (cache / name).exists()] == NAMES[:1]
        assert load_digits().is_mnist and load_digits().is_mnist
    assert mirror.asked == NAMES[:2] + NAMES[1:], "what is whole is not fetched again"


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"])
def test_folder_of_the_reader_is_only_read_and_a_spoiled_file_in_it_named(name, folder):
    before = snapshot(folder)
    assert load_digits().is_mnist and snapshot(folder) == before
    path, whole = folder / name, (folder / name).read_bytes()
    for spoiled in (whole[:-9], bytes(len(whole)), b"<!DOCTYPE html>", server.PACKED[NAMES[0]], None):
        path.write_bytes(spoiled) if spoiled else path.unlink()
        before = snapshot(folder)
        with pytest.raises(sources.WalkthroughError, match=rf"{name[:23]}.*Nothing was changed.*MNIST_DIR"):
            load_digits()
        assert snapshot(folder) == before


def test_folders_that_cannot_be_written_are_named_and_stop_nobody(cache, monkeypatch):
    cache.write_text("a file where the folder should be")
    monkeypatch.setenv("MNIST_CHECKPOINTS", str(cache))
    with server.serve():
        digits = load_digits()
    assert digits.is_mnist and f"{cache} cannot be written" in digits.origin
    sentence = save_checkpoint(CNN(), History(0), digits)
    assert "could not be saved" in sentence and str(cache) in sentence


def test_cache_whose_lock_cannot_be_made_keeps_the_files(cache, monkeypatch):
    monkeypatch.setattr(sources.FileLock, "_acquire", Mock(side_effect=OSError("No locks available")))
    with server.serve():
        assert "is kept in" in load_digits().origin and "cache" in load_digits().origin


@pytest.fixture
def few(practice, cache, monkeypatch, tmp_path):
    """Practice digits for training runs of a moment, with the checkpoint of a finished one."""
    monkeypatch.chdir(tmp_path)
    digits = replace(practice, train=practice.train[:64])
    assert "was saved" in save_checkpoint(seeded(CNN, 1), History(0), digits)
    return digits


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk is full here")
def test_full_disk_is_named_and_keeps_no_half_file(few):
    path, before = checkpoint_path(), checkpoint_path().read_bytes()
    path.with_name(f"{path.name}-{os.getpid()}").symlink_to("/dev/full")
    assert "No space left on device" in save_checkpoint(seeded(CNN, 2), History(0), few)
    assert list(path.parent.iterdir()) == [path] and path.read_bytes() == before


def save_often(seed, digits):
    return {save_checkpoint(seeded(CNN, seed), History(0), digits) for _ in range(60)}


def test_lessons_that_save_at_once_in_one_folder_leave_whole_checkpoints(few):
    """Two processes save, and this one reads meanwhile: never half a file, or none."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        saving = [pool.submit(save_often, seed, few) for seed in (1, 2)]
        while not all(process.done() for process in saving):
            assert "was read" in trained_cnn(few)[2]
    assert {sentence for each in saving for sentence in each.result()} == {
        "The network was saved for the lessons after this one."
    }
    assert list(checkpoint_path().parent.iterdir()) == [checkpoint_path()]


class Harm:
    def __reduce__(self):
        return Path.touch, (Path("harm"),)


@pytest.mark.parametrize("content", [None, b"", pickle.dumps(Harm()), {"history": Harm()}, *OTHERS])
def test_unfit_checkpoint_is_passed_over_and_nothing_of_it_is_run(content, few):
    path = checkpoint_path()
    if isinstance(content, dict):
        torch.save(torch.load(path) | content, path)
    else:
        path.write_bytes(path.read_bytes()[:-999] if content is None else content)
    _, history, sentence = trained_cnn(few)
    assert len(history.loss) == 2 and f"{path} could not be used" in sentence and not Path("harm").exists()


def test_stopped_training_is_not_saved_over_a_finished_one(few):
    content, stop = checkpoint_path().read_bytes(), Mock(side_effect=KeyboardInterrupt)
    history = fit(seeded(CNN, 2), few, loss_function=stop)
    assert "nothing was saved" in save_checkpoint(seeded(CNN, 2), history, few)
    assert checkpoint_path().read_bytes() == content and "was read" in trained_cnn(few)[2]


def test_loss_that_is_not_finite_ends_the_training_with_advice(few):
    with pytest.raises(sources.WalkthroughError, match=r"loss is (nan|inf) in step \d+, .* Try a tenth"):
        fit(seeded(CNN, 0), few, learning_rate=1e30)


def test_stop_button_of_a_notebook(monkeypatch):
    def run(cell):
        """Run a cell and press the button at its first step: the other lines that it printed, and the reply."""
        lines, press = [], [kernel.parent.interrupt_kernel]

        def listen(message):
            lines.extend(message["content"].get("text", "").splitlines())
            if "a step" in lines and press:
                press.pop()()

        reply = kernel.execute_interactive(cell, output_hook=listen, timeout=300)["content"]
        return [line for line in lines if line != "a step"], reply

    monkeypatch.setenv("MNIST_PRACTICE", "1")
    with run_kernel() as kernel:
        run("from mnist_helpers.training import *; from mnist_helpers.data import load_digits")
        run("say = lambda *batch: print('a step', flush=True) or F.cross_entropy(*batch)")
        run("digits, model = load_digits(), CNN()")
        (sentence,), reply = run("history = fit(model, digits, 99, loss_function=say)")
        assert reply["status"] == "ok" and sentence.startswith("Stopped after ")
        (steps, bias), _ = run("print(len(history.loss)); print(model.output.bias.tolist())")
        assert steps in sentence and "nan" not in bias, "the history and the network stay"
        _, reply = run("trained(CNN, digits, epochs=99, loss_function=say)")
        assert reply["traceback"][0].endswith(reply["evalue"]) and "was stopped" in reply["evalue"]
