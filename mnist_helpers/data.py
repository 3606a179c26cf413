"""Where the digits come from: tensors, a fixed split, batches. Lesson 1 takes it apart."""

from __future__ import annotations

import html
import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.datasets.mnist import read_image_file, read_label_file

from mnist_helpers.cache import find_mnist
from mnist_helpers.files import WalkthroughError
from mnist_helpers.practice import practice_images

VALIDATION_EVERY = 12  # one pair in twelve of MNIST's 60,000 training images is held out: 5,000 from all over


@dataclass(frozen=True)
class Split:
    """Images with their labels, and the two numbers that normalise them.

    images: uint8 (N, 1, 28, 28), 0 is background, 255 is ink. labels: int64 (N,).
    mean, std: of the training split's pixels on a scale from 0 to 1.
    """

    images: Tensor
    labels: Tensor
    mean: float
    std: float

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index) -> Split:
        """A part of the split: a slice, or a tensor of indices or of booleans."""
        return replace(self, images=self.images[index], labels=self.labels[index])


@dataclass(frozen=True)
class Digits:
    """The three splits, whether they are MNIST, and how they were come by, a sentence a step."""

    train: Split
    validation: Split
    test: Split
    is_mnist: bool
    steps: tuple[str, ...]

    @property
    def name(self) -> str:
        return "MNIST" if self.is_mnist else "practice digits"

    @property
    def warning(self) -> str:
        """What to write on everything that is made from these digits; empty for MNIST."""
        return "" if self.is_mnist else "practice digits, not MNIST"

    def to(self, device: torch.device) -> Digits:
        """The same digits, held on `device`."""

        def moved(split: Split) -> Split:
            return replace(split, images=split.images.to(device), labels=split.labels.to(device))

        return replace(
            self, train=moved(self.train), validation=moved(self.validation), test=moved(self.test)
        )

    def __str__(self) -> str:
        sizes = f"{len(self.train):,} images to train on, {len(self.validation):,} for validation, {len(self.test):,} for test"
        return f"{self.name[0].upper()}{self.name[1:]}: {sizes}."

    def __repr__(self) -> str:
        return "\n".join((str(self), *self.steps))

    def _repr_html_(self) -> str:
        lines = "".join(f"<br>{html.escape(step, quote=False)}" for step in self.steps)
        if self.is_mnist:
            return f"<p><b>{self}</b>{lines}</p>"
        return (
            '<div style="border: 3px solid #e08000; background: #fff3dc; color: #222; padding: 0.6em 1em">'
            f"<b>These are practice digits, not MNIST.</b> No number below is MNIST's.<br>{self}{lines}</div>"
        )


def load_digits() -> Digits:
    """Find the digits: MNIST if it can be had, else the practice digits.

    The first of these that applies: the folder named by the environment variable MNIST_DIR; files downloaded
    earlier; a download (11 MB) into the user's cache folder; where that fails, the practice digits.
    Setting MNIST_PRACTICE=1 asks for the practice digits at once. `find_mnist` does the finding.

    Raises WalkthroughError when MNIST_DIR, or the cache, holds something that is not MNIST.
    """
    if os.environ.get("MNIST_PRACTICE", "") not in ("", "0"):
        return _practice_digits(("MNIST_PRACTICE is set, so the practice digits are used.",))
    with find_mnist() as (paths, told):
        return _read_mnist(paths, told) if paths else _practice_digits((told,))


def normalize(images, mean, std):
    """Bring pixels to mean 0 and standard deviation 1.

    images: uint8 (N, 1, 28, 28). Returns float32 of the same shape.
    """
    return (images.float() / 255 - mean) / std


def batches(split, batch_size, generator=None):
    """Yield a split in batches, in a fresh random order if a generator is given; the last may be smaller.

    Each batch: inputs, float32 (B, 1, 28, 28), normalised; labels, int64 (B,).
    """
    order = torch.arange(len(split)) if generator is None else torch.randperm(len(split), generator=generator)
    for index in order.to(split.labels.device).split(batch_size):
        yield normalize(split.images[index], split.mean, split.std), split.labels[index]


def check_settings(split: Split, **settings) -> None:
    """Stop with a sentence at the first setting that cannot work.

    split: the images that an index points into. Each setting goes by its name in the lessons: digit_index and
    followed_kernel are indices, learning_rate is a number above 0, kernel a tensor (3, 3), seeds a row of whole
    numbers; all others are whole numbers from 1, embedded_images from 100.
    Raises WalkthroughError.
    """
    for name, value in settings.items():
        if wrong := _wrong_setting(name, value, len(split)):
            raise WalkthroughError(
                f"The setting {name} cannot be {_in_words(value)}: {wrong}. Change it in the second cell and run all cells."
            )


def _wrong_setting(name: str, value: Any, images: int) -> str:
    """What a setting has to be, if it is not; else nothing."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if name in ("digit_index", "followed_kernel"):
        last = images - 1 if name == "digit_index" else 15
        return "" if whole and 0 <= value <= last else f"choose a whole number from 0 to {last:,}"
    if name == "learning_rate":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if number and 0 < value < math.inf else "choose a number above 0, such as 0.01"
    if name == "kernel":
        good = bool(
            isinstance(value, Tensor)
            and value.shape == (3, 3)
            and value.is_floating_point()
            and value.isfinite().all()
        )
        return "" if good else "choose a tensor of three rows with three numbers each, such as 1.0 or -0.5"
    if name == "seeds":
        good = (
            isinstance(value, tuple | list)
            and len(value) > 1
            and all(isinstance(seed, int) for seed in value)
        )
        return "" if good else "choose two or more whole numbers, such as (0, 1, 2)"
    least = 100 if name == "embedded_images" else 1
    return "" if whole and value >= least else f"choose a whole number from {least}"


def _in_words(value: object) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)


def _make_digits(
    train: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    is_mnist: bool,
    steps: tuple[str, ...],
) -> Digits:
    """Join three pairs of images and labels; mean and standard deviation come from the first alone."""
    count = torch.bincount(
        train[0].flatten(), minlength=256
    ).double()  # of each of the 256 values that a pixel has
    value = torch.arange(256) / 255
    mean = ((count * value).sum() / count.sum()).item()
    std = ((count * (value - mean) ** 2).sum() / (count.sum() - 1)).sqrt().item()
    parts = [Split(images, labels, mean, std) for images, labels in (train, validation, test)]
    return Digits(parts[0], parts[1], parts[2], is_mnist=is_mnist, steps=steps)


def _read_mnist(paths: list[Path], told: str) -> Digits:
    """Read MNIST's four files, which were found to be good, in the order of `files.MNIST_FILES`."""
    train_images, test_images = read_image_file(str(paths[0])), read_image_file(str(paths[2]))
    train_labels, test_labels = read_label_file(str(paths[1])), read_label_file(str(paths[3]))
    pair = (
        torch.arange(len(train_labels)) // 2
    )  # pairs, because the file alternates between two kinds of writing
    held_out = pair % VALIDATION_EVERY == VALIDATION_EVERY - 1
    return _make_digits(
        (train_images[~held_out, None], train_labels[~held_out]),
        (train_images[held_out, None], train_labels[held_out]),
        (test_images[:, None], test_labels),
        is_mnist=True,
        steps=(told,),
    )


def _practice_digits(steps: tuple[str, ...]) -> Digits:
    """The practice digits as `Digits`."""
    train, validation, test = practice_images()
    return _make_digits(train, validation, test, is_mnist=False, steps=steps)
