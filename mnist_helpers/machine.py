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

from mnist_helpers.training import fast_dtype, get_device, matrix_product_rate


def peak_memory_mb() -> float | None:
    """The most main memory that this process has held so far; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes / (2**20 if sys.platform == "darwin" else 2**10))


def describe_machine() -> dict[str, Any]:
    """Processor, device and versions, and how fast the device multiplies matrices of 2048×2048."""
    device = get_device()
    accelerator = None if device.type == "cpu" else torch.get_device_module(device).get_device_name()
    return {
        "cpu": _cpu_name(),
        "cpu_cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": accelerator or "cpu",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
        "torchvision": torchvision.__version__.split("+")[0],
        "fast_dtype": str(fast_dtype(device)).removeprefix("torch."),
        "matrix_product_gflops": {
            str(dtype).removeprefix("torch."): round(matrix_product_rate(device, dtype, 2048) / 1e9)
            for dtype in (torch.float32, torch.bfloat16)
        },
    }


def _cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text()) if cpuinfo.is_file() else None
    return found[1].strip() if found else platform.processor() or platform.machine()
