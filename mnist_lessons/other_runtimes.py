"""What deeper/06_other_runtimes needs: images for the quantizer, clocks, and the figures of engines."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from onnxruntime.quantization import CalibrationDataReader
from torch import Tensor

from mnist_helpers.figures import COLORS, describe, draw_bars


class Calibration(CalibrationDataReader):
    """Hands the quantizer these images, once, in one batch. images: float32 (N, 1, 28, 28), normalized."""

    def __init__(self, images: Tensor) -> None:
        self.batches = iter([{"images": images.numpy()}])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.batches, None)


def microseconds(calls: Mapping[str, Callable[[], object]], rounds: int = 20) -> dict[str, float]:
    """The median time of each call. They take turns, so that whatever else this machine does slows down all alike."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds):
        for name, call in calls.items():
            for _ in range(20):
                start = time.perf_counter()
                call()
                if turn:  # the first turn warms up
                    taken[name].append(1e6 * (time.perf_counter() - start))
    return {name: statistics.median(times) for name, times in taken.items()}


def draw_costs(
    kilobytes: Mapping[str, float], times: Mapping[str, float], right: Mapping[str, float]
) -> Figure:
    """Three panels of bars that share their names: size, time and accuracy."""
    panels = {
        "kilobytes": kilobytes,
        "microseconds for one image": times,
        "test images read right (%)": right,
    }
    figure, row = plt.subplots(1, 3, figsize=(8.6, 0.6 + 0.36 * len(kilobytes)), sharey=True)
    for axes, (label, values) in zip(row, panels.items(), strict=True):
        draw_bars(values, label, axes=axes)
        axes.margins(x=0.4)  # room for the number at the end of each bar
    return figure


def measured() -> list[dict]:
    """What `python -m tools.runtimes` has measured, an engine a line."""
    text = (files("mnist_lessons") / "measured" / "runtimes.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def draw_engines(engines: Mapping[str, Mapping[str, float]]) -> Figure:
    """A dot for each engine in two panels: how far its logits lie from PyTorch's, and its time."""
    figure, row = plt.subplots(1, 2, figsize=(8.6, 0.9 + 0.3 * len(engines)), sharey=True)
    labels = {"difference": "largest difference of a logit", "microseconds": "microseconds for one image"}
    for axes, (key, label) in zip(row, labels.items(), strict=True):
        _dots(axes, {name: each[key] for name, each in engines.items()}, label)
    row[0].set_xscale("log")
    row[1].set_xlim(0, None)
    row[0].invert_yaxis()
    return figure


def _dots(axes: Axes, values: Mapping[str, float], label: str) -> None:
    axes.plot(list(values.values()), list(values), "o", color=COLORS[0])
    axes.set(xlabel=label)
    axes.grid(alpha=0.25)
    described = ", ".join(f"{name} {value:.{2 if value < 1 else 3}g}" for name, value in values.items())
    describe(axes, f"{label}: {described}.")
