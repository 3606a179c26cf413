"""The end of a lesson: what it claims, checked against this run, line by line."""

import html
from collections.abc import Mapping

from IPython.display import display

from mnist_helpers.data import Digits


def recap(digits: Digits, claims: Mapping[str, object], mnist: Mapping[str, object] = {}) -> None:
    """Show each sentence with ✓ if its condition holds in this run, else with ✗. It stops nobody.

    claims: sentence -> condition; a function is called, and one that raises counts as false. mnist: the
    same, for sentences about MNIST, which practice digits neither confirm nor refute.
    """
    lines = [(_mark(condition), sentence) for sentence, condition in claims.items()]
    for sentence, condition in mnist.items():
        lines.append((_mark(condition) if digits.is_mnist else "– about MNIST, not these digits:", sentence))
    items = "".join(f"<li>{html.escape(' '.join(line), quote=False)}</li>" for line in lines)
    page = f'<ul style="list-style: none; padding-left: 0">{items}</ul>'
    display({"text/html": page, "text/plain": "\n".join(" ".join(line) for line in lines)}, raw=True)


def _mark(condition: object) -> str:
    try:
        return "✓" if (condition() if callable(condition) else condition) else "✗ not so in this run:"
    except Exception as error:  # a changed setting may leave nothing to look at
        return f"✗ not so in this run ({type(error).__name__}):"
