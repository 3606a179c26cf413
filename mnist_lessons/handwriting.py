"""From a picture file to what MNIST holds: paper, ink, and the frame of 28×28, in the steps of lesson 6."""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from scipy import ndimage

from mnist_helpers.errors import WalkthroughError
from mnist_lessons.marks import (
    at_side,
    find_boxes,
    find_card,
    find_digits,
    label_marks,
    split_rows,
    without_lines,
)

HEIC = (
    "This is a HEIC picture, as phones take, which few programs read. Save or send it as a JPEG, or let the phone take "
    "JPEGs: on an iPhone, Settings, Camera, Formats, Most Compatible."
)
NO_INK = "No ink was found in the picture. Draw darker, or on plainer paper."
LARGEST = 64_000_000  # pixels; a phone's camera makes 12 to 50 million
WORKING_SIDE = 400  # pixels; larger pictures are made smaller first
SHEET_SIDE = 1200  # of a sheet, on which a digit may be small
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")  # none that another program would have to run for
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


def read_sheet(picture):
    """The rows of a page from top to bottom, each a list of (box, image) from left to right.

    picture: as for `to_mnist`; a photograph or scan of digits in rows, of either ink, also on ruled or squared paper.
    box: top, left, bottom, right, in pixels of the picture. image: uint8 tensor (28, 28), as `to_mnist` makes it.
    Raises WalkthroughError where there is no ink, or none that looks like digits, and for what `to_mnist` refuses.
    """
    gray, block = to_gray(picture, SHEET_SIDE), -(-max(np.shape(picture)[:2]) // SHEET_SIDE)
    ink = darker_than_paper(gray, "auto", blur=max(max(gray.shape) / 800, 0.7), sheet=True)
    digits = find_digits(ink)
    rows = split_rows(np.array([box for box, _ in digits]))
    return [
        [(tuple(int(block * side) for side in digits[at][0]), fit_frame(digits[at][1])) for at in row]
        for row in rows
    ]


def open_picture(content: bytes) -> np.ndarray:
    """A PNG, JPEG or other picture file in grays, uint8 (H, W), turned upright as its EXIF entry says.

    It has colors, (H, W, 4), where it is transparent, because either ink may lie there. Of a JPEG of more than
    2 · SHEET_SIDE pixels a side, only every second, fourth or eighth is decoded. Its size is looked at before that.
    Raises WalkthroughError where it is too large, or no picture.
    """
    if content[4:8] == b"ftyp" and content[8:11] in (b"hei", b"hev", b"mif", b"msf"):
        raise WalkthroughError(HEIC)
    large = WalkthroughError(f"The picture has more than {LARGEST:,} pixels. Make it smaller first.")
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(content), formats=FORMATS) as file,
        ):
            if file.width * file.height > LARGEST:
                raise large
            file.draft("L", (SHEET_SIDE, SHEET_SIDE))
            upright = ImageOps.exif_transpose(file)
            if upright.mode[0] in "IF":  # grays of more than eight bits
                values = np.array(upright, dtype=np.float64)
                return (255 * (values - values.min()) / max(np.ptp(values), 1)).astype(np.uint8)
            return np.array(upright.convert("RGBA" if upright.has_transparency_data else "L"))
    except Image.DecompressionBombError:
        raise large from None
    except (OSError, SyntaxError, ValueError, RuntimeError, MemoryError):
        raise WalkthroughError("This is no picture, or only a part of one. Try a PNG or JPEG file.") from None


