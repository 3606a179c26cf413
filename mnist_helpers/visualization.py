"""Looking inside: the hook, occlusion, saliency and Grad-CAM as lesson 5 builds them."""

from __future__ import annotations

from contextlib import contextmanager

import torch
import torch.nn.functional as F


@contextmanager
def record(layer):
    """Note down what `layer` puts out, as long as the block lasts: a list, one tensor for each call."""
    outputs = []
    handle = layer.register_forward_hook(lambda layer, inputs, output: outputs.append(output))
    try:
        yield outputs
    finally:
        handle.remove()


@torch.no_grad()
def occlusion_map(model, image, label, size=5):
    """The log-probability that `label` loses when a square of background hides each place, below 0 where it gains.

    image: float (1, 28, 28), normalized, so that its smallest value is background. size: pixels a side of the square.
    Returns float (28, 28), on the CPU, one entry for each pixel at the center of the square.
    Source: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014.
    """
    hidden = image.repeat(28 * 28, 1, 1, 1)
    for place in range(28 * 28):
        row, column = place // 28 - size // 2, place % 28 - size // 2
        hidden[place, :, max(row, 0) : row + size, max(column, 0) : column + size] = image.min()
    # A square that covers no ink changes nothing, so the network need not be asked.
    lost, changed = torch.zeros(28 * 28), (hidden != image).flatten(1).any(dim=1)
    before = F.log_softmax(model(image[None]), dim=1)[0, label]
    lost[changed.cpu()] = (before - F.log_softmax(model(hidden[changed]), dim=1)[:, label]).cpu()
    return lost.view(28, 28)


def saliency(model, image, label):
    """How strongly the logit of `label` answers to a change of each pixel: float (28, 28), 0 or more, on the CPU.

    image: float (1, 28, 28), normalized. Source: Simonyan and others, Deep Inside Convolutional Networks, 2013.
    """
    image = image.clone().requires_grad_()
    logit = model(image[None])[0, label]
    gradient = torch.autograd.grad(logit, image)[0]
    return gradient[0].abs().cpu()


def grad_cam(model, layer, image, label):
    """Where the maps of `layer` speak for `label`: float (H, W) as these maps, 0 or more, on the CPU.

    image: float (1, 28, 28), normalized. layer: its ReLU may come after it. Source: Selvaraju and others, Grad-CAM, 2017.
    """
    with record(layer) as outputs:
        logit = model(image[None])[0, label]
    gradient = torch.autograd.grad(logit, outputs[0])[0]
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return F.relu((weights * F.relu(outputs[0])).sum(dim=1))[0].detach().cpu()
