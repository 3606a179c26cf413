#!/bin/sh
# Of the arithmetic between a NumPy array on the left and a tensor on the right, division alone works.
#
# torch 2.15.0, numpy 2.4.6, Python 3.11: tensor * array, + array, - array, // array, ** array, % array and / array
# all return a tensor. The other way round, array / tensor returns a tensor as well, and the six others raise
# "TypeError: unsupported operand type(s)", for the same values. (A tensor asks arrays to leave operators to it, and
# then knows a reflected division only, which is written as a product of tensor and array.) With a NumPy *scalar* on the
# left all seven work. And whole numbers divided become float64 where an array divides, and float32 where a scalar does.
# Output seen:
#   array op tensor: + TypeError, - TypeError, * TypeError, / Tensor, // TypeError, ** TypeError, % TypeError
#   tensor op array: + Tensor, - Tensor, * Tensor, / Tensor, // Tensor, ** Tensor, % Tensor
#   scalar op tensor: + Tensor, - Tensor, * Tensor, / Tensor, // Tensor, ** Tensor, % Tensor
#   int64 tensor / int64 array: torch.float64, / int64 scalar: torch.float32
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import operator, sys
import numpy, torch

signs = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "**": "pow", "%": "mod"}
array, tensor = numpy.array([4.0, 9.0]), torch.tensor([2.0, 3.0], dtype=torch.float64)
pairs = {"array op tensor": (array, tensor), "tensor op array": (tensor, array), "scalar op tensor": (array[0], tensor)}


def kind(sign, left, right):
    try:
        return type(getattr(operator, signs[sign])(left, right)).__name__
    except TypeError:
        return "TypeError"


found = {name: {sign: kind(sign, *pair) for sign in signs} for name, pair in pairs.items()}
for name, kinds in found.items():
    print(f"{name}: " + ", ".join(f"{sign} {kind}" for sign, kind in kinds.items()))
whole = torch.tensor([7, 8])
dtypes = (whole / numpy.array([2, 4])).dtype, (whole / numpy.int64(2)).dtype
print(f"int64 tensor / int64 array: {dtypes[0]}, / int64 scalar: {dtypes[1]}")
expected = {"array op tensor": {sign: "Tensor" if sign == "/" else "TypeError" for sign in signs}}
expected |= {name: dict.fromkeys(signs, "Tensor") for name in list(pairs)[1:]}
sys.exit(found != expected or dtypes != (torch.float64, torch.float32))
PYTHON
