"""A drawing or a photograph, made into what MNIST holds: the steps of lesson 6."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage

from mnist_helpers.pictures import NO_INK, WORKING_SIDE, find_ink, to_gray
from mnist_helpers.sources import WalkthroughError

THINNEST = 2.4  # of MNIST's pixels; thinner strokes are made as thick


def to_mnist(picture, *, invert="auto", center=True, scale=True):
    """A drawing or photograph of one digit as MNIST would hold it.

    picture: array (H, W) or (H, W, 3|4), uint8 or float 0..1, of any size; ink dark on light or light on dark.
    invert: False for dark ink, True for light ink, "auto" to find out. center, scale: see `fit_frame`.
    Returns uint8 tensor (28, 28), 0 background, 255 ink.
    Raises WalkthroughError for an empty picture, one without ink, one too large, or an array of the wrong kind.
    Source: LeCun, Bottou, Bengio and Haffner, 1998, section III-A, for the frame.
    """
    if invert not in (True, False, "auto"):
        raise WalkthroughError(f'`invert` is True, False or "auto", not {invert!r}.')
    gray, block = to_gray(picture), -(-max(np.shape(picture)[:2]) // WORKING_SIDE)
    ink = find_ink(gray, invert)
    if center and scale and block > 1:  # small on a large picture: look again, at more of its pixels
        box = ink_box(ink)
        margin = max(np.ptp(side) for side in box) // 2 + 4
        if margin < 80:
            part = (slice(max(0, side[0] - margin) * block, (side[-1] + margin + 1) * block) for side in box)
            ink = find_ink(to_gray(np.asarray(picture)[tuple(part)]), invert)
    return fit_frame(ink, center, scale)


def ink_box(ink):
    """The rows and the columns that hold ink. Raises WalkthroughError where there is none."""
    box = [np.flatnonzero((ink > 0.3).any(axis=axis)) for axis in (1, 0)]
    if not len(box[0]):
        raise WalkthroughError(NO_INK)
    return box


def fit_frame(ink, center=True, scale=True) -> torch.Tensor:
    """The ink in a frame of 28×28, uint8: cut out, at most 20×20, its center of mass at pixel 14.

    Without `scale`, the whole picture is made 28 pixels long, and the ink with it. Without `center`, the ink's box
    stays where it was in the picture.
    """
    mask, box = ink > 0.3, ink_box(ink)
    (top, left), (bottom, right) = ([side[end] for side in box] for end in (0, -1))
    cut = ink[top : bottom + 1, left : right + 1]
    zoom = 20 / max(cut.shape) if scale else 28 / max(ink.shape)
    width = (
        4 * ndimage.distance_transform_edt(np.pad(mask, 1)).sum() / mask.sum()
    )  # of strokes: a pixel is on
    grow = (THINNEST / zoom - width) / 2  # average a quarter of it away from the edge
    if grow > 0:
        cut = (grow + 0.5 - ndimage.distance_transform_edt(np.pad(cut, int(grow) + 2) <= 0.5)).clip(0, 1)
    longest = 20 if scale else min(28, zoom * max(cut.shape))
    size = [max(1, round(length * longest / max(cut.shape))) for length in cut.shape]
    small = F.interpolate(torch.from_numpy(cut)[None, None], size, mode="bilinear", antialias=True)[0, 0]
    small = small / small.max()
    if center:
        corner = [14 - mean for mean in ndimage.center_of_mass(small.numpy())]
    else:  # as far from the picture's middle as it was
        moved = ((side[0] + side[-1] + 1 - length) / 2 for side, length in zip(box, ink.shape, strict=True))
        corner = [
            14 + 28 / max(ink.shape) * far - length / 2 for far, length in zip(moved, size, strict=True)
        ]
    row, column = (min(max(round(at), 0), 28 - length) for at, length in zip(corner, size, strict=True))
    frame = torch.zeros(28, 28, dtype=torch.uint8)
    frame[row : row + size[0], column : column + size[1]] = (255 * small).round().to(torch.uint8)
    return frame
