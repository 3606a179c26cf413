#!/bin/sh
# scikit-learn's log loss of one sure mistake is 36 in float64, 16 in float32 and 7 in float16.
#
# scikit-learn 1.9.1, numpy 2.4.6, Python 3.11: a probability of 0 for the true label would make the
# cross-entropy infinite. `log_loss` keeps it finite, without a warning, by moving the probability up to the
# smallest step of its number format, so the loss of the same answers depends on the format that they are
# stored in: a mean over 100 images with one such mistake is 0.36 from float64 and 0.16 from float32. Who
# compares a network's probabilities (float32) with those of scikit-learn's classifiers (float64) compares two
# limits. Infinite logits apart, torch's cross_entropy has no such limit: it is computed from logits.
# Output seen: one sure mistake: float64 36.04, float32 15.94, float16 6.93
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    scikit-learn==1.9.1 numpy==2.4.6
"$folder/venv/bin/python" -W error - <<'PYTHON'
import sys
import numpy
from sklearn.metrics import log_loss

answer = numpy.array([[1.0, 0.0]])  # sure that it is the first digit
formats = ("float64", "float32", "float16")
found = {name: float(log_loss([1], answer.astype(name), labels=[0, 1])) for name in formats}
print("one sure mistake:", ", ".join(f"{name} {loss:.2f}" for name, loss in found.items()))
expected = {"float64": 36.04, "float32": 15.94, "float16": 6.93}
sys.exit(any(abs(found[name] - expected[name]) > 0.005 for name in formats))
PYTHON
