"""What `deeper/04_accuracy` alone needs: the rows of its log, and its pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from mnist_helpers.augmentation import affine_grid, resample
from mnist_helpers.data import Split, normalize
from mnist_helpers.figures import COLORS, describe, draw_grid
from mnist_lessons.networks import elastic_grid


class Row(NamedTuple):
    """A row of the log: its line in the file, the line that it is compared with, and which of a run's networks it means."""

    line: str
    before: str = ""
    which: str = "last"


LADDER = {
    "dense, 569,226 parameters": Row("dense"),
    "the course's CNN, constant rate": Row("cnn", "dense"),
    "a rate that rises and falls": Row("cnn, schedule", "cnn"),
    "batch normalization": Row("cnn, batch norm", "cnn, schedule"),
    "label smoothing": Row("cnn, label smoothing", "cnn, batch norm"),
}

BASE, WIDE = "deep 24, affine", "whole 32, residual, 20 epochs, float32"
LONG = "whole 32, residual, 50 epochs, float32, hardest"
FOG = {
    "CNN: affine distortion": Row("cnn, affine", "cnn, label smoothing"),
    "CNN: affine and elastic": Row("cnn, elastic", "cnn, affine"),
    "DeepCNN instead of CNN": Row("deep 24", "cnn, elastic"),
    "DeepCNN: 32 channels for 24": Row("deep 32", "deep 24"),
    "32 channels: averaged weights": Row("deep 32", "deep 32", "average"),
    "32 channels: weight decay": Row("deep 32, decay", "deep 32"),
    "32 channels: dropout": Row("deep 32, dropout", "deep 32"),
    "32 channels: five shifted views": Row("deep 32, shifts", "deep 32"),
    "32 channels: 20 epochs for 7": Row("deep 32, 20 epochs", "deep 32, plain end"),
    **{
        f"24 channels: {name}": Row(f"{BASE}, {line}", BASE)
        for name, line in {
            "another seed": "other seed",
            "half the rate": "half the rate",
            "double the rate": "double the rate",
            "stronger affine": "stronger",
            "weaker affine": "weaker",
            "no label smoothing": "no smoothing",
            "float32 for bfloat16": "float32",
            "first kernels of 5×5 pixels": "whole",
            "maps padded to one size": "padded",
            "mean of each map at the end": "pooled",
            "residual connection": "residual",
            "cutout": "cutout",
            "mixup": "mixup",
            "SGD for Adam": "SGD, double the rate",
            "20 epochs for 8": "20 epochs",
        }.items()
    },
    "24 channels: constant rate, averaged": Row(f"{BASE}, averaged at a constant rate", BASE, "average"),
    "12 channels for 24": Row("deep 12, affine", BASE),
    "20 epochs: first kernels of 5×5 pixels": Row("whole 24, 20 epochs", "deep 24, affine, 20 epochs"),
    "20 epochs, 5×5: residual connection": Row("whole 24, residual, 20 epochs", "whole 24, 20 epochs"),
    "20 epochs, 32 channels: hardest 30%": Row(f"{WIDE}, hardest", WIDE),
    "hardest 30%: 50 epochs for 20": Row(LONG, f"{WIDE}, hardest"),
}

# Two lines whose errors are compared, and lines that vote.
PAIRS = {
    "one seed, weight decay added": ("deep 32", "deep 32, decay"),
    "one seed, dropout added": ("deep 32", "deep 32, dropout"),
    "one seed, half the rate": (BASE, "deep 24, affine, half the rate"),
    "another seed": (BASE, "deep 24, affine, other seed"),
    "another width": ("deep 24", "deep 32"),
    "another distortion": ("cnn, affine", "cnn, elastic"),
    "another network and distortion": ("cnn, affine", "deep 32"),
}
VOTES = {
    "three of one seed": ("deep 32", "deep 32, decay", "deep 32, dropout"),
    "five kinds": ("cnn, affine", "cnn, elastic", "deep 24", "deep 32", "deep 48, 9 epochs"),
}

# Lines whose test accuracy is shown; those whose errors are set against computing; small networks, and what they
# are compared with.
TESTED = [row.line for row in LADDER.values()]
TESTED += [
    "cnn, affine",
    "cnn, elastic",
    "deep 24",
    BASE,
    "deep 32",
    "deep 24, affine, 20 epochs",
    "whole 24, 20 epochs",
    "deep 32, 20 epochs",
    "deep 48, 9 epochs",
]
TESTED += ["deep 12, affine", "small 14", "thrice 16"]
DEEP = ["deep 24", "deep 32", "deep 32, 20 epochs", "deep 48, 9 epochs"]
DEEP += [BASE, "deep 24, affine, 20 epochs", "deep 12, affine"]
# Recipes of five seeds.
FIVES = {"wide": "deep 48, 20 epochs", "narrow": "whole 24, residual, 20 epochs", "long": LONG}
SMALL = [
    ("small 14", "cnn, affine"),
    ("thrice 16", "small 14"),
    ("deep 12, affine", BASE),
    ("deep 12, affine, 8 bits", "deep 12, affine"),
    ("deep 12, affine, 4 bits", "deep 12, affine"),
    ("deep 32, 8 bits", "deep 32"),
    ("deep 32, 4 bits", "deep 32"),
]

# Test images of whose labels at most two of five people were convinced: Northcutt, Athalye and Mueller, 2021.
DOUBTED = [947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729]


