#!/bin/sh
# onnxslim turns the noise of a network into constants: each run adds the same.
#
# onnxslim 0.1.98, onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6, Python 3.11: a RandomNormal or RandomUniform
# node without a seed gives other numbers at each run. It has no inputs, so onnxslim takes it for a constant,
# draws once and stores the numbers; the noise of that day is in the file. RandomNormalLike, which takes a
# shape from an input, stays. Networks that generate or that answer several times to tell how sure they are
# lose that, and nothing is said.
# Output seen: (two runs alike)
#   RandomNormal False, slimmed True (Add); RandomUniform False, slimmed True (Add);
#   RandomNormalLike False, slimmed False (RandomNormalLike, Add)
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    onnxslim==0.1.98 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import numpy, onnxruntime, onnxslim
from onnx import TensorProto, helper


def model(operator, inputs, **attributes):
    noise = helper.make_node(operator, inputs, ["noise"], dtype=TensorProto.FLOAT, **attributes)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in "xy"]
    nodes = [noise, helper.make_node("Add", ["x", "noise"], ["y"])]
    graph = helper.make_graph(nodes, "noisy", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def two_runs_alike(model):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    first, second = (session.run(None, {"x": numpy.zeros(4, "float32")})[0] for _ in range(2))
    return bool((first == second).all())


found, lines = [], []
four = {"shape": [4]}
cases = ("RandomNormal", [], four), ("RandomUniform", [], four), ("RandomNormalLike", ["x"], {})
for operator, inputs, attributes in cases:
    slim = onnxslim.slim(model(operator, inputs, **attributes))
    found.append((two_runs_alike(model(operator, inputs, **attributes)), two_runs_alike(slim)))
    nodes = ", ".join(node.op_type for node in slim.graph.node)
    lines.append("{} {}, slimmed {} ({})".format(operator, *found[-1], nodes))
print("two runs alike:", "; ".join(lines))
sys.exit(found != [(False, True), (False, True), (False, False)])
PYTHON
