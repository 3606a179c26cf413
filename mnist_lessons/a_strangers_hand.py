"""What notebooks/deeper/06_a_strangers_hand alone needs: the forms of scikit-learn's digits, and its pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor

from mnist_helpers.figures import COLORS, MARKERS, describe
from mnist_lessons.your_digits import load_strangers, prepare


def load_forms() -> tuple[Tensor, Tensor, Tensor]:
    """scikit-learn's digits as `to_mnist` makes them, uint8 (1797, 1, 28, 28), their labels, and each one's form, from 0.

    A form begins where the labels count up (deeper/01_splits); int64 (1797,) both.
    """
    pictures, labels = load_strangers()
    text = "".join(map(str, labels.tolist()))
    starts = [found.start() for found in re.finditer("0?123456789012345", text)]
    forms = np.searchsorted(starts, np.arange(len(text)), side="right") - 1
    return prepare(pictures, invert=True)[:, None], labels, torch.from_numpy(forms)


def draw_differences(rows: Mapping[str, tuple[Tensor, float, float]], x: str) -> Axes:
    """Draw a dot for each form, their mean as a line, and its interval as a bar.

    rows: name -> one difference for each form, and the ends of the interval of their mean. x: label with unit.
    """
    axes, parts = plt.subplots(figsize=(6.4, 1.0 + 0.5 * len(rows)))[1], []
    axes.axvline(0, color="0.6", linewidth=1)
    for place, (name, (values, low, high)) in enumerate(rows.items()):
        spread = place + 0.24 * np.linspace(-1, 1, len(values))  # else equal differences hide each other
        axes.scatter(values, spread, s=16, alpha=0.6, color=COLORS[0])
        axes.plot([low, high], [place, place], color="black", linewidth=2.5)
        axes.vlines(values.mean(), place - 0.34, place + 0.34, color=COLORS[1], linewidth=2.5)
        axes.annotate(f"{values.mean():+.1f}", (1.02, place), xycoords=("axes fraction", "data"), va="center")
        summary = f"mean {values.mean():+.1f}, interval {low:+.1f} to {high:+.1f}"
        parts.append(f"{name}: {summary}, forms from {values.min():+.1f} to {values.max():+.1f}")
    axes.set(yticks=range(len(rows)), yticklabels=list(rows), xlabel=x)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.25)
    describe(axes, f"A dot for each of the forms; {x}. {'; '.join(parts)}.")
    return axes


def draw_by_digit(shares: Mapping[str, Tensor]) -> Axes:
    """Draw for each digit what share (%) is read right, a marker for each name. shares: name -> (10,)."""
    axes, parts = plt.subplots(figsize=(6.4, 3.1))[1], []
    for number, (name, values) in enumerate(shares.items()):
        places = np.arange(10) + 0.2 * (number - (len(shares) - 1) / 2)
        axes.scatter(places, values, s=34, color=COLORS[number], marker=MARKERS[number], label=name)
        parts.append(f"{name}: " + ", ".join(f"{digit} {share:.0f}%" for digit, share in enumerate(values)))
    for edge in np.arange(0.5, 9):
        axes.axvline(edge, color="0.9", linewidth=1)
    axes.set(xticks=range(10), xlabel="digit", ylabel="read right (%)", axisbelow=True)
    axes.grid(axis="y", alpha=0.25)
    axes.legend(frameon=False, ncols=len(shares), loc="lower center", bbox_to_anchor=(0.5, 1))
    describe(axes, f"Read right, by digit. {'; '.join(parts)}.")
    return axes
