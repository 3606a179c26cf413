"""Lesson 6: its figures, the sheets and the photograph that a program makes, strangers' digits, and the room's drawings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image
from torch import Tensor

from mnist_helpers.errors import WalkthroughError
from mnist_helpers.evaluation import wilson_interval
from mnist_helpers.figures import COLOR_MAPS, COLORS, describe
from mnist_helpers.widgets import WIDE
from mnist_lessons.drawings import HANDS, PEN, load_drawings, paint, save_drawings
from mnist_lessons.handwriting import ink_box, to_mnist

# With this threshold 95 to 97 of a hundred single digits of strangers were answered, and 99 of a hundred answers right.
SURE = 0.8


def draw_answer(image: Tensor, answer: Tensor, maps: Tensor | None = None) -> Figure:
    """Draw what the network gets, its ten probabilities, and the maps of its first layer if they are given.

    image: uint8 (28, 28). answer: float (10,). maps: float (16, 24, 24).
    """
    panels = 2 if maps is None else 3
    figure, row = plt.subplots(1, panels, figsize=(1.6 * panels, 2.05))
    _draw_paper(row[0], image, "what the network gets")
    best = int(answer.argmax())
    row[1].barh(range(10), answer.numpy(), color=[COLORS[1 if digit == best else 0] for digit in range(10)])
    row[1].set(yticks=range(10), xlim=(0, 1), xlabel="probability")
    title = f"read as {best}" if answer.max() >= SURE else f"{best}? not sure"
    row[1].set_title(title, fontsize=12, weight="bold")
    row[1].tick_params(axis="y", labelsize=8)
    row[1].invert_yaxis()
    if maps is not None:
        # 16 maps in 4 rows of 4, with a black line between them
        page = F.pad(maps, (1, 1, 1, 1)).reshape(4, 4, 26, 26).transpose(1, 2).reshape(104, 104)
        row[2].imshow(page.numpy(), cmap=COLOR_MAPS["amount"])
        row[2].set(title="its first 16 maps", xticks=[], yticks=[])
    describe(figure, f"Read as {best}, {answer.max():.0%} sure.")
    return figure


def draw_answers(images: Tensor, answers: Tensor, names: Sequence[object] = (), columns: int = 6) -> Figure:
    """Draw framed pictures of 28×28, and below each how it is read.

    images: uint8 (N, 28, 28). answers: float (N, 10). names: the titles of the pictures.
    """
    rows, columns = math.ceil(len(images) / columns), min(columns, max(3, len(images)))
    side = min(1.7, 8 / columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(side * columns, (side + 0.35 + 0.2 * bool(names)) * rows), squeeze=False
    )
    parts = []
    for place, axes in enumerate(grid.flat):
        if place >= len(images):
            axes.remove()  # left empty, it would take room
            continue
        name = str(names[place]) if names else ""
        _draw_paper(axes, images[place], name)
        read = f"read as {answers[place].argmax()}, {answers[place].max():.0%}"
        axes.set_xlabel(read.replace(", ", "\n") if side < 1.2 else read)
        parts.append(f"{name}: {read}" if name else read)
    describe(figure, f"28×28 pixels each. {'; '.join(parts)}.")
    return figure


def draw_shares(right: Mapping[str, Tensor], x: str = "read right (%)") -> Axes:
    """Draw for each name the share of True as a bar, and its 95% interval as a black line."""
    axes, parts = plt.subplots(figsize=(6.4, 0.9 + 0.34 * len(right)))[1], []
    for place, each in enumerate(right.values()):
        low, high = (100 * end for end in wilson_interval(each.sum().item(), len(each)))
        share = 100 * each.double().mean().item()
        axes.barh(place, share, color=COLORS[0])
        axes.plot([low, high], [place, place], color="black", linewidth=2)
        axes.annotate(f"{share:.1f}", (104, place), va="center", annotation_clip=False)
        parts.append(f"{list(right)[place]} {share:.1f}%, from {low:.1f} to {high:.1f}%")
    axes.set(yticks=range(len(right)), yticklabels=right, xlim=(0, 100), xlabel=f"{x}; black: 95% interval")
    axes.invert_yaxis()
    describe(axes, f"{x}, with 95% intervals. {'; '.join(parts)}.")
    return axes


def draw_by_digit(right: Mapping[str, Tensor], labels: Mapping[str, Tensor]) -> Axes:
    """Draw for each digit what share of its images is read right, a bar for each name of `right`.

    right: name -> bool (N,). labels: name -> int64 (N,).
    """
    axes, parts = plt.subplots(figsize=(6.4, 2.9))[1], []
    for number, (name, each) in enumerate(right.items()):
        shares = [100 * each[labels[name] == digit].double().mean().item() for digit in range(10)]
        places = np.arange(10) + 0.4 * (number - (len(right) - 1) / 2)
        axes.bar(places, shares, width=0.38, color=COLORS[number], label=name)
        parts.append(f"{name}: " + ", ".join(f"{digit} {share:.0f}%" for digit, share in enumerate(shares)))
    axes.set(xticks=range(10), xlabel="digit", ylabel="read right (%)", ylim=(0, 100))
    axes.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    describe(axes, f"Read right, by digit. {'; '.join(parts)}.")
    return axes


def _draw_paper(axes: Axes, image: Tensor, title: str) -> None:
    """An image of 28×28 as black ink on white paper, with a frame that shows where the paper ends."""
    axes.imshow(image.cpu().numpy(), cmap=COLOR_MAPS["ink"], vmin=0, vmax=255)
    axes.set(title=title, xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color="0.6")


def draw_sheets(sheets: Sequence[np.ndarray], labels: Sequence[int], columns: int = 10) -> Figure:
    """Draw sheets as they look, white or black, each with a frame and under its label. sheets: uint8 (H, W)."""
    rows = math.ceil(len(sheets) / columns)
    figure, grid = plt.subplots(rows, columns, figsize=(0.8 * columns, rows), squeeze=False)
    for axes, sheet, label in zip(grid.flat, sheets, labels, strict=True):
        _draw_paper(axes, 255 - torch.from_numpy(sheet), str(label))
    white = sum(np.median(sheet) > 127 for sheet in sheets)
    summary = f"{white} white, {len(sheets) - white} black, with the digits {', '.join(map(str, labels))}"
    describe(figure, f"{len(sheets)} sheets, {summary}, of any size, anywhere.")
    return figure


def draw_inks(gray: np.ndarray, inks: Mapping[str, np.ndarray]) -> Figure:
    """Draw a photograph, and beside it what was called ink, in several ways.

    gray: brightness, 0 to 1 (H, W). inks: title -> (H, W), 0 paper to 1 ink.
    """
    papers = {"a photograph": 1 - gray} | {title: np.asarray(ink, dtype=float) for title, ink in inks.items()}
    figure, row = plt.subplots(1, len(papers), figsize=(2.5 * len(papers), 2.8))
    for axes, (title, paper) in zip(row, papers.items(), strict=True):
        _draw_paper(axes, 255 * torch.from_numpy(paper), title)
    side = len(gray) // 5
    parts = [
        f"{title}: {ink.mean():.0%} of the page is ink, and {ink[-side:, :side].mean():.0%} of its lower left corner"
        for title, ink in inks.items()
    ]
    describe(figure, f"A page with digits and a shadow at the lower left. Called ink: {'; '.join(parts)}.")
    return figure


def draw_sheet_read(picture: np.ndarray, rows: Sequence[Sequence[tuple]], answers: Tensor) -> Figure:
    """Draw a sheet with a box around each digit and its reading above, and beside it what the network gets of each.

    picture: (H, W) or (H, W, 3|4). rows: as `read_sheet` returns them. answers: float (N, 10), in reading order.
    """
    figure, (page, small) = plt.subplots(1, 2, figsize=(7, 2.8))
    thin = max(picture.shape[:2]) // 800 + 1  # more pixels than can be seen take time
    high, wide = picture.shape[:2]
    page.imshow(
        picture[::thin, ::thin],
        cmap="gray",
        vmin=0,
        vmax=255 if picture.dtype == np.uint8 else 1,
        extent=(0, wide, high, 0),
    )
    best = answers.max(dim=1)
    marks = ("" if sure else "?" for sure in best.values >= SURE)
    read = (f"{digit}{mark}" for digit, mark in zip(best.indices.tolist(), marks, strict=True))
    texts = [[next(read) for _ in row] for row in rows]
    paper = np.zeros((28 * len(rows), 28 * max(map(len, rows))), np.uint8)
    for line, (row, text) in enumerate(zip(rows, texts, strict=True)):
        for place, ((box, image), digit) in enumerate(zip(row, text, strict=True)):
            top, left, bottom, right = box
            page.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, color=COLORS[1]))
            page.annotate(digit, (left, top), ha="right", weight="bold", color=COLORS[1])
            paper[28 * line : 28 * line + 28, 28 * place : 28 * place + 28] = image.numpy()
    page.set(title="the sheet, and how it is read (?: not sure)", xticks=[], yticks=[])
    _draw_paper(small, torch.from_numpy(paper), "what the network gets")
    summary = "; ".join(" ".join(text) for text in texts)
    describe(
        figure,
        f"A sheet with {len(rows)} {'row' if len(rows) == 1 else 'rows'} of digits, read as: {summary}.",
    )
    return figure


def switches(*names: str) -> dict[str, ipywidgets.Checkbox]:
    """A box to tick for each name, all ticked, for `explore`."""
    return {name: ipywidgets.Checkbox(value=True, description=name, indent=False) for name in names}


def stored_drawings() -> list[list]:
    """The simulated hands' forty drawings, ten for each hand, from 0 to 9; each is a list of strokes."""
    return [strokes for path in sorted(HANDS.glob("*.npz")) for strokes in load_drawings(path)[0]]


