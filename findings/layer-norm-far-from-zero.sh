#!/bin/sh
# Flax's layer normalization returns numbers in the hundreds where all inputs lie near 3,000.
#
# flax 0.12.8 on jax 0.10.2, numpy 2.4.6, Python 3.11: LayerNorm and BatchNorm take the variance as mean of
# squares minus square of mean, in float32, unless use_fast_variance=False. For numbers of spread 1 around 0
# or 100 the result has spread 1. Around 3,000 the difference is lost in rounding, and the result has a spread
# of hundreds. No error, no NaN. Pictures of 16 bits with little contrast or times in milliseconds come near
# that; Keras on the same jax normalizes them.
# Output seen: spread around 0: 1.00, 100: 1.00, 1000: 0.99, 3000: 534.61, 3000 without fast variance: 1.00
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    flax==0.12.8 jax==0.10.2 numpy==2.4.6
export JAX_PLATFORMS=cpu
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import flax.linen as nn
import numpy

numbers = numpy.random.default_rng(0).normal(0, 1, (64, 256))


def spread(around, **settings):
    layer = nn.LayerNorm(use_scale=False, use_bias=False, **settings)
    return float(layer.apply({}, (numbers + around).astype("float32")).std())


found = {str(around): spread(around) for around in (0, 100, 1000, 3000)}
found["3000 without fast variance"] = spread(3000, use_fast_variance=False)
print("spread around", ", ".join(f"{name}: {size:.2f}" for name, size in found.items()))
near_one = [abs(size - 1) < 0.05 for size in found.values()]
sys.exit(near_one != [True, True, True, False, True] or found["3000"] < 10)
PYTHON
