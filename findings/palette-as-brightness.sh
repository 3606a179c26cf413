#!/bin/sh
# A digit saved with a palette is all but black to torchvision's ToTensor, which takes the palette's numbers for gray.
#
# torchvision 0.29.2, torch 2.15.0, pillow 13.0.0, numpy 2.4.6, Python 3.11: tools that make PNG files small keep a
# palette and, for each pixel, a number in it. Pillow opens such a file in mode P, which the documentation of ToTensor
# names among the modes that it scales to 0..1. It divides the numbers by 255: of black ink on white paper in two colors
# there remain 0 and 1/255, and whether the ink is 0 or 1 depends on the palette. PILToTensor and
# v2.ToImage keep them as they are. Without a palette, or after convert("L"), the same picture comes out as expected.
# Output seen: least and largest: with a palette 0 to 0.0039, converted 0 to 1, without a palette 0 to 1
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    torchvision==0.29.2 torch==2.15.0 pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import io
import sys
import numpy, torch
from PIL import Image
from torchvision.transforms import ToTensor

digit = numpy.full((28, 28), 255, numpy.uint8)
digit[4:24, 12:16] = 0


def ends(tensor):
    return tensor.min().item(), tensor.max().item()


def saved(picture):
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


gray = saved(Image.fromarray(digit))
numbers = Image.fromarray((digit == 0).astype(numpy.uint8))
numbers.putpalette([255, 255, 255, 0, 0, 0])  # 0 is white, 1 is black
palette = saved(numbers)
opened = Image.open(io.BytesIO(palette))
found = [ends(ToTensor()(one)) for one in (opened, opened.convert("L"), Image.open(io.BytesIO(gray)))]
print("least and largest: with a palette {:.2g} to {:.2g}, converted {:.2g} to {:.2g},".format(*found[0], *found[1]), end=" ")
print("without a palette {:.2g} to {:.2g}".format(*found[2]))
sys.exit(not (found[0][1] < 0.01 and found[1] == found[2] == (0, 1)))
PYTHON
