"""Trainings that are stopped, that go on with something else, that diverge, and that need more memory than there is."""

import json
import re
import shutil
import signal
import sys
import time
from dataclasses import replace
from functools import partial

import pytest
import torch
from kernel import Kernel
from machine import ROOT, Machine
from torch import nn
from trainee import NETWORKS, SETTINGS, few_digits

from mnist_helpers.files import WalkthroughError
from mnist_helpers.model import CNN, DeepCNN, seeded
from mnist_helpers.training import fit, save_checkpoint

GOES_ON = "or with resume=True in `fit` to go on from here"
STOPS = {
    "0": "before the first step",
    "1": "in the first step",
    "15": "in a middle step",
    "20": "in an epoch's last step",
    "29": "in the last but one step",
    "5 20 21": "three times",
}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """What came of trainings that were stopped, and the file of the one that was stopped last."""
    machine = Machine(tmp_path_factory.mktemp("stopped"))
    return machine.train("stops")["stops"], machine.checkpoints / "stopped.safetensors"


@pytest.mark.parametrize("steps", STOPS)
@pytest.mark.parametrize("name", NETWORKS)
def test_stopped_training_goes_on_to_the_same_end(name, steps, stopped, record_fault):
    outcome = stopped[0][name][steps]
    assert outcome["noted"] == [int(step) for step in steps.split()], (
        "the step at work is finished, and no more"
    )
    assert f"Stopped after step {outcome['noted'][0]} of 30" in outcome["told"] and GOES_ON in outcome["told"]
    assert outcome["same"], "weights and history are, bit for bit, those of a training that was not stopped"
    assert not outcome["left"] and outcome["button"]
    record_fault(
        f"the stop button {STOPS[steps]}, {name}",
        outcome["told"],
        "all steps; resumed, the end is the same to the last bit",
        outcome["seconds"],
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_pressed_in_the_last_step(name, stopped, record_fault):
    outcome = stopped[0][name]["30"]
    assert outcome["noted"] == [30] and outcome["same"] and not outcome["stopped"] and outcome["told"] == ""
    record_fault(
        f"the stop button in the last step, {name}",
        "(nothing: the training was over)",
        "the whole training",
        outcome["seconds"],
    )


def test_pressed_where_the_system_answers_the_button(stopped, record_fault):
    """As Matplotlib's users have it who ended a program that hung: signal.signal(SIGINT, SIG_DFL)."""
    outcome = stopped[0]["Python's button taken away"]
    assert outcome["noted"] == 15 and outcome["restored"]
    record_fault(
        "the stop button, where SIGINT ends Python at once",
        outcome["told"],
        "all steps; the button then does what it did before",
        outcome["seconds"],
    )


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A kernel in which a training was run to its end without a stop."""
    machine = Machine(tmp_path_factory.mktemp("kernel"))
    here = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'faults'}", "MNIST_CHECKPOINTS": machine.checkpoints}
    environment = machine.environment(OMP_NUM_THREADS=1, MNIST_PRACTICE=1, **here)
    with Kernel(environment, machine.home) as kernel:
        begun = kernel.run(BEGIN + cell() + "whole = result(model, history)\nprint(len(history.loss))")
        assert begun.error is None and begun.printed.endswith("40\n"), begun
        yield kernel


BEGIN = """
import os, signal, time, warnings
warnings.filterwarnings("error")
from trainee import few_digits, result
from mnist_helpers.model import CNN, seeded
from mnist_helpers.training import fit
digits = few_digits()

def slow(step):
    if step == 15:
        print("in the middle", flush=True)
    if step >= 15:
        time.sleep(0.1)

def hang(step):
    if step == 15:
        button = signal.getsignal(signal.SIGINT)
        print("in the middle", flush=True)
        while signal.getsignal(signal.SIGINT) == button:
            time.sleep(0.01)
        print("pressed once", flush=True)
        time.sleep(60)

def press_at_the_end(step):
    if step == 40:
        os.kill(os.getpid(), signal.SIGINT)
"""


def cell(settings=""):
    return f"model = seeded(CNN, 0)\nhistory = fit(model, digits, epochs=4, batch_size=64{settings})\n"


SAME = "print(result(model, history) == whole)"


def test_stop_button_of_a_notebook(kernel, record_fault):
    ran = kernel.run(cell(", after_step=slow") + "print('and the cell goes on')", "in the middle")
    assert ran.error is None and "and the cell goes on" in ran.printed and GOES_ON in ran.printed
    told = re.search("Stopped after .*", ran.printed)[0]
    steps = int(re.search(r"after step (\d+) of 40", told)[1])
    assert 15 <= steps < 40
    look = "import json; print(json.dumps([len(history.loss), len(history.learning_rate), len(history.validation_accuracy)]))"
    assert json.loads(kernel.run(look).printed) == [steps, steps, steps // 10 - (steps % 10 == 0)]
    assert kernel.run(cell(", resume=True") + SAME).printed == "True\n", "it goes on to the same end"
    record_fault(
        "the stop button of a notebook",
        told,
        "network and history in their variables; resumed, the same end to the last bit",
        ran.seconds,
    )


def test_cell_that_was_stopped_runs_anew(kernel, record_fault):
    ran = kernel.run(cell(", after_step=slow"), "in the middle")
    assert ran.error is None
    assert kernel.run(cell() + SAME).printed == "True\n", "nothing of the stopped one is in it"
    record_fault(
        "the stop button, and the cell run anew",
        re.search("Stopped after .*", ran.printed)[0],
        "a clean start, and the same end to the last bit",
        ran.seconds,
    )


def test_stop_button_pressed_twice(kernel, record_fault):
    """A step that hangs: the second press ends it at once."""
    ran = kernel.run(cell(", after_step=hang"), "in the middle", "pressed once")
    assert ran.error == "KeyboardInterrupt" and "Stopped after" not in ran.printed
    assert ran.seconds < 5
    assert kernel.run(cell() + SAME).printed == "True\n"
    record_fault(
        "the stop button twice, in a step that hangs",
        ran.error,
        "the kernel and all variables; the cell runs anew to the same end",
        ran.seconds,
    )


@pytest.mark.parametrize(
    ("moment", "after_step", "press_at"),
    [("in the middle", "slow", ("in the middle",)), ("in a training's last step", "press_at_the_end", ())],
)
def test_stop_button_in_a_cell_that_trains_again_and_again(
    moment, after_step, press_at, kernel, record_fault
):
    trainings = "for number in range(3):\n    print(f'training {number}')\n    "
    training = f"fit(seeded(CNN, 0), digits, epochs=4, batch_size=64, after_step={after_step})"
    ran = kernel.run(trainings + training, *press_at)
    assert ran.error == "KeyboardInterrupt", "the second training does not begin"
    assert "training 1" in ran.printed and "training 2" not in ran.printed
    assert kernel.run(cell() + SAME).printed == "True\n"
    record_fault(
        f"the stop button {moment}, in a cell of three trainings",
        ran.error,
        "the kernel and all variables",
        ran.seconds if press_at else 0,
    )


def other_layer():
    model = CNN()
    model.hidden, model.output = nn.Linear(512, 64), nn.Linear(64, 10)
    return model


def turned_over():
    digits = few_digits()
    return replace(digits, train=replace(digits.train, images=digits.train.images.flip(2)))


# fault -> the network, settings and digits with which to go on, and the words that it is told with
OTHERS = {
    "resume=True with another batch size": (
        CNN,
        {"batch_size": 32},
        few_digits,
        "batch_size 64 instead of 32",
    ),
    "resume=True with more epochs": (CNN, {"epochs": 5}, few_digits, "epochs 3 instead of 5"),
    "resume=True with another seed": (CNN, {"seed": 1}, few_digits, "seed 0 instead of 1"),
    "resume=True without the schedule": (
        CNN,
        {"schedule": False},
        few_digits,
        "schedule True instead of False",
    ),
    "resume=True with fewer images": (CNN, {}, partial(few_digits, 320), "images 640 of practice digits"),
    "resume=True with the images turned over": (CNN, {}, turned_over, "images 640 of practice digits"),
    "resume=True with another network": (
        DeepCNN,
        {},
        few_digits,
        "holds another network (CNN) than the DeepCNN",
    ),
    "resume=True with a layer changed": (other_layer, {}, few_digits, "they differ in hidden.bias"),
}


def go_on(stopped_file, build, settings, some_digits):
    """Try to go on with what was stopped. Returns what was told and the seconds; nothing may have changed."""
    content = stopped_file.read_bytes() if stopped_file.exists() else None
    model = seeded(build, 0)
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    button, digits = signal.getsignal(signal.SIGINT), some_digits()
    start = time.monotonic()
    with pytest.raises(WalkthroughError) as raised:
        fit(model, digits, resume=True, **SETTINGS | settings)
    seconds = time.monotonic() - start
    assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())
    assert (stopped_file.read_bytes() if stopped_file.exists() else None) == content
    assert signal.getsignal(signal.SIGINT) is button
    return str(raised.value), seconds


@pytest.fixture
def stopped_file(stopped, tmp_path, monkeypatch):
    """A copy of what a CNN left that was stopped after step 15, where `fit` looks for it."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    monkeypatch.setenv("MNIST_CHECKPOINTS", str(folder))
    monkeypatch.setenv("MNIST_PRACTICE", "1")
    return shutil.copyfile(stopped[1], folder / "stopped.safetensors")


@pytest.mark.parametrize("fault", OTHERS, ids=lambda fault: fault.replace(" ", "-"))
def test_going_on_with_something_else_is_refused(fault, stopped_file, record_fault):
    build, settings, some_digits, words = OTHERS[fault]
    told, seconds = go_on(stopped_file, build, settings, some_digits)
    assert words in told
    record_fault(fault, told, "the stopped training, and the network as it was", seconds)


def test_going_on_with_nothing(stopped_file, record_fault):
    stopped_file.unlink()
    told, seconds = go_on(stopped_file, CNN, {}, few_digits)
    assert "no stopped training to go on with" in told and "without resume=True" in told
    record_fault("resume=True, and nothing was stopped", told, "the network as it was", seconds)


def test_going_on_with_half_a_file(stopped_file, record_fault):
    content = stopped_file.read_bytes()
    stopped_file.write_bytes(content[: len(content) // 2])
    told, seconds = go_on(stopped_file, CNN, {}, few_digits)
    assert "is not a whole checkpoint" in told and "delete it" in told
    record_fault("resume=True, and the file is cut", told, "the file, and the network as it was", seconds)


def test_going_on_with_a_finished_training(stopped_file, record_fault):
    history = fit(seeded(CNN, 0), few_digits(64), epochs=1)
    save_checkpoint(seeded(CNN, 0), history, few_digits()).replace(stopped_file)
    told, seconds = go_on(stopped_file, CNN, {}, few_digits)
    assert "had other settings" in told
    record_fault(
        "resume=True, and the file is lesson 3's", told, "the file, and the network as it was", seconds
    )


def test_stopped_training_is_still_there_after_all_that(stopped_file):
    """What was refused can still be done: the same settings go on."""
    history = fit(seeded(CNN, 0), few_digits(), resume=True, **SETTINGS)
    assert len(history.loss) == 30 and not stopped_file.exists()


def with_nan():
    model = CNN()
    with torch.no_grad():
        model.hidden.weight[3, 5] = torch.nan
    return model


@pytest.mark.parametrize(
    ("fault", "build", "settings", "words"),
    [
        ("a learning rate of a million", CNN, {"learning_rate": 1e6, "schedule": False}, r"step [2-9] of 30.* 1e\+06"),
        ("a learning rate of a million, scheduled", DeepCNN, {"learning_rate": 1e6}, r"step \d+ of 30"),
        ("a weight that is not a number", with_nan, {}, r"loss is nan at step 1 of 30"),
    ],
)  # fmt: skip
def test_loss_that_is_no_number(fault, build, settings, words, stopped_file, record_fault):
    content, button = stopped_file.read_bytes(), signal.getsignal(signal.SIGINT)
    model, digits = seeded(build, 0), few_digits()
    start = time.monotonic()
    with pytest.raises(WalkthroughError, match=words) as raised:
        fit(model, digits, **SETTINGS | settings)
    seconds, told = time.monotonic() - start, str(raised.value)
    assert (
        "the learning rate is" in told
        and "try a learning_rate of" in told
        and "Build the network anew" in told
    )
    assert stopped_file.read_bytes() == content and signal.getsignal(signal.SIGINT) is button
    record_fault(fault, told, "what was kept before", seconds)


@pytest.mark.skipif(sys.platform != "linux", reason="no other system holds a process to so many bytes")
@pytest.mark.parametrize("megabytes", [400, 800])
def test_too_little_memory(megabytes, machine, record_fault):
    outcome = machine.train(f"too_little_memory:{megabytes}")["too_little_memory"]
    assert "too small for batches of 12,000 images" in outcome["told"]
    assert len(outcome["losses"]) == 3, "the batch size that was named is small enough"
    record_fault(
        f"{megabytes} MB to spare, batches of 12,000 images",
        outcome["told"],
        "the kernel; with the batch size that is named, the same cell works",
        outcome["seconds"],
    )


class LargeInValidation(CNN):
    def forward(self, images):
        if not self.training:
            images.new_empty(2**48)  # more than any address space has
        return super().forward(images)


def test_too_little_memory_to_validate(record_fault):
    model, start = seeded(LargeInValidation, 0), time.monotonic()
    with pytest.raises(
        WalkthroughError, match=r"Step 10 of 30 is done.* too small for the validation"
    ) as raised:
        fit(model, few_digits(), **SETTINGS)
    assert all(parameter.isfinite().all() for parameter in model.parameters())
    assert not any(
        parameter.equal(first)
        for parameter, first in zip(model.parameters(), seeded(CNN, 0).parameters(), strict=True)
    )
    record_fault(
        "too little memory to validate",
        str(raised.value),
        "the network, trained so far",
        time.monotonic() - start,
    )
