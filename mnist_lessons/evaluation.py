"""What lesson 4 alone needs: printed characters, and its pictures."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from mnist_helpers.figures import COLORS, describe
from mnist_lessons.handwriting import to_mnist


def printed(characters: str) -> Tensor:
    """Each character in print, framed as MNIST frames its digits: uint8 (N, 1, 28, 28)."""
    font, images = ImageFont.truetype(findfont("DejaVu Sans"), 120), []  # Matplotlib brings this font along
    for character in characters:
        page = Image.new("L", (200, 200))  # "L": one number a pixel
        ImageDraw.Draw(page).text((40, 20), character, fill=255, font=font)
        images.append(to_mnist(np.array(page), invert=True))
    return torch.stack(images)[:, None]


def chow_threshold(wrong_cost: float, look_cost: float) -> float:
    """The confidence at which an answer costs as much as a look, on average. Source: Chow, 1970."""
    return 1 - look_cost / wrong_cost


def draw_histogram(accuracies: Sequence[float], low: float, high: float) -> Axes:
    """Draw how often each accuracy was found, and the band between low and high. All are shares, 0 to 1."""
    axes = plt.subplots(figsize=(6.4, 2.6))[1]
    # Two images of 10,000 a bar.
    bins = np.arange(100 * min(accuracies) - 0.01, 100 * max(accuracies) + 0.02, 0.02)
    axes.hist(100 * np.array(accuracies) + 1e-6, bins=bins.tolist(), color=COLORS[4])
    axes.axvspan(100 * low, 100 * high, alpha=0.15, color=COLORS[0])
    axes.set(xlabel="right in a test set that was drawn again (%)", ylabel="test sets")
    middle = np.mean(accuracies)
    describe(
        axes, f"A bell curve around {middle:.2%}; 95 of 100 test sets lie between {low:.2%} and {high:.2%}."
    )
    return axes


def draw_confusion(confusion: Tensor) -> Axes:
    """Draw a table of mistakes: a row for each label, a column for each reading. confusion: whole numbers (10, 10)."""
    mistakes = confusion.int() * (1 - torch.eye(10, dtype=torch.int))
    axes = plt.subplots(figsize=(5, 4.6))[1]
    axes.imshow(mistakes.numpy(), cmap="Blues")
    for label in range(10):
        for reading in range(10):
            count = mistakes[label, reading].item()
            color = "white" if count > mistakes.max() / 2 else "black"
            axes.text(
                reading,
                label,
                str(count) if count else "·",
                ha="center",
                va="center",
                color=color if count else "0.6",
            )
    axes.set(xticks=range(10), yticks=range(10), xlabel="read as", ylabel="label", title="Mistakes")
    axes.spines[:].set_visible(False)
    largest = [divmod(int(place), 10) for place in mistakes.flatten().argsort(descending=True)[:5]]
    summary = ", ".join(
        f"{label} read as {reading} {mistakes[label, reading]} times" for label, reading in largest
    )
    describe(axes, f"Mistakes, a row for each label, a column for each reading. Largest: {summary}.")
    return axes
