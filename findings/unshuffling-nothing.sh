#!/bin/sh
# A batch of no images is not unshuffled: PyTorch's pixel_unshuffle hands it back as it came, pixel_shuffle does its work.
#
# torch 2.15.0, numpy 2.4.6, Python 3.11: F.pixel_unshuffle(x, 2) turns (N, 1, 28, 28) into (N, 4, 14, 14) for every N
# but 0. There it returns (0, 1, 28, 28), and the convolution behind it says that it expected 4 channels. Convolution,
# pooling, batch normalization in training and unfold take a batch of none and return the shape that they promise, and
# so does pixel_shuffle, its inverse. A sheet on which nothing is found, or the last part of a list, is such a batch:
# a network that starts with unshuffling fails on it, and the same network with 28×28 at its start reads it.
# Output seen: one image (1, 4, 14, 14), none (0, 1, 28, 28), shuffled back (0, 1, 28, 28), pooled (0, 1, 14, 14);
#   a convolution of 4 channels: RuntimeError
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

one, none = (F.pixel_unshuffle(torch.zeros(count, 1, 28, 28), 2) for count in (1, 0))
back = F.pixel_shuffle(torch.zeros(0, 4, 14, 14), 2)
pooled = F.max_pool2d(torch.zeros(0, 1, 28, 28), 2)
print(f"one image {(*one.shape,)}, none {(*none.shape,)}, shuffled back {(*back.shape,)}, pooled {(*pooled.shape,)};")
try:
    torch.nn.Conv2d(4, 16, 3)(none)
    failed = "nothing"
except RuntimeError as error:
    failed = type(error).__name__
print(f"  a convolution of 4 channels: {failed}")
sys.exit(not ((*none.shape,) == (0, 1, 28, 28) and (*back.shape,) == (0, 1, 28, 28) and failed == "RuntimeError"))
PYTHON
