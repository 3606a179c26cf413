"""Train the CNN and the dense network, and write one page that holds both, the training and a paper to draw on.

python -m tools.demo [--output build/demo.html]

The page needs nothing from elsewhere: it opens from a disk, without a network.
"""

from __future__ import annotations

import base64
import inspect
import json
import math
import os
import re
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_helpers.data import Digits, load_digits
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.evaluation import accuracy, predict
from mnist_helpers.model import CNN, Dense, count_parameters, seeded
from mnist_helpers.training import checkpoint_path, fit, get_device, trained
from tools.paths import BUILD, ROOT
from tools.text import argument_parser

TEMPLATE = ROOT / "tools" / "page"
BATCH_SIZE = 256
SNAPSHOTS = 24
CNN_BITS = (
    14  # for each weight: the page's logits are then within 0.01 of PyTorch's, its probabilities within 0.001
)
DENSE_BITS = 12  # logits within 0.05
JUDGED = 1_000  # validation images that each snapshot reads

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Training:
    """What the page shows of a training. weights: of the network before each step that `steps` names."""

    steps: list[int]
    weights: list[Weights]
    dense: Weights


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "demo.html")
    output = parser.parse_args().output
    use_checkpoints()
    try:
        digits = load_digits().to(get_device())
        print(digits.origin, flush=True)
        page = write_page(trained_networks(digits), digits)
    except WalkthroughError as error:
        print(error, file=sys.stderr)
        return 1
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(page, encoding="utf-8")
    print(f"{output}: {output.stat().st_size:,} bytes. Open it in a browser.")
    return 0


def use_checkpoints() -> None:
    """Read and keep networks where `make run` keeps them, or else where lesson 3 does in JupyterLab."""
    kept = BUILD / "checkpoints" if (BUILD / "checkpoints").exists() else ROOT / "notebooks" / "checkpoints"
    os.environ.setdefault("MNIST_CHECKPOINTS", str(kept))


def trained_networks(digits: Digits) -> Training:
    """Both networks and the way to the first: those that were kept, if they were made by the same code, or else trained."""
    made_by: list[Any] = [CNN, Dense, fit, train_networks]
    key = f"{digits.name}, {len(digits.train)} images, {''.join(map(inspect.getsource, made_by))}"
    path = checkpoint_path().with_name("page.pt")
    if path.exists() and (kept := torch.load(path, weights_only=True))["key"] == key:
        return Training(**kept["training"])
    print("Training the two networks of the page to draw on, this once: about a minute.", flush=True)
    training = train_networks(digits, epochs=2 if digits.is_mnist else 20)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"key": key, "training": vars(training)}, path)
    return training


def train_networks(digits: Digits, epochs: int = 2, dense_epochs: int = 4) -> Training:
    """Train both networks, and keep the CNN's weights at chosen steps."""
    model = seeded(CNN, 0).to(digits.train.images.device)
    steps = chosen_steps(epochs * math.ceil(len(digits.train) / BATCH_SIZE))
    taken: list[Weights] = []
    step = 0

    def loss_function(logits: Tensor, labels: Tensor) -> Tensor:
        nonlocal step
        if step in steps:
            taken.append(copied(model))
        step += 1
        return F.cross_entropy(logits, labels)

    history = fit(model, digits, epochs, BATCH_SIZE, loss_function=loss_function)
    if not history.finished:
        raise WalkthroughError("The training was stopped, so no page was written.")
    dense, _ = trained(Dense, digits, 0, epochs=dense_epochs, learning_rate=0.007)
    return Training(steps, [*taken, copied(model)], copied(dense))


def chosen_steps(last: int) -> list[int]:
    """Some steps from 0 to the last, dense at first, when a network changes most."""
    numbers = range(SNAPSHOTS)
    return sorted({min(last, max(i, round(last * (i / (SNAPSHOTS - 1)) ** 2.6))) for i in numbers})


def copied(model: nn.Module) -> Weights:
    """A copy of a network's weights, on the CPU and in the usual order."""
    return {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in model.state_dict().items()
    }


def write_page(training: Training, digits: Digits) -> str:
    """The template's files as one page, with the weights in it."""
    page = (TEMPLATE / "page.html").read_text(encoding="utf-8")
    page = re.sub(r'<link rel="stylesheet" href="(\w+\.css)">', lambda m: f"<style>\n{part(m)}</style>", page)
    page = re.sub(r'<script src="(\w+\.js)"></script>', lambda m: f"<script>\n{part(m)}</script>", page)
    return page.replace('"the data"', json.dumps(page_data(training, digits), separators=(",", ":")))


