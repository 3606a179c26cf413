"""The training loop as lesson 3 writes it, and the checkpoint that it leaves for the lessons after."""

import io
import math
import os
import time
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import torch
import torch.nn.functional as F
from IPython.display import display
from tqdm.auto import tqdm
from tqdm.notebook import tqdm_notebook

from mnist_helpers.data import batches
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.evaluation import accuracy, predict
from mnist_helpers.model import CNN, seeded

# A shorter memory than usual suits few steps; fused: one call updates all weights.
ADAM: dict[str, Any] = {"betas": (0.7, 0.9), "fused": True}
CYCLE: dict[str, Any] = {"pct_start": 0.2, "cycle_momentum": False}  # the peak after a fifth of the steps


@cache
def get_device() -> torch.device:
    """The accelerator that PyTorch finds (CUDA, MPS and others), else the CPU, with a thread for each idle core."""
    found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    idle = psutil.cpu_count() * (1 - psutil.cpu_percent(interval=0.2) / 100)
    torch.set_num_threads(max(1, min(torch.get_num_threads(), round(idle))))  # two on one core would wait
    return found or torch.device("cpu")


def progress(steps, total):
    """Pass `steps` on, behind a bar that leaves nothing: no line in a terminal, no dead widget in a saved notebook."""
    if not issubclass(tqdm, tqdm_notebook):
        yield from tqdm(steps, total=total, leave=False)
        return
    bar = tqdm(steps, total=total, leave=False, display=False)
    shown = display(bar.container, display_id=True)
    try:
        yield from bar
    finally:
        shown.update({"text/plain": ""}, raw=True)


class History:
    """The record of a training: loss and rate of each step, validation loss and accuracy of each epoch, seconds in steps."""

    def __init__(self, epochs):
        self.epochs, self.seconds, self.start = epochs, 0.0, time.perf_counter()
        self.loss, self.learning_rate = [], []
        self.epoch_ends, self.validation_loss, self.validation_accuracy = [], [], []

    def note_step(self, loss, learning_rate):
        now = time.perf_counter()
        self.seconds, self.start = self.seconds + now - self.start, now
        self.loss.append(loss)
        self.learning_rate.append(learning_rate)
        if not math.isfinite(loss):
            at = f"in step {len(self.loss)}, at a learning rate of {learning_rate:.2g}"
            raise WalkthroughError(f"The loss is {loss} {at}. Try a tenth of that rate.")

    def note_epoch(self, model, split):
        logits = predict(model, split)
        self.epoch_ends.append(len(self.loss))
        self.validation_loss.append(F.cross_entropy(logits, split.labels.cpu()).item())
        self.validation_accuracy.append(accuracy(logits, split.labels))
        self.start = time.perf_counter()

    @property
    def finished(self):
        return len(self.validation_loss) == self.epochs

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind is KeyboardInterrupt:  # the stop button: what was learned so far is kept
            print(f"Stopped after {len(self.loss)} steps: the network and its history stay as they are.")
        return kind is KeyboardInterrupt


def train_step(model, inputs, labels, optimizer, loss_function=F.cross_entropy):
    """Move the weights by one step; return the loss before it. inputs: float (B, 1, 28, 28), labels: int64 (B,)."""
    loss = loss_function(model(inputs), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def fit(model, digits, epochs=2, batch_size=256, learning_rate=0.01, seed=0, loss_function=F.cross_entropy):
    """Train `model` in place with Adam, its rate rising to `learning_rate` and falling again; return its History.

    Stopped by the reader, it returns what it has. Raises WalkthroughError when the loss is not finite.
    """
    steps = math.ceil(len(digits.train) / batch_size)
    optimizer = torch.optim.Adam(model.parameters(), **ADAM)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, epochs * steps, **CYCLE)
    order = torch.Generator().manual_seed(seed)
    with History(epochs) as history:
        for _ in range(epochs):
            model.train()
            for inputs, labels in progress(batches(digits.train, batch_size, order), steps):
                loss = train_step(model, inputs, labels, optimizer, loss_function)
                history.note_step(loss, scheduler.get_last_lr()[0])
                scheduler.step()
            history.note_epoch(model, digits.validation)
    return history


def trained(build, digits, seed=0, **settings):
    """A network and its history, trained to the end on the device of `digits`, or else a WalkthroughError."""
    get_device()  # for its threads, if no cell has asked yet
    model = seeded(build, seed).to(digits.train.images.device)
    history = fit(model, digits, seed=seed, **settings)
    if not history.finished:
        raise WalkthroughError("A training was stopped, so this cell ends here. Run it again to begin anew.")
    return model, history


def checkpoint_path() -> Path:
    """Beside the lessons, also for the notebooks in deeper/, or in the folder that MNIST_CHECKPOINTS names."""
    beside = "../checkpoints" if Path.cwd().name == "deeper" else "checkpoints"
    return Path(os.environ.get("MNIST_CHECKPOINTS") or beside) / "cnn.pt"


def save_checkpoint(model, history, digits, seed=0) -> str:
    """Keep a network for the lessons after, whole or not at all; say what was done, in a sentence."""
    if not history.finished:
        return "The training was stopped before its end, so nothing was saved; what was saved before stays."
    path = checkpoint_path()
    aside = path.with_name(f"{path.name}-{os.getpid()}")
    content = {"network": type(model).__name__, "digits": digits.name, "seed": seed, "history": vars(history)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(content | {"weights": model.state_dict()}, packed := io.BytesIO())
        aside.write_bytes(packed.getvalue())  # torch.save itself would not say that the disk is full
        aside.replace(path)
    except OSError as error:
        if os.path.exists(aside):
            os.remove(aside)
        return f"The network could not be saved ({error}); the lessons after this one train their own."
    return "The network was saved for the lessons after this one."


def trained_cnn(digits, seed=0):
    """Lesson 3's CNN, its history, and where it comes from: the checkpoint if it fits, else trained now."""
    device, path = digits.train.images.device, checkpoint_path()
    try:
        saved = torch.load(path, map_location=device, weights_only=True)  # runs no code from the file
        if (found := [saved[key] for key in ("network", "digits", "seed")]) != ["CNN", digits.name, seed]:
            raise ValueError("its network, digits and seed are {}, {} and {}".format(*found))
        model, history = seeded(CNN, seed).to(device), History(0)
        model.load_state_dict(saved["weights"])
        vars(history).update(saved["history"])
        return model, history, "The network was read from the checkpoint that lesson 3 left."
    except FileNotFoundError:
        why = "There was no checkpoint of lesson 3"
    except Exception as error:  # whatever else such a file may hold
        why = f"{path} could not be used ({error!r:.150})"
    return *trained(CNN, digits, seed), f"{why}, so the network was trained now."
