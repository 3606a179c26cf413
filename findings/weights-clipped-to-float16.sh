#!/bin/sh
# ONNX's converter to float16 cuts weights off at 10,000, and lifts the smallest to 0.0000001.
#
# onnxconverter-common 1.16.0, onnx 1.23.2, numpy 2.4.6, Python 3.11: float16 reaches to 65,504, and what is
# too small becomes 0 in it. convert_float_to_float16 makes every constant above 10,000 into 10,000, and every
# one between 0 and 1e-7 into 1e-7 (1.2e-7 in the steps of float16), keeping the sign, with no more than a
# warning. (max_finite_val and min_positive_val say so; 65504 and a smaller number may be given.) A scale of
# 1/255**2 stays as it is, 255**2 = 65,025 becomes 10,000: such a network answers otherwise by a factor of
# 6.5.
# Output seen:
#   constant    2e+04  6.5e+04    1e-09   -1e-09    3e-08        0  1.5e-05
#   NumPy       2e+04  6.5e+04        0       -0    6e-08        0  1.5e-05
#   converter   1e+04    1e+04  1.2e-07 -1.2e-07  1.2e-07        0  1.5e-05
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    onnxconverter-common==1.16.0 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import numpy
from onnx import TensorProto, helper, numpy_helper
from onnxconverter_common.float16 import convert_float_to_float16

constants = numpy.array([20_000, 65_025, 1e-9, -1e-9, 3e-8, 0, 1 / 255**2], numpy.float32)
ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [len(constants)]) for name in "xy"]
node = helper.make_node("Mul", ["x", "scale"], ["y"])
graph = helper.make_graph([node], "scaled", ends[:1], ends[1:], [numpy_helper.from_array(constants, "scale")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
converted = numpy_helper.to_array(convert_float_to_float16(model).graph.initializer[0])
rounded = constants.astype(numpy.float16)
for name, row in {"constant": constants, "NumPy": rounded, "converter": converted}.items():
    print(f"{name:10}" + "".join(f"{number:9.2g}" for number in row))
expected = numpy.array([10_000, 10_000, 1e-7, -1e-7, 1e-7, 0, 1 / 255**2], numpy.float16)
sys.exit(not (converted == expected).all())
PYTHON
