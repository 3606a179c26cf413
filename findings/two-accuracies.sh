#!/bin/sh
# torchmetrics' Accuracy(task="multiclass") says 90 % where MulticlassAccuracy says 50 % of the same answers.
#
# torchmetrics 1.9.0, torch 2.15.0, numpy 2.4.6, Python 3.11: the first makes an object of the second, but
# with average="micro" for a default where the second, and the function multiclass_accuracy, have "macro", a
# mean over classes. Of ten classes those that are not among labels and answers do not count. Ninety zeros and
# ten ones, all called zero: 90 % and (100 % + 0 %) / 2. Where classes are nearly alike in number, as in
# MNIST, the two differ by little.
# Output seen: Accuracy 0.90 (MulticlassAccuracy), MulticlassAccuracy 0.50, multiclass_accuracy 0.50
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    torchmetrics==1.9.0 torch==2.15.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import torch
from torchmetrics import Accuracy
from torchmetrics.classification import MulticlassAccuracy
from torchmetrics.functional.classification import multiclass_accuracy

labels = torch.tensor([0] * 90 + [1] * 10)
answers = torch.zeros(100, dtype=torch.long)
metric = Accuracy(task="multiclass", num_classes=10)
found = {
    f"Accuracy ({type(metric).__name__})": metric(answers, labels),
    "MulticlassAccuracy": MulticlassAccuracy(num_classes=10)(answers, labels),
    "multiclass_accuracy": multiclass_accuracy(answers, labels, num_classes=10),
}
print(", ".join(f"{name} {share:.2f}" for name, share in found.items()))
sys.exit([round(float(share), 2) for share in found.values()] != [0.9, 0.5, 0.5])
PYTHON
