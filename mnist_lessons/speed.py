"""What the notebook on speed needs: how fast this machine can be at all, kinds of operations, and three figures."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from mnist_helpers.figures import COLORS, MARKERS, describe, draw_curves

# Kind -> how the names of its operations begin, on CPUs, on NVIDIA's GPUs and on Apple's.
KINDS = {
    "convolutions, backward": ("aten::convolution_backward",),
    "convolutions, forward": (
        "aten::mkldnn_convolution",
        "aten::_convolution",
        "aten::cudnn_convolution",
        "aten::_slow_conv2d",
        "aten::thnn_conv2d",
        "aten::mps_convolution",
    ),
    "pooling, both ways": ("aten::max_pool2d",),
    "ReLU, both ways": ("aten::clamp_min", "aten::threshold", "aten::relu"),
    "dense layers, both ways": ("aten::addmm", "aten::mm", "aten::linear"),
    "optimizer": ("aten::_fused_adam", "Optimizer", "aten::zero_"),
}


def milliseconds_by_kind(operations, steps: int) -> dict[str, float]:
    """How long the operations of each kind take in a step, each without those that it calls.

    operations: what a profiler's `key_averages()` returns, of so many steps.
    """
    by_gpu = torch.cuda.is_available()
    spent = dict.fromkeys([*KINDS, "all else"], 0.0)
    for operation in operations:
        if operation.device_type == torch.autograd.DeviceType.CPU:
            names = (kind for kind, begin in KINDS.items() if operation.key.startswith(begin))
            microseconds = operation.self_device_time_total if by_gpu else operation.self_cpu_time_total
            spent[next(names, "all else")] += microseconds / 1_000 / steps
    return spent


def draw_roofline(points: Mapping[str, tuple[float, float]], peak: float, bandwidth: float) -> Axes:
    """Draw what a machine can do, and a dot for each layer.

    points: name -> operations on each byte moved, billion operations a second. peak: operations a second; bandwidth:
    bytes a second. Source: Williams, Waterman and Patterson, 2009.
    """
    axes = plt.subplots(figsize=(6.4, 4.0))[1]
    reach = np.array([0.05, peak / bandwidth, 200])
    axes.plot(reach, np.minimum(peak, bandwidth * reach) / 1e9, color="0.4")
    parts = []
    for number, (name, (intensity, rate)) in enumerate(points.items()):
        color = COLORS[number % len(COLORS)]
        axes.plot(intensity, rate, MARKERS[number % len(MARKERS)], color=color)
        axes.annotate(name, (intensity, rate), xytext=(7, -11), textcoords="offset points", color=color)
        parts.append(f"{name} at {intensity:.1f} and {rate:,.0f}")
    x, y = "operations on each byte moved", "billion operations a second"
    axes.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
    axes.xaxis.set(major_formatter="{x:g}")
    axes.yaxis.set(major_formatter="{x:g}")
    axes.grid(alpha=0.25)
    roof = f"a slope up to {peak / bandwidth:.0f}, then a flat roof at {peak / 1e9:,.0f}"
    describe(axes, f"A roofline, {y} against {x}, both logarithmic: {roof}. {'; '.join(parts)}.")
    return axes


def draw_rates(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Axes:
    """Draw accuracy against the highest learning rate. curves: name -> rates, percent right."""
    axes = draw_curves(curves, "highest learning rate", "validation images right (%)", log="x")
    rates = sorted({rate for rates, _ in curves.values() for rate in rates})
    axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
    axes.xaxis.set_minor_locator(NullLocator())
    return axes


def draw_runs(rungs: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Figure:
    """Draw a dot for each training run, seconds against accuracy. rungs: name -> seconds, percent right, of each seed."""
    figure, axes = plt.subplots(figsize=(8.6, 4.0))
    parts = []
    for number, (name, (seconds, right)) in enumerate(rungs.items()):
        color, marker = COLORS[number % len(COLORS)], MARKERS[number // len(COLORS)]
        look: dict[str, Any] = {"color": color, "marker": marker, "label": f"{number + 1} {name}"}
        axes.plot(seconds, right, linestyle="", alpha=0.6, markersize=4, **look)
        axes.text(np.median(seconds), max(right) + 0.15, str(number + 1), ha="center", color=color)
        parts.append(f"{name}, {np.median(seconds):.2f} s and {np.mean(right):.1f}%")
    axes.set(xscale="log", xlabel="seconds of all steps", ylabel="validation images right (%)")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set(major_formatter="{x:g}", minor_locator=NullLocator())
    axes.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.grid(alpha=0.25)
    describe(axes, f"A dot for each run, seconds against accuracy: {'; '.join(parts)}.")
    return figure


def synchronize(device):
    """Wait until `device` has done what it was given: an accelerator works through a queue, and a clock does not wait."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def best_seconds(work, device, repeats=8):
    """The shortest of several times that `work()` takes, in seconds; of fewer once they add up to one."""
    times: list[float] = []
    while len(times) < repeats and sum(times) < 1:
        synchronize(device)
        start = time.perf_counter()
        work()
        synchronize(device)
        times.append(time.perf_counter() - start)
    return min(times)


def matrix_product_rate(device, dtype=torch.float32, size=None, repeats=8):
    """Floating-point operations a second in a product of two square matrices, of `size` rows each."""
    size = size or (1_024 if device.type == "cpu" else 8_192)
    left, right = (torch.ones(size, size, dtype=dtype, device=device) for _ in range(2))
    return 2 * size**3 / best_seconds(lambda: left @ right, device, repeats)


def memory_copy_rate(device, megabytes=256):
    """Bytes a second that a large copy reads and writes, too many for the processor's own small memory."""
    source = torch.zeros(megabytes * 2**20, dtype=torch.uint8, device=device)
    target = torch.zeros_like(source)
    return 2 * len(source) / best_seconds(lambda: target.copy_(source), device)


@cache
def fast_dtype(device):
    """bfloat16 where `device` multiplies matrices in it more than 1.5 times as fast as in float32, else float32.

    Measured for a few milliseconds, because a processor may accept a number format and emulate it slowly.
    """
    if not torch.amp.is_autocast_available(device.type):
        return torch.float32
    formats = (torch.bfloat16, torch.float32)
    try:  # in turns, because a machine that does something else is slow for a while
        rates = [[matrix_product_rate(device, dtype, 768, repeats=3) for dtype in formats] for _ in range(4)]
    except RuntimeError:
        return torch.float32
    bfloat16, float32 = map(max, zip(*rates, strict=True))
    return torch.bfloat16 if bfloat16 > 1.5 * float32 else torch.float32
