"""Several processes that train together: as one would, as five faults have it, killed and started again."""

import inspect
import math
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
import torch

from mnist_helpers.errors import WalkthroughError
from mnist_helpers.training import train_step
from mnist_lessons.many_processes import cluster, distributed, losses, mean_loss, similarity
from mnist_lessons.many_processes.cluster import launch, processes_together
from mnist_lessons.many_processes.faults import FAULTS


def test_script_takes_the_step_of_the_training_loop_and_each_fault_replaces_a_part_of_it():
    parts = inspect.signature(distributed.train).parameters
    assert parts["train_step"].default is train_step
    replaced = [part for _, given in FAULTS.values() for part in given.items()]
    assert {name for name, _ in replaced} == {"wrap", "order", "train_step"}
    assert all(parts[name].default is not part for name, part in replaced)


def test_each_fault_shows_in_the_curves_and_a_killed_training_goes_on_from_its_checkpoint(tmp_path):
    """The sound training and the five faults, of which B is started again after its death."""
    module, size = "mnist_lessons.many_processes.faults", ("--images", 5_120, "--epochs", 4)
    sentence, printed = launch("-m", module, tmp_path, "sound", *"ACDBE", *size, restarts=1)
    assert sentence.startswith("Process 1 was killed (signal 9); torchrun stopped the others. "), printed
    assert sentence.endswith("The job failed.")  # because of E
    sound = mean_loss(tmp_path / "sound")
    own_weights, wrong_count, same_order = (mean_loss(tmp_path / letter) for letter in "ACD")
    assert len(sound) == 80 and sound[0] == pytest.approx(math.log(10), abs=0.1)
    assert own_weights[-20:].mean() > 1.2 * sound[-20:].mean()
    assert wrong_count[0] == pytest.approx(sound[0] / 2, rel=0.01)
    assert similarity(same_order) > 0.5 > similarity(sound)
    assert [len(losses(tmp_path / "E", rank)[0]) for rank in (0, 1)] == [76, 76]
    steps, values = losses(tmp_path / "B")
    assert steps.tolist() == [*range(1, 31), *range(21, 81)]
    assert np.allclose(values[20:30], values[30:40], atol=1e-4)


def test_checkpoint_of_another_number_of_processes_is_refused(tmp_path):
    cluster.save(tmp_path / "checkpoint.pt", {}, processes=2, step=20)
    assert cluster.resume(tmp_path / "checkpoint.pt", {}, processes=2) == 20
    with pytest.raises(WalkthroughError, match=r"checkpoint\.pt is of 2 processes, and now there are 3"):
        cluster.resume(tmp_path / "checkpoint.pt", {}, processes=3)


@pytest.mark.parametrize("backend", ["nccl", "morse"])
def test_backend_that_is_not_available_gets_a_sentence(backend, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    sentence = f"The backend {backend} is not available here: use gloo"
    with pytest.raises(SystemExit, match=sentence), processes_together(backend):
        pass


def test_script_that_is_not_started_by_torchrun_gets_a_sentence():
    with pytest.raises(SystemExit, match="This script is started by torchrun"), processes_together():
        pass


def test_more_processes_than_cores_are_told_so_and_go_on(monkeypatch, capsys):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "10000")
    assert cluster.backend_and_device("gloo") == ("gloo", torch.device("cpu"))
    assert "10000 processes take turns on" in capsys.readouterr().out


def test_port_in_use_gets_a_sentence():
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(WalkthroughError, match=f"Port {port} is in use"):
            launch(cluster.__file__, port=port)


def test_torchrun_asks_no_network_for_a_name(monkeypatch, tmp_path):
    spy = "import sys; sys.addaudithook(lambda event, asked: asked and 'socket.get' in event and print(event, *asked))"
    monkeypatch.setattr(cluster, "TORCHRUN", f"{spy}; {cluster.TORCHRUN}")
    (tmp_path / "script.py").write_text("import os; print('meet at ' + os.environ['MASTER_ADDR'])")
    _, printed = launch(tmp_path / "script.py")  # of two processes, each line in one piece
    assert printed.count("meet at 127.0.0.1") == 2 and "socket.get" not in printed, printed


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with the one that started it")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_processes_end_with_whoever_launched_them(number, tmp_path):
    train = f"'-m', 'mnist_lessons.many_processes.distributed', {str(tmp_path)!r}, '--epochs', 999"
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # as kernels have it
    code += f"from mnist_lessons.many_processes.cluster import launch; launch({train})"
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as starter:
        while len(list(tmp_path.glob("*.txt"))) < 2 and starter.poll() is None:
            time.sleep(0.2)
        started = psutil.Process(starter.pid).children(recursive=True)
        os.killpg(starter.pid, number)
        _, alive = psutil.wait_procs(started, timeout=120)
        [process.kill() for process in alive]
    assert len(started) >= 3 and not alive, alive
