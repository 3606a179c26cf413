"""What `deeper/05_maps_on_trial` alone needs: the three maps of lesson 5, its pictures, and the line-up that an exercise asks for."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from mnist_helpers.figures import draw_curves, draw_image
from mnist_helpers.visualization import record

KINDS = {"gradient": "amount", "occlusion": "signed", "Grad-CAM": "amount"}


def draw_maps(image: Tensor, label: int, maps: Mapping[str, Mapping[str, Tensor]], number: int) -> Figure:
    """Draw a digit and its three maps, a row for each network, each map on a scale of its own.

    image: float (1, 28, 28). maps: network -> kind -> maps of all digits, of which `number` is this one.
    """
    figure, rows = plt.subplots(len(maps), 4, figsize=(8, 2.2 * len(maps)))
    for row, (name, kinds) in zip(rows, maps.items(), strict=True):
        draw_image(image[0], f"label {label}", axes=row[0])
        for axes, (kind, colors) in zip(row[1:], KINDS.items(), strict=True):
            draw_image(at_image_size(kinds[kind][number]), f"{kind}, {name}", colors, axes=axes)
    return figure


def at_image_size(one: Tensor) -> Tensor:
    """A map as large as the image: cell i of `conv2` reads pixels 2i to 2i + 13, so it is drawn on 2i + 6 and 2i + 7."""
    return one if len(one) == 28 else F.pad(one.repeat_interleave(2, 0).repeat_interleave(2, 1), (6,) * 4)


def draw_deletion(curves: Mapping[str, tuple]) -> Axes:
    """Draw how many digits are still read right after deletions, with the names beside the curves.

    curves: name -> (pixels deleted, share in percent, standard error).
    """
    axes = plt.subplots(figsize=(8, 3.4))[1]
    draw_curves(curves, x="pixels with ink deleted", y="digits still read right (%)", axes=axes)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return axes


def found_in_line_up(maps: Tensor, others: Tensor) -> float:
    """The share of `maps` that correlate best with the one of `others` that is of the same image.

    maps, others: float (N, H, W), of the same N images in the same order. A map that is the same everywhere finds none.
    """
    centered = [side.flatten(1) - side.flatten(1).mean(dim=1, keepdim=True) for side in (maps, others)]
    one, other = (F.normalize(side, dim=1) for side in centered)
    best = (one @ other.T).argmax(dim=1)
    found = (best == torch.arange(len(maps))) & (one.abs().amax(dim=1) > 0)
    return found.double().mean().item()


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
