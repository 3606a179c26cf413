#!/bin/sh
# A network that says the same of every picture is always right, says Keras' top-k accuracy.
#
# keras 3.15.1 on jax 0.10.2, numpy 2.4.6, scikit-learn 1.9.1, Python 3.11: of ten classes alike in number,
# constant outputs get 10 % from CategoricalAccuracy and from scikit-learn's top_k_accuracy_score with k = 1,
# and 100 % from TopKCategoricalAccuracy(k=1) and its sparse sister: a class that ties with the k-th counts as
# among the first k. Outputs that are all NaN get 100 % as well. So a training that collapsed, or went to NaN,
# shows in the column beside "accuracy" as its best epoch.
# Output seen:
#   outputs 0.1: accuracy 10%, top 1 100%, sparse top 1 100%
#   outputs nan: accuracy 10%, top 1 100%, sparse top 1 100%
#   scikit-learn, outputs 0.1: top 1 10%
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    keras==3.15.1 jax==0.10.2 scikit-learn==1.9.1 numpy==2.4.6
export KERAS_HOME="$folder" KERAS_BACKEND=jax JAX_PLATFORMS=cpu
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import keras, numpy
from sklearn.metrics import top_k_accuracy_score

labels = numpy.arange(100) % 10
one_hot = numpy.eye(10, dtype="float32")[labels]
metrics = {
    "accuracy": (keras.metrics.CategoricalAccuracy(), one_hot),
    "top 1": (keras.metrics.TopKCategoricalAccuracy(k=1), one_hot),
    "sparse top 1": (keras.metrics.SparseTopKCategoricalAccuracy(k=1), labels),
}
found = []
for value in (0.1, numpy.nan):
    outputs = numpy.full((100, 10), value, "float32")
    row = {}
    for name, (metric, truth) in metrics.items():
        metric.reset_state()
        metric.update_state(truth, outputs)
        row[name] = round(float(metric.result()), 3)
    print(f"outputs {value}: " + ", ".join(f"{name} {share:.0%}" for name, share in row.items()))
    found.append(list(row.values()))
other = top_k_accuracy_score(labels, numpy.full((100, 10), 0.1), k=1)
print(f"scikit-learn, outputs 0.1: top 1 {other:.0%}")
sys.exit(found != [[0.1, 1.0, 1.0]] * 2 or round(other, 3) != 0.1)
PYTHON
