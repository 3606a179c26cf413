"""The training loop as lesson 3 writes it, and the checkpoint that it leaves for the lessons after."""

from __future__ import annotations

import math
import time
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from tqdm.auto import tqdm

from mnist_helpers import checkpoints
from mnist_helpers.data import Digits, batches
from mnist_helpers.guard import Guard
from mnist_helpers.model import CNN, seeded


def get_device() -> torch.device:
    """The accelerator that PyTorch finds (CUDA, MPS and others), else the CPU."""
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


@torch.no_grad()
def predict(model, split):
    """The logits of a whole split: float (N, 10), on the CPU."""
    model.eval()
    return torch.cat([model(inputs).cpu() for inputs, _ in batches(split, batch_size=1_000)])


def accuracy(logits, labels):
    """The share of images whose largest logit stands at their label, 0 to 1.

    logits: float (N, 10). labels: int64 (N,).
    """
    return (logits.argmax(dim=1) == labels.cpu()).double().mean().item()


def fast_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where `device` multiplies matrices in it at least half as fast again as in float32, else float32.

    Asked by trying both for a few milliseconds, because a processor may accept a number format and emulate it slowly.
    """
    if not torch.amp.is_autocast_available(device.type):
        return torch.float32
    formats = (torch.bfloat16, torch.float32)
    try:  # in turns, because a machine that does something else is slow for a while
        rates = [[matrix_product_rate(device, dtype, repeats=3) for dtype in formats] for _ in range(4)]
    except RuntimeError:
        return torch.float32
    bfloat16, float32 = map(max, zip(*rates, strict=True))
    return torch.bfloat16 if bfloat16 > 1.5 * float32 else torch.float32


def matrix_product_rate(device: torch.device, dtype: torch.dtype, size: int = 768, repeats: int = 8) -> float:
    """The best of a few products of two square matrices, in floating-point operations a second."""
    left, right = (torch.ones(size, size, dtype=dtype, device=device) for _ in range(2))
    seconds = []
    for _ in range(repeats):
        finish(device)
        start = time.perf_counter()
        left @ right
        finish(device)
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)


def finish(device: torch.device) -> None:
    """Wait until `device` has done what it was given: an accelerator works through a queue, and a clock does not wait."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def fit(
    model,
    digits,
    epochs=2,
    batch_size=256,
    learning_rate=0.01,
    schedule=True,
    seed=0,
    label_smoothing=0.0,
    dtype=torch.float32,
    memory_format=torch.channels_last,
    after_step=None,
    resume=False,
):
    """Train `model` in place with Adam; return what was noted down on the way.

    schedule: let the learning rate rise to `learning_rate`, then fall to nearly zero, instead of keeping it
    (one cycle: Smith and Topin, Super-Convergence, 2018). seed: decides the order of the images. label_smoothing:
    how much of a label is spread evenly over all ten (Szegedy and others, Rethinking the Inception Architecture,
    2015). dtype: what the network computes in; the weights stay float32. memory_format: the order of the numbers
    in memory. after_step: is called after every step with the number of steps done. resume: go on with the run
    that was stopped last, which has to have been started with the same settings.

    Returns recipe, the settings by name; loss and learning_rate, an entry a step; validation_accuracy, 0 to 1, an
    entry an epoch; seconds, of all steps, without the validation.
    Raises WalkthroughError when the loss is no longer a number, the device is out of memory, or there is nothing to
    go on with. Stopped by the reader, it returns what it has.
    """
    recipe = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "schedule": schedule,
    }
    recipe |= {"seed": seed, "label_smoothing": label_smoothing, "dtype": str(dtype)}
    history = SimpleNamespace(recipe=recipe, loss=[], learning_rate=[], validation_accuracy=[], seconds=0.0)
    model.to(memory_format=memory_format)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, betas=(0.7, 0.9), fused=True)
    steps = epochs * math.ceil(len(digits.train) / batch_size)
    cycle = {"total_steps": steps, "pct_start": 0.2, "anneal_strategy": "linear", "cycle_momentum": False}
    scheduler = OneCycleLR(optimizer, learning_rate, **cycle) if schedule else None
    guard = Guard(model, optimizer, scheduler, generator, history, digits, resume)
    with guard, tqdm(total=steps, initial=len(history.loss), unit="step", leave=False) as progress:
        for _ in range(len(history.validation_accuracy), epochs):
            model.train()
            for inputs, labels in guard.watch(batches(digits.train, batch_size, generator)):
                with torch.autocast(inputs.device.type, dtype, enabled=dtype != torch.float32):
                    loss = F.cross_entropy(model(inputs), labels, label_smoothing=label_smoothing)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                history.loss.append(loss.item())
                history.learning_rate.append(optimizer.param_groups[0]["lr"])
                if scheduler:
                    scheduler.step()
                if after_step:
                    after_step(len(history.loss))
                progress.update()
            logits = predict(model, digits.validation)
            history.validation_accuracy.append(accuracy(logits, digits.validation.labels))
    return history


def save_checkpoint(model: nn.Module, history: SimpleNamespace, digits: Digits, name: str = "cnn") -> Path:
    """Keep a trained network, its history and the name of its digits under `name`, for the lessons after.

    Raises WalkthroughError when the file cannot be written.
    """
    notes = {"architecture": type(model).__name__, "digits": digits.name, "history": vars(history)}
    return checkpoints.write(checkpoint_path(name), model.state_dict(), notes)


def checkpoint_path(name: str = "cnn") -> Path:
    """The file of the network that lesson 3 leaves, or of another."""
    return checkpoints.checkpoint_folder() / f"{name}.safetensors"


def trained_cnn(digits: Digits, seed: int = 0) -> tuple[nn.Module, SimpleNamespace, str]:
    """The CNN of lesson 3 on the device of `digits`, its history, and a sentence saying how it was come by.

    Read from the checkpoint, if lesson 3 left one that was trained on the same digits; else trained now, with the
    default settings and `seed`.
    Raises WalkthroughError when the checkpoint is damaged or holds another network.
    """
    path, device = checkpoint_path(), digits.train.images.device
    model = seeded(CNN, seed).to(device).to(memory_format=torch.channels_last)  # as `fit` leaves it
    if not path.is_file():
        told = "There was no checkpoint, so the network was trained now."
        return model, fit(model, digits, seed=seed), told
    tensors, notes = checkpoints.read(path)
    if notes.get("digits") != digits.name:
        told = f"The checkpoint was trained on {notes.get('digits')}, so the network was trained now on {digits.name}."
        return model, fit(model, digits, seed=seed), told
    checkpoints.load_weights(path, model, tensors, notes)
    return (
        model,
        SimpleNamespace(**notes["history"]),
        "The network was read from the checkpoint that lesson 3 left.",
    )
