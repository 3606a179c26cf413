"""How fast this machine can be at all: its ceilings, as deeper/03_speed measures them, and its fastest number format."""

from __future__ import annotations

import time
from functools import cache

import torch


def synchronize(device):
    """Wait until `device` has done what it was given: an accelerator works through a queue, and a clock does not wait."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def best_seconds(work, device, repeats=8):
    """The shortest of several times that `work()` takes, in seconds."""
    times = []
    for _ in range(repeats):
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
