"""A canvas to draw on, and a button that chooses a picture file: lesson 6's ways to hand over handwriting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ipywidgets
import traitlets
from anywidget import AnyWidget
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_helpers.errors import WalkthroughError
from mnist_helpers.widgets import show_live


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
