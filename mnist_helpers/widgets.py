"""Explorers: pictures that answer to controls. What a lesson explores, and with which controls, stands in that lesson."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import ipywidgets
import matplotlib.pyplot as plt
import traitlets
from IPython.display import DisplayHandle, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_helpers.figures import bundle
from mnist_helpers.sources import WalkthroughError

WIDE = {"layout": {"width": "28em"}, "style": {"description_width": "10em"}}  # for a name of some words


def show_live(draw: Callable[[], Axes | Figure]) -> Callable[..., None]:
    """Show what `draw` draws; returns a function that draws it anew in the same place.

    The picture is an ordinary output of the cell, so it stays, with its description, where no kernel runs.
    The sentence of a WalkthroughError takes its place until the next time.
    """
    shown = DisplayHandle()

    def redraw(_=None, send=shown.update) -> None:
        try:
            content = bundle(draw())
        except WalkthroughError as error:
            plt.close("all")  # a figure that was begun would appear under the next cell
            content = {"data": {"text/plain": str(error)}, "metadata": {}}
        send(content["data"], metadata=content["metadata"], raw=True)

    redraw(send=shown.display)
    return redraw


def explore(picture: Callable[..., Axes | Figure], **controls: ipywidgets.ValueWidget) -> None:
    """Show the picture, which takes the value of each control by its name, and the controls that change it."""
    redraw = show_live(lambda: picture(**{name: control.value for name, control in controls.items()}))
    for control in controls.values():
        control.observe(redraw, names="value")
    display(ipywidgets.VBox(list(controls.values())))


def draw_here(picture: Callable[[list], Axes | Figure], drawings: list[list]) -> ipywidgets.DOMWidget:
    """Show a canvas, and the picture of the strokes on it, anew during each stroke; returns it, with its `strokes`.

    Strokes are a list of lists of (x, y) in 0..1, y downward. drawings: stored strokes, the first of which are shown
    at first; arrow keys show the others. Without anywidget a slider chooses among them in place of the canvas.
    """
    canvas = _canvas(drawings) if find_spec("anywidget") else _slider(drawings)
    display(canvas)
    canvas.observe(show_live(lambda: picture(canvas.strokes)), names="strokes")
    return canvas


def _canvas(drawings: list[list]) -> ipywidgets.DOMWidget:
    from anywidget import AnyWidget

    class Canvas(AnyWidget):
        _esm = Path(__file__).with_name("canvas.js")
        drawings, strokes = traitlets.Any().tag(sync=True), traitlets.Any().tag(sync=True)

    return Canvas(drawings=drawings, strokes=drawings[0])


def _slider(drawings: list[list]) -> ipywidgets.DOMWidget:
    slider = ipywidgets.IntSlider(1, 1, len(drawings), description="stored drawing", **WIDE)
    box = ipywidgets.VBox([slider, ipywidgets.Label("To draw, run `pip install anywidget` and start anew.")])
    box.add_traits(strokes=traitlets.Any(drawings[0]))
    slider.observe(lambda change: setattr(box, "strokes", drawings[change.new - 1]), names="value")
    return box


def upload_here(picture: Callable[[bytes], Axes | Figure]) -> None:
    """Show a button that chooses a file, and the picture that is made of its bytes."""
    button = ipywidgets.FileUpload(accept="image/*", description="Choose a picture", layout={"width": "14em"})

    def draw() -> Axes | Figure:
        for file in button.value.values() if isinstance(button.value, dict) else button.value:  # 7 has a dict
            return picture(bytes(file["content"]))
        raise WalkthroughError("No picture has been chosen yet.")

    display(button)
    button.observe(show_live(draw), names="value")
