"""Train as a lesson does, in a process of its own; print what came of it as a line of JSON.

Each argument names one of the functions of PLAYS, with what goes to it after a colon. MNIST_CHECKPOINTS names the
folder, as for a reader. Nothing here stands in for the lessons' own code: signals, limits and disks are real.
"""

import hashlib
import io
import json
import os
import re
import resource
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache, partial
from types import SimpleNamespace

import torch

from mnist_helpers.data import load_digits
from mnist_helpers.files import WalkthroughError
from mnist_helpers.guard import interrupted_path
from mnist_helpers.model import CNN, DeepCNN, seeded
from mnist_helpers.recipes import augmented
from mnist_helpers.training import checkpoint_path, fit, save_checkpoint, trained_cnn

SETTINGS = {"epochs": 3, "batch_size": 64}
STEPS_AN_EPOCH = 10
NETWORKS = {
    "CNN": (CNN, {}),
    "batch normalization and augmentation": (
        partial(augmented, partial(DeepCNN, 8)),
        {"label_smoothing": 0.1},
    ),
}


found_digits = cache(load_digits)  # processes that begin here have them


def few_digits(images=64 * STEPS_AN_EPOCH):
    """The practice digits with few images to train on."""
    digits = found_digits()
    return replace(digits, train=digits.train[:images])


def result(model, history):
    """What training led to, to the last bit."""
    weights = hashlib.sha256()
    for tensor in model.state_dict().values():
        weights.update(tensor.contiguous().numpy().tobytes())
    return [weights.hexdigest(), history.loss, history.learning_rate, history.validation_accuracy]


class Press:
    """Presses the stop button after a step, or before the first; to be given to `fit` as after_step."""

    def __init__(self, at):
        self.at, self.moment = at, None

    def __call__(self, step):
        if step == self.at:
            self.moment = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)


def train(name, digits, press_at=None, resume=False):
    """Train from the first weights on, pressed after a step. Returns model, history, what was told and the seconds."""
    build, settings = NETWORKS[name]
    model, press = seeded(build, 0), Press(press_at)
    if press_at == 0:  # training begins with a call of `train`
        model.train = lambda mode=True: (press(0), type(model).train(model, mode))
    with redirect_stdout(io.StringIO()) as said:
        history = fit(model, digits, after_step=press, resume=resume, **SETTINGS, **settings)
    seconds = time.monotonic() - press.moment if press.moment else 0
    return model, history, said.getvalue().strip(), seconds


def stops():
    """Stop each network at several steps and go on; then leave a CNN stopped after step 15."""
    digits, outcome = few_digits(), {"Python's button taken away": default_button()}
    for name in NETWORKS:
        model, history, _, _ = train(name, digits)
        whole = result(model, history)
        outcome[name] = {
            " ".join(map(str, steps)): stop(name, digits, steps, whole)
            for steps in ([0], [1], [15], [20], [29], [30], [5, 20, 21])
        }
    train("CNN", digits, press_at=15)
    return outcome


def stop(name, digits, steps, whole):
    """Stop after each of these steps and go on. Returns what was told at first, and what came of it."""
    noted, told, seconds = [], [], []
    for number, step in enumerate(steps):
        model, history, words, waited = train(name, digits, press_at=step, resume=number > 0)
        noted.append(len(history.loss))
        told.append(words)
        seconds.append(waited)
    stopped = interrupted_path().exists()
    if stopped:
        model, history, _, _ = train(name, digits, resume=True)
    return {
        "noted": noted,
        "stopped": stopped,
        "same": result(model, history) == whole,
        "left": interrupted_path().exists(),
        "button": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
        "told": told[0],
        "seconds": max(seconds),
    }


def default_button():
    """Stop once where Python's own answer to the stop button was taken away before."""
    digits = few_digits()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _, history, told, seconds = train("CNN", digits, press_at=15)
    restored = signal.getsignal(signal.SIGINT) == signal.SIG_DFL
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return {"noted": len(history.loss), "restored": restored, "told": told, "seconds": seconds}


def too_little_memory(megabytes):
    """Train on all images at once with so many megabytes to spare, then with the batch size that is advised.

    Not with very few: oneDNN, which computes convolutions for PyTorch, may end the process where it finds no room for
    its own code.
    """
    digits = few_digits(12_000)
    fit(seeded(CNN, 0), few_digits(128), epochs=1, batch_size=64)  # what is made once is made now
    with open("/proc/self/status") as status:  # without what is reserved only, as every thread does
        held = next(int(line.split()[1]) * 2**10 for line in status if line.startswith("VmData"))
    resource.setrlimit(resource.RLIMIT_DATA, (held + int(megabytes) * 2**20, resource.RLIM_INFINITY))
    model, start = seeded(CNN, 0), time.monotonic()
    try:
        fit(model, digits, epochs=1, batch_size=len(digits.train))
        told = "it was enough"
    except WalkthroughError as error:
        told = str(error)
    seconds, losses = time.monotonic() - start, []
    if advised := re.search(r"batch_size to (\d+)", told):
        part = replace(digits, train=digits.train[: 3 * int(advised[1])])
        train_again = partial(fit, model, part, epochs=1, batch_size=int(advised[1]))
        with ThreadPoolExecutor(1) as anew:  # what a restart is for is spoiled in one thread only
            losses = (anew.submit(train_again).result() if "restart" in told else train_again()).loss
    return {"told": told, "seconds": seconds, "losses": losses}


