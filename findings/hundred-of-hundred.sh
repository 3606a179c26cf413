#!/bin/sh
# A hundred right answers of a hundred differ from 99 % with p = 0, says statsmodels' test of a proportion.
#
# statsmodels 0.15.0, scipy 1.17.1, numpy 2.4.6, Python 3.11: proportions_ztest(100, 100, value=0.99) takes
# the spread from the answers that were seen, not from the 99 % that are assumed. Of a hundred right ones it
# is zero, so z is infinite and p is 0, for any assumed share, 99.99 % too. With prop_var=0.99 the spread is
# that of the assumption. The exact test gives 0.63. Near 100 %, where MNIST's accuracies lie, the default
# calls chance a certainty.
# Output seen:
#   assumed 0.9900: p 0.000, with prop_var 0.315, exact 0.630
#   assumed 0.9999: p 0.000, with prop_var 0.920, exact 1.000
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    statsmodels==0.15.0 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportions_ztest

found = []
for assumed in (0.99, 0.9999):
    _, default = proportions_ztest(100, 100, value=assumed)
    _, given = proportions_ztest(100, 100, value=assumed, prop_var=assumed)
    exact = binomtest(100, 100, assumed).pvalue
    print(f"assumed {assumed:.4f}: p {default:.3f}, with prop_var {given:.3f}, exact {exact:.3f}")
    found.append((float(default), given > 0.3, exact > 0.3))
sys.exit(found != [(0.0, True, True)] * 2)
PYTHON
