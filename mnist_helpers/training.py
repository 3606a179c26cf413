"""The training loop as lesson 3 writes it, and the checkpoint that it leaves for the lessons after."""

from __future__ import annotations

import math
import os
import pickle
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from tqdm.auto import tqdm

from mnist_helpers.data import Digits, WalkthroughError, batches
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


def fit(model, digits, epochs=2, batch_size=256, learning_rate=0.01, schedule=True, seed=0, after_step=None):
    """Train `model` in place with Adam; return what was noted down on the way.

    schedule: let the learning rate rise to `learning_rate`, then fall to nearly zero, instead of keeping it
    (one cycle: Smith and Topin, Super-Convergence, 2018). seed: decides the order of the images. after_step: is
    called after every step with the number of steps done.

    Returns loss and learning_rate, an entry a step; validation_accuracy, 0 to 1, an entry an epoch; seconds, of
    the whole loop with its validation.
    """
    history = SimpleNamespace(loss=[], learning_rate=[], validation_accuracy=[], seconds=0.0)
    model.to(
        memory_format=torch.channels_last
    )  # the same numbers, in the order that convolutions read fastest
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, betas=(0.7, 0.9))
    steps = epochs * math.ceil(len(digits.train) / batch_size)
    scheduler = OneCycleLR(optimizer, learning_rate, steps, cycle_momentum=False) if schedule else None
    start = time.perf_counter()
    with tqdm(total=steps, unit="step", leave=False) as progress:
        for _ in range(epochs):
            model.train()
            for inputs, labels in batches(digits.train, batch_size, generator):
                loss = F.cross_entropy(model(inputs), labels)
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
    history.seconds = time.perf_counter() - start
    return history


def checkpoint_path() -> Path:
    """Where lesson 3 leaves its network: beside the notebooks, or in the folder that MNIST_CHECKPOINTS names."""
    return Path(os.environ.get("MNIST_CHECKPOINTS") or "checkpoints") / "cnn.pt"


def save_checkpoint(model: nn.Module, history: SimpleNamespace, digits: Digits) -> Path:
    """Write weights, history and the name of the digits to `checkpoint_path()`, in whole or not at all."""
    path = checkpoint_path()
    content = {"digits": digits.name, "weights": model.state_dict(), "history": vars(history)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        torch.save(content, file)
    os.replace(file.name, path)
    return path


def trained_cnn(digits: Digits, seed: int = 0) -> tuple[nn.Module, SimpleNamespace, str]:
    """The CNN of lesson 3 on the device of `digits`, its history, and a sentence saying how it was come by.

    Read from the checkpoint, if lesson 3 left one that was trained on the same digits; else trained now, with the
    default settings and `seed`.
    Raises WalkthroughError when the checkpoint is damaged.
    """
    path, device = checkpoint_path(), digits.train.images.device
    model = seeded(CNN, seed).to(device).to(memory_format=torch.channels_last)  # as `fit` leaves it
    if not path.is_file():
        return (
            model,
            fit(model, digits, seed=seed),
            "There was no checkpoint, so the network was trained now.",
        )
    try:
        content = torch.load(path, map_location=device, weights_only=True)
        model.load_state_dict(content["weights"])
        history, trained_on = SimpleNamespace(**content["history"]), content["digits"]
    except (OSError, EOFError, KeyError, TypeError, RuntimeError, pickle.UnpicklingError) as error:
        raise WalkthroughError(
            f"The checkpoint {path} cannot be used ({type(error).__name__}). Run lesson 3 to write it anew, or "
            "delete it, and the network is trained here."
        ) from error
    if trained_on != digits.name:
        model = seeded(CNN, seed).to(device)
        told = f"The checkpoint was trained on {trained_on}, so the network was trained now on {digits.name}."
        return model, fit(model, digits, seed=seed), told
    return model, history, "The network was read from the checkpoint that lesson 3 left."
