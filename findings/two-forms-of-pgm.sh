#!/bin/sh
# OpenCV reads the two forms of one PGM picture as different numbers, where white is 16 and not 255.
#
# opencv-python-headless 5.0.0.93, pillow 13.0.0, numpy 2.4.6, Python 3.11: a PGM file says which number is
# white; the digits of scikit-learn go from 0 to 16. From the plain form (P2, numbers in ASCII) OpenCV
# stretches them to 0..255, from the binary form (P5) of the same picture it returns 0..16. Pillow stretches
# both, and rounds where OpenCV cuts off. With white at 1,000 OpenCV stretches neither, and Pillow both, to
# 65,535.
# Output seen:
#   white 16 P2:   OpenCV [0, 15, 127, 239, 255]  Pillow [0, 16, 128, 239, 255]
#   white 16 P5:   OpenCV [0, 1, 8, 15, 16]  Pillow [0, 16, 128, 239, 255]
#   white 1000 P2: OpenCV [0, 62, 500, 937, 1000]  Pillow [0, 4063, 32768, 61406, 65535]
#   white 1000 P5: OpenCV [0, 62, 500, 937, 1000]  Pillow [0, 4063, 32768, 61406, 65535]
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    opencv-python-headless==5.0.0.93 pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import os, sys, tempfile
import cv2, numpy
from PIL import Image

found = {}
for white, pixels in (16, [0, 1, 8, 15, 16]), (1000, [0, 62, 500, 937, 1000]):
    plain = " ".join(map(str, pixels)).encode() + b"\n"
    binary = numpy.array(pixels, ">u2" if white > 255 else "u1").tobytes()
    for form, content in ("P2", plain), ("P5", binary):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "row.pgm")
            with open(path, "wb") as file:
                file.write(f"{form} 5 1 {white}\n".encode() + content)
            read = [cv2.imread(path, cv2.IMREAD_UNCHANGED), numpy.asarray(Image.open(path))]
        found[white, form] = [picture.ravel().tolist() for picture in read]
        print(f"white {white} {form}:".ljust(14), "OpenCV {}  Pillow {}".format(*found[white, form]))
cut, rounded, raw = [0, 15, 127, 239, 255], [0, 16, 128, 239, 255], [0, 1, 8, 15, 16]
both = [[0, 62, 500, 937, 1000], [0, 4063, 32768, 61406, 65535]]
expected = {(16, "P2"): [cut, rounded], (16, "P5"): [raw, rounded], (1000, "P2"): both, (1000, "P5"): both}
sys.exit(found != expected)
PYTHON
