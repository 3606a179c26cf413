"""Matplotlib: pictures, grids, curves, bars and points, as every lesson uses them.

Each function draws, describes its picture in words made from its data, and returns its axes (for several pictures,
the figure). `show` displays what they drew, with the description as alternative text.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageChops
from torch import Tensor

from mnist_helpers.data import Digits

# Digits are black ink on white paper; in weights and responses white is zero; quantities begin at 0.
COLOR_MAPS = {"ink": "gray_r", "signed": "PuOr", "amount": "magma"}
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")  # Okabe and Ito, 2008
MARKERS = ("o", "s", "^", "D", "v", "P")
# Beside a folded output, Jupyter writes its first line: the answer to a prediction.
UNSEEN = "<style>.jp-OutputPlaceholder .jp-PlaceholderText { display: none }</style>"
style = SimpleNamespace(warning="")


def set_style(digits: Digits) -> None:
    """Set once how all figures look, marked where the digits are not MNIST's, and that folded outputs show nothing."""
    style.warning = "" if digits.is_mnist else "practice digits, not MNIST"
    plt.rcdefaults()  # whatever this user's matplotlibrc says
    plt.rcParams.update({"figure.constrained_layout.use": True, "axes.prop_cycle": plt.cycler(color=COLORS)})
    plt.rcParams.update({"axes.titlesize": 10, "axes.spines.top": False, "axes.spines.right": False})
    display({"text/html": UNSEEN, "text/plain": ""}, raw=True)


def describe(drawn: Axes | Figure, text: str) -> None:
    """Note down the description of axes or of a whole figure, for `show`."""
    drawn.set_gid(text)


