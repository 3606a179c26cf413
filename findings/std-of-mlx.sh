#!/bin/sh
# MLX' standard deviation of 60,000 images is 7 % too small on the CPU; that of 1,000 images is right.
#
# mlx 0.32.4, numpy 2.4.6, Python 3.11, Linux: mx.mean, mx.var and mx.std of an array of 60,000×28×28 float32
# numbers add up 47 million terms one after the other in a few float32 sums. The squares are small, so more and
# more of each is rounded away: the variance, with which one normalizes MNIST, comes out 13 % too small, without a
# word. With 10,000 images it is 2 to 4 %. NumPy's float32 (pairwise), PyTorch's and JAX' are right to six digits.
# What helps: the mean of each image first, then the mean of these.
# Output seen: 60,000 images: numpy 0.238073, mlx 0.221490, mlx in two steps 0.238072; 1,000 images: mlx 0.2385,
#   numpy 0.2379
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check "mlx[cpu]==0.32.4" numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import mlx.core as mx
import numpy

mx.set_default_device(mx.cpu)
random = numpy.random.default_rng(1)
images = random.random((60_000, 28, 28), dtype=numpy.float32)
images[random.random(images.shape, dtype=numpy.float32) < 0.8] = 0  # as in MNIST, four pixels of five are paper
array = mx.array(images)
squares = (array - mx.mean(mx.mean(array, axis=(1, 2)))) ** 2
right, whole = float(images.std()), mx.std(array).item()
steps = mx.sqrt(mx.mean(mx.mean(squares, axis=(1, 2)))).item()
few, few_right = mx.std(array[:1000]).item(), float(images[:1000].std())
print(f"60,000 images: numpy {right:.6f}, mlx {whole:.6f}, mlx in two steps {steps:.6f};", end=" ")
print(f"1,000 images: mlx {few:.4f}, numpy {few_right:.4f}")
sys.exit(not (abs(whole / right - 1) > 0.03 and abs(steps / right - 1) < 1e-3 and abs(few / few_right - 1) < 0.01))
PYTHON
