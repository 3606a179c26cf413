"""Ways to train that were chosen on the validation images, each for the accuracy that it is to reach soonest."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import SimpleNamespace
from typing import Any

from torch import nn

from mnist_helpers.augmentation import RandomAffine
from mnist_helpers.data import Digits
from mnist_helpers.model import CNN, DeepCNN, FastCNN, seeded
from mnist_helpers.training import fast_dtype, fit


@dataclass(frozen=True)
class Recipe:
    """A network and the arguments that `fit` trains it with.

    share: of the training images, how many are used, from the first on. fast_dtype: compute in the number format
    that is fastest here. seeds: how many the bench averages over. quick: whether it is short enough for a quick look.
    """

    name: str
    build: Callable[[], nn.Module]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    share: float = 1.0
    fast_dtype: bool = True
    seeds: int = 5
    quick: bool = False

    @property
    def epochs(self) -> int:
        """How often training sees each image that it uses."""
        return self.arguments.get("epochs", 2)

    def part(self, digits: Digits) -> Digits:
        """The digits with as many training images as the recipe uses."""
        return replace(digits, train=digits.train[: math.ceil(self.share * len(digits.train))])

    def train(self, digits: Digits, seed: int) -> tuple[nn.Module, SimpleNamespace]:
        """A trained network on the device of `digits`, and the history of its training."""
        device = digits.train.images.device
        model = seeded(self.build, seed).to(device)
        arguments = dict(self.arguments)
        if self.fast_dtype:
            arguments["dtype"] = fast_dtype(device)
        return model, fit(model, self.part(digits), seed=seed, **arguments)


def augmented(build: Callable[[], nn.Module]) -> nn.Module:
    """A network behind a layer that turns, zooms and shifts what it is trained on."""
    return nn.Sequential(RandomAffine(), build())


SHORT = {"epochs": 1, "batch_size": 128, "learning_rate": 0.02, "label_smoothing": 0.1}

RECIPES = (
    Recipe("FastCNN, a quarter of an epoch", FastCNN, SHORT, share=0.25, quick=True),
    Recipe("FastCNN, half an epoch", FastCNN, SHORT, share=0.5, quick=True),
    Recipe(
        "FastCNN, two thirds of an epoch, float32", FastCNN, SHORT, share=2 / 3, fast_dtype=False, quick=True
    ),
    Recipe(
        "FastCNN of 24 channels, 2 epochs",
        partial(FastCNN, 24),
        {"epochs": 2, "learning_rate": 0.02, "label_smoothing": 0.1},
    ),
    Recipe("DeepCNN, 8 epochs", DeepCNN, {"epochs": 8, "label_smoothing": 0.1}),
    Recipe(
        "DeepCNN of 32 channels, augmented, 16 epochs",
        partial(augmented, partial(DeepCNN, 32)),
        {"epochs": 16, "label_smoothing": 0.1},
        seeds=3,
    ),
    Recipe("the CNN of the lessons, 2 epochs", CNN),
    Recipe("the CNN of the lessons, 2 epochs, float32", CNN, fast_dtype=False),
)