def render(drawn: Axes | Figure, notice: str = "") -> tuple[bytes, str, dict[str, int]]:
    """A figure, or the figure that axes belong to: as a PNG, with its description, and the size at which to show it.

    The PNG has twice as many pixels, for sharp screens. The figure is closed.
    """
    figure = drawn if isinstance(drawn, Figure) else drawn.get_figure(root=True)
    assert figure is not None, "axes are always part of a figure"
    parts = [figure.get_gid(), *(axes.get_gid() for axes in figure.axes), notice]
    alt = " ".join(part for part in parts if part)
    if style.warning:
        figure.suptitle(style.warning, color="#b04000", fontsize=9)
        alt = f"({style.warning[0].upper()}{style.warning[1:]}.) {alt}"
    drawing = io.BytesIO()
    figure.savefig(drawing, format="png", bbox_inches="tight", dpi=2 * figure.dpi)
    plt.close(figure)
    picture = Image.open(drawing).convert("RGB")
    png = io.BytesIO()
    picture.save(png, "png", optimize=True)
    # A palette, where no color is off by much, or where the picture is large, as a photograph is.
    for colors in (256, 32):
        reduced = picture.quantize(colors, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        off = np.asarray(ImageChops.difference(picture, reduced.convert("RGB"))).max()
        if png.tell() < 150_000 and off > 8:
            break
        png = io.BytesIO()
        reduced.save(png, "png", optimize=True)
    return png.getvalue(), alt, {"width": picture.width // 2, "height": picture.height // 2}


def bundle(drawn: Axes | Figure, notice: str = "") -> dict:
    """What `IPython.display.display` needs to show a figure with its description as alternative text."""
    png, alt, size = render(drawn, notice)
    return {"data": {"image/png": png, "text/plain": alt}, "metadata": {"image/png": {"alt": alt} | size}}


def show(drawn: Axes | Figure, notice: str = "") -> None:
    """Display a figure, or the figure of some axes. notice: what somebody who cannot see it should notice."""
    content = bundle(drawn, notice)
    display(content["data"], metadata=content["metadata"], raw=True)


def draw_image(
    image: Tensor,
    title: str = "",
    kind: str = "ink",
    scale: str = "",
    axes: Axes | None = None,
    limit: float = 0,
) -> Axes:
    """Draw one picture without ticks.

    image: (H, W). kind: a key of COLOR_MAPS. scale: the label of a color bar; none is drawn without.
    limit: the value at which colors end; without it, the largest of this image.
    """
    axes = axes or plt.subplots(figsize=(3.2, 2.8))[1]
    image = image.detach().cpu().float()
    low, high = _limits(image, kind, limit)
    picture = axes.imshow(image.numpy(), cmap=COLOR_MAPS[kind], vmin=low, vmax=high)
    axes.set(title=title, xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color="0.8")
    if scale:
        axes.figure.colorbar(picture, ax=axes, label=scale)
    text = f"{title or 'A picture'}: {image.shape[0]}×{image.shape[1]}"
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


def draw_grid(
    images: Tensor, captions: Iterable[object] = (), columns: int = 10, kind: str = "ink", what: str = "pictures",
    shared_scale: bool = True, marked: Sequence[bool] = (), scale: str = "",
) -> Figure:  # fmt: skip
    """Draw pictures in rows, each under its caption.

    images: (N, H, W) or (N, 1, H, W). kind: a key of COLOR_MAPS. what: what they are, for the description.
    shared_scale: the same color means the same value in all. marked: whose captions stand out.
    scale: the label of a color bar for all; none is drawn without.
    """
    images = images.detach().cpu().float().reshape(len(images), *images.shape[-2:])
    texts = [str(caption) for caption in captions] or [""] * len(images)
    rows, columns = math.ceil(len(images) / columns), min(columns, len(images))
    lines = 1 + max(text.count("\n") for text in texts) if any(texts) else 0
    side = min(8.0 / columns, 1.6)
    size = (side * columns + 0.9 * bool(scale), rows * (side + 0.17 * lines))
    figure, grid = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for number, (axes, image, text) in enumerate(zip(grid.flat, images, texts, strict=False)):
        low, high = _limits(images if shared_scale else image, kind)
        picture = axes.imshow(image.numpy(), cmap=COLOR_MAPS[kind], vmin=low, vmax=high)
        axes.set(xticks=[], yticks=[])
        axes.set_axis_on()
        axes.spines[:].set(visible=True, color="0.85")  # else white paper could not be told from the page
        bad = number < len(marked) and marked[number]
        axes.set_title(text, fontsize=9, **({"color": COLORS[1], "weight": "bold"} if bad else {}))
    if scale:
        figure.colorbar(picture, ax=grid, label=scale)
    shown = "; ".join(text.replace("\n", " ") for text in texts if text)
    count = f"{len(images)} {what} in {rows} {'row' if rows == 1 else 'rows'}"
    describe(figure, f"{count}{': ' + shown if shown else ''}.")
    return figure


def draw_curves(
    curves: Mapping[str, tuple], x: str, y: str, title: str = "", log: str = "", axes: Axes | None = None
) -> Axes:
    """Draw named curves, told apart by color, and by markers where they have few values.

    curves: name -> (x values, y values), or (x values, y values, errors), which are drawn as bars to either side.
    x, y: labels with units. log: "x", "y" or "xy" for logarithmic axes.
    """
    axes = axes or plt.subplots(figsize=(6.4, 3.2))[1]
    parts = []
    for number, (name, (xs, ys, *errors)) in enumerate(curves.items()):
        look: dict[str, Any] = {"label": name, "color": COLORS[number % 6], "linewidth": 1.4, "capsize": 3}
        look |= {"marker": MARKERS[number % 6], "markersize": 4} if len(xs) <= 12 else {}
        axes.errorbar(xs, ys, *errors, **look)
        ends = [f"{short(ys[end])} at {short(xs[end])}" for end in (0, -1)] if len(ys) else ["nothing"] * 2
        parts.append(f"{name} from {ends[0]} to {ends[1]}")
    axes.set(xlabel=x, ylabel=y, title=title)
    if "x" in log:
        axes.set_xscale("log")
    elif all(value == int(value) for xs, *_ in curves.values() for value in xs):
        axes.locator_params(axis="x", integer=True)
    if "y" in log:
        axes.set_yscale("log")
    axes.grid(alpha=0.25)
    if len(curves) > 1:
        axes.legend(frameon=False)
    describe(axes, f"{title or 'Curves'}, {y} against {x}: {'; '.join(parts)}.")
    return axes


def draw_bars(values: Mapping[str, float], x: str, title: str = "", axes: Axes | None = None) -> Axes:
    """Draw a horizontal bar for each named value, with the value written at its end. x: label with unit."""
    axes = axes or plt.subplots(figsize=(6.4, 0.5 + 0.36 * len(values)))[1]
    bars = axes.barh(list(values), list(values.values()), color=COLORS[0])
    whole = all(float(value).is_integer() for value in values.values())
    largest = max(map(abs, values.values()))
    decimals = 0 if whole else max(0, 2 - math.floor(math.log10(largest)))  # three digits of the largest
    written = [f"{value:,.{decimals}f}" for value in values.values()]
    axes.bar_label(bars, written, padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.xaxis.set_major_formatter(lambda value, _: short(value))
    axes.set(xlabel=x, title=title)
    described = ", ".join(map(" ".join, zip(values, written, strict=True)))
    describe(axes, f"{title or 'Bars'}, {x}: {described}.")
    return axes


def short(value: float) -> str:
    """A number in as few characters as reading it needs."""
    value = float(value)
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}" if abs(value) < 90 else f"{value:.2f}"


def _limits(values: Tensor, kind: str, limit: float = 0) -> tuple[float, float]:
    """The values that a color map's ends stand for: zero stays in the middle of signed ones."""
    if kind == "signed":
        limit = limit or values.abs().max().item() or 1.0
        return -limit, limit
    return min(values.min().item(), 0.0), limit or values.max().item() or 1.0


def _where(image: Tensor) -> str:
    """Where a map is farthest from zero, in words."""
    row, column = divmod(int(image.abs().argmax()), image.shape[1])
    height = ("top", "middle", "bottom")[3 * row // image.shape[0]]
    return f"{height} {('left', 'center', 'right')[3 * column // image.shape[1]]}"
