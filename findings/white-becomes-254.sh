#!/bin/sh
# torchvision's grayscale makes each gray of a tensor one darker, white 254; of the same Pillow picture it changes none.
#
# torchvision 0.29.2, torch 2.15.0, pillow 13.0.0, numpy 2.4.6, Python 3.11: `rgb_to_grayscale`, and the transforms
# Grayscale and RandomGrayscale that call it, weigh red, green and blue with 0.2989, 0.587 and 0.114, which make
# 0.9999, and cut off what is behind the point. So in a uint8 tensor whose three channels are equal, all 255 grays
# above 0 come out one lower, and no pixel is white any more; floats lose a ten-thousandth. For a Pillow picture
# the same function asks Pillow, and keeps all of them. A test for white paper (`== 255`), or one path for
# training and another for files, meets two pictures.
# Output seen: of 256 grays changed: tensor 255, Pillow 0; white: tensor 254, Pillow 255, float 0.9999
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    torchvision==0.29.2 torch==2.15.0 pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import numpy
import torch
from PIL import Image
from torchvision.transforms.v2.functional import rgb_to_grayscale

grays = numpy.arange(256, dtype=numpy.uint8)[None, :, None].repeat(3, axis=2)
tensor = rgb_to_grayscale(torch.from_numpy(grays).permute(2, 0, 1))[0, 0].numpy()
pillow = numpy.asarray(rgb_to_grayscale(Image.fromarray(grays)))[0]
white = rgb_to_grayscale(torch.ones(3, 1, 1)).item()
changed = [int((each != numpy.arange(256)).sum()) for each in (tensor, pillow)]
print(f"of 256 grays changed: tensor {changed[0]}, Pillow {changed[1]};", end=" ")
print(f"white: tensor {tensor[255]}, Pillow {pillow[255]}, float {white:.4f}")
sys.exit((changed, int(tensor[255]), int(pillow[255]), round(white, 4)) != ([255, 0], 254, 255, 0.9999))
PYTHON
