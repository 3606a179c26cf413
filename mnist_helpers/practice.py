"""The practice digits, for where MNIST cannot be had: 1,797 small digits of scikit-learn, drawn as MNIST draws them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mnist_helpers.augmentation import random_affine

TRAIN_SIZE = 12_000  # images to train on, widened from a tenth as many originals
HELD_OUT = (200, 400)  # originals for validation and for test

Part = tuple[Tensor, Tensor]  # images and their labels


def practice_images() -> tuple[Part, Part, Part]:
    """The digits of 8×8 pixels inside scikit-learn, drawn 20×20 in MNIST's frame of 28×28.

    Returns images, uint8 (N, 1, 28, 28), and labels, int64 (N,), to train on, for validation and for test.
    The last originals are held out, in the order of the file, which was collected writer by writer; only the
    others are widened, so nothing of what is tested is trained on.
    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI repository, 1998.
    """
    from sklearn import datasets as sklearn_datasets  # takes a second, and only these digits need it

    bundled = sklearn_datasets.load_digits()
    small = torch.from_numpy(bundled.images).float()[:, None] / 16
    large = F.interpolate(small, size=(20, 20), mode="bicubic", align_corners=False).clamp(0, 1)
    images, labels = F.pad(large, (4, 4, 4, 4)), torch.from_numpy(bundled.target).long()
    train, validation, test = (
        slice(None, -sum(HELD_OUT)),
        slice(-sum(HELD_OUT), -HELD_OUT[1]),
        slice(-HELD_OUT[1], None),
    )
    originals = torch.arange(TRAIN_SIZE) % len(labels[train])
    widened = random_affine(
        images[train][originals], torch.Generator().manual_seed(0), degrees=12, zoom=0.1, shift=2
    ).clamp(0, 1)
    return (
        (_as_bytes(widened), labels[train][originals]),
        (_as_bytes(images[validation]), labels[validation]),
        (_as_bytes(images[test]), labels[test]),
    )


def _as_bytes(images: Tensor) -> Tensor:
    return (images * 255).round().to(torch.uint8)