def corner(strokes: list) -> list:
    """A drawing about half as large, at the lower left of its page."""
    return [[(0.05 + 0.45 * x, 0.5 + 0.45 * y) for x, y in stroke] for stroke in strokes]


def photograph(left: list, right: list, side: int = 600) -> np.ndarray:
    """Two drawings in a row, as a cheap camera sees them: light from the right, a shadow, noise; uint8 (side, side)."""
    rows, columns = np.mgrid[0:side, 0:side] / side
    light = 0.75 + 0.25 * columns - 0.4 * (rows + 0.6 * columns > 0.95)
    noise = 0.03 * np.random.default_rng(0).standard_normal((side, side))
    both = enumerate((left, right))
    strokes = [
        [(0.45 * x + 0.5 * place, y) for x, y in stroke] for place, drawing in both for stroke in drawing
    ]
    page = (0.45 + 0.55 * paint(strokes, side) / 255) * light + noise
    return (255 * page).clip(0, 255).astype(np.uint8)


def on_sheets(images: Tensor, seed: int = 0, side: int = 100) -> list[np.ndarray]:
    """Each image enlarged and laid anywhere on a sheet, light ink on black in half of the cases: uint8 (side, side).

    images: uint8 (N, 1, 28, 28).
    """
    rng, sheets = np.random.default_rng(seed), []
    for image in images[:, 0].cpu().numpy():
        large = Image.fromarray(image).resize(
            2 * [int(side * rng.uniform(0.3, 0.9))], Image.Resampling.BILINEAR
        )
        large = large.crop(large.getbbox())  # cut to the ink
        sheet = Image.new("L", (side, side))
        x, y = (int(rng.integers(0, side - length + 1)) for length in large.size)
        sheet.paste(large, (x, y))
        sheets.append(np.array(sheet) if rng.random() < 0.5 else 255 - np.array(sheet))
    return sheets


