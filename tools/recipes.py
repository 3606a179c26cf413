"""Fast and accurate ways to train, chosen on the validation images, and the networks that only they use."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

from mnist_helpers.augmentation import RandomAffine
from mnist_helpers.data import Digits
from mnist_helpers.model import CNN, DeepCNN
from mnist_helpers.training import trained
from tools.machine import fast_dtype


class FastCNN(nn.Module):
    """Three convolutions with batch normalization, on maps of half the width: 29,722 parameters for 16 channels.

    Each square of 2×2 pixels becomes one place with four channels (pixel_unshuffle), so no map is larger than 14×14.
    Takes float (N, 1, 28, 28), normalized; returns logits, float (N, 10).
    Source: batch normalization, Ioffe and Szegedy, 2015.
    """

    def __init__(self, channels=16):
        super().__init__()
        self.conv1 = nn.Conv2d(4, channels, kernel_size=3)
        self.conv2 = nn.Conv2d(channels, 2 * channels, kernel_size=3)
        self.conv3 = nn.Conv2d(2 * channels, 4 * channels, kernel_size=3)
        self.norm1, self.norm2, self.norm3 = (nn.BatchNorm2d(factor * channels) for factor in (1, 2, 4))
        self.output = nn.Linear(4 * channels * 3 * 3, 10)

    def forward(self, images):
        maps = F.relu(self.norm1(self.conv1(F.pixel_unshuffle(images, 2))))
        maps = F.relu(self.norm2(F.max_pool2d(self.conv2(maps), 2)))
        maps = F.relu(self.norm3(self.conv3(maps)))
        return self.output(maps.flatten(start_dim=1))


def deep_dense() -> nn.Module:
    """Four dense layers with batch normalization: 569,226 parameters."""
    sizes = pairwise((28 * 28, 512, 256, 128))
    hidden = [(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()) for inputs, outputs in sizes]
    return nn.Sequential(nn.Flatten(), *(layer for layers in hidden for layer in layers), nn.Linear(128, 10))


def augmented(build: Callable[[], nn.Module]) -> nn.Module:
    """A network behind a layer that turns, zooms and shifts what it is trained on."""
    return nn.Sequential(RandomAffine(), build())


def cross_entropy(logits, labels, label_smoothing):
    """The loss of logits that autocast may have left in bfloat16, whose few digits would make it coarse."""
    return F.cross_entropy(logits.float(), labels, label_smoothing=label_smoothing)


@dataclass(frozen=True)
class Recipe:
    """A network and how `fit` trains it.

    label_smoothing: how much of a label is spread evenly over all ten (Szegedy and others, Rethinking the Inception
    Architecture, 2015). share: of the training images, how many are used, from the first on. autocast: whether to
    compute in the number format that is fastest here. seeds: how many the bench averages over. quick: whether it is
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

        def build() -> nn.Module:
            model = self.build()
            autocast = torch.autocast(device.type, dtype, enabled=dtype != torch.float32)
            model.forward = autocast(model.forward)
            return model

        model, history = trained(
            build,
            self.part(digits),
            seed,
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            loss_function=partial(cross_entropy, label_smoothing=self.label_smoothing),
        )
        del model.forward  # leaves that of its class: accuracy is measured in float32
        yield model, history.seconds


smoothed = partial(Recipe, label_smoothing=0.1)
short = partial(smoothed, build=FastCNN, epochs=1, batch_size=128, learning_rate=0.02, quick=True)

RECIPES = (
    short("FastCNN, a quarter of an epoch", share=0.25),
    short("FastCNN, half an epoch", share=0.5),
    short("FastCNN, two thirds of an epoch, float32", share=2 / 3, autocast=False),
    smoothed("FastCNN of 24 channels, 2 epochs", partial(FastCNN, 24), learning_rate=0.02),
    smoothed("DeepCNN, 8 epochs", DeepCNN, epochs=8),
    smoothed(
        "DeepCNN of 32 channels, augmented, 16 epochs",
        partial(augmented, partial(DeepCNN, 32)),
        epochs=16,
        seeds=3,
    ),
    Recipe("the CNN of the lessons, 2 epochs", CNN),
    Recipe("the CNN of the lessons, 2 epochs, float32", CNN, autocast=False),
)
