"""Figures of deeper/05_inside: patches that excite channels, probes, and what is lost without a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from mnist_helpers.figures import COLORS, describe, draw_curves, draw_image


def montage(pictures: Tensor, columns: int, edge: float, gap: int = 1) -> Tensor:
    """Many small pictures (N, rows, columns) in one, `columns` in a row, with a gap of the value `edge` around each."""
    framed = F.pad(pictures, (gap,) * 4, value=edge)
    return torch.cat([torch.cat(list(row), dim=1) for row in framed.split(columns)])


def sheets(patches: Tensor, columns: int) -> Tensor:
    """Three by three patches for each channel, (channels, 9, rows, columns), as one picture."""
    nine = torch.stack([montage(each, 3, edge=0.5) for each in patches])
    return montage(nine, columns, edge=-0.4242, gap=2)


def draw_excited(kernels: Tensor, patches: Tensor) -> Figure:
    """Draw kernels (N, 5, 5), each on a scale of its own, and under each its nine patches (N, 9, 5, 5)."""
    kernels = kernels / kernels.abs().amax(dim=(1, 2), keepdim=True).clamp(min=1e-9)
    figure, (above, below) = plt.subplots(2, 1, figsize=(8, 2.9), height_ratios=[7, 25])
    draw_image(montage(kernels, len(kernels), edge=0), "kernels", "signed", axes=above)
    draw_image(sheets(patches, len(patches)), "the nine patches that excite each of them most", axes=below)
    for axes in (above, below):
        axes.spines[:].set_visible(False)
        describe(axes, "")
    count = len(kernels)
    describe(figure, f"{count} kernels in a row, and under each nine patches of 5×5 pixels, cut from digits.")
    return figure


def draw_sheets(patches: Mapping[str, Tensor]) -> Figure:
    """Draw nine patches for each of sixteen channels. patches: name -> (16, 9, rows, columns)."""
    figure, row = plt.subplots(1, len(patches), figsize=(4.4 * len(patches), 4.6))
    for axes, (name, each) in zip(row, patches.items(), strict=True):
        draw_image(sheets(each, 4), name, axes=axes)
        axes.spines[:].set_visible(False)
        describe(axes, "")
    rows, columns = next(iter(patches.values())).shape[-2:]
    summary = f"nine patches of {rows}×{columns} pixels for each of sixteen channels"
    describe(figure, f"{', '.join(patches)}: {summary}.")
    return figure


def draw_probes(probes: Mapping[str, Sequence[float]], places: Sequence[str]) -> Axes:
    """Draw what a linear probe reads right (%), from one place to the next. probes: name -> one value a place."""
    axes = plt.subplots(figsize=(6.8, 3.6))[1]
    draw_curves({name: (range(len(places)), values) for name, values in probes.items()}, "", "", axes=axes)
    axes.set_xticks(range(len(places)), places)
    axes.set(xlabel="what the probe reads from", ylabel="read right (%)")
    parts = []
    for name, values in probes.items():
        pairs = zip(places, values, strict=True)
        parts.append(
            f"{name}: " + ", ".join(f"{place.splitlines()[0]} {value:.1f}" for place, value in pairs)
        )
    describe(axes, f"Digits read right by a linear probe, in %. {'; '.join(parts)}.")
    return axes


def draw_lost(lost: Tensor) -> Axes:
    """Draw the points that each digit loses without each channel. lost: (10, channels)."""
    axes = plt.subplots(figsize=(6.8, 3.8))[1]
    draw_image(lost, "", "signed", "points lost", axes)
    axes.set(xticks=range(lost.shape[1]), yticks=range(10))
    axes.set(xlabel="channel that is switched off", ylabel="digit")
    worst = divmod(int(lost.argmax()), lost.shape[1])
    describe(
        axes,
        f"Points lost by each of ten digits without each of {lost.shape[1]} channels: from {lost.min():.1f} to "
        f"{lost.max():.1f}; most by the {worst[0]}, without channel {worst[1]}. Most places are nearly white.",
    )
    return axes


def draw_together(counts: Sequence[int], right: Tensor, added: Tensor) -> Axes:
    """Draw what is read right (%) with some channels off. right, added: (orders, counts); added: if losses added up."""
    axes = plt.subplots(figsize=(6.4, 3.4))[1]
    axes.plot(counts, right.T, color=COLORS[0], linewidth=0.7, alpha=0.5)
    axes.plot(counts, right.mean(dim=0), "o-", color=COLORS[0], markersize=4, label="switched off together")
    axes.plot(
        counts, added.mean(dim=0), "s--", color=COLORS[1], markersize=4, label="if single losses added up"
    )
    axes.set(xlabel="channels switched off, of 16", ylabel="read right (%)")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, loc="lower left")
    pairs = zip(counts, right.mean(dim=0).tolist(), added.mean(dim=0).tolist(), strict=True)
    summary = ", ".join(f"{count} off {one:.0f} ({other:.0f})" for count, one, other in pairs)
    describe(
        axes,
        f"Read right in %, mean of {len(right)} orders, in brackets if single losses added up: {summary}.",
    )
    return axes
