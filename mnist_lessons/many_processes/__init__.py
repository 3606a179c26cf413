"""What the notebook on many processes reads from the files of its runs, and how it draws them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from mnist_helpers.figures import COLORS, describe, draw_curves

LETTERS = "ABCDE"
EPOCH = 20  # steps of an epoch in the runs with a fault


def losses(folder: Path, rank: int = 0) -> np.ndarray:
    """The steps that a process noted down, and their losses: (2, N)."""
    lines = (folder / f"{rank}.txt").read_text().splitlines()
    return np.array([line.split() for line in lines], dtype=float).T


def mean_loss(folder: Path) -> np.ndarray:
    """The loss of each step, as the mean of two processes, as far as both of them came: (N,).

    Where the processes were started again, only what was noted down before counts.
    """
    lives = before_restart(folder)
    common = min(map(len, lives))
    return np.mean([life[:common] for life in lives], axis=0)


def before_restart(folder: Path) -> list[np.ndarray]:
    """The losses of process 0 and of process 1, each until it was started again, if it was."""
    lives = []
    for rank in (0, 1):
        steps, values = losses(folder, rank)
        again = np.flatnonzero(np.diff(steps) < 0)
        lives.append(values[: again[0] + 1] if len(again) else values)
    return lives


def similarity(values: np.ndarray) -> float:
    """How alike the epochs after the first rise and fall: the mean correlation of each two that are whole."""
    parts = [values[start : start + EPOCH] for start in range(EPOCH, len(values), EPOCH)]
    later = [np.log(part) for part in parts if len(part) == EPOCH]
    return np.corrcoef(later)[np.triu_indices(len(later), 1)].mean() if len(later) > 1 else math.nan


def draw_apart(two: np.ndarray, double: np.ndarray, single: np.ndarray) -> Figure:
    """The losses of two processes and of one, and how far each step's lie apart.

    two, double: two processes and one, with numbers of 64 bits; single: one with numbers of 32 bits.
    """
    steps = range(1, len(two) + 1)
    apart = {"two processes, float64": abs(two - double), "one process, float32": abs(single - double)}
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    both = {"two processes": (steps, two), "one process": (steps, double)}
    _widen_first(draw_curves(both, "step", "loss", "float64", axes=left))
    shown = {name: (steps, np.maximum(values, 1e-17)) for name, values in apart.items()}  # 0 has no logarithm
    draw_curves(shown, "step", "difference from one process in float64", log="y", axes=right)
    return figure


def draw_restart(lives: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Axes:
    """The losses before and after a restart. lives: name -> steps, losses."""
    return _widen_first(draw_curves(lives, "step", "loss of process 0"))


def draw_faults(folder: Path) -> Figure:
    """Each faulty run beside the sound one: both processes, and the mean of both with its epochs laid over each other."""
    sound = mean_loss(folder / "sound")
    figure, axes = plt.subplots(2, len(LETTERS), figsize=(10.5, 4.8), sharey="row")
    for (upper, lower), letter in zip(axes.T, LETTERS, strict=True):
        upper.plot(range(1, len(sound) + 1), sound, color="0.7", linewidth=3)
        for rank, values in enumerate(before_restart(folder / letter)):
            upper.plot(range(1, len(values) + 1), values, color=COLORS[rank], linewidth=1)
        for end in range(EPOCH, len(sound), EPOCH):
            upper.axvline(end, color="0.8", linestyle=":")
        upper.set(title=letter, xlabel="step", xlim=(0, len(sound) + 1))
        _draw_epochs(lower, mean_loss(folder / letter), sound)
        describe(upper, f"{letter}: {_in_words(mean_loss(folder / letter))}.")
    axes[0, 0].set_ylabel("loss")
    axes[1, 0].set_ylabel("loss, both processes")
    lines = axes[1, 0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", ncols=len(lines[0]), frameon=False)
    describe(figure, f"Sound: {_in_words(sound)}.")
    return figure


def _widen_first(axes: Axes) -> Axes:
    """Draw the first curve so broad that it shows below another one in the same place."""
    axes.lines[0].set(linewidth=5, alpha=0.4)
    axes.legend(frameon=False)
    return axes


def _draw_epochs(axes, values, sound):
    """The epochs after the first, laid over each other."""
    for epoch, start in enumerate(range(EPOCH, len(sound), EPOCH), 2):
        part = values[start : start + EPOCH]
        look = {"color": COLORS[epoch], "linewidth": 1, "label": f"epoch {epoch}"}
        axes.plot(range(1, len(part) + 1), part, **look)
        axes.plot(range(1, EPOCH + 1), sound[start : start + EPOCH], color="0.8", linewidth=1, zorder=0)
    axes.set(yscale="log", xlabel="step of its epoch", xticks=(1, 5, 10, 15, 20))
    axes.yaxis.set(major_formatter="{x:g}", minor_formatter=NullFormatter())


def _in_words(values: np.ndarray) -> str:
    alike = similarity(values)
    summary = "" if math.isnan(alike) else f", epochs alike by {alike:.2f}"
    return f"{len(values)} steps, loss {values[0]:.2f} at first, {values[-10:].mean():.3f} in the last ten{summary}"
