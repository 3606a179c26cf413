"""What notebooks/deeper/04_calibration disturbs and draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torchvision.transforms import v2

from mnist_helpers.evaluation import wilson_interval
from mnist_helpers.figures import COLORS, describe


def shift(images: Tensor, pixels: int) -> Tensor:
    """Move images, a quarter of them in each direction; what leaves the picture is lost. images: uint8 (N, 1, 28, 28)."""
    ways = [pixels, 0], [-pixels, 0], [0, pixels], [0, -pixels]
    moved = torch.stack([v2.functional.affine(images, 0, way, scale=1, shear=[0, 0]) for way in ways])
    number = torch.arange(len(images))
    return moved[number % 4, number]  # image 0 goes right, image 1 left, 2 down, 3 up, 4 right again


def turn(images: Tensor, degrees: float) -> Tensor:
    """Turn images about their middle, every other one the other way. images: uint8 (N, 1, 28, 28)."""
    smooth = v2.InterpolationMode.BILINEAR
    turned = torch.stack([v2.functional.rotate(images, by, smooth) for by in (degrees, -degrees)])
    number = torch.arange(len(images))
    return turned[number % 2, number]


def add_noise(images: Tensor, percent: float) -> Tensor:
    """Add normal noise whose standard deviation is a percentage of full ink. images: uint8 (N, 1, 28, 28)."""
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0)).to(images.device)
    return (images + 2.55 * percent * noise).clamp(0, 255).to(torch.uint8)


def fade(images: Tensor, percent: float) -> Tensor:
    """Take a percentage of the ink away, everywhere alike. images: uint8 (N, 1, 28, 28)."""
    return (images * (1 - percent / 100)).to(torch.uint8)


def draw_reliability(confidence: Tensor, share_right: Tensor, count: Tensor, title: str) -> Axes:
    """A dot for each bin, its bar Wilson's interval, and the diagonal where confidence and accuracy agree."""
    axes, parts = plt.subplots(figsize=(4.8, 4.4))[1], []
    axes.plot([0, 100], [0, 100], color="0.7")
    for sure, right, images in zip(
        *(each.tolist() for each in (confidence, share_right, count)), strict=True
    ):
        low, high = (min(1.0, max(0.0, end)) for end in wilson_interval(right * images, images))
        axes.plot([100 * sure, 100 * sure], [100 * low, 100 * high], color=COLORS[0])
        axes.plot(100 * sure, 100 * right, "o", color=COLORS[1])
        parts.append(
            f"{images:,.0f} image{'s' * (images != 1)}, {sure:.0%} sure, {right:.0%} right, from {low:.0%} to {high:.0%}"
        )
    axes.set(xlabel="mean confidence (%)", ylabel="share right (%)", title=title)
    describe(axes, f"{title}: dots with bars, and a diagonal. {'; '.join(parts)}.")
    return axes


def draw_disturbed(panels: Mapping[str, tuple[Sequence[float], np.ndarray, np.ndarray]]) -> Figure:
    """A panel for each disturbance: lines for the mean over networks, and bands from the lowest to the highest.

    panels: label -> strengths, then how sure and how right, two arrays (networks, strengths) in percent.
    """
    figure, grid = plt.subplots(2, 2, figsize=(8, 5.4), sharey=True)
    for axes, (name, (strengths, sure, right)) in zip(grid.flat, panels.items(), strict=True):
        for label, values, color, marker in (
            ("right", right, COLORS[0], "o"),
            ("sure", sure, COLORS[1], "s"),
        ):
            axes.fill_between(strengths, values.min(axis=0), values.max(axis=0), color=color, alpha=0.2)
            axes.plot(strengths, values.mean(axis=0), color=color, marker=marker, markersize=4, label=label)
        axes.set(xlabel=name, ylim=(0, 105))
        axes.grid(alpha=0.25)
        parts = [
            f"{by}: {r.mean():.0f}% right ({r.min():.0f} to {r.max():.0f}), {s.mean():.0f}% sure ({s.min():.0f} to {s.max():.0f})"
            for by, r, s in zip(strengths, right.T, sure.T, strict=True)
        ]
        describe(axes, f"{name}: {'; '.join(parts)}.")
    for axes in grid[:, 0]:
        axes.set_ylabel("%")
    grid[0, 0].legend(frameon=False)
    describe(
        figure,
        "Four panels; a line is the mean over the networks, a band reaches from the lowest to the highest.",
    )
    return figure
