#!/bin/sh
# OpenVINO computes a float32 network in bfloat16 wherever the processor can, without being asked.
#
# openvino 2026.4.1, onnx 1.23.2, numpy 2.4.6, Python 3.11: weights and inputs are float32, and no setting is made.
# On a processor with units for bfloat16 (AVX512-BF16 or AMX) the logits are off in the third digit, and the same
# file gives other logits on a laptop and on a server. `INFERENCE_PRECISION_HINT: f32` or `EXECUTION_MODE_HINT:
# ACCURACY` make them agree with NumPy's in five. PyTorch, ONNX Runtime and LiteRT stay in float32. On a processor
# without such units the first line below shows float32, too, and there is nothing to see.
# Output seen:
#   this processor computes bfloat16: True
#   as it is:         farthest from float32 by 0.01 to 0.1
#   asked for float32: farthest from float32 by less than 0.0001
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    openvino==2026.4.1 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import numpy
import openvino
from onnx import TensorProto, helper, numpy_helper

rng = numpy.random.default_rng(0)
first, second = (rng.normal(0, 0.1, size).astype(numpy.float32) for size in ((784, 128), (128, 10)))
inputs = rng.normal(0, 1, (64, 784)).astype(numpy.float32)
nodes = [("MatMul", ["x", "first"], ["sums"]), ("Relu", ["sums"], ["hidden"]), ("MatMul", ["hidden", "second"], ["y"])]
ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [64, size]) for name, size in (("x", 784), ("y", 10))]
weights = [numpy_helper.from_array(first, "first"), numpy_helper.from_array(second, "second")]
graph = helper.make_graph([helper.make_node(*node) for node in nodes], "dense", ends[:1], ends[1:], weights)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)

core = openvino.Core()
read, logits = core.read_model(model.SerializeToString()), numpy.maximum(inputs @ first, 0) @ second
capable = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
settings = {"as it is": {}, "asked for float32": {"INFERENCE_PRECISION_HINT": "f32"}}
compiled = {name: core.compile_model(read, "CPU", setting) for name, setting in settings.items()}
off = {name: float(numpy.abs(each(inputs)[0] - logits).max()) for name, each in compiled.items()}
print("this processor computes bfloat16:", capable)
for name, farthest in off.items():
    print(f"{name + ':':18} farthest from float32 by {farthest:.2g}")
sys.exit(off["asked for float32"] > 1e-4 or (off["as it is"] > 0.005) != capable)
PYTHON