def ink_center(images: Tensor) -> tuple[float, float]:
    """Row and column of the center of mass of all images together. images: (N, 1, 28, 28)."""
    ink, places = images.double().mean(dim=(0, 1)), torch.arange(28)
    row, column = ((ink.sum(dim=1 - axis) * places).sum() / ink.sum() for axis in (0, 1))
    return row.item(), column.item()


def prepare(pictures, **way) -> Tensor:
    """Each picture as `to_mnist` makes it: uint8 (N, 28, 28). One in which no ink is found becomes an empty image."""
    prepared = torch.zeros(len(pictures), 28, 28, dtype=torch.uint8)
    for place, picture in enumerate(pictures):
        try:
            prepared[place] = to_mnist(np.asarray(picture), **way)
        except WalkthroughError:
            continue
    return prepared


def load_strangers() -> tuple[Tensor, Tensor]:
    """scikit-learn's 1,797 digits of thirteen writers, enlarged from 8×8 to 20×20 pixels, in a frame of 28×28.

    Returns images, uint8 (1797, 28, 28), and labels, int64 (1797,).
    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI repository, 1998.
    """
    from sklearn.datasets import load_digits as load_bundled  # takes a second, and only this section needs it

    bundled = load_bundled()
    return _enlarge(torch.from_numpy(bundled.images).float() / 16), torch.from_numpy(bundled.target).long()


