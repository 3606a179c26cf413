"""What this machine is, as far as a measurement depends on it, and which number format it is fastest in."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torchvision

from mnist_helpers.training import get_device


def describe_machine() -> dict[str, Any]:
    """Processor, device and versions, and how fast the device multiplies matrices of 2048×2048."""
    device = get_device()
    formats = (torch.float32, torch.bfloat16)
    return {
        "cpu": _cpu_name(),
        "cpu_cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": "cpu" if device.type == "cpu" else torch.get_device_module(device).get_device_name(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
        "torchvision": torchvision.__version__.split("+")[0],
        "fast_dtype": name_of(fast_dtype(device)),
        "matrix_product_gflops": {
            name_of(dtype): round(matrix_product_rate(device, dtype, 2048) / 1e9) for dtype in formats
        },
    }


def _cpu_name() -> str:
    found = _search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo"))
    return found.strip() if found else platform.processor() or platform.machine()


def _search(pattern: str, path: Path) -> str | None:
    """The group of `pattern` in a file; None where there is no such file, as outside Linux."""
    found = re.search(pattern, path.read_text()) if path.is_file() else None
    return found[1] if found else None


def name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def peak_memory_mb() -> int | None:
    """The most main memory that this process has held so far; None where the system does not say."""
    # Linux counts in ru_maxrss what the process that started this one held, but not in VmHWM.
    if kilobytes := _search(r"VmHWM:\s*(\d+)", Path("/proc/self/status")):
        return int(kilobytes) // 2**10
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
        2**20 if sys.platform == "darwin" else 2**10
    )


@cache
def fast_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where `device` multiplies matrices in it more than 1.5 times as fast as in float32, else float32.

    Measured for a few milliseconds, because a processor may accept a number format and emulate it slowly.
    """
    if not torch.amp.is_autocast_available(device.type):
        return torch.float32
    formats = (torch.bfloat16, torch.float32)
    try:  # in turns, because a machine that does something else is slow for a while
        rates = [[matrix_product_rate(device, dtype, repeats=3) for dtype in formats] for _ in range(4)]
    except RuntimeError:
        return torch.float32
    bfloat16, float32 = map(max, zip(*rates, strict=True))
    return torch.bfloat16 if bfloat16 > 1.5 * float32 else torch.float32


def matrix_product_rate(device: torch.device, dtype: torch.dtype, size: int = 768, repeats: int = 8) -> float:
    """The best of a few products of two square matrices, in floating-point operations a second."""
    left, right = (torch.ones(size, size, dtype=dtype, device=device) for _ in range(2))
    seconds = []
    for _ in range(repeats):
        synchronize(device)
        start = time.perf_counter()
        left @ right
        synchronize(device)
        seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds)


def synchronize(device: torch.device) -> None:
    """Wait until `device` has done what it was given: an accelerator works through a queue, and a clock does not wait."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
