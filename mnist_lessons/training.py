"""The pictures that lesson 3 alone draws."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from mnist_helpers.figures import COLORS, draw_bars, draw_curves
from mnist_helpers.training import History


def draw_training(history: History, title: str, width: int = 10, log: str = "") -> Figure:
    """Draw what a training noted: the losses of training, as means of `width` steps, and of validation; and the accuracy.

    log: "y" for a logarithmic loss.
    """
    panels = 2 if len(history.epoch_ends) > 2 else 1  # an accuracy or two are no curve
    figure, row = plt.subplots(1, panels, figsize=(8.4 if panels == 2 else 6.4, 3.3), squeeze=False)
    means = torch.tensor(history.loss).unfold(0, width, 1).mean(dim=1).tolist()
    curves: dict[str, tuple] = {
        f"training, mean of {width} steps": (range(width, len(history.loss) + 1), means)
    }
    curves["validation"] = (history.epoch_ends, history.validation_loss)
    steps = f"step ({history.epoch_ends[0]} an epoch)" if history.epoch_ends else "step"
    draw_curves(curves, steps, "loss", title, log, axes=row[0, 0])
    if panels == 1:
        return figure
    percents = [100 * share for share in history.validation_accuracy]
    curves = {"validation": (history.epoch_ends, percents)}
    draw_curves(curves, steps, "validation images right (%)", axes=row[0, 1])
    row[0, 1].lines[0].set_color(COLORS[1])  # of validation, as on the left
    return figure


def draw_final_scores(histories: Mapping[str, History]) -> Figure:
    """Draw the last validation loss and accuracy of several training runs as bars."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 0.8 + 0.4 * len(histories)), sharey=True)
    losses = {name: history.validation_loss[-1] for name, history in histories.items()}
    misread = {name: 100 * (1 - history.validation_accuracy[-1]) for name, history in histories.items()}
    draw_bars(losses, "validation loss, after the last epoch", axes=left)
    draw_bars(misread, "validation images misread (%)", axes=right)
    left.invert_yaxis()  # the two share this axis, and each has turned it over
    return figure