def coarsen(images: Tensor) -> Tensor:
    """Digits made as coarse as the strangers', the way theirs were: uint8 (N, 28, 28).

    Cut out, 32 pixels long, black or white, counted in blocks of 4×4, and enlarged again. images: uint8 (N, 1, 28, 28).
    """
    bitmaps = torch.zeros(len(images), 32, 32)
    for bitmap, image in zip(bitmaps, images[:, 0].cpu().float() / 255, strict=True):
        rows, columns = ink_box(image.numpy())
        cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        size = [max(1, round(32 * length / max(cut.shape))) for length in cut.shape]
        top, left = ((32 - length) // 2 for length in size)
        large = F.interpolate(cut[None, None], size, mode="bilinear", align_corners=False)[0, 0]
        bitmap[top : top + size[0], left : left + size[1]] = (large > 0.5).float()
    return _enlarge(F.avg_pool2d(bitmaps[:, None], 4)[:, 0])


def _enlarge(small: Tensor) -> Tensor:
    """Images of 8×8 drawn 20×20 in a frame of 28×28, as the practice digits are: uint8 (N, 28, 28)."""
    large = F.interpolate(small[:, None], size=(20, 20), mode="bicubic", align_corners=False).clamp(0, 1)
    return (255 * F.pad(large, (4, 4, 4, 4))[:, 0]).round().to(torch.uint8)


def keep_here(canvas: ipywidgets.DOMWidget, room: str, stored: list) -> ipywidgets.VBox:
    """The canvas, and below it a label, a name and a button that keeps the drawing in the folder `room`."""
    label = ipywidgets.Dropdown(options=range(10), description="this is a", **WIDE)
    name_field = ipywidgets.Text(description="drawn by", **WIDE)
    button, answer = ipywidgets.Button(description="Keep this drawing"), ipywidgets.Label()
    not_new = list(stored)

    def keep(_: object) -> None:
        name = "".join(c for c in name_field.value if c.isalnum())
        strokes = [[tuple(point) for point in stroke] for stroke in canvas.strokes]
        if not name or not strokes or strokes in not_new:
            answer.value = "Type a name, and draw something new first."
            return
        path = Path(room) / f"{name}.npz"
        kept, labels, _writer = load_drawings(path) if path.exists() else ([], [], name)
        save_drawings(path, [*kept, strokes], [*labels, label.value], name)
        not_new.append(strokes)
        label.value = (label.value + 1) % 10  # the next digit
        answer.value = f"Kept, as number {len(kept) + 1} in {path}. Then run the cell below again."

    button.on_click(keep)
    return ipywidgets.VBox([canvas, label, name_field, button, answer])


def load_room(room: str) -> dict[str, tuple[Tensor, Tensor]]:
    """Each writer's drawings, prepared, and their labels; the simulated hands' as long as the room has no file.

    Returns writer -> images, uint8 (N, 28, 28), and labels, int64 (N,).
    """
    writers = {path.stem: path for path in sorted(Path(room).glob("*.npz"))}
    simulated = {f"{path.stem} (simulated)": path for path in sorted(HANDS.glob("*.npz"))}
    found = {}
    for name, path in (writers or simulated).items():
        drawings, labels, _ = load_drawings(path)
        pages = [paint(strokes) for strokes in drawings]
        if not writers and "slanted" in name:  # so that not all is read
            pages = [_leaning(strokes) for strokes in drawings]
        found[name] = prepare(pages), torch.tensor(labels)
    return found


def _leaning(strokes: list, lean: float = 0.8) -> np.ndarray:
    """A drawing that leans hard to the right, painted so small that it stays on its page: uint8 (280, 280)."""
    zoom = 1 / (1 + lean)
    leaning = [
        [(0.5 + zoom * (x - 0.5 + lean * (0.5 - y)), 0.5 + zoom * (y - 0.5)) for x, y in stroke]
        for stroke in strokes
    ]
    return paint(leaning, width=zoom * PEN)
