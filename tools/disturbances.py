"""Sheets of known digits with what real paper adds, and how many are read on them: `python -m tools.disturbances`."""

from functools import cache, partial
from itertools import product
from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from mnist_helpers.data import load_digits, normalize
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.training import trained_cnn
from mnist_lessons.drawings import paint
from mnist_lessons.handwriting import WORKING_SIDE, find_ink, fit_frame, ink_box, read_sheet, to_gray
from mnist_lessons.your_digits import stored_drawings
from tools.text import argument_parser

LAYOUT = {"shape": (600, 600), "grid": (1, 1), "height": 110, "pen": 12, "slant": 0, "step": 1.3}
LAYOUT |= {"jitter": 0.1, "lean": 0}
drawings = cache(stored_drawings)


def draw(rng, height, pen, images, lean):
    """A digit, cut to its ink, 0 to 1, and its label: one of `images`, a Split, or a stored drawing if that is None."""
    if images is not None:
        number = int(rng.integers(len(images)))
        image, label = Image.fromarray(images.images[number, 0].numpy()), int(images.labels[number])
        page = np.array(image.resize(2 * [int(height * 1.4)], Image.Resampling.BILINEAR)) / 255
    else:
        label = int(rng.integers(40))
        points = np.concatenate(strokes := [np.array(stroke) for stroke in drawings()[label]])
        low, span = points.min(axis=0), max(np.ptp(points, axis=0) * (0.8, 1))
        side, zoom = height + 4 * pen, (height - pen) / span
        strokes = [(1.5 * pen + zoom * (stroke - low)) / side for stroke in strokes]
        page = 1 - paint(strokes, side, pen / side) / 255
    if lean:
        page = np.pad(page, (0, len(page)))
        page = ndimage.affine_transform(page, [[1, 0], [lean, 1]], (0, -lean * height), order=1)
    rows, columns = ink_box(page)
    return page[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], label % 10


def lay(rng, images, **changed):
    """Digits in rows on a page. Returns ink, 0 to 1, and rows of (label, box)."""
    layout = SimpleNamespace(**LAYOUT | changed)
    page, shape = np.zeros(layout.shape), np.array(layout.shape)
    rows: list[list] = [[] for _ in range(layout.grid[0])]
    for row, column in product(*map(range, layout.grid)):
        high = round(layout.height * rng.uniform(0.9, 1.1))
        mark, label = draw(rng, high, layout.pen, images, layout.lean)
        x = (column + 0.5 - layout.grid[1] / 2) * layout.step * layout.height
        y = (row + 0.5 - layout.grid[0] / 2) * 1.5 * layout.height + x * np.tan(np.radians(layout.slant))
        low = shape / 2 + (y, x) + rng.uniform(-1, 1, 2) * layout.jitter * layout.height
        low = (low - np.array(mark.shape) / 2).round().astype(int).clip(2)
        low = np.minimum(low, shape - mark.shape - 2)
        place = page[low[0] : low[0] + mark.shape[0], low[1] : low[1] + mark.shape[1]]
        np.maximum(place, mark, out=place)
        rows[row].append((label, (*low, *(low + mark.shape))))
    return page, rows


def plain(rng, images, paper=230.0, pen_gray=60.0, noise=4.0, ink=None, **layout):
    """Ink on paper as a camera sees it, uint8, and its rows. ink: what `lay` returns, if it is laid already."""
    ink, rows = ink or lay(rng, images, **layout)
    page = paper + (pen_gray - paper) * ink + noise * rng.standard_normal(ink.shape)
    return page.clip(0, 255).astype(np.uint8), rows


def board(rng, images, **layout):
    picture, rows = plain(rng, images, **layout)
    return 255 - picture, rows


def shadow(rng, images, depth=0.25, high=0.3, **settings):
    """A light that falls softly to `depth` of itself, over `high` of the height."""
    picture, rows = plain(rng, images, **settings)
    falls = (np.linspace(-0.5, 0.5, len(picture)) / high + 0.5).clip(0, 1)
    return (picture * (1 - (1 - depth) * falls)[:, None]).astype(np.uint8), rows


