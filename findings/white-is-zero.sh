#!/bin/sh
# One scanned TIFF is dark on light for some libraries and light on dark for others, and that changes with its bits.
#
# pillow 13.0.0, opencv-python-headless 5.0.0.93, tifffile 2026.3.3, imageio 2.38.1, numpy 2.4.6, Python 3.11: a
# gray TIFF says which end of its scale is white; in scans and faxes it is often 0 (PhotometricInterpretation
# WhiteIsZero). With 8 bits a pixel Pillow and OpenCV turn such a picture over, so that paper is 255, and tifffile,
# and imageio, which asks it, leave paper at 0. With 16 bits nobody turns it over, Pillow and OpenCV neither. So a
# program that was tried on scans of 8 bits gets negatives from scans of 16, and two readers of one file disagree.
# Output seen (paper, ink of a page whose ink is at nine tenths of the scale):
#   8 bits:  Pillow 255 25, OpenCV 255 25, tifffile 0 230, imageio 0 230
#   16 bits: Pillow 0 59110, OpenCV 0 59110, tifffile 0 59110, imageio 0 59110
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    pillow==13.0.0 opencv-python-headless==5.0.0.93 tifffile==2026.3.3 imageio==2.38.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import os, sys
import cv2, numpy, tifffile
import imageio.v3 as imageio
from PIL import Image

READERS = {
    "Pillow": lambda path: numpy.asarray(Image.open(path)),
    "OpenCV": lambda path: cv2.imread(path, cv2.IMREAD_UNCHANGED),
    "tifffile": tifffile.imread,
    "imageio": imageio.imread,
}
page = numpy.zeros((28, 28), numpy.uint8)  # white is 0
page[4:24, 12:16] = 230
found = {}
for bits, stored in (8, page), (16, page.astype(numpy.uint16) * 257):
    path = os.path.join(sys.argv[1], f"scan{bits}.tif")
    tifffile.imwrite(path, stored, photometric="miniswhite")
    read = {name: reader(path) for name, reader in READERS.items()}
    found[bits] = [(int(picture[0, 0]), int(picture[10, 13])) for picture in read.values()]
    each = (f"{name} {paper} {ink}" for name, (paper, ink) in zip(READERS, found[bits]))
    print(f"{bits} bits:".ljust(8), ", ".join(each))
sys.exit(found != {8: 2 * [(255, 25)] + 2 * [(0, 230)], 16: 4 * [(0, 59110)]})
PYTHON
