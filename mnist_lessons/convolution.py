"""What the notebook on convolution alone needs: its pictures."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from mnist_helpers.figures import COLORS, describe, draw_curves, draw_grid, draw_image


def draw_channel_products(patch: Tensor, weight: Tensor) -> Figure:
    """Draw a patch, a kernel and their products, a column for each channel, under it the sum of the products.

    patch, weight: float (C, H, W). Each row has its own color scale.
    """
    products = patch * weight
    rows = [part / part.abs().max() for part in (patch, weight, products)]
    captions = [""] * 2 * len(patch) + [f"{share:+.2f}" for share in products.sum(dim=(1, 2))]
    figure = draw_grid(torch.cat(rows), captions, columns=len(patch), kind="signed")
    for axes, name in zip(figure.axes[:: len(patch)], ("patch", "kernel", "products"), strict=False):
        axes.text(-0.3, 0.5, name, transform=axes.transAxes, ha="right", va="center")
    sums = "; ".join(captions[2 * len(patch) :])
    describe(
        figure, f"{len(patch)} channels of a patch, of a kernel and of their products, which sum to {sums}."
    )
    return figure


def draw_views(reacts: Tensor, image: Tensor, sides: Mapping[str, int], corner: tuple[int, int]) -> Figure:
    """Draw how much each pixel changes an entry, and frames of what entries see in the image.

    reacts, image: float (H, W). sides: name -> pixels along a side of its frame. corner: row, column, upper left.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.6, 2.9))
    draw_image(reacts, "which pixels change it, and how much", "amount", axes=left)
    draw_image(image, "what it sees", axes=right)
    for number, (name, side) in enumerate(sides.items()):
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        place, color = (corner[1] - 0.5, corner[0] - 0.5), COLORS[number]
        right.add_patch(plt.Rectangle(place, side, side, fill=False, color=color, linewidth=2))
        right.text(corner[1] + side, corner[0] + side, name, color=color, weight="bold", va="top", bbox=paper)
    summary = ", ".join(f"{side} pixels a side for an entry of {name}" for name, side in sides.items())
    describe(right, f"The digit with frames: {summary}.")
    return figure


def draw_rates(scores: Mapping[str, Mapping[float, float]]) -> Axes:
    """Draw accuracy against learning rate for each name. scores: name -> learning rate -> accuracy in percent."""
    curves = {name: (list(by_rate), list(by_rate.values())) for name, by_rate in scores.items()}
    axes = draw_curves(curves, "learning rate", "validation images read (%)", log="x")
    rates = list(next(iter(scores.values())))
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
    axes.set_xticks([], minor=True)
    return axes
