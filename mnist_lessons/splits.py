"""What the notebook on fair splits alone needs: the places of MNIST's images in their file, and its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from torch import Tensor

from mnist_helpers.data import HELD_OUT, Digits
from mnist_helpers.figures import COLORS, MARKERS, describe, draw_curves, short


def file_places(digits: Digits) -> tuple[Tensor, Tensor]:
    """Where in MNIST's training file the images of the training and of the validation split stand: int32 (N,) each.

    Practice digits come from no such file; theirs are numbered as they are, training before validation.
    """
    places = torch.arange(len(digits.train) + len(digits.validation), dtype=torch.int32)
    held_out = places // 2 % HELD_OUT == HELD_OUT - 1
    if not digits.is_mnist:
        held_out = places >= len(digits.train)
    return places[~held_out], places[held_out]


def draw_mistakes(rows: Mapping[str, Sequence[float]], x: str, title: str = "") -> Axes:
    """Draw a row of points for each name, with a line at their mean. x: label with unit."""
    axes = plt.subplots(figsize=(6.4, 0.9 + 0.34 * len(rows)))[1]
    parts = []
    for number, (name, values) in enumerate(rows.items()):
        color, marker = COLORS[number % 3], MARKERS[number % 3]
        axes.scatter(values, [number] * len(values), s=26, alpha=0.7, zorder=3, color=color, marker=marker)
        mean = sum(values) / len(values)
        axes.vlines(mean, number - 0.3, number + 0.3, color=COLORS[number % 3], linewidth=2)
        axes.annotate(
            f"{mean:.1f}", (max(values), number), (9, 0), textcoords="offset points", va="center", fontsize=9
        )
        parts.append(f"{name} {mean:.1f}" + (f", mean of {len(values)}" if len(values) > 1 else ""))
    axes.set(yticks=range(len(rows)), yticklabels=list(rows), xlabel=x, title=title)
    axes.set_xlim(0, 1.12 * max(max(values) for values in rows.values()))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x", alpha=0.25)
    describe(axes, f"{title or 'Points'}, {x}: {'; '.join(parts)}.")
    return axes


def draw_learning_curves(curves: Mapping[str, tuple], title: str = "") -> Axes:
    """Draw mistakes against numbers of images, both logarithmic. curves: as in `draw_curves`, in percent."""
    axes = draw_curves(curves, "training images", "misread (%)", title, log="xy")
    for axis, marks in (
        (axes.xaxis, (30, 100, 300, 1_000, 3_000, 10_000, 55_000)),
        (axes.yaxis, (2, 5, 10, 20, 50)),
    ):
        axis.set_ticks(marks, [short(mark) for mark in marks])
        axis.set_ticks([], minor=True)
    return axes
