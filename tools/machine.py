"""What this machine is, as far as a measurement depends on it."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

import torch
import torchvision

from mnist_helpers.training import get_device
from mnist_lessons.speed import fast_dtype, matrix_product_rate


def describe_machine() -> dict[str, Any]:
    """Processor, device and versions, and how fast the device multiplies large matrices."""
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
        "fast_dtype": dtype_name(fast_dtype(device)),
        "matrix_product_gflops": {
            dtype_name(dtype): round(matrix_product_rate(device, dtype) / 1e9) for dtype in formats
        },
    }


def _cpu_name() -> str:
    found = _search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo"))
    return found.strip() if found else platform.processor() or platform.machine()


def _search(pattern: str, path: Path) -> str | None:
    """The group of `pattern` in a file; None where there is no such file, as outside Linux."""
    found = re.search(pattern, path.read_text()) if path.is_file() else None
    return found[1] if found else None


def dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def peak_memory_mb(process: int | str = "self") -> int | None:
    """The most main memory that this process, or another, has held so far; None where the system does not say."""
    # Linux counts in ru_maxrss what the process that started this one held, but not in VmHWM.
    if kilobytes := _search(r"VmHWM:\s*(\d+)", Path(f"/proc/{process}/status")):
        return int(kilobytes) // 2**10
    try:
        import resource
    except ImportError:  # Windows
        return None
    if process != "self":
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
        2**20 if sys.platform == "darwin" else 2**10
    )