def draw_changes(changes: Mapping[str, tuple[float, float]]) -> Axes:
    """Draw what each step changes, with a bar of three standard errors to both sides. changes: row -> change, its error."""
    axes = plt.subplots(figsize=(7.2, 0.8 + 0.26 * len(changes)))[1]
    for row, (change, error) in enumerate(changes.values()):
        decided = abs(change) > 3 * error
        axes.errorbar(change, row, xerr=3 * error, fmt="o", markersize=4, color=COLORS[0 if decided else 4])
    axes.axvline(0, color="0.4", linewidth=0.8)
    axes.set(xlabel="more errors of 10,000 (bars: three standard errors)", yticks=range(len(changes)))
    axes.set_yticklabels(changes)
    axes.invert_yaxis()
    axes.grid(alpha=0.25, axis="x")
    crossing = sum(abs(change) <= 3 * error for change, error in changes.values())
    describe(
        axes,
        f"A point with a bar for each of {len(changes)} changes; {crossing} bars cross the line at zero.",
    )
    return axes


def voted(members: Sequence[Mapping[int, int]]) -> float:
    """How many images a vote reads wrong: of the readings the most frequent; a tie counts by its share.

    members: what each reads in the images that it misreads, image -> digit.
    """
    wrong = 0.0
    for image in set().union(*members):
        ballot = Counter(member.get(image, "label") for member in members).most_common()
        first = [reading for reading, votes in ballot if votes == ballot[0][1]]
        wrong += 1 - ("label" in first) / len(first)
    return wrong


def draw_bent(split: Split, bends: Sequence[float], seed: int = 0) -> Figure:
    """Draw twelve digits as they are, turned, zoomed and shifted, and bent as well, a row for each strength."""
    generator = torch.Generator().manual_seed(seed)
    twelve = normalize(split.images[:12], split.mean, split.std)
    affine = affine_grid(twelve, generator, degrees=8, zoom=0.08, shift=1.5)
    rows = [twelve, resample(twelve, affine)]
    rows += [resample(twelve, affine + elastic_grid(twelve, generator, bend)) for bend in bends]
    names = ["as it is", "affine", *(f"bent {bend:g}" for bend in bends)]
    captions = [name if column == 0 else "" for name in names for column in range(12)]
    return draw_grid(torch.cat(rows), captions, columns=12, what="digits, the same twelve in each row,")


def draw_verdicts(split: Split, numbers: Sequence[int], networks: Sequence[Mapping[int, int]]) -> Figure:
    """Draw images with their labels, and what networks read where they contradict the label.

    networks: for each, image -> what it reads, for the images that it misreads.
    """
    captions = []
    for number in numbers:
        readings = [wrong[number] for wrong in networks if number in wrong]
        counts = [f"{readings.count(reading)} read {reading}" for reading in sorted(set(readings))]
        summary = "\n".join(counts) or "all read\nthe label"
        captions.append(f"label {int(split.labels[number])}:\n{summary}")
    return draw_grid(split.images[list(numbers)], captions, columns=8, what="test images")


def draw_prices(prices: Mapping[str, Sequence[tuple[float, float, str]]]) -> Figure:
    """Draw errors against each price; the points that no other beats in both are joined and named.

    prices: label of the axis -> points of cost, errors of 10,000, and name.
    """
    figure, panels = plt.subplots(len(prices), 1, figsize=(7.2, 3.3 * len(prices)))
    for axes, (label, points) in zip(panels, prices.items(), strict=True):
        best = frontier(points)
        for those, color, joined in ((points, COLORS[4], ""), (best, COLORS[0], "-")):
            costs, wrong = [point[0] for point in those], [point[1] for point in those]
            axes.plot(costs, wrong, marker="o", markersize=4, color=color, linestyle=joined)
        level, before = 0, 0.0
        # Names of close neighbors stand above each other, the first beside its point.
        for cost, errors, name in best:
            level, before = (level + 1 if cost < 2 * before else 0), cost
            offset, side = ((8, -4), "left") if cost == best[0][0] else ((-5, 4 + 13 * level), "right")
            lead = (
                {"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "relpos": (1, 0.2)} if level else None
            )
            short = name.replace(", float32", "").replace("residual, ", "residual,\n")
            axes.annotate(
                short,
                (cost, errors),
                offset,
                textcoords="offset points",
                fontsize=7,
                ha=side,
                arrowprops=lead,
            )
        axes.margins(x=0.12)  # room for the first names
        axes.set(xscale="log", yscale="log", xlabel=label, ylabel="wrong of 10,000")
        axes.set(ylim=(300, 20), yticks=(30, 50, 100, 200))  # few wrong on top
        for axis in (axes.xaxis, axes.yaxis):
            axis.set(major_formatter="{x:,.0f}", minor_formatter=NullFormatter())
        summary = "; ".join(
            f"{name}: {cost:,.{0 if cost > 100 else 1}f}, {errors:.1f} wrong" for cost, errors, name in best
        )
        describe(axes, f"Errors against {label}, each on a logarithmic axis. On the frontier: {summary}.")
    return figure


def frontier(points: Sequence[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """The points that no other point beats in cost and in errors, the cheapest first."""
    best: list[tuple[float, float, str]] = []
    for point in sorted(points):
        if not best or point[1] < best[-1][1]:
            best.append(point)
    return best


def points_at(records: Sequence[dict], price: str) -> list[tuple[float, float, str]]:
    """What each line of the log costs, and its mean errors in runs 0 and 2, which all lines have.

    price: a key of the records. Quantized networks count where the price is bytes alone: nothing else about them is new.
    """
    wrong: dict[str, list[int]] = {}
    costs: dict[str, float] = {}
    for record in records:
        name = record["line"]
        if record["run"] in ("0", "2") and price in record and ("bits" not in name or price == "bytes"):
            wrong.setdefault(name, []).append(len(record["wrong"]["last"]))
            costs[name] = costs.get(name, record[price])
    return [(costs[name], float(np.mean(errors)), name) for name, errors in wrong.items()]
