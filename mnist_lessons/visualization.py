"""Figures that lesson 5 alone needs: kernels, a digit's way through the network, maps over a digit, planes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from mnist_helpers.figures import COLOR_MAPS, COLORS, describe, draw_image

STRIDE = {28: 1, 24: 1, 8: 2}  # pixels from one entry to the next, for the image itself, conv1 and conv2


def draw_many(
    axes: Axes, pictures: Tensor, columns: int, title: str, kind: str = "amount", limit: float = 0
) -> None:
    """Draw many small pictures in rows, on one scale, with white gaps. pictures: float (N, H, W)."""
    framed = torch.nn.functional.pad(pictures.detach(), (1, 1, 1, 1), value=torch.nan)
    page = torch.cat([torch.cat(list(row), dim=1) for row in framed.split(columns)])
    limit = limit or pictures.max().item() or 1.0
    axes.imshow(page.numpy(), cmap=COLOR_MAPS[kind], vmin=-limit if kind == "signed" else 0, vmax=limit)
    axes.set(title=title, xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def draw_kernels(weights: Mapping[str, Tensor], limit: float = 0.4) -> Figure:
    """Draw the kernels of a first layer, eight in a row, all on one scale.

    weights: title -> float (N, 1, H, W). limit: the weight at which the colors end.
    """
    figure, column = plt.subplots(len(weights), 1, figsize=(6.4, 1.8 * len(weights)), squeeze=False)
    for axes, (title, kernels) in zip(column[:, 0], weights.items(), strict=True):
        draw_many(axes, kernels[:, 0], 8, title, "signed", limit)
        text = f"{title}: {len(kernels)} kernels, weights from {kernels.min():.2f} to {kernels.max():.2f}."
        describe(axes, text)
    colors = plt.cm.ScalarMappable(plt.Normalize(-limit, limit), COLOR_MAPS["signed"])
    figure.colorbar(colors, ax=column, label="weight", aspect=10 * len(weights), fraction=0.03)
    return figure


def draw_path(image: Tensor, outputs: Sequence[Tensor]) -> Figure:
    """Draw what each layer puts out for one digit, from its pixels to ten probabilities.

    image: float (1, 28, 28). outputs: of conv1, conv2, the hidden layer and the last one, each for a batch of one.
    """
    first, second, hidden = (output[0].detach().relu() for output in outputs[:3])
    probabilities = 100 * outputs[3][0].detach().softmax(dim=0).numpy()
    figure, spots = plt.subplot_mosaic("AB;CD;EE", figsize=(7, 7.2), height_ratios=(3, 2, 2))
    draw_image(image[0], "the image: 28×28 pixels", axes=spots["A"])
    draw_many(spots["B"], first, 4, "conv1: 16 maps of 24×24")
    draw_many(spots["C"], second, 8, "conv2: 32 maps of 8×8")
    draw_many(spots["D"], hidden.view(1, 8, 16), 1, "hidden: 128 numbers")
    bars, best = spots["E"], probabilities.argsort()[:-3:-1]
    bars.bar(range(10), probabilities, color=COLORS[0])
    bars.set(xticks=range(10), ylim=(0, 100), title="output: 10 probabilities", xlabel="digit")
    bars.set_ylabel("probability (%)")
    silent = [int((maps.flatten(1).amax(dim=1) == 0).sum()) for maps in (first, second, hidden[:, None])]
    text = "Maps of {} and {} channels of 16 and 32 are empty, {} of 128 hidden numbers are 0.".format(
        *silent
    )
    describe(figure, f"{text} Output: {', '.join(f'{digit} {probabilities[digit]:.0f}%' for digit in best)}.")
    return figure


def draw_over(axes: Axes, values: Tensor, image: Tensor, title: str, scale: str = "") -> None:
    """Draw a map where it belongs on the digit, whose outline lies over it.

    values: float (28, 28), (24, 24) or (8, 8), each entry at the middle of what it sees. image: float (1, 28, 28).
    """
    values = values.detach().where(values.abs() > 1e-3 * values.abs().max(), 0)  # no rounding errors
    draw_image(values, title, "signed" if values.min() < 0 else "amount", scale, axes)
    half = len(values) * STRIDE[len(values)] / 2
    axes.images[0].set_extent((13.5 - half, 13.5 + half, 13.5 + half, 13.5 - half))
    if values.min() < 0:
        axes.images[0].set_data(values.where(values != 0, torch.nan).numpy())  # nothing is white, like paper
    axes.contour(image[0].numpy(), levels=[0.5], colors=COLORS[4], linewidths=1.2)
    axes.set(xlim=(-0.5, 27.5), ylim=(27.5, -0.5))


def draw_channels(
    channels: Sequence[int], kernels: Tensor, maps: Tensor, image: Tensor, columns: int = 2
) -> Figure:
    """Draw kernels of the first layer: each with its map of one digit, and the patch of the digit it answers to most.

    kernels: float (N, 5, 5). maps: float (N, 24, 24), none below 0. image: float (1, 28, 28).
    """
    rows = len(channels) // columns
    figure = plt.figure(figsize=(8.6, 2.3 * rows))
    parts: Any = figure.subfigures(rows, columns, wspace=0.08)
    for part, channel, kernel, answers in zip(parts.flat, channels, kernels, maps, strict=True):
        spots = part.subplots(1, 3, width_ratios=(3, 5, 3))
        row, column = divmod(int(answers.argmax()), answers.shape[1])
        draw_image(kernel, f"kernel {channel}", "signed", axes=spots[0])
        draw_over(spots[1], answers, image, f"its map, channel {channel}")
        spots[1].add_patch(plt.Rectangle((column - 0.5, row - 0.5), 5, 5, fill=False, color="white", lw=2))
        patch = image[0, row : row + 5, column : column + 5]
        draw_image(patch - image.min(), "the patch", axes=spots[2], limit=(image.max() - image.min()).item())
    return figure


def entries_that_see() -> Tensor:
    """For each pixel, how many entries of `conv2` see it: float (28, 28)."""
    seen = torch.zeros(28, 28)
    for row in range(0, 16, 2):  # an entry sees 14×14 pixels, the next one begins two farther on
        for column in range(0, 16, 2):
            seen[row : row + 14, column : column + 14] += 1
    return seen


def draw_maps(maps: Mapping[str, Tensor], image: Tensor, scale: str = "") -> Figure:
    """Draw maps of one digit, two in a row. maps: title -> values, see `draw_over`; one, or an even number of them.

    scale: the label of a color bar beside each map; none is drawn without.
    """
    columns = min(len(maps), 2)
    size = ((3 + 0.9 * bool(scale)) * columns, 3.3 * len(maps) / columns)
    figure, grid = plt.subplots(len(maps) // columns, columns, figsize=size, squeeze=False)
    for axes, (title, values) in zip(grid.flat, maps.items(), strict=True):
        draw_over(axes, values, image, title, scale)
    return figure


def draw_trial(columns: Mapping[str, tuple[Tensor, Mapping[str, Tensor]]]) -> Figure:
    """Draw several kinds of maps, a row each, of several subjects, a column each; each map on a scale of its own.

    columns: title -> image, float (1, 28, 28), and its maps: name -> values.
    """
    kinds = list(next(iter(columns.values()))[1])
    figure, grid = plt.subplots(len(kinds), len(columns), figsize=(7, 2.5 * len(kinds)), squeeze=False)
    for column, (title, (image, maps)) in zip(grid.T, columns.items(), strict=True):
        for axes, kind in zip(column, kinds, strict=True):
            draw_over(axes, maps[kind], image, title if kind == kinds[0] else "")
            largest = f"largest size {maps[kind].abs().max():.2g}"
            axes.set_xlabel(largest, size=11)
            describe(axes, f"{kind}, {title}: {largest}.")
    for axes, kind in zip(grid[:, 0], kinds, strict=True):
        axes.set_ylabel(kind, size=11)
    return figure


def draw_film(rows: Mapping[str, Tensor], levels: Sequence[int], answers: Mapping[str, Tensor]) -> Figure:
    """Draw images that change by and by, a row for each way to change them, with what the network reads.

    rows: name -> float (N, 1, 28, 28), normalized. levels: by how much pixels have moved, an entry a column.
    answers: name -> probabilities, float (N, 10).
    """
    figure, grid = plt.subplots(len(rows), len(levels), figsize=(7.2, 2.3 * len(rows)), squeeze=False)
    parts = []
    for line, (name, frames) in zip(grid, rows.items(), strict=True):
        first = name == next(iter(rows))
        best = answers[name].detach().topk(2, dim=1)
        captions = [
            ", ".join(f"{digit} ({share:.0%})" for digit, share in zip(*pair, strict=True) if share > 0.1)
            for pair in zip(best.indices, best.values, strict=True)
        ]
        for axes, frame, caption, level in zip(line, frames, captions, levels, strict=True):
            draw_image(frame[0], f"{level} levels\n{caption}" if first else caption, axes=axes)
            describe(axes, "")
        line[0].set_ylabel(name)
        pairs = ", ".join(f"{level}: {caption}" for level, caption in zip(levels, captions, strict=True))
        parts.append(f"{name}, what is read after how many levels: {pairs}.")
    describe(figure, " ".join(parts))
    return figure


def draw_planes(planes: Mapping[str, Tensor], labels: Tensor, wrong: Mapping[str, Tensor]) -> Figure:
    """Draw digits in planes, colored by label, each digit's name on one of its points, in their midst, the misplaced circled.

    planes: title -> float (N, 2). labels: int64 (N,). wrong: title -> bool (N,), which are misplaced.
    """
    figure, row = plt.subplots(1, len(planes), figsize=(9, 3.8))
    box, parts = {"fc": "white", "ec": "none", "pad": 1}, []
    for axes, (title, places) in zip(row, planes.items(), strict=True):
        axes.scatter(*places.T, c=labels, cmap="tab10", s=5)
        axes.scatter(*places[wrong[title]].T, s=24, facecolors="none", edgecolors="black", linewidths=0.7)
        for digit in labels.unique():
            own = places[labels == digit]
            central = torch.cdist(own, own).median(dim=1).values.argmin()  # in the midst of the others
            axes.text(*own[central].tolist(), digit.item(), size=12, weight="bold", bbox=box)
        count = int(wrong[title].sum())
        axes.set_title(f"{title}\n{count} of {len(labels):,} misplaced", size=12)
        axes.set_axis_off()
        parts.append(f"{count} from {title}")
    describe(
        figure,
        f"{len(labels):,} digits in the plane by t-SNE, colored by digit. Misplaced: {', '.join(parts)}.",
    )
    return figure
