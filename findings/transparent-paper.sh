#!/bin/sh
# Gradio's Sketchpad lays a drawing on white paper, its Image lays the same file on black: black ink is gone.
#
# gradio 6.31.0, pillow 12.3.0, numpy 2.4.6, Python 3.11: a browser's canvas, and most drawing programs, save what was
# drawn as ink on transparent paper. With image_mode "L" or "RGB" a digit program gets paper 255 and ink 0 from
# `gradio.Sketchpad`, and paper 0 and ink 0, an empty picture, from `gradio.Image` for the same PNG: the one puts
# white behind it, the other drops the transparency and keeps the black that lies under it.
# Output seen (paper, ink):
#   L:   Sketchpad 255 0, Image 0 0
#   RGB: Sketchpad 255 0, Image 0 0
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    gradio==6.31.0 pillow==12.3.0 numpy==2.4.6
export HOME="$folder" GRADIO_ANALYTICS_ENABLED=False GRADIO_TEMP_DIR="$folder/files"
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import os, sys
import gradio
from gradio.components.image_editor import EditorData
from gradio.data_classes import FileData, ImageData
from PIL import Image

path = os.path.join(sys.argv[1], "drawing.png")
drawing = Image.new("RGBA", (100, 100))
drawing.paste((0, 0, 0, 255), (45, 10, 55, 90))
drawing.save(path)
found = {}
for mode in ("L", "RGB"):
    drawn = EditorData(background=None, layers=[FileData(path=path)], composite=FileData(path=path))
    sketch = gradio.Sketchpad(image_mode=mode, type="pil").preprocess(drawn)["composite"]
    upload = gradio.Image(image_mode=mode, type="pil").preprocess(ImageData(path=path, orig_name="drawing.png"))
    pictures = [picture.convert("L") for picture in (sketch, upload)]
    found[mode] = [(one.getpixel((0, 0)), one.getpixel((50, 50))) for one in pictures]
    print(f"{mode}:".ljust(4), "Sketchpad {} {}, Image {} {}".format(*found[mode][0], *found[mode][1]))
sys.exit(found != {mode: [(255, 0), (0, 0)] for mode in ("L", "RGB")})
PYTHON
