"""The digits as tensors: a fixed split, normalizing, batches. Lesson 1 takes it apart."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mnist_helpers.sources import load_mnist, practice_images

# One pair in twelve of MNIST's 60,000 training images is for validation: 5,000 from all over the file.
HELD_OUT = 12


@dataclass(frozen=True)
class Split:
    """Images with their labels, and the two numbers that normalize them.

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

    def with_images(self, images: Tensor) -> Split:
        """The same labels under other images: uint8 or float (N, 1, 28, 28), on the scale from 0 to 255."""
        return replace(self, images=images)

    def to(self, device: torch.device) -> Split:
        return replace(self, images=self.images.to(device), labels=self.labels.to(device))


@dataclass(frozen=True)
class Digits:
    """The three splits, whether they are MNIST, and a sentence that says where they come from."""

    train: Split
    validation: Split
    test: Split
    is_mnist: bool
    origin: str

    @property
    def name(self) -> str:
        return "MNIST" if self.is_mnist else "practice digits"

    def with_train(self, train: Split) -> Digits:
        """The same digits with another training split."""
        return replace(self, train=train)

    def to(self, device: torch.device) -> Digits:
        """The same digits, held on `device`."""
        moved = {name: getattr(self, name).to(device) for name in ("train", "validation", "test")}
        return replace(self, **moved)

    def __str__(self) -> str:
        sizes = f"{len(self.train):,} images to train on, {len(self.validation):,} for validation"
        return f"{self.name[0].upper()}{self.name[1:]}: {sizes}, {len(self.test):,} for test."

    def __repr__(self) -> str:
        found = self.is_mnist and self.origin.startswith("MNIST was read from")  # nobody need know where
        return str(self) if found else f"{self}\n{self.origin}"

    def _repr_html_(self) -> str:
        text = html.escape(repr(self), quote=False).replace("\n", "<br>")
        if self.is_mnist:
            return f"<p>{text}</p>"
        text = f"<b>These are practice digits, not MNIST.</b> No number below is MNIST's.<br>{text}"
        return f'<div style="border: 3px solid #e08000; background: #fff3dc; color: #222; padding: 1em">{text}</div>'


def load_digits() -> Digits:
    """Find the digits: MNIST if it can be had, else the practice digits.

    See `sources.load_mnist` for where MNIST is looked for. MNIST_PRACTICE=1 asks for the practice digits at once.
    Raises WalkthroughError when MNIST_DIR holds something that is not MNIST.
    """
    if os.environ.get("MNIST_PRACTICE", "") not in ("", "0"):
        return _digits(practice_images(), False, "MNIST_PRACTICE is set, so the practice digits are used.")
    files, origin = load_mnist()
    if files is None:
        return _digits(practice_images(), False, origin)
    images, labels, test_images, test_labels = files
    # Pairs of neighbors, because the file alternates between two kinds of writing: deeper/01_splits shows it.
    held_out = torch.arange(len(labels)) // 2 % HELD_OUT == HELD_OUT - 1
    parts = (images[~held_out], labels[~held_out]), (images[held_out], labels[held_out])
    pairs = [(part[:, None], those.long()) for part, those in (*parts, (test_images, test_labels))]
    return _digits(pairs, True, origin)


def _digits(pairs: list[tuple[Tensor, Tensor]], is_mnist: bool, origin: str) -> Digits:
    """Three pairs of images and labels as splits; mean and standard deviation come from the first alone."""
    histogram = torch.bincount(pairs[0][0].flatten(), minlength=256).double()
    values = torch.arange(256) / 255
    mean = ((histogram * values).sum() / histogram.sum()).item()
    std = ((histogram * (values - mean) ** 2).sum() / (histogram.sum() - 1)).sqrt().item()
    train, validation, test = (Split(images, labels, mean, std) for images, labels in pairs)
    return Digits(train, validation, test, is_mnist, origin)


def normalize(images, mean, std):
    """Bring pixels to mean 0 and standard deviation 1.

    images: uint8 (N, 1, 28, 28). Returns float32 of the same shape.
    """
    return (images.float() / 255 - mean) / std


def batches(split, batch_size, generator=None):
    """Yield a split in batches, in a fresh random order if a generator is given; the last may be smaller.

    Each batch: inputs, float32 (B, 1, 28, 28), normalized; labels, int64 (B,).
    """
    order = torch.arange(len(split)) if generator is None else torch.randperm(len(split), generator=generator)
    for index in order.to(split.labels.device).split(batch_size):
        yield normalize(split.images[index], split.mean, split.std), split.labels[index]
