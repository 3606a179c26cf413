#!/bin/sh
# A thousand ones in bfloat16 sum up to 256 in NumPy, and their mean is 0.256.
#
# ml_dtypes 0.6.0, numpy 2.4.6, Python 3.11: importing ml_dtypes gives NumPy the number formats of networks.
# Sums of NumPy's own float16 are rounded here and there; those of bfloat16 are kept in bfloat16 number by
# number, and there 256 + 1 is 256. So a share of right answers of a thousand, kept in bfloat16, is at most
# 25.6 %, of ten thousand 2.6 %; sum and mean say nothing. The mean with dtype=numpy.float32 is right.
# Output seen: sum 256, mean 0.256, float16 sum 1000, mean in float32 1, share of 10,000 right 0.0256
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    ml_dtypes==0.6.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import ml_dtypes, numpy

ones = numpy.ones(1000, ml_dtypes.bfloat16)
right = numpy.ones(10_000, bool).astype(ml_dtypes.bfloat16)
half, wide = ones.astype(numpy.float16).sum(), ones.mean(dtype=numpy.float32)
shares = f"mean {float(ones.mean()):.3g}, float16 sum {half:.0f}, mean in float32 {wide:.0f}"
print(f"sum {float(ones.sum()):.0f}, {shares}, share of 10,000 right {float(right.mean()):.3g}")
sys.exit(not (ones.sum() == 256 and half == 1000 and wide == 1 and float(right.mean()) < 0.03))
PYTHON
