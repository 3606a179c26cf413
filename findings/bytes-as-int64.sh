#!/bin/sh
# Hugging Face's datasets hand pictures of bytes to NumPy as int64, and float64 as float32.
#
# datasets 5.2.0, numpy 2.4.6, Python 3.11: a column declared Array2D((28, 28), "uint8") is stored as bytes,
# says so in features, and comes out of with_format("numpy") as int64, eight times as large; labels of uint8
# do as well, and float64 and float16 become float32. The Arrow table beneath keeps what was put in. Code that
# tells bytes from floats by the dtype, or divides by the largest number of the dtype, does something else
# here.
# Output seen: pictures uint8 -> int64, labels uint8 -> int64, float64 -> float32, float16 -> float32
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    datasets==5.2.0 numpy==2.4.6
export HF_HOME="$folder" HF_HUB_OFFLINE=1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import numpy
from datasets import Array2D, Dataset, Features, List, Value

columns = {
    "pictures uint8": (numpy.zeros((4, 28, 28), "uint8"), Array2D((28, 28), "uint8")),
    "labels uint8": (numpy.arange(4, dtype="uint8"), Value("uint8")),
    "float64": (numpy.ones((4, 3)) / 3, List(Value("float64"))),
    "float16": (numpy.ones((4, 3), "float16"), List(Value("float16"))),
}
features = Features({name: feature for name, (_, feature) in columns.items()})
data = Dataset.from_dict({name: values for name, (values, _) in columns.items()}, features=features)
found = {name: str(values.dtype) for name, values in data.with_format("numpy")[:].items()}
print(", ".join(f"{name} -> {dtype}" for name, dtype in found.items()))
sys.exit(list(found.values()) != ["int64", "int64", "float32", "float32"])
PYTHON
