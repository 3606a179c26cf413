"""The pictures that lesson 2 alone draws."""

from __future__ import annotations

import math
from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch.nn.functional as F
from ipywidgets import IntSlider
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from mnist_helpers.data import Split
from mnist_helpers.figures import COLORS, describe, draw_image, draw_side_by_side
from mnist_helpers.widgets import WIDE, explore


def draw_kernel(kernel: Tensor, title: str, axes: Axes) -> Axes:
    """Draw a kernel with its weights written into it. kernel: float (H, W)."""
    draw_image(kernel, title, "signed", axes=axes)
    for row, weights in enumerate(kernel.tolist()):
        for column, weight in enumerate(weights):
            color = "white" if abs(weight) > 0.6 * kernel.abs().max() else "black"
            axes.text(
                column,
                row,
                f"{weight:+g}".replace("-", "−") if weight else "0",
                ha="center",
                va="center",
                color=color,
            )
    rows = "; ".join(", ".join(f"{weight:+g}" for weight in weights) for weights in kernel.tolist())
    describe(axes, f"{title}, row by row: {rows}.")
    return axes


def draw_patches(image: Tensor, patches: Mapping[str, tuple[int, int]], kernel: Tensor) -> Figure:
    """Draw an image with framed patches of the kernel's size, and the kernel beside it.

    image: float (28, 28). patches: name -> row and column of the upper left corner.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.6, 3.6), width_ratios=(3, 2))
    draw_image(image, f"an image, and patches {', '.join(patches)}", axes=left)
    for name, (row, column) in patches.items():
        height, width = kernel.shape
        left.add_patch(
            plt.Rectangle((column - 0.5, row - 0.5), width, height, fill=False, color=COLORS[1], lw=2)
        )
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        beside = {"color": COLORS[1], "weight": "bold", "ha": "right", "va": "center", "bbox": paper}
        left.text(column - 0.9, row + (height - 1) / 2, name, **beside)
    draw_kernel(kernel, "the kernel: nine weights", right)
    return figure


def explore_kernel(split: Split, kernel: Tensor, index: int) -> None:
    """Show an image, a mixture of the kernel and its quarter turn, and the response; sliders choose angle and image."""

    def turned(degrees: int, index: int) -> Figure:
        angle, image = math.radians(degrees), split.images[index, 0] / 255
        mixed = math.cos(angle) * kernel + math.sin(angle) * kernel.rot90()
        response = F.conv2d(image[None, None], mixed[None, None])[0, 0]
        title = f"kernel, {degrees}°"
        return draw_side_by_side(
            (mixed, title, "signed"), (image, "image", "ink"), (response, "response", "signed")
        )

    degrees = IntSlider(90, 0, 345, 15, description="angle (degrees)", **WIDE)
    explore(
        turned,
        degrees=degrees,
        index=IntSlider(index, 0, len(split) - 1, description="training image", **WIDE),
    )


def draw_responses(images: Tensor, kernels: Mapping[str, Tensor], responses: Tensor) -> Figure:
    """Draw images in a row, kernels in a column, and each response where the two meet.

    images: float (N, 1, H, W). kernels: name -> float (h, w), K of them. responses: float (N, K, H', W').
    """
    columns, rows = len(images) + 1, len(kernels) + 1
    figure, grid = plt.subplots(rows, columns, figsize=(1.2 * columns, 1.2 * rows))
    grid[0, 0].set_axis_off()
    for column, image in enumerate(images, 1):
        draw_image(image[0], axes=grid[0, column])
    for row, (name, kernel) in enumerate(kernels.items(), 1):
        draw_image(kernel, f"{name} edges", "signed", axes=grid[row, 0])
        for column in range(1, columns):
            limit = responses.max().item()
            draw_image(responses[column - 1, row - 1], kind="signed", limit=limit, axes=grid[row, column])
    for axes in grid.flat:
        describe(axes, "")  # one description for the whole figure instead of one for each part
    for axes in grid[1:, 1]:  # the four maps of the first digit
        axes.spines[:].set(color=COLORS[1], linewidth=2)
    names = ", ".join(kernels)
    describe(
        figure,
        f"{len(images)} digits above, and in a row for each kernel ({names} edges) its response to each digit. "
        "The first digit's responses are framed.",
    )
    return figure


def draw_ladder(steps: Mapping[str, Tensor], maps: int = 6) -> Figure:
    """Draw what each step of a network makes of one image: the first maps, or a row of numbers.

    steps: name -> float (1, C, H, W) or (1, N), in their order.
    """
    figure, grid = plt.subplots(len(steps), maps, figsize=(7, len(steps)))
    shapes = {name: "×".join(str(side) for side in step.shape[1:]) for name, step in steps.items()}
    for row, (name, step) in zip(grid, steps.items(), strict=True):
        label = f"{name}\n{shapes[name]}"
        row[0].text(-0.15, 0.5, label, transform=row[0].transAxes, ha="right", va="center")
        for axes in row:
            axes.set_axis_off()
        if step.ndim == 2:  # no maps anymore: one row of numbers across the figure
            row = [figure.add_subplot(grid[0, 0].get_gridspec()[list(steps).index(name), :])]
        for axes, picture in zip(row, step[0, :maps] if step.ndim == 4 else step[None], strict=False):
            limit = picture.abs().max().item() or 1
            colors = (
                {"cmap": "gray_r"} if name == "image" else {"cmap": "PuOr", "vmin": -limit, "vmax": limit}
            )
            axes.imshow(picture.detach().numpy(), aspect="auto", **colors)
            axes.set(xticks=[], yticks=[])
            if name == "output":
                axes.set_xticks(range(picture.shape[-1]))
            axes.set_axis_on()
            axes.spines[:].set(visible=True, color="0.8")
    summary = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
    describe(
        figure,
        f"The digit on its way through the network: {summary}. Later maps are smaller, and there are more of them.",
    )
    return figure
