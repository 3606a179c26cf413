#!/bin/sh
# XGBoost reads 88% of scikit-learn's digits as a dense array, and 15% of the same digits as a sparse one.
#
# xgboost-cpu 3.2.0, scikit-learn 1.9.1, scipy 1.17.1, numpy 2.4.6, Python 3.11: what a sparse array does not store is
# zero to SciPy and scikit-learn, but *missing* to XGBoost, and a missing pixel takes a branch of its own at each
# node. Half of a digit is paper, which is zero. A model that was trained on dense digits misreads nearly all of them
# when they arrive as a CSR array, without a warning; scikit-learn's trees answer the same for both.
# Output seen: read right of 597: XGBoost dense 87.6%, sparse 14.6%; scikit-learn's forest: dense and sparse agree
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    xgboost-cpu==3.2.0 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W error::UserWarning - <<'PYTHON'
import sys
import numpy
from scipy.sparse import csr_array
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from xgboost import XGBClassifier

pixels, labels = load_digits(return_X_y=True)
train, test = slice(1_200), slice(1_200, None)
boosted = XGBClassifier(n_estimators=30, max_depth=4, n_jobs=1).fit(pixels[train], labels[train])
dense, sparse = ((boosted.predict(form(pixels[test])) == labels[test]).mean() for form in (numpy.array, csr_array))
forest = RandomForestClassifier(30, random_state=0, n_jobs=1).fit(pixels[train], labels[train])
agree = (forest.predict(pixels[test]) == forest.predict(csr_array(pixels[test]))).all()
words = "agree" if agree else "differ"
print(f"read right of {len(labels[test])}: XGBoost dense {dense:.1%}, sparse {sparse:.1%};", end=" ")
print(f"scikit-learn's forest: dense and sparse {words}")
sys.exit(not (agree and dense > 0.85 and sparse < 0.25))
PYTHON
