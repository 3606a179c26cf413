#!/bin/sh
# The penalty alpha of scikit-learn's MLPClassifier is divided by the size of the batch.
#
# scikit-learn 1.9.1, numpy 2.4.6, Python 3.11: the loss is a mean over the batch, the penalty beside it is
# not alpha times the squared weights but that over the number of rows. Each picture four times over in one
# batch leaves the mean loss and its gradient as they were, and without alpha the trained weights, too; with
# alpha the weights grow, and four times alpha brings them back. So a value of alpha means nothing without
# batch_size, a larger batch regularizes less, and the default 0.0001 with batches of 200 is 0.0000005.
# Output seen: (mean size of a weight)
#   1 x, alpha 0: 0.224, 4 x, alpha 0: 0.224, 1 x, alpha 10: 0.066, 4 x, alpha 10: 0.095, 4 x, alpha 40: 0.066
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    scikit-learn==1.9.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import numpy
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

pictures, labels = load_digits(return_X_y=True)
pictures, labels = pictures[:200] / 16, labels[:200]


def weight(copies, alpha):
    settings = {"batch_size": 200 * copies, "max_iter": 200, "shuffle": False, "random_state": 0}
    network = MLPClassifier((16,), alpha=alpha, solver="sgd", learning_rate_init=0.1, **settings)
    network.fit(numpy.tile(pictures, (copies, 1)), numpy.tile(labels, copies))
    return float(abs(network.coefs_[0]).mean())


found = {pair: weight(*pair) for pair in [(1, 0), (4, 0), (1, 10), (4, 10), (4, 40)]}
print(", ".join(f"{copies} x, alpha {alpha}: {size:.3f}" for (copies, alpha), size in found.items()))
same = [abs(found[4, a] / found[1, b] - 1) < 0.01 for a, b in [(0, 0), (40, 10), (10, 10)]]
sys.exit(same != [True, True, False])
PYTHON
