#!/bin/sh
# torchvision's RandomAffine shifts by whole pixels only, and its RandomPerspective may do nothing at all.
#
# torchvision 0.29.2, torch 2.15.0, Python 3.11: the documentation says that a shift is drawn from a range in
# between, -width * a < dx < width * a. It is drawn from there, and then rounded: on images of 28×28, 0.05 of the
# width, 1.4 pixels, means one of -1, 0 and 1, with bilinear interpolation, too, and 0.017 means no shift at all.
# RandomPerspective draws whole pixels from half the width times its distortion_scale, rounded down: 0.07 never
# changes an image of 28×28, 0.1 does. Images of 224 pixels do not show it. kornia's RandomAffine draws between.
# Output seen: shifts of translate=0.05: torchvision [-1.0, 0.0, 1.0], kornia 299 different ones
#   shifts of translate=0.017: torchvision [0.0]; unchanged by a perspective of 0.07: 300 of 300, of 0.1: 0
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    torchvision==0.29.2 torch==2.15.0 kornia==0.9.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import kornia, torch
from torchvision.transforms import InterpolationMode, v2

torch.manual_seed(0)
image = torch.zeros(1, 28, 28)
image[:, 9:19, 9:19] = 1


def shifts(transform):
    columns = torch.arange(28.0)
    moved = [transform(image).reshape(28, 28).sum(dim=0) for _ in range(300)]
    return sorted({round(float((columns * one).sum() / one.sum()) - 13.5, 4) + 0.0 for one in moved})


def affine(share):
    return v2.RandomAffine(0, translate=(share, share), interpolation=InterpolationMode.BILINEAR)


ours, small = shifts(affine(0.05)), shifts(affine(0.017))
between = kornia.augmentation.RandomAffine(0.0, translate=(0.05, 0.05), p=1.0)
others = shifts(lambda image: between(image[None]))
unchanged = [
    sum(torch.allclose(v2.RandomPerspective(scale, p=1)(image), image, atol=1e-3) for _ in range(300))
    for scale in (0.07, 0.1)
]
print(f"shifts of translate=0.05: torchvision {ours}, kornia {len(others)} different ones")
print(f"shifts of translate=0.017: torchvision {small};", end=" ")
print(f"unchanged by a perspective of 0.07: {unchanged[0]} of 300, of 0.1: {unchanged[1]}")
sys.exit(ours != [-1, 0, 1] or small != [0] or len(others) < 250 or unchanged[0] != 300 or unchanged[1] > 10)
PYTHON
