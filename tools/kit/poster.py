"""A poster of the lessons' CNN, for the wall: one digit on its way through the network, in A1, as PDF.

What is drawn is computed: the maps are those of the trained network for a digit of the test split.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch
from torch import Tensor

from mnist_helpers.data import Digits
from mnist_helpers.evaluation import predict
from mnist_helpers.model import CNN, count_parameters
from mnist_helpers.training import checkpoint_path, save_checkpoint, trained_cnn
from mnist_helpers.visualization import record

WIDTH, HEIGHT = 33.1, 23.4  # inches: A1, landscape
SLIDE_HEIGHT = 14
SIGNED, INK = "PuOr", "gray_r"
DIGIT = 3  # of those in the test split that are read as such, a typical one of the twenty that lean least


def draw(digits: Digits, path: Path, slide: Path) -> None:
    """Train or load the network, and write the poster to `path`, and to `slide` as much of it as a slide can show."""
    missing = not checkpoint_path().exists()
    if missing:
        print("Training lesson 3's network for slides and poster, this once: about 15 s.", flush=True)
    model, history, origin = trained_cnn(digits)
    if missing:
        save_checkpoint(model, history, digits)
    print(origin, flush=True)
    threes = digits.test[digits.test.labels == DIGIT]
    inputs = (threes.images / 255 - threes.mean) / threes.std
    right = [place for place, row in enumerate(predict(model, threes)) if row.argmax() == DIGIT]
    upright = sorted(right, key=lambda place: slant(threes.images[place, 0]))[:20]
    mean = inputs[upright].mean(dim=0)
    place = min(upright, key=lambda place: (inputs[place] - mean).norm().item())
    with record(model.conv1) as first, record(model.conv2) as second, record(model.hidden) as third:
        logits = model(inputs[place : place + 1]).detach()[0]
    first, second, third = (outputs[0].detach()[0] for outputs in (first, second, third))
    pooled = [torch.nn.functional.max_pool2d(maps, 2).relu() for maps in (first, second)]
    stages = {"conv1": first, "conv2": second, "pool1": pooled[0], "pool2": pooled[1], "hidden": third.relu()}
    for target, small in ((path, False), (slide, True)):
        figure = compose(threes.images[place, 0], model, stages, logits.softmax(dim=0), digits, small)
        figure.savefig(target, dpi=60)
        plt.close(figure)


def slant(image: Tensor) -> float:
    """How many columns the ink moves sideways from one row to the next, on average."""
    ink, places = image / image.sum(), torch.arange(28.0)
    row, column = places - (ink.sum(dim=1) @ places), places - (ink.sum(dim=0) @ places)
    return abs((row @ ink @ column) / (ink.sum(dim=1) @ row**2)).item()


def compose(
    image: Tensor, model: CNN, stages: dict[str, Tensor], answer: Tensor, digits: Digits, small: bool
) -> Figure:
    """Put the stages side by side, each above what it is, its shape, its parameters and its line of PyTorch.

    small: for a slide, in large letters, with the shapes alone.
    """
    figure = plt.figure(figsize=(WIDTH, SLIDE_HEIGHT if small else HEIGHT))
    text = f"{count_parameters(model):,} adjustable numbers, trained on {len(digits.train):,} handwritten digits. "
    text += "Every map here is computed: this is the trained network, at work on this digit."
    if not small:
        figure.text(0.03, 0.935, "How a CNN reads a digit", fontsize=76, weight="bold", va="center")
        figure.text(0.03, 0.88, text, fontsize=30, va="center", color="0.25")
    kernels, dense = model.conv1.weight.detach()[:, 0], stages["hidden"].view(1, 16, 8)
    columns = (
        (0.095, image[None], 1, INK, None, "The image", "28 rows and 28 columns of gray: 1×28×28", ""),
        (0.085, kernels, 2, SIGNED, model.conv1, "16 kernels", "of 5×5 weights, each a small picture of what it looks for",
         "nn.Conv2d(1, 16,\n  kernel_size=5)"),
        (0.115, stages["conv1"], 2, SIGNED, None, "16 maps", "each kernel at every place: where does it fit? 16×24×24. "
         "A map stands where its kernel stands on the left.", "self.conv1(images)"),
        (0.115, stages["pool1"], 2, "Purples", None, "Pooled", "the largest of four, and nothing below zero: 16×12×12",
         "F.relu(\n  F.max_pool2d(…, 2))"),
        (0.135, stages["conv2"], 4, SIGNED, model.conv2, "32 maps", "each kernel reads all 16 maps on the left; an entry adds up "
         "400 products: 32×8×8", "nn.Conv2d(16, 32,\n  kernel_size=5)"),
        (0.125, stages["pool2"], 4, "Purples", None, "Pooled", "coarse places, rich findings: 32×4×4, or 512 numbers",
         "F.relu(\n  F.max_pool2d(…, 2))"),
        (0.095, dense, 1, "Purples", model.hidden, "128 numbers", "each weighs all 512 findings", "F.relu(\n  nn.Linear(512, 128))"),
    )  # fmt: skip
    left, boxes = 0.03, []
    for width, maps, across, colors, layer, *texts in columns:
        boxes.append(_stage(figure, maps, across, colors, left, width))
        if small:
            shape = "128" if layer is model.hidden else "×".join(map(str, maps.shape))
            figure.text(left + width / 2, 0.15, f"{texts[0]}\n{shape}", fontsize=42, ha="center", va="top")
        else:
            _caption(figure, left, width, layer, *texts)
        left += width + 0.0145
    bars = figure.add_axes((left + 0.012, 0.33, 0.062, 0.44))
    bars.barh(range(10), answer, color=["#0b57a4" if digit == DIGIT else "0.6" for digit in range(10)])
    bars.set(yticks=range(10), xlim=(0, 1), xticks=(0, 1), xticklabels=("0", "100%"))
    bars.tick_params(labelsize=40 if small else 26, length=0)
    bars.invert_yaxis()
    bars.spines[["top", "right"]].set_visible(False)
    if not small:
        text, sure = "ten sums; softmax makes shares of them", f"{DIGIT}: {answer[DIGIT]:.1%}"
        _caption(figure, left, 0.09, model.output, sure, text, "nn.Linear(128, 10)")
    for one, other in zip(boxes, [*boxes[1:], bars], strict=True):
        reach = 0.01 / other.get_position().width
        figure.add_artist(
            ConnectionPatch((1.02, 0.5), (-reach if other is not bars else -2 * reach, 0.5), "axes fraction", "axes fraction",
                            axesA=one, axesB=other, arrowstyle="-|>", mutation_scale=34, linewidth=3, color="0.4")
        )  # fmt: skip
    key = "Orange: below zero. Purple: above zero. White: zero. Each column has its own scale."
    if small:
        return figure
    figure.text(
        0.03, 0.035, f"{key} The digit and those it was trained on: {digits.name}.", fontsize=22, color="0.25"
    )
    return figure


def _caption(figure: Figure, left: float, width: float, layer, name: str, text: str, code: str) -> None:
    """Name, explanation, parameters and PyTorch of a stage, below it and no wider than it."""
    figure.text(left, 0.25, name, fontsize=29, weight="bold", va="top")
    lines = textwrap.wrap(text, width=round(width * 195))
    lines += [f"{count_parameters(layer):,} parameters"] if layer is not None else []
    figure.text(left, 0.215, "\n".join(lines), fontsize=21, va="top", linespacing=1.3)
    figure.text(left, 0.085, code, fontsize=16, va="center", family="monospace", color="#0b57a4")


def _stage(figure: Figure, maps: Tensor, across: int, colors: str, left: float, width: float):
    """Maps in rows of `across`, with a gap between them, centered on the poster's middle line."""
    down, (rows, columns) = -(-len(maps) // across), maps.shape[-2:]
    gap = max(1, rows // 12) if len(maps) > 1 else 0
    sheet = torch.full((down * (rows + gap) - gap, across * (columns + gap) - gap), torch.nan)
    for number, one in enumerate(maps):
        row, column = divmod(number, across)
        sheet[row * (rows + gap) :, column * (columns + gap) :][:rows, :columns] = one
    aspect = figure.get_figwidth() / figure.get_figheight()
    height = min(0.7 if aspect > 2 else 0.56, width * aspect * sheet.shape[0] / sheet.shape[1])
    axes = figure.add_axes((left, 0.55 - height / 2, width, height))
    limit = sheet.nan_to_num().abs().max().item()
    low = -limit if colors == SIGNED else 0
    axes.imshow(sheet, cmap=colors, vmin=low, vmax=limit, interpolation="nearest", aspect="equal")
    axes.axis("off")
    return axes