def to_gray(picture, longest=WORKING_SIDE) -> np.ndarray:
    """Brightness 0..1, float (H, W), about `longest` pixels a side at most. Transparent parts are paper."""
    try:
        picture = np.asarray(picture)
    except (ValueError, TypeError, RuntimeError):
        raise WalkthroughError("A picture is an array of numbers.") from None
    if picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,), (4,)):
        raise WalkthroughError(f"A picture has shape (H, W), (H, W, 3) or (H, W, 4), not {picture.shape}.")
    if not 0 < picture.shape[0] * picture.shape[1] <= LARGEST:
        raise WalkthroughError(f"A picture has 1 to {LARGEST:,} pixels, but the shape is {picture.shape}.")
    if picture.dtype != np.uint8 and picture.dtype.kind != "f":
        raise WalkthroughError(f"A picture holds uint8, or floats from 0 to 1, not {picture.dtype}.")
    white = 255 if picture.dtype == np.uint8 else 1
    picture = shrink(picture, -(-max(picture.shape[:2]) // longest)) / white
    if not (picture.min() > -0.01 and picture.max() < 1.01):  # so it is, too, where a number is not a number
        raise WalkthroughError("A picture of floats holds numbers from 0 to 1.")
    picture = picture.clip(0, 1)  # resizing may have gone a little beyond
    if picture.ndim == 2:
        return picture
    gray = picture[..., :3] @ (0.299, 0.587, 0.114)
    opaque = picture[..., 3] if picture.shape[2] == 4 else np.ones_like(gray)
    dark = (gray * opaque).sum() < 0.5 * opaque.sum()
    return gray * opaque + dark * (1 - opaque)  # dark ink lies on white paper, light ink on black


def shrink(values, side, take=np.mean):
    """Means of blocks of side × side pixels; a remainder at the bottom and on the right joins no block.

    take: what is taken of a block in the place of its mean.
    """
    high, wide = (min(side, length) for length in values.shape[:2])
    rows, columns = values.shape[0] // high, values.shape[1] // wide
    blocks = values[: rows * high, : columns * wide].reshape(rows, high, columns, wide, *values.shape[2:])
    # By axes in turn, which is three times as fast.
    return take(take(blocks, axis=1), axis=2).astype(np.float64)


def find_ink(gray, invert="auto") -> np.ndarray:
    """How much ink lies where, float 0..1 (H, W): what is darker than the paper around it, without noise and specks.

    Nor what comes in from a side of the picture, a neighbor or a table, if there is ink inside and far from it.
    """
    ink = darker_than_paper(gray, invert, blur=max(gray.shape) / 400)
    marks, mass = label_marks(ink)
    boxes = find_boxes(marks)
    large = mass > 0.02 * mass.max()
    length = np.ptp(boxes.reshape(-1, 2, 2), axis=1).max(axis=1)
    large &= length >= 0.15 * length[large].max(initial=0)  # else small print, or a speck
    outer = at_side(boxes, ink.shape, within=4)
    inner = np.where(outer, 0, mass).argmax()
    if (large & outer).any() and mass[inner] > 0.5 * mass.max():
        distance = ndimage.distance_transform_edt(marks != inner)
        large[outer] &= ndimage.minimum(distance, marks, np.flatnonzero(outer)) < 0.1 * length[inner]
    return ink * ndimage.binary_dilation(large[marks], iterations=2)


def darker_than_paper(gray, invert, blur, sheet=False):
    """How much ink lies where, float 0..1 (H, W), without the lines of ruled paper. blur: against noise, in pixels.

    Raises WalkthroughError where nothing stands out from the noise.
    """
    given, gray = gray, ndimage.gaussian_filter(gray, blur)
    if invert is True or (invert == "auto" and light_on_dark(gray)):
        gray = 1 - gray
    reach = max(gray.shape) // 6 + 1
    paper = ndimage.grey_closing(np.pad(gray, reach, mode="edge"), size=(2 * reach + 1,) * 2, mode="nearest")
    paper = paper[reach:-reach, reach:-reach]  # what is narrow and dark was filled
    ink = (paper - gray) / paper.clip(0.1)  # in a shadow, ink differs less from its paper
    ink -= np.percentile(ink, 20)  # paper, also where ink covers most of the picture
    level = np.percentile(ink[ink >= ink.max() / 2], 75)
    if level < max(0.05, 17 * np.percentile(abs(ink), 20)):
        raise WalkthroughError(NO_INK)
    ink = ((ink / level - 0.1) / 0.9).clip(0, 1)
    if invert == "auto" and (card := find_card(ink > 0.5, 0.8 if sheet else 0.93)).any():  # it is the paper
        nearest = ndimage.distance_transform_edt(~card, return_distances=False, return_indices=True)
        with contextlib.suppress(WalkthroughError):
            return darker_than_paper(given[tuple(nearest)], invert, blur, sheet)
    return without_lines(ink, sheet)


def light_on_dark(gray):
    """Is the ink lighter than the paper? Where there is ink nearby, most of what lies around is paper."""
    side = max(1, max(gray.shape) // 50)
    small = shrink(gray, side)
    light = ndimage.gaussian_filter(small, max(small.shape) / 4)  # a lamp's light changes slowly
    size = max(small.shape) // 3 + 1
    low = ndimage.minimum_filter(shrink(gray, side, np.min) - light, size)  # a thin stroke is lost in a mean
    high = ndimage.maximum_filter(shrink(gray, side, np.max) - light, size)
    near_ink = high - low >= (high - low).max() / 2
    around = ndimage.median_filter(small - light, size, mode="nearest")  # less ink at the edge
    return ((low + high - 2 * around) * near_ink).sum() > 0


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
    cut = cut / cut.max()
    zoom = 20 / max(cut.shape) if scale else 28 / max(ink.shape)
    # The width of strokes: a pixel is on average a quarter of it away from the edge.
    width = 4 * ndimage.distance_transform_edt(np.pad(mask, 1)).sum() / mask.sum()
    grow = (THINNEST / zoom - width) / 2
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
        zoom = 28 / max(ink.shape)
        corner = [14 + zoom * far - length / 2 for far, length in zip(moved, size, strict=True)]
    row, column = (min(max(round(at), 0), 28 - length) for at, length in zip(corner, size, strict=True))
    frame = torch.zeros(28, 28, dtype=torch.uint8)
    frame[row : row + size[0], column : column + size[1]] = (255 * small).round().to(torch.uint8)
    return frame
