#!/bin/sh
# Keras' RandomCrop cuts all pictures of a batch at the same place; its sisters draw anew for each picture.
#
# keras 3.15.1 on jax 0.10.2, numpy 2.4.6, Python 3.11: of a batch of 32 equal pictures, RandomTranslation,
# RandomRotation, RandomShear and RandomContrast return 32 different ones. RandomCrop returns 32 times the
# same picture, and RandomGaussianBlur at most two, the one that was left alone and one blur. So cropping
# before batching and cropping after it are different augmentations.
# Output seen: (different pictures of 32)
#   RandomCrop 1, RandomGaussianBlur 2, RandomTranslation 32, RandomRotation 32, RandomShear 32,
#   RandomContrast 32
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    keras==3.15.1 jax==0.10.2 numpy==2.4.6
export KERAS_HOME="$folder" KERAS_BACKEND=jax JAX_PLATFORMS=cpu
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import keras, numpy

layers = {
    "RandomCrop": keras.layers.RandomCrop(20, 20, seed=0),
    "RandomGaussianBlur": keras.layers.RandomGaussianBlur(factor=1.0, value_range=(0, 1), seed=0),
    "RandomTranslation": keras.layers.RandomTranslation(0.2, 0.2, seed=0),
    "RandomRotation": keras.layers.RandomRotation(0.1, seed=0),
    "RandomShear": keras.layers.RandomShear(0.2, seed=0),
    "RandomContrast": keras.layers.RandomContrast(0.3, value_range=(0, 1), seed=0),
}
picture = numpy.random.default_rng(0).uniform(0.2, 0.8, (28, 28, 1)).astype("float32")
batch = numpy.stack([picture] * 32)
found = {}
for name, layer in layers.items():
    pictures = numpy.asarray(layer(batch, training=True))
    found[name] = len({one.tobytes() for one in pictures})
print("different pictures of 32:", ", ".join(f"{name} {count}" for name, count in found.items()))
crops, blurs, *others = found.values()
sys.exit(crops != 1 or blurs > 2 or min(others) < 32)
PYTHON
