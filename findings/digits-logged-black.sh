#!/bin/sh
# Weights & Biases logs images whose pixels go from 0 to 1 as black pictures, without a word.
#
# wandb 0.31.0, numpy 2.4.6, pillow 13.0.0, Python 3.11: `wandb.Image` of an array of floats cuts each number off
# to a whole one of 0 to 255 and scales nothing. A digit divided by 255, as networks are fed, becomes 0 and, where
# the ink is full, 1: black to the eye. matplotlib draws the same array as a digit. A normalized image that reaches -1,
# the usual scale of mean and deviation 0.5, turns round: paper at -1 becomes 255, and ink at 1 becomes 1, so the
# negative of the digit is seen.
# Output seen (paper, ink):
#   0 to 255, uint8: 0 255
#   0 to 1:          0 1
#   -1 to 1:         255 1
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    wandb==0.31.0 pillow==13.0.0 numpy==2.4.6
HOME="$folder" WANDB_MODE=disabled "$folder/venv/bin/python" -W error::RuntimeWarning - <<'PYTHON'
import sys
import numpy
import wandb

digit = numpy.zeros((28, 28), numpy.uint8)
digit[4:24, 12:16] = 255
scaled = digit / 255
found = {}
for name, pixels in {"0 to 255, uint8": digit, "0 to 1": scaled, "-1 to 1": 2 * scaled - 1}.items():
    picture = numpy.asarray(wandb.Image(pixels).image)
    found[name] = int(picture[0, 0]), int(picture[10, 13])
    print(f"{name}:".ljust(16), *found[name])
sys.exit(found != {"0 to 255, uint8": (0, 255), "0 to 1": (0, 1), "-1 to 1": (255, 1)})
PYTHON
