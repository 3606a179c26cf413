#!/bin/sh
# torchvision's TrivialAugmentWide shifts one digit in forty clean out of its 28×28 pixels.
#
# torchvision 0.29.2, torch 2.15.0, scikit-learn 1.9.1, numpy 2.4.6, Python 3.11: of its fourteen ways to change an
# image two shift it, by up to 32 pixels, whatever the size of the image, so what is left of a digit is paper with a
# label; the documentation of the paper's method and of the class names no size. RandAugment, which was written beside
# it, and AutoAugment take their shifts as a share of the width, and lose none.
# Output seen: of 3,000 digits nothing is left: TrivialAugmentWide 69, RandAugment 0, AutoAugment 0; of 56×56 pixels
#   0, 0 and 0
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    torchvision==0.29.2 torch==2.15.0 scikit-learn==1.9.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import torch
from sklearn.datasets import load_digits
from torchvision.transforms import v2

torch.manual_seed(0)
small = torch.tensor(load_digits().images[:1000] * 255 / 16).round().to(torch.uint8)[:, None]


def lost(transform, side):
    digits = v2.functional.resize(small, [side, side])
    return sum(int(not transform(digit).any()) for digit in digits for _ in range(3))  # paper is 0


found = {
    side: [lost(augmentation(), side) for augmentation in (v2.TrivialAugmentWide, v2.RandAugment, v2.AutoAugment)]
    for side in (28, 56)
}
print(
    "of 3,000 digits nothing is left: TrivialAugmentWide {}, RandAugment {}, AutoAugment {}; "
    "of 56×56 pixels {}, {} and {}".format(*found[28], *found[56])
)
sys.exit(found[28][0] < 40 or max(found[28][1:] + found[56]) > 10)
PYTHON
