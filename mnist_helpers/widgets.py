"""Explorers: pictures that answer to controls. What a lesson explores, and with which controls, stands in that lesson."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnist_helpers.figures import bundle

WIDE = {
    "layout": {"width": "28em"},
    "style": {"description_width": "10em"},
}  # for a control with a name of some words


def explore(picture: Callable[..., Axes | Figure], **controls: ipywidgets.ValueWidget) -> None:
    """Show the picture of the controls' values, and the controls under it; draw anew when one of them changes.

    picture: takes the value of each control by its name. The picture is an ordinary output of the cell, so it stays,
    with its description, where no kernel runs; only the controls need one.
    """

    def drawn() -> dict:
        return bundle(picture(**{name: control.value for name, control in controls.items()}))

    content = drawn()
    shown = display(content["data"], metadata=content["metadata"], raw=True, display_id=True)

    def redraw(_) -> None:
        content = drawn()
        shown.update(content["data"], metadata=content["metadata"], raw=True)

    for control in controls.values():
        control.observe(redraw, names="value")
    display(ipywidgets.VBox(list(controls.values())))
