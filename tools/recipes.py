"""Fast and accurate ways to train, chosen on the validation images, and the networks that only they use."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mnist_helpers.augmentation import RandomAffine
from mnist_helpers.data import Digits, Split, normalize
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.model import CNN, seeded
from mnist_helpers.training import ADAM, CYCLE, History, progress, train_step
from mnist_lessons.networks import DeepCNN, FastCNN, fix_first_layer
from mnist_lessons.speed import fast_dtype

adam = partial(torch.optim.Adam, **ADAM)


def deep_dense() -> nn.Module:
    """Four dense layers with batch normalization: 569,226 parameters."""
    sizes = pairwise((28 * 28, 512, 256, 128))
    hidden = [(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()) for inputs, outputs in sizes]
    return nn.Sequential(nn.Flatten(), *(layer for layers in hidden for layer in layers), nn.Linear(128, 10))


def augmented(build: Callable[[], nn.Module]) -> nn.Module:
    """A network behind a layer that turns, zooms and shifts what it is trained on."""
    return nn.Sequential(RandomAffine(), build())


def network_of(model: nn.Module) -> nn.Module:
    """The network itself, where `augmented` has put a layer before it."""
    return model[-1] if isinstance(model, nn.Sequential) else model


class Autocast(nn.Module):
    """A network that computes in another number format while it is trained, and in float32 when it is measured."""

    def __init__(self, network: nn.Module, device: torch.device, dtype: torch.dtype):
        super().__init__()
        self.network, self.device_type, self.dtype = network, device.type, dtype

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        with torch.autocast(self.device_type, self.dtype, enabled=self.training):
            return self.network(images)


def cross_entropy(logits, labels, label_smoothing, reduction="mean"):
    """The loss of logits that autocast may have left in bfloat16, whose few digits would make it coarse."""
    return F.cross_entropy(logits.float(), labels, label_smoothing=label_smoothing, reduction=reduction)


class Hardest:
    """A split that hands out every image once, and from then on a `share`: those whose loss was highest when last seen.

    Source: Loshchilov and Hutter, Online Batch Selection for Faster Training of Neural Networks, 2015, which picks at
    random with odds by rank; here the hardest are taken, and none besides.
    """

    def __init__(self, split: Split, share: float):
        self.split, self.share = split, share
        self.losses = torch.full((len(split),), math.inf, device=split.labels.device)
        self.count = len(split)

    def steps(self, epochs: int, batch_size: int) -> int:
        rest = math.ceil(self.share * len(self.split))
        return math.ceil(len(self.split) / batch_size) + (epochs - 1) * math.ceil(rest / batch_size)

    def batches(self, batch_size: int, order: torch.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """The batches of the next epoch, as `batches` of the helper hands them out; of the first, the very same."""
        hardest = self.losses.topk(self.count).indices.sort().values
        self.count = math.ceil(self.share * len(self.split))
        mixed = hardest[torch.randperm(len(hardest), generator=order).to(hardest.device)]
        for self.batch in mixed.split(batch_size):
            yield (
                normalize(self.split.images[self.batch], self.split.mean, self.split.std),
                self.split.labels[self.batch],
            )

    def loss(self, function: Callable, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The mean loss of the batch at hand, whose images' own losses are kept."""
        if self.share == 1:
            return function(logits, labels)
        losses = function(logits, labels, reduction="none")
        self.losses[self.batch] = losses.detach()
        return losses.mean()


def fitted(
    model: nn.Module,
    digits: Digits,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    loss: Callable,
    optimizer: Callable[..., torch.optim.Optimizer] = adam,
    hardest: float = 1.0,
    before: Callable[[dict[str, Any]], None] | None = None,
    after: Callable[[], None] | None = None,
) -> History:
    """Train as `fit` does, but after the first epoch on the `hardest` share; `before` each step sees the optimizer's group."""
    stepper, source = optimizer(model.parameters()), Hardest(digits.train, hardest)
    steps, order = source.steps(epochs, batch_size), torch.Generator().manual_seed(seed)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(stepper, learning_rate, steps, **CYCLE)
    group = stepper.param_groups[0]
    with History(epochs) as history:
        for _ in range(epochs):
            model.train()
            for inputs, labels in progress(
                source.batches(batch_size, order), math.ceil(source.count / batch_size)
            ):
                if before:
                    before(group)
                step_loss = train_step(model, inputs, labels, stepper, partial(source.loss, loss))
                history.note_step(step_loss, group["lr"])
                if after:
                    after()
                scheduler.step()
            history.note_epoch(model, digits.validation[:100])  # nobody chooses by them
    return history


def flops_per_image(model: nn.Module) -> float:
    """Floating-point operations of a forward and a backward pass, as PyTorch counts them."""
    with FlopCounterMode(display=False) as counter:
        F.cross_entropy(model(torch.zeros(8, 1, 28, 28)), torch.zeros(8, dtype=torch.long)).backward()
    return counter.get_total_flops() / 8