def pencil(rng, images, **layout):
    """The lower half in pencil, now fainter, now darker."""
    ink, rows = lay(rng, images, **layout)
    waves = np.sin(np.indices(ink.shape).sum(axis=0) / 5)
    ink[len(ink) // 2 :] *= 0.5 + 0.22 * waves[len(ink) // 2 :]
    return plain(rng, None, ink=(ink, rows))


def tight(rng, images, **layout):
    """One digit that touches all four sides."""
    ink, [[(label, (top, left, bottom, right))]] = lay(rng, images, **layout)
    return plain(
        rng, None, ink=(ink[top:bottom, left:right], [[(label, (0, 0, bottom - top, right - left))]])
    )


def ruled(rng, images, gray=120, wide=3, apart=0, turn=0.0, fan=0.0, **layout):
    """Lines through the foot of each row, or with `apart` squares; `turn`: their slope, at the foot `fan` more."""
    ink, rows = lay(rng, images, **layout)
    paper, (down, right) = np.full(ink.shape, 255.0), np.indices(ink.shape)
    feet = [np.median([box[2] for _, box in row]) - 15 for row in rows]
    for at in np.arange(7, len(ink), apart) if apart else feet:
        line = down - (turn + fan * at / len(ink)) * right
        paper[(line >= at) & (line < at + wide)] = gray
    for at in np.arange(11, ink.shape[1], apart) if apart else ():
        paper[(right + turn * down >= at) & (right + turn * down < at + wide)] = gray
    return plain(rng, None, paper, noise=2, ink=(ink, rows))


def foreign(rng, images, what, **layout):
    """A line of small print below a row, a speck of 10×12 beside it, or the edge of a digit that was not meant."""
    ink, rows = lay(rng, images, **layout)
    edge = max(box[2] for _, box in rows[-1]) + 25
    for x in range(60, ink.shape[1] - 60, 11) if what == "print" else ():
        mark, _ = draw(rng, 14, 2, None, 0)
        ink[edge : edge + len(mark), x : x + mark.shape[1]] = mark
    if what == "speck":
        y, x = rows[0][0][1][0] + int(rng.integers(60)), min(box[1] for _, box in rows[0]) - 35
        ink[y : y + 12, max(x, 3) : max(x, 3) + 10] = 1
    if what == "neighbor":
        mark, _ = draw(rng, 200, 20, None, 0)
        ink[90 : 90 + len(mark), -15:] = mark[:, :15]
    return plain(rng, None, ink=(ink, rows))


def table(rng, images, gray=70.0, grain=12.0, turn=3.0, **layout):
    """A sheet, a little turned, on a table of this gray with a grain, which shows on all sides."""
    ink, rows = lay(rng, images, **layout)
    sheet = np.pad(np.ones(np.subtract(ink.shape, (130, 110))), ((60, 70), (50, 60)))
    sheet = ndimage.rotate(sheet, turn, reshape=False, order=1).clip(0, 1)
    wood = gray + grain * ndimage.gaussian_filter(rng.standard_normal(ink.shape), (2, 40)) / 0.065
    return plain(rng, None, sheet * 225 + (1 - sheet) * wood, ink=(ink * sheet, rows))


def strip(rng, images, high=12, **layout):
    """The edge of a sheet, with a table beyond it, along the upper side of the picture."""
    ink, rows = lay(rng, images, **layout)
    ink[4 : 4 + high, ink.shape[1] // 5 : -ink.shape[1] // 3] = 1
    return plain(rng, None, ink=(ink, rows))


def boxed(rng, images, thick=4, **layout):
    """A printed box around each row, with a line between its digits."""
    ink, rows = lay(rng, images, **layout)
    for row in rows:
        (top, left, *_), (*_, bottom, right) = np.min([b for _, b in row], 0), np.max([b for _, b in row], 0)
        between = [(row[k][1][3] + row[k + 1][1][1]) // 2 for k in range(len(row) - 1)]
        for x in (left - 20, *between, right + 20):
            ink[top - 20 : bottom + 20, x : x + thick] = 1
        for y in (top - 20, bottom + 20):
            ink[y : y + thick, left - 20 : right + 20 + thick] = 1
    return plain(rng, None, ink=(ink, rows))


def card(rng, images, margin=80, **layout):
    """Light ink on a dark square, on a white page."""
    picture, rows = board(rng, images, **layout)
    moved = [[(label, tuple(side + margin for side in box)) for label, box in row] for row in rows]
    return np.pad(picture, margin, constant_values=255), moved


ONE, ROW, TWO = {"shape": (400, 400), "height": 260}, {"grid": (1, 4), "shape": (300, 640)}, {"grid": (2, 4)}
WIDE, SQUARED = {"grid": (3, 5), "shape": (800, 900)}, partial(ruled, wide=2, apart=40)
THIN = {"paper": 255, "pen_gray": 120, "pen": 2, "shape": (300, 400)}
KINDS = {
    "one digit": partial(plain, height=220, pen=20),
    "one row": partial(plain, **ROW),
    "one row, deep shadow": partial(shadow, **ROW),
    "rows 2×4": partial(plain, **TWO),
    "rows 3×5": partial(plain, **WIDE),
    "rows 2×4, slanted 5°": partial(plain, slant=5, **TWO),
    "rows 3×5, slanted 5°": partial(plain, slant=5, **WIDE),
    "rows 3×5, shadow": partial(shadow, **WIDE),
    "rows 6×8, small": partial(plain, grid=(6, 8), height=60, pen=5, shape=(700, 900)),
    "one digit, cut to its ink": partial(tight, height=220, pen=36),
    "rows 2×4, pencil": partial(pencil, **TWO),
    "one digit, ruled": partial(ruled, **ONE),
    "rows 2×4, ruled": partial(ruled, **TWO),
    "rows 2×4, ruled, turned": partial(ruled, turn=0.03, **TWO),
    "one digit, squared 140": partial(SQUARED, gray=140, **ONE),
    "one digit, squared 100": partial(SQUARED, gray=100, **ONE),
    "one digit, squared 140, fanned": partial(SQUARED, gray=140, fan=0.12, **ONE),
    "one digit, neighbor": partial(foreign, what="neighbor", **ONE),
    "rows 2×4, squared 140": partial(SQUARED, gray=140, **TWO),
    "rows 2×4, squared 100": partial(SQUARED, gray=100, turn=0.02, **TWO),
    "one digit, thin, shadow": partial(shadow, height=90, **THIN),
    "row, thin, shadow": partial(shadow, height=80, grid=(1, 4), **THIN),
    "row, small print": partial(foreign, what="print", **ROW),
    "row, speck": partial(foreign, what="speck", **ROW),
    "row, leaning": partial(plain, height=150, step=0.9, jitter=0.03, lean=0.5, **ROW),
    "row, touching": partial(plain, step=0.72, jitter=0.02, **ROW),
    "dark table": partial(table, **WIDE),
    "gray table": partial(table, gray=150, **WIDE),
    "row, strip of a table": partial(strip, grid=(1, 5), height=45, pen=4, shape=(500, 600)),
    "row, boxed": partial(boxed, **ROW),
    "dark card": partial(card, **TWO),
    "black board": partial(board, **WIDE),
}


def one_row(picture):
    """The way without rows: all ink is cut where a column holds none. As `read_sheet` returns it."""
    block, ink, row = -(-max(picture.shape) // WORKING_SIDE), find_ink(to_gray(picture)), []
    edges = np.flatnonzero(np.diff((ink > 0.3).any(axis=0), prepend=False, append=False)).reshape(-1, 2)
    for start, end in edges[:12]:
        top, bottom = ink_box(ink[:, start:end])[0][[0, -1]]
        row.append(
            ((block * np.array([top, start, bottom + 1, end])), fit_frame(np.pad(ink[:, start:end], 2)))
        )
    return [row]


def overlap(box, other, margin=6):
    """Area of the intersection of two boxes over that of their union, both widened by a margin."""
    low, high = np.maximum(box[:2], other[:2]) - margin, np.minimum(box[2:], other[2:]) + margin
    areas = [np.prod(np.subtract(each[2:], each[:2]) + 2 * margin) for each in (box, other)]
    return (both := np.prod((high - low).clip(0))) / (sum(areas) - both)


def score(way, picture, rows, ask):
    """Of a sheet's digits: how many there are, were found in their row and order, read right; and what else was found."""
    try:
        read = [(number, *digit) for number, row in enumerate(way(picture)) for digit in row]
    except WalkthroughError:
        read = []
    answers = ask(torch.stack([image for *_, image in read])).tolist() if read else []
    known, right = [(number, *digit) for number, row in enumerate(rows) for digit in row], 0
    found: list[int] = []
    for number, label, box in known:
        near = [overlap(other, box) for _, other, _ in read]
        at = int(np.argmax(near)) if read else -1
        if read and near[at] > 0.5 and at > max(found, default=-1) and read[at][0] == number:
            found.append(at)
            right += answers[at] == label
    return np.array([len(known), len(found), right, len(read) - len(found)])


def main():
    parser = argument_parser(__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheets", type=int, default=8, help="of each kind; five times as many of one digit")
    parser.add_argument("--kinds", default="", help="only those whose name contains this")
    arguments, digits, ways = parser.parse_args(), load_digits(), (one_row, read_sheet)
    model = trained_cnn(digits)[0].eval()

    @torch.no_grad()
    def ask(images):
        return model(normalize(images[:, None], digits.train.mean, digits.train.std)).argmax(dim=1)

    print("| kind | of | digits | one row: found, right, more | `read_sheet`: found, right, more |")
    for (kind, make), source in product(KINDS.items(), ("drawings", "MNIST")):
        if arguments.kinds not in kind or (source == "MNIST" and "thin" in kind):
            continue  # MNIST's strokes are thick
        rng, totals = np.random.default_rng(arguments.seed), np.zeros((2, 4), int)
        for _ in range(arguments.sheets * (5 if "one digit" in kind else 1)):
            picture, rows = make(rng, digits.test if source == "MNIST" else None)
            totals += [score(way, picture, rows, ask) for way in ways]
        cells = (f"{found / all_:.0%}, {right / all_:.0%}, {more}" for all_, found, right, more in totals)
        print(f"| {kind} | {source} | {totals[0, 0]} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
