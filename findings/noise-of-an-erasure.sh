#!/bin/sh
# RandomErasing with value="random" on uint8 digits puts no noise there: two thirds of the erased pixels become 0.
#
# torch 2.15.0, torchvision 0.29.2, numpy 2.4.6, Python 3.11: the random values come from a normal distribution of
# mean 0 and standard deviation 1, whatever the images hold, and are cut to whole numbers when they are written into
# uint8. So they are 0, 1, 2 and, for negative ones, 255 and 254 (with x86's conversion), and never between. On MNIST
# most of the square is plain paper, and a network is given specks of full ink in it. The same in transforms and in
# transforms.v2. On float images of 0 to 1 the values leave that range on both sides.
# Output seen: erased pixels 0: 68%, between 5 and 250: 0%; on float images from -2.3 to 3.3
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    torch==2.15.0 torchvision==0.29.2 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import torch
from torchvision import transforms
from torchvision.transforms import v2

torch.manual_seed(0)
erased = []
for module in (transforms, v2):
    erase = module.RandomErasing(p=1, scale=(0.3, 0.3), value="random")
    for _ in range(20):
        digit = torch.full((1, 28, 28), 100, dtype=torch.uint8)
        after = erase(digit)
        erased.append(after[after != digit])
values = torch.cat(erased)
zero = (values == 0).double().mean().item()
between = ((values > 5) & (values < 250)).double().mean().item()
floats = erase(torch.full((1, 28, 28), 0.5))
print(f"erased pixels 0: {zero:.0%}, between 5 and 250: {between:.0%};", end=" ")
print(f"on float images from {floats.min():.1f} to {floats.max():.1f}")
sys.exit(not (zero > 0.6 and between == 0 and floats.min() < 0 and floats.max() > 1))
PYTHON