def part(match: re.Match[str]) -> str:
    """The file that a line of the template names."""
    return (TEMPLATE / match[1]).read_text(encoding="utf-8")


def page_data(training: Training, digits: Digits) -> dict[str, Any]:
    """What the page's script has to know."""
    *before, final = training.weights
    rounded = rounded_weights(final, steps_of(final, CNN_BITS))
    snapshots, on_the_way = packed_snapshots(before, rounded)
    return {
        "digits": digits.name,
        "isMnist": digits.is_mnist,
        "mean": digits.train.mean,
        "std": digits.train.std,
        "parameters": [count_parameters(CNN()), count_parameters(Dense())],
        "steps": training.steps,
        "judged": len(digits.validation[:JUDGED]),
        "accuracies": [round(validation_accuracy(weights, digits), 4) for weights in (*on_the_way, final)],
        "cnn": packed_network(final, CNN_BITS),
        "dense": packed_network(training.dense, DENSE_BITS),
        "snapshots": snapshots,
    }


def packed_network(weights: Weights, bits: int) -> dict[str, Any]:
    """One network, each layer's largest weight being the largest number that has so many bits."""
    steps = steps_of(weights, bits)
    planes = whole_numbers(weights, steps).astype("<i2").view(np.uint8).reshape(-1, 2).T
    return packed(
        planes, steps, weights
    )  # the lower bytes of all, then the upper ones, which resemble each other


def steps_of(weights: Weights, bits: int) -> dict[str, float]:
    return {name: value.abs().max().item() / (2 ** (bits - 1) - 1) for name, value in weights.items()}


def packed_snapshots(snapshots: list[Weights], final: Weights) -> tuple[dict[str, Any], list[Weights]]:
    """Networks on the way to the final one, from the last back to the first, and what the rounding has left of them.

    Of each number only its change is kept, and of that at most 2; the rest of a larger one follows in the next
    snapshot. So there are three changes in a byte. Where a layer has many weights, their errors average out, so that
    few steps to a standard deviation are enough.
    """
    steps = {name: value.std().item() / fineness(value.numel()) for name, value in final.items()}
    numbers, changes, rounded = whole_numbers(final, steps), [], []
    for weights in reversed(snapshots):
        changes.append((whole_numbers(weights, steps) - numbers).clip(-2, 2))
        numbers = numbers + changes[-1]
        parts = torch.from_numpy(numbers).split([value.numel() for value in final.values()])
        layers = zip(final.items(), parts, strict=True)
        rounded.append({name: (part * steps[name]).float().view_as(old) for (name, old), part in layers})
    row = np.concatenate(changes).astype(int)
    triples = np.pad(row, (0, -len(row) % 3)).reshape(-1, 3)
    return packed((triples + 2) @ (25, 5, 1), steps, final), rounded[::-1]


def fineness(count: int) -> float:
    """Steps to a standard deviation, for a layer of so many weights in a snapshot."""
    return 2.2 if count > 50_000 else 5 if count > 10_000 else 12


def whole_numbers(weights: Weights, steps: dict[str, float]) -> np.ndarray:
    """All weights of a network in one row, each as a number of its layer's steps."""
    return np.concatenate(
        [np.rint(value.double().numpy().ravel() / steps[name]) for name, value in weights.items()]
    )


def rounded_weights(weights: Weights, steps: dict[str, float]) -> Weights:
    return {name: (value.double() / steps[name]).round() * steps[name] for name, value in weights.items()}


def packed(numbers: np.ndarray, steps: dict[str, float], weights: Weights) -> dict[str, Any]:
    """Numbers from 0 to 255, compressed, and what the page needs to make layers of them."""
    layers = [{"name": name, "count": weights[name].numel(), "step": step} for name, step in steps.items()]
    deflate = zlib.compressobj(
        9, strategy=zlib.Z_FILTERED
    )  # for numbers that hardly repeat, but are not all as frequent
    data = deflate.compress(numbers.astype(np.uint8).tobytes()) + deflate.flush()
    return {"layers": layers, "data": base64.b64encode(data).decode()}


def validation_accuracy(weights: Weights, digits: Digits) -> float:
    """The share of some validation images that a CNN with these weights reads right."""
    split = digits.validation[:JUDGED]
    model = CNN().to(split.images.device)
    model.load_state_dict(weights)
    return accuracy(predict(model, split), split.labels)


if __name__ == "__main__":
    sys.exit(main())
