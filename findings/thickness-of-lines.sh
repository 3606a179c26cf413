#!/bin/sh
# OpenCV's lines of thickness 3 are five pixels wide, and so are those of thickness 4.
#
# opencv-python-headless 5.0.0.93 (4.14.0 as well), numpy 2.4.6, Python 3.11: a horizontal or vertical line
# from cv2.line covers one row for thickness 1, three for 2, five for 3 and 4, seven for 5 and 6, so thickness
# 3 draws what 4 draws, and from 2 on a line is one or two pixels wider than asked for. Strokes drawn like
# this into 28 x 28 pixels are too bold, and a slow change of thickness jumps. Rectangles have it, too.
# Pillow's lines have the width that was asked for.
# Output seen:
#   thickness 1 2 3 4 5 6 7 8
#   OpenCV    1 3 5 5 7 7 9 9
#   Pillow    1 2 3 4 5 6 7 8
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    opencv-python-headless==5.0.0.93 pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import cv2, numpy
from PIL import Image, ImageDraw


def with_opencv(thickness):
    picture = numpy.zeros((64, 64), numpy.uint8)
    cv2.line(picture, (10, 30), (50, 30), 255, thickness)
    return int((picture[:, 30] > 0).sum())


def with_pillow(thickness):
    picture = Image.new("L", (64, 64))
    ImageDraw.Draw(picture).line([(10, 30), (50, 30)], 255, thickness)
    return int((numpy.asarray(picture)[:, 30] > 0).sum())


asked = list(range(1, 9))
opencv, pillow = [with_opencv(t) for t in asked], [with_pillow(t) for t in asked]
for name, row in {"thickness": asked, "OpenCV": opencv, "Pillow": pillow}.items():
    print(f"{name:9}", *row)
sys.exit(opencv != [1, 3, 5, 5, 7, 7, 9, 9] or pillow != asked)
PYTHON
