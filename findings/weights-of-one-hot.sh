#!/bin/sh
# The same labels, as numbers and one-hot: with class weights, PyTorch's cross_entropy gives two losses for them.
#
# torch 2.15.0, numpy 2.4.6, Python 3.11: without weights both forms of the labels give the same loss. With weight=...
# the mean over labels that are numbers is divided by the sum of the batch's weights, that over one-hot labels (and all
# that are probabilities) by the number of images. So going over from numbers to one-hot, as mixup and distillation do,
# multiplies the loss and every gradient by the mean weight of the batch, a factor that differs from batch to batch.
# Output seen: no weights 2.721 and 2.721; nines weighted ninefold 2.710 and 4.878, the mean weight of the batch 1.8
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check torch==2.15.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import torch
import torch.nn.functional as F

torch.manual_seed(0)
logits, labels = torch.randn(100, 10), torch.arange(100) % 10
one_hot, weight = F.one_hot(labels).float(), torch.ones(10)
weight[9] = 9
plain = [F.cross_entropy(logits, target).item() for target in (labels, one_hot)]
weighted = [F.cross_entropy(logits, target, weight=weight).item() for target in (labels, one_hot)]
mean = weight[labels].mean().item()
print("no weights {:.3f} and {:.3f};".format(*plain), end=" ")
print("nines weighted ninefold {:.3f} and {:.3f}, the mean weight of the batch {:.1f}".format(*weighted, mean))
same = abs(plain[0] - plain[1]) < 1e-4
sys.exit(not (same and abs(weighted[1] / weighted[0] - mean) < 1e-3 and mean > 1.5))
PYTHON