@dataclass(frozen=True)
class Recipe:
    """A network and how `fit` trains it.

    label_smoothing: how much of a label is spread evenly over all ten (Szegedy and others, Rethinking the Inception
    Architecture, 2015). share: of the training images, how many are used, from the first on. autocast: whether to
    compute in the number format that is fastest here. fixed: whether the first layer whitens and is not trained.
    hardest: the share of these images that later epochs see. seeds: how many the bench averages over. quick: whether it
    is short enough for a quick look.
    """

    name: str
    build: Callable[[], nn.Module]
    epochs: int = 2
    batch_size: int = 256
    learning_rate: float = 0.01
    label_smoothing: float = 0.0
    share: float = 1.0
    autocast: bool = True
    seeds: int = 5
    quick: bool = False
    fixed: bool = False
    hardest: float = 1.0

    @property
    def passes(self) -> float:
        """How often an image is seen, in the mean."""
        return 1 + (self.epochs - 1) * self.hardest

    def part(self, digits: Digits) -> Digits:
        """The digits with as many training images as the recipe uses."""
        return replace(digits, train=digits.train[: math.ceil(self.share * len(digits.train))])

    def dtype(self, device: torch.device) -> torch.dtype:
        """What the network computes in while it is trained; its weights stay float32."""
        return fast_dtype(device) if self.autocast else torch.float32

    def train(self, digits: Digits, seed: int) -> Iterator[tuple[nn.Module, float]]:
        """Yield the trained network, on the device of `digits`, and the seconds that training took."""
        device = digits.train.images.device
        dtype = self.dtype(device)
        model, start = seeded(self.build, seed), time.perf_counter()
        if self.fixed:
            few = digits.train[:500].to(torch.device("cpu"))
            fix_first_layer(network_of(model), normalize(few.images, few.mean, few.std))
        seconds_before = time.perf_counter() - start
        model = (model if dtype == torch.float32 else Autocast(model, device, dtype)).to(device)
        loss = partial(cross_entropy, label_smoothing=self.label_smoothing)
        settings = self.epochs, self.batch_size, self.learning_rate, seed, loss
        history = fitted(model, self.part(digits), *settings, hardest=self.hardest)
        if not history.finished:
            raise WalkthroughError("A training was stopped, so there is nothing to measure.")
        yield model, history.seconds + seconds_before


smoothed = partial(Recipe, label_smoothing=0.1)
short = partial(smoothed, build=FastCNN, epochs=1, batch_size=128, learning_rate=0.02, quick=True)

RECIPES = (
    short("FastCNN, a quarter of an epoch", share=0.25),
    short("FastCNN, half an epoch", share=0.5),
    short("the same, first filters fixed, a fifth of an epoch", share=0.2, fixed=True),
    short("the same, first filters fixed, half an epoch", share=0.5, fixed=True),
    short(
        "FastCNN, fixed, 0.35 of an epoch, then hardest 30%", share=0.35, epochs=2, hardest=0.3, fixed=True
    ),
    smoothed("FastCNN of 24 channels, 2 epochs", partial(FastCNN, 24), learning_rate=0.02),
    smoothed(
        "FastCNN, fixed, 4 epochs, hardest 20%",
        FastCNN,
        epochs=4,
        learning_rate=0.02,
        hardest=0.2,
        fixed=True,
    ),
    smoothed(
        "FastCNN of 20 channels, fixed, 3 epochs, hardest 30%",
        partial(FastCNN, 20),
        epochs=3,
        learning_rate=0.02,
        hardest=0.3,
        fixed=True,
    ),
    smoothed("DeepCNN, 8 epochs", DeepCNN, epochs=8),
    smoothed("DeepCNN, first filters fixed, 1 epoch", DeepCNN, epochs=1, learning_rate=0.015, fixed=True),
    smoothed("DeepCNN, first filters fixed, 4 epochs", DeepCNN, epochs=4, fixed=True),
    smoothed(
        "DeepCNN, first filters fixed, 6 epochs, hardest 30%", DeepCNN, epochs=6, hardest=0.3, fixed=True
    ),
    smoothed(
        "DeepCNN of 32 channels, augmented, 16 epochs",
        partial(augmented, partial(DeepCNN, 32)),
        epochs=16,
        seeds=2,
    ),
    smoothed(
        "the same, first filters fixed",
        partial(augmented, partial(DeepCNN, 32)),
        epochs=16,
        seeds=2,
        fixed=True,
    ),
    smoothed(
        "the same, 24 epochs, hardest 30%",
        partial(augmented, partial(DeepCNN, 32)),
        epochs=24,
        seeds=2,
        hardest=0.3,
        fixed=True,
    ),
    Recipe("the CNN of the lessons, 2 epochs", CNN),
    Recipe("the CNN of the lessons, 2 epochs, float32", CNN, autocast=False),
)
