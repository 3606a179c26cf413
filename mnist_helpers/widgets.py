"""Explorers: pictures that answer to controls. What a lesson explores, and with which controls, stands in that lesson."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets
import matplotlib.pyplot as plt
from IPython.display import DisplayHandle, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_helpers.errors import WalkthroughError
from mnist_helpers.figures import bundle

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
