#!/bin/sh
# ONNX Runtime's max pooling swallows NaN, and makes numbers of a picture that is NaN throughout.
#
# onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6, Python 3.11, on a CPU: torch's max pooling returns NaN for a
# window with a NaN in it, as ONNX Runtime's own Relu lets it pass. Its MaxPool over 3 x 3 returns the largest
# of the other numbers, wherever in the window the NaN is, and the lowest number of float32 where all nine are
# NaN. Over 2 x 2 it depends on the place. So a network can answer calmly once exported where it said NaN in
# torch, and a check of the outputs for NaN finds nothing.
# Output seen: NaN out of 81 windows with one: MaxPool 0, Relu 81; all NaN: MaxPool -3.4e+38
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import numpy, onnxruntime
from onnx import TensorProto, helper


def session(operator, **attributes):
    shapes = {"x": [1, 1, "a", "b"], "y": [1, 1, "c", "d"]}
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    node = helper.make_node(operator, ["x"], ["y"], **attributes)
    graph = helper.make_graph([node], "layer", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    return onnxruntime.InferenceSession(model.SerializeToString())


layers = {"MaxPool": session("MaxPool", kernel_shape=[3, 3], strides=[3, 3]), "Relu": session("Relu")}
count = dict.fromkeys(layers, 0)
for place in range(9):
    picture = numpy.random.default_rng(place).random((1, 1, 9, 9), "float32")
    picture[..., place // 3 :: 3, place % 3 :: 3] = numpy.nan
    for name, layer in layers.items():
        count[name] += int(numpy.isnan(layer.run(None, {"x": picture})[0]).sum())
nothing = layers["MaxPool"].run(None, {"x": numpy.full((1, 1, 9, 9), numpy.nan, "float32")})[0]
passed = ", ".join(f"{name} {number}" for name, number in count.items())
print(f"NaN out of 81 windows with one: {passed}; all NaN: MaxPool {nothing.min():.2g}")
sys.exit(count != {"MaxPool": 0, "Relu": 81} or bool((nothing != numpy.finfo("float32").min).any()))
PYTHON
