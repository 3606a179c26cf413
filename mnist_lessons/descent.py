"""Figures of deeper/03_descent: a loss with two weights as a map, accuracy against the learning rate, a table of four."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor

from mnist_helpers.figures import COLORS, MARKERS, describe, draw_curves, short


def draw_valley(loss_of: Callable[[Tensor], Tensor], start: Tensor, paths: Mapping[str, Tensor] = {}) -> Axes:
    """Draw the loss of two weights as a hiking map, from -6 to 6, and paths on it: name -> (steps, 2).

    From one line to the next the loss changes by the same factor, or the floor would have hardly any lines.
    """
    side = torch.linspace(-6, 6, 49)
    heights = torch.stack([torch.stack([loss_of(torch.stack([a, b])) for a in side]) for b in side])
    row, column = divmod(int(heights.argmin()), 49)
    axes = plt.subplots(figsize=(5.6, 5))[1]
    axes.contour(side, side, heights.log(), 22, colors="0.75", linewidths=0.8, linestyles="solid")
    parts = [f"{name}: ends at a loss of {loss_of(path[-1]):.2f}" for name, path in paths.items()]
    for color, text, path in zip(COLORS, parts, paths.values(), strict=False):
        axes.plot(*path.T, ".-", color=color, linewidth=1, markersize=5, label=text)
    axes.plot(*start, "ko")
    axes.plot(side[column], side[row], "k*", markersize=9)
    axes.set(xlim=(-6, 6), ylim=(-6, 6))
    axes.set(xlabel="weight of the upper pixel", ylabel="weight of the lower pixel")
    if paths:
        axes.legend(frameon=True, loc="upper right", fontsize=8)
    valley = "Contours of a loss with two weights, a long valley from the lower right to the upper left"
    describe(axes, f"{valley}, steep across and nearly flat along. {'; '.join(parts)}")
    return axes


def draw_rates(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], floor: float, highest: float
) -> Axes:
    """Draw the loss at the end of 40 steps against the learning rate. curves: name -> (rates, losses)."""
    axes = plt.subplots(figsize=(7.2, 3.4))[1]
    parts = []
    for color, (name, (rates, losses)) in zip(COLORS, curves.items(), strict=False):
        best = int(np.argmin(losses))
        axes.plot(rates, losses, color=color, linewidth=1.4, label=name)
        axes.plot(rates[best], losses[best], "o", color=color)
        parts.append(f"{name} lowest at a rate of {short(rates[best])}, with {losses[best]:.3f}")
    axes.axhline(floor, color="0.4", linewidth=0.8, linestyle="dashed", label="floor of the valley")
    axes.set(
        xlabel="learning rate",
        ylabel="mean loss of steps 31 to 40",
        xscale="log",
        ylim=(floor - 0.02, highest),
    )
    axes.xaxis.set_major_formatter(lambda value, _: short(value))
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    describe(
        axes,
        f"Mean loss of steps 31 to 40 against the rate. {'; '.join(parts)}. The floor lies at {floor:.3f}.",
    )
    return axes


def draw_sweeps(
    sweeps: Mapping[str, Mapping[float, Sequence[float]]], title: str = "", lowest: float = 0
) -> Axes:
    """Draw accuracies against the learning rate: means with a bar of one standard deviation to either side.

    sweeps: name -> rate -> accuracies in %, one for each seed. lowest: where the picture ends below.
    The legend says what each reaches at its best.
    """
    axes, curves, parts = plt.subplots(figsize=(7.6, 3.4))[1], {}, []
    for name, results in sweeps.items():
        rates, spread = list(results), [np.std(values, ddof=1) for values in results.values()]
        means = [np.mean(values) for values in results.values()]
        at = int(np.argmax(means))
        best = f"{means[at]:.1f} ± {spread[at]:.1f}% at {short(rates[at])}"
        curves[f"{name}:\n{best}"] = rates, means, spread
        others = ", ".join(f"{mean:.1f} at {short(rate)}" for rate, mean in zip(rates, means, strict=True))
        parts.append(f"{name}, at its best {best} ({others})")
    draw_curves(curves, "learning rate", "read right (%)", title, "x", axes)
    axes.set_ylim(bottom=lowest)
    axes.xaxis.set_major_formatter(lambda value, _: short(value))
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1.02), fontsize=9, labelspacing=0.9)
    below = f" The picture ends at {lowest:.0f}% below." if lowest else ""
    describe(axes, f"{title or 'Accuracies'}, against the learning rate. {'; '.join(parts)}.{below}")
    return axes


def draw_interaction(table: Mapping[str, Mapping[str, Sequence[float]]]) -> Axes:
    """Draw a table of two by two: lines for the rows, places for the columns, a point for each seed.

    table: row -> column -> accuracies in %. Lines that are not parallel are an interaction.
    """
    axes = plt.subplots(figsize=(6.4, 3.6))[1]
    columns, parts = list(next(iter(table.values()))), []
    for number, (row, cells) in enumerate(table.items()):
        means = [np.mean(cells[column]) for column in columns]
        axes.plot(range(len(columns)), means, color=COLORS[number], label=row)
        for place, column in enumerate(columns):
            values = cells[column]
            across = place + 0.03 * (2 * number - 1)
            axes.plot([across] * len(values), values, MARKERS[number], color=COLORS[number], markersize=5)
            side: dict[str, Any] = {
                "xytext": (-12 if place == 0 else 12, 0),
                "textcoords": "offset points",
                "va": "center",
            }
            align = "right" if place == 0 else "left"
            axes.annotate(
                f"{means[place]:.1f}", (place, means[place]), ha=align, color=COLORS[number], **side
            )
            parts.append(f"{row}, {column}: {means[place]:.1f} ± {np.std(values, ddof=1):.1f}")
    axes.set(xticks=range(len(columns)), xticklabels=columns, ylabel="read right (%)")
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.grid(axis="y", alpha=0.25)
    axes.legend(frameon=False, loc="upper left")
    describe(axes, f"Validation images read right, in %, each at its best rate. {'; '.join(parts)}.")
    return axes
