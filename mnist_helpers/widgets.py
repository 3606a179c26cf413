"""Explorers: pictures that answer to controls. What a lesson explores, and with which controls, stands in that lesson."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ipywidgets
import matplotlib.pyplot as plt
import traitlets
from anywidget import AnyWidget
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


class Canvas(AnyWidget):
    """A paper to draw on with mouse, pen or finger; its code is in canvas.js."""

    _esm = Path(__file__).with_name("canvas.js")
    drawings, strokes = traitlets.Any().tag(sync=True), traitlets.Any().tag(sync=True)


def draw_here(picture: Callable[[list], Axes | Figure], drawings: list[list]) -> ipywidgets.DOMWidget:
    """Show a canvas, and the picture of the strokes on it, anew during each stroke; returns it, with its `strokes`.

    Strokes are a list of lists of (x, y) in 0..1, y downward. drawings: stored strokes, the first of which are shown
    at first; arrow keys show the others.
    """
    canvas = Canvas(drawings=drawings, strokes=drawings[0])
    display(canvas)
    canvas.observe(show_live(lambda: picture(canvas.strokes)), names="strokes")
    return canvas


def upload_here(picture: Callable[[bytes], Axes | Figure]) -> None:
    """Show a button that chooses a file, and the picture that is made of its bytes."""
    button = ipywidgets.FileUpload(accept="image/*", description="Choose a picture", layout={"width": "14em"})

    def draw() -> Axes | Figure:
        for file in button.value.values() if isinstance(button.value, dict) else button.value:  # 7 has a dict
            return picture(bytes(file["content"]))
        raise WalkthroughError("No picture has been chosen yet.")

    display(button)
    button.observe(show_live(draw), names="value")
