"""Explorers: pictures that answer to sliders. ipywidgets, and nothing but.

An explorer is a plain function from settings to a picture, and a control for each setting. Where no kernel runs, its
still twin is shown instead: the picture of the first settings, stored in the same output.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import ipywidgets
import torch
import torch.nn.functional as F
from IPython.display import display
from ipywidgets import (
    BoundedFloatText,
    BoundedIntText,
    Button,
    Dropdown,
    FloatSlider,
    IntProgress,
    IntSlider,
    SelectionSlider,
)
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from mnist_helpers.data import Digits, Split, normalize
from mnist_helpers.evaluation import expected_calibration_error, reliability
from mnist_helpers.figures import draw_curves, draw_reliability, draw_side_by_side, draw_tiles, render
from mnist_helpers.model import CNN, seeded
from mnist_helpers.training import fit
from mnist_helpers.visualization import occlusion_map, record

WIDE = {"layout": {"width": "26em"}, "style": {"description_width": "9em"}}


def explore(
    picture: Callable[..., Axes | Figure],
    controls: Mapping[str, ipywidgets.ValueWidget],
    panel: Sequence[ipywidgets.Widget] = (),
    button: Button | None = None,
) -> None:
    """Display controls above the picture of their values, drawn anew when one changes, or when `button` is pressed.

    picture: takes the values of the controls by name, returns axes or a figure. panel: what stands above the picture;
    without it, the controls in their order.
    """
    image = ipywidgets.Image(format="png", layout={"max_width": "100%"})

    def draw(*_) -> tuple[bytes, str]:
        png, alt = render(picture(**{name: control.value for name, control in controls.items()}))
        image.value = png
        return png, alt

    png, alt = draw()
    if button:
        button.on_click(draw)
    else:
        for control in controls.values():
            control.observe(draw, names="value")
    box = ipywidgets.VBox([*(panel or controls.values()), image])
    data = box._repr_mimebundle_() | {"image/png": png, "text/plain": alt}
    display(data, raw=True, metadata={"image/png": {"alt": alt}})


def kernel_picture(images: Tensor, digit_index: int, **weights: float) -> Figure:
    """A digit and the response to a kernel. images: uint8 (N, 1, 28, 28). weights: nine, row by row."""
    image = images[digit_index].float() / 255
    kernel = torch.tensor(list(weights.values())).view(1, 1, 3, 3)
    response = F.conv2d(image[None], kernel)[0, 0]
    return draw_side_by_side(
        (image[0], f"digit {digit_index}", "ink"),
        (kernel[0, 0], "kernel", "signed"),
        (response, "response", "signed"),
    )


def explore_kernel(digits: Digits, kernel: Tensor, digit_index: int = 0) -> None:
    """Nine weights to set, and what they find in a digit. kernel: float (3, 3)."""
    digit = BoundedIntText(
        digit_index,
        min=0,
        max=len(digits.train) - 1,
        description="training image",
        continuous_update=True,
        **WIDE,
    )
    weights = {
        f"weight_{number}": BoundedFloatText(
            weight, min=-9, max=9, step=0.5, continuous_update=True, layout={"width": "6em"}
        )
        for number, weight in enumerate(kernel.flatten().tolist())
    }
    grid = ipywidgets.GridBox(list(weights.values()), layout={"grid_template_columns": "repeat(3, 6.5em)"})
    controls = {"digit_index": digit, **weights}
    explore(lambda **values: kernel_picture(digits.train.images, **values), controls, panel=[digit, grid])


def short_run_picture(
    digits: Digits, learning_rate: float, batch_size: int, after_step: Callable[[int], None] | None = None
) -> Axes:
    """The loss of one epoch over `digits` without a schedule."""
    model = seeded(CNN, 0).to(digits.train.images.device)
    with ipywidgets.Output():  # an explorer has a progress bar of its own
        history = fit(model, digits, 1, batch_size, learning_rate, schedule=False, after_step=after_step)
    seen = [batch_size * step for step in range(1, len(history.loss) + 1)]
    title = f"learning rate {learning_rate:g}, batch size {batch_size}: validation {history.validation_accuracy[-1]:.1%}"
    return draw_curves({"loss": (seen, history.loss)}, "images seen", "cross-entropy", title, log="y")


def explore_short_run(digits: Digits, images: int = 6_400) -> None:
    """Learning rate and batch size, and the loss of a run over the first `images` training images."""
    digits = replace(digits, train=digits.train[:images])
    progress = IntProgress(min=0, max=1, description="training", **WIDE)

    def picture(learning_rate: float, batch_size: int) -> Axes:
        progress.max, progress.value = -(-len(digits.train) // batch_size), 0
        return short_run_picture(
            digits, learning_rate, batch_size, lambda step: setattr(progress, "value", step)
        )

    rates = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3]
    controls = {
        "learning_rate": SelectionSlider(options=rates, value=0.003, description="learning rate", **WIDE),
        "batch_size": SelectionSlider(
            options=[32, 64, 128, 256, 512, 1024], value=128, description="batch size", **WIDE
        ),
    }
    button = Button(description="train", icon="play")
    explore(picture, controls, panel=[*controls.values(), button, progress], button=button)


def temperature_picture(logits: Tensor, labels: Tensor, temperature: float) -> Axes:
    """The reliability diagram at a temperature. logits: float (N, 10). labels: int64 (N,)."""
    error = expected_calibration_error(logits / temperature, labels)
    title = f"temperature {temperature:.2f}, calibration error {error:.2%}"
    confidence, right, count = reliability(logits / temperature, labels)
    return draw_reliability(confidence, right, count, title)


def explore_temperature(logits: Tensor, labels: Tensor) -> None:
    """The temperature, and what becomes of the reliability diagram."""
    slider = FloatSlider(1.0, min=0.3, max=4.0, step=0.05, description="temperature", **WIDE)
    explore(lambda temperature: temperature_picture(logits, labels, temperature), {"temperature": slider})


def maps_picture(model: nn.Module, split: Split, layer: str, digit_index: int) -> Figure:
    """A digit, and all maps of one layer for it, after ReLU. layer: conv1 or conv2."""
    image = split.images[digit_index]
    with torch.no_grad(), record(getattr(model, layer)) as outputs:
        model(normalize(image[None], split.mean, split.std))
    return draw_tiles(image[0], F.relu(outputs[0][0]), f"maps of {layer}")


def explore_maps(model: nn.Module, split: Split) -> None:
    """Layer and digit, and what the layer finds in it."""
    controls = {
        "layer": Dropdown(options=["conv1", "conv2"], description="layer", **WIDE),
        "digit_index": BoundedIntText(
            8, min=0, max=len(split) - 1, description="test image", continuous_update=True, **WIDE
        ),
    }
    explore(lambda **values: maps_picture(model, split, **values), controls)


def occlusion_picture(model: nn.Module, split: Split, digit_index: int, size: int) -> Figure:
    """A digit, and what covering each place with a square of `size` pixels costs its label."""
    image = normalize(split.images[digit_index], split.mean, split.std)
    label = int(split.labels[digit_index])
    lost = occlusion_map(model, image, label, size)
    title = f"covered by {size}×{size}: at most {lost.max():.2f} lost"
    return draw_side_by_side(
        (image[0], f"test image {digit_index}, label {label}", "ink"), (lost, title, "signed")
    )


def explore_occlusion(model: nn.Module, split: Split) -> None:
    """Test image and size of the patch, and which places matter."""
    controls = {
        "digit_index": BoundedIntText(
            8, min=0, max=len(split) - 1, description="test image", continuous_update=True, **WIDE
        ),
        "size": IntSlider(5, min=1, max=13, step=2, description="patch (pixels)", **WIDE),
    }
    explore(lambda **values: occlusion_picture(model, split, **values), controls)
