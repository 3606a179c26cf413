"""The pictures of notebooks/deeper/04_statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_helpers.evaluation import wilson_interval
from mnist_helpers.figures import COLORS, describe


def draw_true_shares(correct: int, total: int) -> Axes:
    """For each true share, the results that lie within 1.96 standard errors of it; and the one result that was seen."""
    seen, (low, high) = correct / total, wilson_interval(correct, total)
    start = max(0.0, low - 0.25)
    truth = np.linspace(start, 1, 300)
    reach = 1.96 * np.sqrt(truth * (1 - truth) / total)
    axes = plt.subplots(figsize=(6.4, 3.4))[1]
    axes.fill_between(100 * truth, 100 * (truth - reach), 100 * (truth + reach), color=COLORS[4], alpha=0.3)
    axes.plot(100 * truth, 100 * truth, color=COLORS[4], linestyle="--", linewidth=1)
    axes.axhline(100 * seen, color="0.6", linewidth=1)
    axes.text(100 * start + 1, 100 * seen + 1, f"seen: {correct} of {total}", fontsize=9)
    axes.text(100 * start + 2, 100 * start + 17, "likely results of each true share", fontsize=9)
    axes.plot([100 * low, 100 * high], [100 * seen, 100 * seen], color=COLORS[1], linewidth=3)
    axes.vlines([100 * low, 100 * high], 100 * start, 100 * seen, color=COLORS[1], linestyle=":", linewidth=1)
    axes.set(
        xlabel="true share (%)", ylabel="share seen (%)", xlim=(100 * start, 101), ylim=(100 * start, 105)
    )
    text = "A band around a rising diagonal: the results that each true share makes likely; it narrows toward 100%."
    text += f" A horizontal line at the share that was seen, {seen:.0%},"
    describe(axes, f"{text} runs inside the band from a true share of {low:.1%} to {high:.1%}.")
    return axes


def draw_intervals(rows: Mapping[str, tuple[int, int]], title: str) -> Axes:
    """Shares as dots, each with Wilson's 95% interval as a bar. rows: name -> how many are right, of how many."""
    axes, parts = plt.subplots(figsize=(6.4, 0.8 + 0.32 * len(rows)))[1], []
    for place, (name, (correct, total)) in enumerate(rows.items()):
        low, high = wilson_interval(correct, total)
        axes.plot([100 * low, 100 * high], [place, place], color=COLORS[0])
        axes.plot(100 * correct / total, place, "o", color=COLORS[1])
        parts.append(f"{name} {correct / total:.2%}, from {low:.2%} to {high:.2%}")
    axes.set(yticks=range(len(rows)), yticklabels=rows, xlabel="test images right (%)", title=title)
    axes.margins(y=0.2)
    axes.invert_yaxis()
    describe(axes, f"{title}. {'; '.join(parts)}.")
    return axes


def draw_blocks(rows: Mapping[str, Sequence[float]], x: str, y: str) -> Figure:
    """A row of bars for each name, a bar for each block of images. rows: name -> mistakes in each block."""
    figure, grid = plt.subplots(len(rows), 1, figsize=(7, 1.5 * len(rows)), sharex=True, sharey=True)
    for axes, (name, counts) in zip(np.atleast_1d(grid), rows.items(), strict=True):
        axes.bar(range(1, len(counts) + 1), counts, color=COLORS[0])
        axes.set_title(name, loc="left")
        few = sum(count < 0.5 for count in counts)
        most = f"from {min(counts):.2g} to {max(counts):.2g}, below 0.5 in {few} of {len(counts)} blocks"
        describe(axes, f"{name}: {most}.")
    axes.set_xlabel(x)
    figure.supylabel(y, fontsize=10)
    describe(figure, f"Bars, {y} against {x}.")
    return figure
