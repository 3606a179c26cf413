#!/bin/sh
# On a processor without AVX-512, torch.autocast makes a CNN seven times slower, and torch offers it there without a word.
#
# torch 2.15.0, numpy 2.4.6, Python 3.11, x86-64: autocast("cpu") computes in bfloat16, and is_autocast_available("cpu")
# says True. Processors that have AVX2 and no AVX-512, which most laptops have, emulate it: a training step of a
# small CNN took 6 to 8 times as long as in float32, a product of matrices of 512×512 seventy times and more. With AVX-512's
# bfloat16 or AMX the same lines are two to six times as fast as float32. The two variables below make a newer
# processor behave like such a laptop. Measure before you choose: mnist_lessons/speed.py, fast_dtype.
# Output seen: available True; a step takes 7.4 times as long with autocast, a product of matrices
#   117 times
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check torch==2.15.0 numpy==2.4.6
export ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import time
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(
    nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(512, 10),
)
images, labels, square = torch.randn(256, 1, 28, 28), torch.randint(10, (256,)), torch.randn(512, 512)


def step(mixed):
    with torch.autocast("cpu", enabled=mixed):
        loss = nn.functional.cross_entropy(model(images).float(), labels)
    loss.backward()


def seconds(work):
    times = []
    for _ in range(6):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


slower = seconds(lambda: step(True)) / seconds(lambda: step(False))
half = square.bfloat16()
product = seconds(lambda: half @ half) / seconds(lambda: square @ square)
available = torch.amp.is_autocast_available("cpu")
print(f"available {available}; a step takes {slower:.1f} times as long with autocast,", end=" ")
print(f"a product of matrices {product:.0f} times")
sys.exit(not (available and slower > 2 and product > 4))
PYTHON
