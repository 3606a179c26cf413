#!/bin/sh
# safetensors writes a transposed NumPy array without a word, and reads it back with its numbers mixed up.
#
# safetensors 0.8.0, numpy 2.4.6, Python 3.11: the file gets the shape of the view and the bytes of the array
# beneath it, so for matrix.T it holds the numbers of matrix, row after row, cut into rows of the other
# length. The same goes for pictures whose channels were moved to the front with transpose. No error, no
# warning, shapes and dtypes are right. Of torch, the same library refuses tensors that are not contiguous.
# Weights are transposed exactly where they move from one framework to another; np.ascontiguousarray before
# saving helps.
# Output seen:
#   saved     [[0, 3], [1, 4], [2, 5]]
#   loaded    [[0, 1], [2, 3], [4, 5]]
#   a copy    [[0, 3], [1, 4], [2, 5]]
#   pictures, channels moved to the front: 4 of 96 numbers right
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    safetensors==0.8.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import numpy
from safetensors.numpy import load, save


def restored(array):
    return load(save({"weight": array}))["weight"]


matrix = numpy.arange(6).reshape(2, 3).T
pictures = numpy.arange(96).reshape(2, 4, 4, 3).transpose(0, 3, 1, 2)
print("saved    ", matrix.tolist())
print("loaded   ", restored(matrix).tolist())
print("a copy   ", restored(numpy.ascontiguousarray(matrix)).tolist())
right = int((restored(pictures) == pictures).sum())
print(f"pictures, channels moved to the front: {right} of 96 numbers right")
mixed = restored(matrix).tolist() == [[0, 1], [2, 3], [4, 5]] and right < 96
sys.exit(not mixed or not (restored(matrix.copy()) == matrix).all())
PYTHON
