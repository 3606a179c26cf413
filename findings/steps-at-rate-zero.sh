#!/bin/sh
# Keras' SGD with momentum goes on at the old learning rate after the rate has been lowered, to zero even.
#
# keras 3.15.1 on jax 0.10.2, optax 0.2.8, numpy 2.4.6, Python 3.11: Keras multiplies a gradient by the
# learning rate as it enters the momentum, torch and optax multiply what leaves it. While the rate stays, both
# are the same. After a step at rate 0.1 with gradient 1 and momentum 0.9, the rate is set to 0: optax stands
# still, Keras moves by 0.09, and by 0.081 after that. So a schedule takes effect in Keras over some ten
# steps, and the last, small steps of a cycle are larger than they say; a "frozen" network moves on.
# Output seen:
#   Keras moves by 0.100, then at rate 0 by 0.090 and 0.081
#   optax moves by 0.100, then at rate 0 by 0.000 and 0.000
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check \
    keras==3.15.1 jax==0.10.2 optax==0.2.8 numpy==2.4.6
export KERAS_HOME="$folder" KERAS_BACKEND=jax JAX_PLATFORMS=cpu
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import keras, numpy, optax

gradient = numpy.ones(1, "float32")


def with_keras():
    weight = keras.Variable(numpy.zeros(1, "float32"))
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    for rate in (0.1, 0.0, 0.0):
        before = float(weight.value[0])
        optimizer.learning_rate = rate
        optimizer.apply([gradient], [weight])
        yield round(before - float(weight.value[0]), 4)


def with_optax():
    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=0.1, momentum=0.9)
    state = optimizer.init(gradient)
    for rate in (0.1, 0.0, 0.0):
        state.hyperparams["learning_rate"] = numpy.float32(rate)
        update, state = optimizer.update(gradient, state)
        yield round(abs(float(update[0])), 4)


found = {"Keras": list(with_keras()), "optax": list(with_optax())}
for name, moves in found.items():
    print(f"{name} moves by {moves[0]:.3f}, then at rate 0 by {moves[1]:.3f} and {moves[2]:.3f}")
sys.exit(found != {"Keras": [0.1, 0.09, 0.081], "optax": [0.1, 0.0, 0.0]})
PYTHON
