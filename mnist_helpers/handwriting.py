"""A drawing or a photograph, made into what MNIST holds: the steps of lesson 6."""

from __future__ import annotations

import io
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from scipy import ndimage

from mnist_helpers.sources import WalkthroughError

LARGEST = 64_000_000  # pixels; a phone's camera makes 12 to 50 million
WORKING_SIDE = 400  # pixels; larger pictures are made smaller first
THINNEST = 2.4  # of MNIST's pixels; thinner strokes are made as thick


def to_mnist(picture, *, invert="auto", center=True, scale=True):
    """A drawing or photograph of one digit as MNIST would hold it.

    picture: array (H, W) or (H, W, 3|4), uint8 or float 0..1, of any size; ink dark on light or light on dark.
    invert: False for dark ink, True for light ink, "auto" to find out. center, scale: see `fit_frame`.
    Returns uint8 tensor (28, 28), 0 background, 255 ink.
    Raises WalkthroughError for an empty picture, one without ink, one too large, or an array of the wrong kind.
    Source: LeCun, Bottou, Bengio and Haffner, 1998, section III-A, for the frame.
    """
    return fit_frame(find_ink(to_gray(picture), invert), center, scale)


def open_picture(content: bytes) -> np.ndarray:
    """The pixels of a PNG, JPEG or other picture file, uint8 (H, W, 4), turned upright as its EXIF entry says.

    Its size is looked at before anything is decoded. Raises WalkthroughError where it is too large, or no picture.
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content)) as file:
            if file.width * file.height > LARGEST:
                raise WalkthroughError(
                    f"The picture has more than {LARGEST:,} pixels. Make it smaller first."
                )
            return np.array(ImageOps.exif_transpose(file).convert("RGBA"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise WalkthroughError("This is no picture, or only a part of one. Try a PNG or JPEG file.") from None


def to_gray(picture) -> np.ndarray:
    """Brightness 0..1, float (H, W), about WORKING_SIDE a side at most. Transparent parts are paper."""
    picture = np.asarray(picture)
    if picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,), (4,)):
        raise WalkthroughError(f"A picture has shape (H, W), (H, W, 3) or (H, W, 4), not {picture.shape}.")
    if not 0 < picture.shape[0] * picture.shape[1] <= LARGEST:
        raise WalkthroughError(f"A picture has 1 to {LARGEST:,} pixels, but the shape is {picture.shape}.")
    if picture.dtype != np.uint8 and picture.dtype.kind != "f":
        raise WalkthroughError(f"A picture holds uint8, or floats from 0 to 1, not {picture.dtype}.")
    picture = shrink(picture, -(-max(picture.shape[:2]) // WORKING_SIDE)) / (
        255 if picture.dtype == np.uint8 else 1
    )
    if not (picture.min() >= 0 and picture.max() <= 1):  # so it is, too, where a number is not a number
        raise WalkthroughError("A picture of floats holds numbers from 0 to 1.")
    if picture.ndim == 2:
        return picture
    gray = picture[..., :3] @ (0.299, 0.587, 0.114)
    opaque = picture[..., 3] if picture.shape[2] == 4 else np.ones_like(gray)
    dark = (gray * opaque).sum() < 0.5 * opaque.sum()
    return gray * opaque + dark * (1 - opaque)  # dark ink lies on white paper, light ink on black


def shrink(values, side):
    """Means of blocks of `side`×`side` pixels; a remainder at the bottom and on the right joins no block."""
    side = min(side, *values.shape[:2])
    rows, columns = (length // side * side for length in values.shape[:2])
    blocks = values[:rows, :columns].reshape(rows // side, side, columns // side, side, *values.shape[2:])
    return blocks.mean(axis=(1, 3), dtype=np.float64)


def find_ink(gray, invert="auto") -> np.ndarray:
    """How much ink lies where, float 0..1 (H, W): what is darker than the paper around it, without noise and specks."""
    side = max(gray.shape)
    gray = ndimage.gaussian_filter(gray, side / 400)
    if invert is True or (invert == "auto" and 2 * np.median(gray) < gray.min() + gray.max()):
        gray = 1 - gray
    paper = ndimage.grey_closing(
        gray, size=(side // 3 + 1,) * 2, mode="nearest"
    )  # narrow dark places are filled
    ink = paper - gray
    ink -= np.median(ink)
    level = np.percentile(ink[ink >= ink.max() / 2], 75)
    if level < max(0.05, 9 * np.median(abs(ink))):
        raise WalkthroughError("No ink was found in the picture. Draw darker, or on plainer paper.")
    ink = ((ink / level - 0.1) / 0.9).clip(0, 1)
    marks, number = ndimage.label(ink > 0.25)
    mass = np.append(0, ndimage.sum(ink, marks, range(1, number + 1)))
    inside = mass.copy()
    inside[np.concatenate([marks[0], marks[-1], marks[:, 0], marks[:, -1]])] = 0
    if (
        inside.max() > 0.02 * mass.max()
    ):  # then what runs off the picture is the edge of a shadow or of the paper
        mass = inside
    return ink * ndimage.binary_dilation((mass > 0.02 * mass.max())[marks], iterations=2)


def fit_frame(ink, center=True, scale=True) -> torch.Tensor:
    """The ink in a frame of 28×28, uint8: cut out, at most 20×20, its center of mass in the middle.

    Without `scale`, the whole picture is made 28 pixels long, and the ink with it. Without `center`, the ink's box
    stays where it was in the picture.
    """
    mask = ink > 0.3
    box = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
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
        corner = [13.5 - mean for mean in ndimage.center_of_mass(small.numpy())]
    else:  # as far from the picture's middle as it was
        moved = ((side[0] + side[-1] + 1 - length) / 2 for side, length in zip(box, ink.shape, strict=True))
        corner = [
            14 + 28 / max(ink.shape) * far - length / 2 for far, length in zip(moved, size, strict=True)
        ]
    row, column = (min(max(round(at), 0), 28 - length) for at, length in zip(corner, size, strict=True))
    frame = torch.zeros(28, 28, dtype=torch.uint8)
    frame[row : row + size[0], column : column + size[1]] = (255 * small).round().to(torch.uint8)
    return frame


def split_row(ink) -> list[np.ndarray]:
    """Each digit of a row by itself, in reading order: ink (H, W) is cut where a column holds none."""
    starts, ends = (
        np.flatnonzero(np.diff((ink > 0.3).any(axis=0), prepend=0, append=0) == sign) for sign in (1, -1)
    )
    return [np.pad(ink[:, start:end], 2) for start, end in zip(starts, ends, strict=True)]