def save(number):
    """Keep a CNN whose weights all are this number."""
    model = CNN()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(number)
    return save_checkpoint(model, SimpleNamespace(recipe={}, number=number), few_digits())


def loaded():
    """The number that the checkpoint's weights all are, as its notes say; None if it is not whole."""
    model, history, told = trained_cnn(few_digits())
    values = {value for parameter in model.parameters() for value in parameter.unique().tolist()}
    assert told == "The network was read from the checkpoint that lesson 3 left."
    return history.number if values == {history.number} else None


def beside():
    """What else lies in the folder."""
    return sorted(path.name for path in checkpoint_path().parent.iterdir() if path != checkpoint_path())


def process(action, *arguments):
    """Call a function in a process of its own, which begins where this one is. Returns its number."""
    if number := os.fork():
        return number
    try:
        action(*arguments)
    except BaseException as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def end_of(number):
    """How a process ended: 0, 1, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def killed_before_moving(number):
    sys.addaudithook(lambda event, _: os.kill(os.getpid(), signal.SIGKILL) if event == "os.rename" else None)
    save(number)


def killed_while_writing(number):
    """The system ends a process that writes more than it may."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    save(number)


def killed():
    """Kill a process that keeps a network, in two places; see what is there, and keep another."""
    outcome = {}
    for action in (killed_before_moving, killed_while_writing):
        content = save(1).read_bytes()
        start = time.monotonic()
        ended = end_of(process(action, 2))
        seconds = time.monotonic() - start
        left = {name: checkpoint_path().with_name(name).stat().st_size for name in beside()}
        as_it_was = checkpoint_path().read_bytes() == content and loaded() == 1
        save(3)
        outcome[action.__name__] = {
            "ended": ended,
            "seconds": seconds,
            "whole": len(content),
            "left": left,
            "as_it_was": as_it_was,
            "next": loaded(),
        }
    # What was left long ago is nobody's work; what was left just now could be another process's.
    for name in beside():
        os.utime(checkpoint_path().with_name(name), (0, 0))
    (checkpoint_path().parent / ".cnn.safetensors-new").write_bytes(b"of another process")
    save(4)
    return outcome | {"beside": beside()}


def save_and_load(mine, times):
    for _ in range(times):
        save(mine)
        assert loaded(), "a checkpoint is not whole"


def eight_at_once(times):
    """Eight processes that keep and load the same checkpoint, again and again, while this one loads it."""
    save(1)
    start = time.monotonic()
    processes = [process(save_and_load, number, int(times)) for number in range(1, 9)]
    numbers = [loaded() for _ in range(int(times))]
    return {
        "ended": [end_of(number) for number in processes],
        "numbers": numbers,
        "seconds": time.monotonic() - start,
        "beside": beside(),
    }


def of_another():
    """Look, as a reader who may read nothing of it, at a checkpoint; and at the mode in which one is written."""
    path, answer = save(1), os.pipe()
    mode = path.stat().st_mode
    path.chmod(0)

    def look():
        os.chdir(path.parent)
        os.environ["MNIST_CHECKPOINTS"] = "."
        if os.geteuid() == 0:
            os.setuid(65_534)
        start = time.monotonic()
        try:
            told = str(loaded())
        except Exception as error:
            told = f"{'' if isinstance(error, WalkthroughError) else type(error).__name__}{error}"
        os.write(answer[1], json.dumps({"told": told, "seconds": time.monotonic() - start}).encode())

    end_of(process(look))
    return json.loads(os.read(answer[0], 10_000)) | {"mode": mode}


def unwritable(folders):
    """In folders that cannot be written, or only once: keep a network, and stop a training.

    folders: as a PATH names them, with colons.
    """
    outcome = {}
    for folder in folders.split(os.pathsep):
        os.environ["MNIST_CHECKPOINTS"] = folder
        if not checkpoint_path().exists():
            save(1)
        content, start = checkpoint_path().read_bytes(), time.monotonic()
        try:
            told = str(save(2))
        except WalkthroughError as error:
            told = str(error)
        saved = time.monotonic()
        model, history, words, seconds = train("CNN", few_digits(), press_at=15)
        outcome[folder] = {
            "told": told,
            "seconds": saved - start,
            "stop_told": words,
            "stop_seconds": seconds,
            "noted": len(history.loss),
            "finite": all(parameter.isfinite().all().item() for parameter in model.parameters()),
            "as_it_was": checkpoint_path().read_bytes() == content and loaded() == 1,
            "beside": beside(),
        }
    return outcome


PLAYS = {
    play.__name__: play for play in (stops, too_little_memory, killed, eight_at_once, of_another, unwritable)
}

if __name__ == "__main__":
    print("ready", flush=True)
    outcomes = {}
    for argument in sys.argv[1:]:
        name, _, value = argument.partition(":")
        outcomes[name] = PLAYS[name](*([value] if value else []))
    print(json.dumps(outcomes), flush=True)
