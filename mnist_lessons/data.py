"""What lesson 1 alone needs: its pictures, and a search for the nearest neighbor that saves memory."""

from __future__ import annotations

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from torch import Tensor

from mnist_helpers.figures import COLORS, describe, draw_image


def draw_numbers(image: Tensor, title: str) -> Axes:
    """Draw a small picture with its number in each pixel. image: uint8 (H, W)."""
    axes = draw_image(image, title, axes=plt.subplots(figsize=(7, 5))[1])
    for row, numbers in enumerate(image.tolist()):
        for column, number in enumerate(numbers):
            color = "white" if number > 127 else "black"
            axes.text(column, row, number, ha="center", va="center", color=color)
    describe(axes, f"{title}, with a number in each pixel, from {image.min()} to {image.max()}.")
    return axes


def draw_readers(exam: Tensor, later: Tensor, best: int) -> Axes:
    """Draw a point for each reader: share right in an exam, and share right later. exam, later: float (N,), 0 to 1."""
    axes = plt.subplots(figsize=(6.4, 3.2))[1]
    axes.scatter(100 * exam, 100 * later, s=12, alpha=0.3, color=COLORS[0])
    axes.scatter(100 * exam[best], 100 * later[best], s=60, color=COLORS[1])
    place = 100 * exam[best], 100 * later[best] + 0.2
    axes.annotate("winner", place, ha="center", color=COLORS[1], weight="bold")
    axes.axhline(10, color="0.5", linewidth=1)
    axes.set(xlabel="right in the exam (%)", ylabel="right on later images (%)")
    ends = f"{exam[best]:.1%} in the exam and {later[best]:.1%} later"
    describe(axes, f"A point for each of {len(exam):,} readers. The winner of the exam has {ends}.")
    return axes


def find_nearest(images: Tensor, known: Tensor) -> Tensor:
    """Which row of `known` lies nearest to each image: int64 (N,). images: (N, 1, 28, 28); known: float (M, 784).

    Of |a - b|² = |a|² - 2ab + |b|², the first term is the same for all rows, so it can be left out.
    """
    lengths = known.norm(dim=1) ** 2
    groups = images.flatten(start_dim=1).float().split(250)
    return torch.cat([torch.addmm(lengths, some, known.T, alpha=-2).argmin(dim=1) for some in groups])
