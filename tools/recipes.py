"""Fast and accurate ways to train, chosen on the validation images, and the networks that only they use."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mnist_helpers.augmentation import RandomAffine
from mnist_helpers.data import Digits, normalize
from mnist_helpers.model import CNN
from mnist_helpers.training import trained
from mnist_lessons.networks import DeepCNN, FastCNN, fix_first_layer
from mnist_lessons.speed import fast_dtype


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


def cross_entropy(logits, labels, label_smoothing):
    """The loss of logits that autocast may have left in bfloat16, whose few digits would make it coarse."""
    return F.cross_entropy(logits.float(), labels, label_smoothing=label_smoothing)


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
    compute in the number format that is fastest here. fixed: whether the first layer whitens and is not trained. seeds: how many the bench averages over. quick: whether it is
    short enough for a quick look.
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
        seconds_before = 0.0

        def build() -> nn.Module:
            model = self.build()
            if self.fixed:
                nonlocal seconds_before
                start = time.perf_counter()
                few = digits.train[:500].to(torch.device("cpu"))
                fix_first_layer(network_of(model), normalize(few.images, few.mean, few.std))
                seconds_before = time.perf_counter() - start
            return model if dtype == torch.float32 else Autocast(model, device, dtype)

        model, history = trained(
            build,
            self.part(digits),
            seed,
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            loss_function=partial(cross_entropy, label_smoothing=self.label_smoothing),
        )
        yield model, history.seconds + seconds_before


smoothed = partial(Recipe, label_smoothing=0.1)
short = partial(smoothed, build=FastCNN, epochs=1, batch_size=128, learning_rate=0.02, quick=True)

RECIPES = (
    short("FastCNN, a quarter of an epoch", share=0.25),
    short("FastCNN, half an epoch", share=0.5),
    short("the same, first filters fixed, a fifth of an epoch", share=0.2, fixed=True),
    short("the same, first filters fixed, half an epoch", share=0.5, fixed=True),
    smoothed("FastCNN of 24 channels, 2 epochs", partial(FastCNN, 24), learning_rate=0.02),
    smoothed("DeepCNN, 8 epochs", DeepCNN, epochs=8),
    smoothed("DeepCNN, first filters fixed, 1 epoch", DeepCNN, epochs=1, learning_rate=0.015, fixed=True),
    smoothed("DeepCNN, first filters fixed, 4 epochs", DeepCNN, epochs=4, fixed=True),
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
    Recipe("the CNN of the lessons, 2 epochs", CNN),
    Recipe("the CNN of the lessons, 2 epochs, float32", CNN, autocast=False),
)
