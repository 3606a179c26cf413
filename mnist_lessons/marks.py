"""Which marks of ink on a sheet are digits, in which rows, and which are lines, specks or the grain of a table."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from mnist_helpers.errors import WalkthroughError

MOST_MARKS = 400  # of digits on a sheet
BROAD = 1.4  # times the typical height: broader than a digit
NEARER = "Photograph the digits alone, from nearer."


def find_digits(ink):
    """The digits of a sheet, each a box (top, left, bottom, right) and its ink, float (h, w), without its neighbors'.

    ink: float 0..1 (H, W). Raises WalkthroughError where there is none, or too many marks.
    """
    darkest = ndimage.maximum_filter(ink, 2 * (max(ink.shape) // 60) + 1)  # nearby: a pencil's is fainter
    even = np.where(darkest > 0.4, ink / darkest.clip(0.5), ink)
    marks, mass = label_marks(even)
    boxes = find_boxes(marks)
    height, width = (boxes[:, 2:] - boxes[:, :2]).T
    mass[stands_out(ink, marks) < 0.4] = 0  # the grain of a table
    if not mass.any():
        raise WalkthroughError(f"There are faint marks in the picture, but no strokes of a pen. {NEARER}")
    filled = np.bincount(marks.ravel()) > 0.75 * height * width
    things = filled & (np.minimum(height, width) > 0.4 * np.maximum(height, width))  # a phone, a printed box
    if mass[~things].any():
        mass[things] = 0
    outer = at_side(boxes, ink.shape, within=max(ink.shape) // 100)  # perhaps a table, or the paper's edge
    inside = np.where(outer, 0, mass)
    inside = inside if inside.sum() > 0.03 * mass.sum() else mass
    order = height.argsort()  # the typical digit's height: half of the ink is in marks that are no higher
    typical = height[order][np.searchsorted(inside[order].cumsum(), inside.sum() / 2)]
    mass[outer & (width > 2 * typical)] = 0
    kept = np.flatnonzero(
        (mass > 0) & (np.maximum(height, width) >= 0.15 * typical) & (height < 2.5 * typical)
    )
    if len(kept) > MOST_MARKS:
        raise WalkthroughError(f"{len(kept)} marks were found, which looks like text or cloth. {NEARER}")
    marks = np.where(np.isin(marks, kept), marks, 0)
    for at in kept[(height < 0.75 * typical)[kept] | (height < width)[kept]]:  # perhaps a part of a digit
        join_nearest(marks, boxes, at, typical)
    for at in kept[boxes[kept, 3] - boxes[kept, 1] > BROAD * typical]:
        cut_touching(marks, at, typical)
    boxes = find_boxes(marks)
    tall = boxes[:, 2] - boxes[:, 0] >= np.where(at_side(boxes, ink.shape), 0.75, 0.4) * typical
    found = np.flatnonzero(tall)  # others are cut off, or a dash
    sides = boxes[found] * (1, 1, -1, -1)
    inside = (sides >= sides[:, None]).all(axis=2).sum(axis=1) > 1
    found = found[~inside]  # what has a digit in its box is what is left of a printed one
    return [(boxes[at], cut_out(even, marks, at, boxes[at])) for at in found]


def label_marks(ink):
    """Connected marks of ink: their numbers, int (H, W), 0 for none, and the ink in each, 0 first.

    What runs from side to side is the edge of a shadow or of the paper, and counts as no ink, if there is other.
    """
    marks, number = ndimage.label(ink > 0.3, np.ones((3, 3)))
    mass = np.append(0, ndimage.sum(ink, marks, range(1, number + 1)))
    sides = sum(np.isin(range(number + 1), line) for line in (marks[0], marks[-1], marks[:, 0], marks[:, -1]))
    inside = np.where(sides > 1, 0, mass)
    return marks, inside if inside.max() > 0.02 * mass.max() else mass


def find_boxes(marks):
    """Top, left, bottom, right of each mark by its number, int (N, 4); zeros where there is none."""
    places = [place or (slice(0, 0),) * 2 for place in ndimage.find_objects(marks)]
    return np.array(
        [[0] * 4, *([rows.start, columns.start, rows.stop, columns.stop] for rows, columns in places)]
    )


def at_side(boxes, shape, within=0):
    """Which boxes reach a side of a picture of this shape, or are within so many pixels of it: bool (N,)."""
    return (np.hstack([boxes[:, :2], shape - boxes[:, 2:]]) <= within).any(axis=1)


def stands_out(ink, marks):
    """How much more ink a mark holds, where it is dark, than what lies right around it, on average: float, by number."""
    around = ndimage.maximum_filter(marks, 7) * (ndimage.maximum_filter(marks, 3) == 0)
    parts = [each.ravel() for each in (marks * (ink > 0.3), around)]
    sizes = [np.bincount(each, minlength=marks.max() + 1).clip(1) for each in parts]
    sums = [np.bincount(each, ink.ravel(), marks.max() + 1) for each in parts]
    return sums[0] / sizes[0] - sums[1] / sizes[1]


def cut_out(ink, marks, at, box, margin=2):
    """The ink of one mark alone, with a margin: float (h + 2 · margin, w + 2 · margin)."""
    part = (slice(box[0], box[2]), slice(box[1], box[3]))
    own = ndimage.binary_dilation(np.pad(marks[part] == at, margin), iterations=margin)
    return np.pad(ink[part], margin) * own


def join_nearest(marks, boxes, at, typical):
    """Join a mark to the nearest one, if both look like parts of one digit: changes `marks` and `boxes`."""
    top, left, bottom, right = boxes[at]
    reach = typical // 4 + 1
    near = marks[max(0, top - reach) : bottom + reach, max(0, left - reach) : right + reach]
    far, nearest = ndimage.distance_transform_edt((near == 0) | (near == at), return_indices=True)
    place = np.unravel_index(np.where(near == at, far, np.inf).argmin(), near.shape)
    other = near[tuple(nearest[:, *place])]
    if other in (0, at):
        return
    both = np.array([boxes[at], boxes[other]])
    (height, width), (low, high) = (both[:, 2:] - both[:, :2]).T, (both.min(axis=0)[:2], both.max(axis=0)[2:])
    above = width.sum() - (high[1] - low[1]) >= 0.5 * width.min()  # they share columns
    if height.min() < 0.75 * typical:
        tallest, farthest = 1.35 * max(typical, height[1]), 0.25 if above else 0.08
    else:  # the halves of a 3
        tallest, farthest = 2.2 * typical, 0.12 if above and (width > height).all() else 0
    if high[0] - low[0] <= tallest and far[place] <= farthest * typical:
        marks[marks == at], boxes[at], boxes[other] = other, 0, (*low, *high)


def split_rows(boxes):
    """Numbers of the boxes, row by row, from left to right: a digit follows the one whose height it shares most."""
    rows: list[list[int]] = []
    for at in boxes[:, 1].argsort():
        last = boxes[[row[-1] for row in rows] or [at]]
        shared = np.minimum(last[:, 2], boxes[at, 2]) - np.maximum(last[:, 0], boxes[at, 0])
        shared = shared / np.minimum(last[:, 2] - last[:, 0], boxes[at, 2] - boxes[at, 0])
        if not rows or shared.max() < 0.4:
            rows.append([at])
        else:
            rows[shared.argmax()].append(at)
    return sorted(rows, key=lambda row: boxes[row][:, ::2].mean())


def cut_touching(marks, at, typical):
    """Cut a broad mark where a straight line, upright or leaning, crosses least ink; again while a part is broad.

    Where each such line crosses more than two strokes or so (one, in a mark that may be a digit), it stays whole.
    """
    down, right = np.nonzero(marks == at)
    if np.ptp(right) < BROAD * typical:
        return
    most = least = typical * (0.3 if np.ptp(right) > 1.8 * typical else 0.12)
    edge = int(0.4 * typical)
    for lean in np.linspace(-0.7, 0.7, 15):
        column = (right + lean * (down - down[0])).round().astype(int)
        ink = np.bincount(column - column.min())[edge:-edge]
        if ink.size and ink.min() < least:
            beyond = column > column.min() + edge + ink.argmin()
            if max(np.ptp(right[beyond]), np.ptp(right[~beyond])) < np.ptp(right) - edge:
                least, after = ink.min(), beyond
    if least < most:
        new = marks.max() + 1
        marks[down[after], right[after]] = new
        cut_touching(marks, at, typical)
        cut_touching(marks, new, typical)


def without_lines(ink, sheet):
    """The ink without ruled lines, level or upright, and printed boxes; strokes that cross them stay whole."""
    ink = ink if sheet else without_fainter_lines(ink)
    frames = find_frames(ink > 0.3)
    mask = (ink > 0.3) & ~frames
    level, upright = find_lines(mask), find_lines(mask.T).T
    marks, mass = label_marks(mask & ~level & ~upright)
    if mass.sum() < 0.05 * mask.sum():
        return ink  # a digit of nothing but a line
    rest = find_boxes(marks)[mass > 0.1 * mass.max()]
    tallest = 2 * np.median(rest[:, 2] - rest[:, 0]) if sheet else np.inf
    lines = reach_beyond(level, rest[:, 1::2], tallest) | reach_beyond(upright.T, rest[:, ::2], tallest).T
    near = ndimage.binary_dilation(lines)
    if lines.any():  # a stroke that runs along a line is darker
        lines &= ink <= 1.5 * np.median(ink[lines])
    lines |= frames
    halo = ndimage.binary_dilation(lines, iterations=2) & (lines | ~mask)
    ink = np.where(halo, 0, ink)
    marks, _ = label_marks(ink)
    share = ndimage.mean(near, marks, range(marks.max() + 1))
    return np.where((marks > 0) & (share > 0.8)[marks], 0, ink)  # a line's dark places


def without_fainter_lines(ink):
    """The ink without what runs from side to side as long as it is fainter than the rest: lines of many slopes."""

    def runs_across(level):
        boxes = find_boxes(ndimage.label(ink > level, np.ones((3, 3)))[0])
        return ((boxes[:, :2] <= 2) & (boxes[:, 2:] >= np.array(ink.shape) - 2)).any()

    level = next((each for each in (0.3, 0.4, 0.5, 0.6, 0.7) if not runs_across(each)), 0.3)
    kept = ink > level + 0.1
    few = level > 0.3 and kept.sum() < (ink > 0.3).sum() / 2
    return ink * ndimage.binary_dilation(kept) if few else ink


def reach_beyond(lines, ends, tallest):
    """The level lines, if more than three, too long for a digit, or beyond the other marks on both sides."""
    columns = np.flatnonzero(lines.any(axis=0))
    start, end = columns[[0, -1]] if len(columns) else (0, 0)
    margin = (end - start) / 10
    beyond = start < ends.min() - margin and end > ends.max() + margin
    return lines & (beyond or end - start > tallest or ndimage.label(lines.any(axis=1))[1] > 3)


def find_lines(mask, steepest=0.08):
    """Where a thin line runs across, more or less level: bool, of the shape of `mask`.

    A pixel may belong to a line if no more than a few pixels lie above each other there. At the lines' slope, their
    pixels come together in few rows: the method of projection profiles (Postl, 1986).
    """
    (high, wide), margin = mask.shape, int(steepest * mask.shape[1]) + 2
    runs, _ = ndimage.label(mask, [[0, 1, 0]] * 3)
    thickness = np.bincount(runs.ravel())[runs]
    thin = mask & (thickness <= max(4, max(mask.shape) / 60))

    down, right = np.nonzero(thin)

    def level(slope, down=down, right=right):  # the rows of the pixels, were lines of this slope level
        return (down - slope * right).round().astype(int) + margin

    def columns(down, right):  # how many columns of each row hold such a pixel, or one just above or below it
        seen = np.zeros((high + 2 * margin, wide), dtype=bool)
        seen[level(slope, down, right), right] = True
        return ndimage.maximum_filter1d(seen, 3, axis=0).sum(axis=1)

    slopes = np.arange(-steepest, steepest, 2 / wide)
    slope = max(slopes, key=lambda each: (np.bincount(level(each)).astype(float) ** 2).sum())
    free = wide - columns(*np.nonzero(mask & ~thin))  # of strokes
    full = (columns(down, right) > 0.8 * free) & (free > 0.3 * wide)
    on_line = ndimage.binary_dilation(full, iterations=2)[level(slope)]
    lines = np.zeros_like(mask)
    if on_line.any():
        run = thickness[down, right]
        on_line &= run <= 1.7 * np.median(run[on_line]) + 1
        lines[down[on_line], right[on_line]] = True
    return lines


def find_frames(mask):
    """Where printed boxes with something in them are, and the lines that divide them: bool, of the shape of `mask`.

    A box has four straight sides, or three if the picture ends at the fourth.
    """
    marks, _ = ndimage.label(mask, np.ones((3, 3)))
    frames, (high, wide) = np.zeros_like(mask), mask.shape
    for at, (top, left, bottom, right) in enumerate(find_boxes(marks)):
        part = (slice(top, bottom), slice(left, right))
        mark = marks[part] == at
        if min(mark.shape) < 12:
            continue
        sides = [np.rot90(find_side(np.rot90(mark, turn)), -turn) for turn in range(4)]
        ends = np.array([top, wide - right, high - bottom, left]) < 1 + max(high, wide) / 40
        found, frame = np.any(sides, axis=(1, 2)), np.any(sides, axis=0)
        pieces, _ = ndimage.label(mask[part] & ~frame, np.ones((3, 3)))
        if found.sum() > 2 and (found | ends).all() and (pieces > 0).sum() >= 0.1 * frame.sum():
            size = np.sort(np.ptp(find_boxes(pieces).reshape(-1, 2, 2), axis=1))
            divides = (size[:, 1] > 0.8 * min(mark.shape)) & (size[:, 0] < 0.2 * size[:, 1])
            frames[part] |= frame | divides[pieces]
    return frames


def find_side(part):
    """The upper side of a box, if it is straight, without the strokes that cross it: bool, of the shape of `part`."""
    (high, wide), first = part.shape, part.argmax(axis=0)
    columns = np.arange(wide)
    left, right = (np.median(half) for half in np.array_split(first, 2))
    off = first - left - (right - left) * (2 * columns / wide - 0.5)
    straight = abs(off) <= max(1, 0.04 * min(high, wide))
    runs, _ = ndimage.label(part, [[0, 1, 0]] * 3)
    thickness = np.bincount(runs.ravel())[runs[first, columns]]
    usual = np.median(thickness[straight]) if straight.mean() > 0.85 else high
    if abs(right - left) > 0.1 * wide or min(left, right) > 0.3 * high or usual > 0.15 * high:
        return np.zeros_like(part)
    corner = (abs(columns - wide / 2) > wide / 2 - 2 * usual) & (abs(off) < 3 * usual)
    depth = np.where(thickness <= 1.7 * usual + 1, thickness, usual * corner) * (straight | corner)
    down = np.arange(high)[:, None]
    return part & (down >= first) & (down < first + depth)


def find_card(mask, least):
    """The inside of the largest mark, if it is a filled rectangle, as of a card or a window: bool, like `mask`.

    least: how much of a rectangle it has to fill; a sheet in perspective fills less, and so does a bold 0.
    """
    marks, _ = ndimage.label(mask, np.ones((3, 3)))
    filled = ndimage.binary_fill_holes(marks == np.bincount(marks[mask], minlength=2).argmax())
    points = np.argwhere(filled) @ (1, 1j)
    turned = (points * np.exp(1j * np.radians(angle)) for angle in range(-15, 16, 3))
    sizes = [sorted((np.ptp(each.real) + 1, np.ptp(each.imag) + 1)) for each in turned]
    short, long = min(sizes, key=np.prod)
    if (
        short < max(0.3 * long, 0.15 * mask.size / long)
        or filled.sum() < least * short * long
        or mask[filled].mean() < 0.5
    ):
        return np.zeros_like(mask)
    return ndimage.binary_erosion(filled, iterations=max(mask.shape) // 80 + 1)
