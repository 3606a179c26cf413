"""Matplotlib, and nothing but.

Each function draws, describes its picture in words made from its data, and returns its axes (for a grid of pictures,
its figure). `show` displays what they drew, with the description as alternative text.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import Rectangle
from torch import Tensor
from torchvision.utils import make_grid

from mnist_helpers.data import Digits

COLOR_MAPS = {
    "ink": "gray_r",  # digits: white paper, black ink
    "signed": "PuOr",  # weights and responses: white is zero
    "amount": "magma",  # quantities from 0 up
}
COLORS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
)  # Okabe and Ito, Color Universal Design, 2008
MARKERS = ("o", "s", "^", "D", "v")
style = SimpleNamespace(warning="")


def set_style(digits: Digits) -> None:
    """Set once how all figures look, and have them marked where the digits are not MNIST's."""
    style.warning = digits.warning
    plt.rcParams.update(
        {
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "font.size": 10,
            "axes.titlesize": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": plt.cycler(color=COLORS),
        }
    )


def describe(drawn: Axes | Figure, text: str) -> None:
    """Note down the description of axes or of a whole figure, for `show`."""
    drawn.set_gid(text)


def render(drawn: Axes | Figure) -> tuple[bytes, str]:
    """A figure, or the figure that axes belong to, as a PNG, with its description; the figure is closed."""
    figure = drawn if isinstance(drawn, Figure) else drawn.get_figure(root=True)
    assert figure is not None, "axes are always part of a figure"
    parts = [figure.get_gid(), *(axes.get_gid() for axes in figure.axes)]
    alt = " ".join(part for part in parts if part)
    if style.warning:
        figure.suptitle(style.warning, color="#b04000", fontsize=9)
        alt = f"({style.warning[0].upper()}{style.warning[1:]}.) {alt}"
    png = io.BytesIO()
    figure.savefig(png, format="png", bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    return png.getvalue(), alt


def show(drawn: Axes | Figure) -> None:
    """Display a figure, or the figure that axes belong to, with its description as alternative text."""
    png, alt = render(drawn)
    display({"image/png": png, "text/plain": alt}, raw=True, metadata={"image/png": {"alt": alt}})


def draw_image(
    image: Tensor, title: str = "", kind: str = "ink", scale: str = "", axes: Axes | None = None
) -> Axes:
    """Draw one picture without ticks.

    image: (H, W). kind: a key of COLOR_MAPS. scale: the label of a color bar; none is drawn without.
    """
    axes = axes or plt.subplots(figsize=(3.2, 2.8))[1]
    image = image.detach().cpu().float()
    low, high = _limits(image, kind)
    picture = axes.imshow(image.numpy(), cmap=COLOR_MAPS[kind], vmin=low, vmax=high)
    axes.set(title=title, xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    axes.spines[:].set_color("0.8")
    if scale:
        axes.figure.colorbar(picture, ax=axes, label=scale)
    height, width = image.shape
    text = f"{title or 'A picture'}: {height}×{width}"
    if kind != "ink":
        text += f", values from {image.min():.2f} to {image.max():.2f}, strongest at the {_where(image)}"
    describe(axes, f"{text}.")
    return axes


def draw_side_by_side(*pictures: tuple[Tensor, str, str]) -> Figure:
    """Draw a few pictures beside each other. pictures: image (H, W), title, and a key of COLOR_MAPS for each."""
    figure, row = plt.subplots(1, len(pictures), figsize=(2.7 * len(pictures), 2.9))
    for axes, (image, title, kind) in zip(row, pictures, strict=True):
        draw_image(image, title, kind, axes=axes)
    return figure


def draw_tiles(image: Tensor, maps: Tensor, title: str) -> Figure:
    """Draw an image beside all maps of a layer, as tiles of one picture. image: (H, W). maps: (C, h, w), 0 or more."""
    maps = maps.detach().cpu()
    columns = 4 if len(maps) <= 16 else 8
    tiles = make_grid(maps[:, None], nrow=columns, padding=1, pad_value=0.4 * maps.max().item())[0]
    return draw_side_by_side((image, "the image", "ink"), (tiles, f"{title}: {len(maps)} tiles", "amount"))


def draw_grid(
    images: Tensor,
    captions: Iterable[object] = (),
    columns: int = 10,
    kind: str = "ink",
    what: str = "pictures",
    shared_scale: bool = True,
    marked: Sequence[bool] = (),
) -> Figure:
    """Draw pictures in rows, each under its caption.

    images: (N, H, W) or (N, 1, H, W). kind: a key of COLOR_MAPS. what: what they are, for the description.
    shared_scale: the same color means the same value in all. marked: whose captions stand out.
    """
    images = images.detach().cpu().float().reshape(len(images), *images.shape[-2:])
    texts = [str(caption) for caption in captions] or [""] * len(images)
    rows, columns = math.ceil(len(images) / columns), min(columns, len(images))
    lines = 1 + max(text.count("\n") for text in texts) if any(texts) else 0
    side = min(8.0 / columns, 1.6)
    figure, grid = plt.subplots(
        rows, columns, figsize=(side * columns, rows * (side + 0.17 * lines)), squeeze=False
    )
    for axes in grid.flat:
        axes.set_axis_off()
    for number, (axes, image, text) in enumerate(zip(grid.flat, images, texts, strict=False)):
        low, high = _limits(images if shared_scale else image, kind)
        axes.imshow(image.numpy(), cmap=COLOR_MAPS[kind], vmin=low, vmax=high)
        bad = number < len(marked) and marked[number]
        color, weight = ("#d55e00", "bold") if bad else ("black", "normal")
        axes.set_title(text, fontsize=9, color=color, weight=weight)
    shown = "; ".join(text.replace("\n", " ") for text in texts if text)
    count = f"{len(images)} {what} in {rows} {'row' if rows == 1 else 'rows'}"
    describe(figure, f"{count}{': ' + shown if shown else ''}.")
    return figure


def draw_pixels(image: Tensor, axes: Axes | None = None) -> Axes:
    """Draw a patch of an image with the number of each pixel written into it. image: uint8 (H, W)."""
    image = image.cpu()
    height, width = image.shape
    axes = axes or plt.subplots(figsize=(0.42 * width, 0.34 * height))[1]
    axes.imshow(image.numpy(), cmap=COLOR_MAPS["ink"], vmin=0, vmax=255, aspect="auto")
    for row in range(height):
        for column in range(width):
            value = int(image[row, column])
            axes.text(
                column,
                row,
                str(value),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if value > 127 else "black",
            )
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    describe(
        axes,
        f"A patch of {height}×{width} pixels with its numbers written in: 0 on white paper, up to {image.max()} where the ink is black.",
    )
    return axes


def mark_patches(axes: Axes, patches: Mapping[str, tuple[int, int]], size: int) -> Axes:
    """Frame patches on a drawn image. patches: name -> (row, column) of the top left corner. size: in pixels."""
    for name, (row, column) in patches.items():
        axes.add_patch(
            Rectangle((column - 0.5, row - 0.5), size, size, fill=False, color=COLORS[1], linewidth=2)
        )
        axes.annotate(
            name, (column - 1, row - 0.3), color=COLORS[1], weight="bold", fontsize=12, ha="right", va="top"
        )
    described = axes.get_gid() or ""
    describe(axes, f"{described} Framed: {', '.join(patches)}, patches of {size}×{size} pixels.")
    return axes


def draw_curves(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    x: str,
    y: str,
    title: str = "",
    log: str = "",
    axes: Axes | None = None,
) -> Axes:
    """Draw named curves, told apart by color, and by markers where they have few values.

    curves: name -> (x values, y values). x, y: labels with units. log: "x", "y" or "xy" for logarithmic axes.
    """
    axes = axes or plt.subplots(figsize=(6.4, 3.2))[1]
    told = []
    for number, (name, (xs, ys)) in enumerate(curves.items()):
        look = {"marker": MARKERS[number % 5], "markersize": 4} if len(xs) <= 12 else {"linewidth": 1.4}
        axes.plot(xs, ys, label=name, color=COLORS[number % 5], **look)
        if not len(xs):  # of a training that was stopped early
            told.append(f"{name}: nothing yet")
            continue
        told.append(f"{name} from {_short(ys[0])} at {_short(xs[0])} to {_short(ys[-1])} at {_short(xs[-1])}")
    axes.set(xlabel=x, ylabel=y, title=title)
    if "x" in log:
        axes.set_xscale("log")
    elif all(value == int(value) for xs, _ in curves.values() for value in xs):
        axes.locator_params(axis="x", integer=True)
    if "y" in log:
        axes.set_yscale("log")
    axes.grid(alpha=0.25)
    if len(curves) > 1:
        axes.legend(frameon=False)
    describe(axes, f"{title or 'Curves'}, {y} against {x}: {'; '.join(told)}.")
    return axes


def draw_bars(values: Mapping[str, float], x: str, title: str = "", axes: Axes | None = None) -> Axes:
    """Draw a lying bar for each named value, with the value written at its end. x: label with unit."""
    axes = axes or plt.subplots(figsize=(6.4, 0.5 + 0.36 * len(values)))[1]
    bars = axes.barh(list(values), list(values.values()), color=COLORS[0])
    axes.bar_label(bars, [_short(value) for value in values.values()], padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set(xlabel=x, title=title)
    told = ", ".join(f"{name} {_short(value)}" for name, value in values.items())
    describe(axes, f"{title or 'Bars'}, {x}: {told}.")
    return axes


def draw_rungs(rungs: Mapping[str, tuple[float, float]], title: str = "") -> Figure:
    """Draw the seconds of a run and what it misreads, after each of several changes made one on top of the other.

    rungs: what was changed -> (seconds, accuracy from 0 to 1), from the first to the last.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 0.8 + 0.36 * len(rungs)), sharey=True)
    draw_bars({name: seconds for name, (seconds, _) in rungs.items()}, "seconds", axes=left)
    draw_bars({name: 100 * (1 - right) for name, (_, right) in rungs.items()}, "misread (%)", axes=right)
    right.invert_yaxis()  # once is enough for two axes that share it
    figure.suptitle(title, fontsize=10)
    describe(figure, f"{title}.")
    return figure


def draw_ladder(shapes: Mapping[str, Sequence[int]], axes: Axes | None = None) -> Axes:
    """Draw what becomes of an image's shape, layer by layer.

    shapes: layer -> (channels, height, width) or (features,). Heights are true to scale, stacks hint at channels.
    """
    axes = axes or plt.subplots(figsize=(8.0, 2.9))[1]
    left = 0.0
    for name, shape in shapes.items():
        stack = min(8, math.ceil(shape[0] / 4)) if len(shape) == 3 else 1
        width = shape[2] if len(shape) == 3 else 2.0
        height = shape[1] if len(shape) == 3 else 28 * math.log(shape[0] + 1) / math.log(800)
        for sheet in reversed(range(stack)):
            axes.add_patch(
                Rectangle(
                    (left + sheet, -height / 2 + sheet),
                    width,
                    height,
                    facecolor="#e8f1f8",
                    edgecolor=COLORS[0],
                    linewidth=0.8,
                )
            )
        center = left + (width + stack) / 2
        axes.text(center, -17, "×".join(map(str, shape)), ha="center", va="top", fontsize=9)
        axes.text(center, -20.5, name, ha="center", va="top", fontsize=8, color="0.35")
        left += max(width + stack, 9) + 4.5
    axes.set(xlim=(-2, left), ylim=(-26, 24), aspect="equal")
    axes.set_axis_off()
    told = ", ".join(f"{name} {'×'.join(map(str, shape))}" for name, shape in shapes.items())
    describe(axes, f"A ladder of shapes, from left to right: {told}.")
    return axes


def draw_confusion(confusion: np.ndarray, axes: Axes | None = None) -> Axes:
    """Draw a confusion matrix: labels down, predictions across, mistakes colored, counts written in."""
    axes = axes or plt.subplots(figsize=(5.6, 4.8))[1]
    mistakes = confusion - np.diag(np.diag(confusion))
    picture = axes.imshow(mistakes, cmap="Blues", vmin=0)
    for label, prediction in np.ndindex(*confusion.shape):
        count = confusion[label, prediction]
        if count:
            dark = mistakes[label, prediction] > mistakes.max() / 2
            color = "white" if dark else "0.6" if label == prediction else "black"
            axes.text(prediction, label, str(count), ha="center", va="center", fontsize=8, color=color)
    axes.set(xlabel="prediction", ylabel="label (ground truth)", xticks=range(10), yticks=range(10))
    axes.figure.colorbar(picture, ax=axes, label="mistakes (images)")
    worst = np.dstack(np.unravel_index(np.argsort(-mistakes, axis=None)[:3], mistakes.shape))[0]
    told = ", ".join(
        f"{label} read as {prediction} {mistakes[label, prediction]} times" for label, prediction in worst
    )
    describe(
        axes,
        f"Confusion matrix of {confusion.sum():,} images, {mistakes.sum()} of them mistaken. Most often: {told}.",
    )
    return axes


def draw_reliability(
    confidence: Tensor, right: Tensor, count: Tensor, title: str = "", axes: Axes | None = None
) -> Axes:
    """Draw a reliability diagram. confidence, right, count: one entry a bin, as `reliability` returns them."""
    axes = axes or plt.subplots(figsize=(3.8, 3.6))[1]
    sure, share, images = (values.cpu().numpy() for values in (confidence, right, count))
    axes.plot([0, 1], [0, 1], color="0.6", linestyle="--", label="as sure as it is right")
    axes.plot(sure, share, color=COLORS[0], linewidth=1)
    axes.scatter(
        sure,
        share,
        s=12 + 14 * np.log10(images) ** 2,
        color=COLORS[0],
        label="images of one bin",
        clip_on=False,
    )
    axes.set(
        xlabel="mean confidence", ylabel="share that is right", title=title, xlim=(0, 1.02), ylim=(0, 1.02)
    )
    axes.legend(frameon=False, fontsize=8)
    gaps = sure - share
    worst = int((np.abs(gaps) * (images >= 10)).argmax())
    direction = "too sure" if gaps[worst] > 0 else "not sure enough"
    describe(
        axes,
        f"Reliability diagram {title}: {len(images)} bins; farthest from the diagonal, of those with ten images or more, at confidence "
        f"{sure[worst]:.2f}, where {share[worst]:.2f} are right ({direction}).",
    )
    return axes


def draw_points(
    values: Mapping[str, Sequence[float]], y: str, title: str = "", axes: Axes | None = None
) -> Axes:
    """Draw each named group's values as points, with a bar at their mean. y: label with unit."""
    axes = axes or plt.subplots(figsize=(5.0, 3.2))[1]
    told = []
    for number, (name, group) in enumerate(values.items()):
        places = number + np.linspace(-0.12, 0.12, len(group)) if len(group) > 1 else [number]
        axes.scatter(places, group, color=COLORS[number % 5], marker=MARKERS[number % 5], zorder=3)
        axes.hlines(np.mean(group), number - 0.25, number + 0.25, color=COLORS[number % 5], linewidth=2)
        told.append(
            f"{name}: {len(group)} points from {_short(min(group))} to {_short(max(group))}, mean {_short(float(np.mean(group)))}"
        )
    axes.set(
        xticks=range(len(values)),
        xticklabels=list(values),
        ylabel=y,
        title=title,
        xlim=(-0.6, len(values) - 0.4),
    )
    axes.grid(axis="y", alpha=0.25)
    describe(axes, f"{title or 'Points'}, {y}. {'; '.join(told)}.")
    return axes


def draw_embedding(
    places: np.ndarray,
    labels: Tensor,
    images: Tensor,
    strangers: Sequence[int] = (),
    axes: Axes | None = None,
) -> Axes:
    """Draw images as points in a plane, a color and a number for each label, and the strangers as thumbnails.

    places: (N, 2). labels: int64 (N,). images: uint8 (N, 1, 28, 28). strangers: indices of those to draw as images.
    """
    axes = axes or plt.subplots(figsize=(7.0, 6.0))[1]
    labels, images = labels.cpu(), images.cpu()
    axes.scatter(places[:, 0], places[:, 1], c=labels.numpy(), cmap="tab10", s=5, alpha=0.6)
    for label in range(10):
        center = np.median(places[labels.numpy() == label], axis=0)
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}
        axes.text(
            center[0], center[1], str(label), fontsize=15, weight="bold", ha="center", va="center", bbox=box
        )
    for index in strangers:
        thumbnail = OffsetImage(images[index, 0].numpy(), zoom=0.8, cmap=COLOR_MAPS["ink"])
        axes.add_artist(AnnotationBbox(thumbnail, places[index], pad=0.1, bboxprops={"edgecolor": COLORS[1]}))
    axes.set(xticks=[], yticks=[], xlabel="first direction of the map", ylabel="second direction of the map")
    told = ", ".join(f"a {int(labels[index])}" for index in strangers)
    describe(
        axes,
        f"{len(labels):,} test images as points in the plane, in ten clusters named by their label."
        + (
            f" Drawn as thumbnails, because they lie in a cluster that is not theirs: {told}." if told else ""
        ),
    )
    return axes


def _limits(values: Tensor, kind: str) -> tuple[float, float]:
    """The values that a color map's ends stand for: zero stays in the middle of signed ones."""
    if kind == "signed":
        limit = values.abs().max().item() or 1.0
        return -limit, limit
    return min(values.min().item(), 0.0), values.max().item() or 1.0


def _where(image: Tensor) -> str:
    """Where a map is farthest from zero, in words."""
    row, column = divmod(int(image.abs().argmax()), image.shape[1])
    height = ("top", "middle", "bottom")[3 * row // image.shape[0]]
    return f"{height} {('left', 'center', 'right')[3 * column // image.shape[1]]}"


def _short(value: float) -> str:
    """A number in as few characters as reading it needs."""
    value = float(value)
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}" if abs(value) < 90 else f"{value:.2f}"
