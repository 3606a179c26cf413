#!/bin/sh
# Matplotlib takes a tensor everywhere, but bars whose heights are a tensor warn of a deprecation, once a bar.
#
# torch 2.15.0, numpy 2.4.6, matplotlib 3.11.2, Python 3.11: plot, scatter, hist, errorbar, fill_between, stem, pie and
# imshow of a float tensor draw without a word, and so does bar where the *places* are a tensor. bar and barh whose
# *heights* are one, and xlim with an end from one, draw the same picture with "DeprecationWarning: __array_wrap__ must
# accept context and return_scalar arguments": they add single numbers of the tensor to NumPy's, element by element.
# With -W error, as in a test run, these calls fail and the others do not. So tests that turn deprecations into errors
# stop at a bar chart in a notebook whose curves were drawn from tensors all along.
# Output seen: warnings: bar 3, barh 3, xlim 1, all others 0
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.15.0 numpy==2.4.6 matplotlib==3.11.2
MPLBACKEND=agg MPLCONFIGDIR="$folder" "$folder/venv/bin/python" - <<'PYTHON'
import sys, warnings
import matplotlib.pyplot as plt
import torch

heights = torch.tensor([0.1, 0.2, 0.3])
calls = {
    "plot": lambda: plt.plot(heights),
    "scatter": lambda: plt.scatter(heights, heights, c=heights),
    "hist": lambda: plt.hist(heights),
    "errorbar": lambda: plt.errorbar(range(3), heights, yerr=heights),
    "fill_between": lambda: plt.fill_between(range(3), heights, heights + 1),
    "stem": lambda: plt.stem(range(3), heights),
    "pie": lambda: plt.pie(heights),
    "bar at places": lambda: plt.bar(heights, [1, 2, 3]),
    "bar": lambda: plt.bar(range(3), heights),
    "barh": lambda: plt.barh(range(3), heights),
    "xlim": lambda: plt.xlim(0, heights[0]),
}
found = {}
for name, call in calls.items():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    if caught:
        found[name] = len([one for one in caught if "__array_wrap__" in str(one.message)])
print("warnings:", ", ".join(f"{name} {count}" for name, count in found.items()) + ", all others 0")
sys.exit(found != {"bar": 3, "barh": 3, "xlim": 1})
PYTHON
