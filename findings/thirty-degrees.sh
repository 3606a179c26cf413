#!/bin/sh
# torchvision's rotate and affine turn a picture by 30 degrees in opposite directions; so do kornia's.
#
# torchvision 0.29.2, kornia 0.9.0, torch 2.15.0, numpy 2.4.6, Python 3.11: a spot on the right goes up with
# v2.functional.rotate(picture, 30) and down with v2.functional.affine(picture, angle=30, ...), and likewise
# with kornia's RandomRotation and RandomAffine. Drawn from -30 to 30 nobody can tell; with a range such as 10
# to 30, with slanted handwriting or with labels that turn along, it matters which of the two was taken. (Of
# albumentations 2.0.8, Rotate and Affine agree.)
# Output seen: rows up: torchvision rotate 6, affine -6; kornia RandomRotation 6, RandomAffine -6
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    torchvision==0.29.2 torch==2.15.0 kornia==0.9.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import torch
from kornia.augmentation import RandomAffine, RandomRotation
from torchvision.transforms.v2 import functional

picture = torch.zeros(1, 1, 41, 41)
picture[..., 18:23, 30:35] = 1  # a spot, 12 columns to the right of the middle
degrees = (30.0, 30.0)
turned = {
    "torchvision rotate": functional.rotate(picture, 30),
    "affine": functional.affine(picture, angle=30, translate=[0, 0], scale=1, shear=[0, 0]),
    "kornia RandomRotation": RandomRotation(degrees, p=1.0)(picture),
    "RandomAffine": RandomAffine(degrees, p=1.0)(picture),
}


def rows_up(picture):
    by_row = picture.sum((0, 1, 3))
    return round(float(((20 - torch.arange(41)) * by_row).sum() / by_row.sum()))


found = {name: rows_up(one) for name, one in turned.items()}
print("rows up:", ", ".join(f"{name} {rows}" for name, rows in found.items()).replace(", kornia", "; kornia"))
sys.exit(list(found.values()) != [6, -6, 6, -6])
PYTHON
