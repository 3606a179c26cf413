"""Drawings as strokes: painted, and kept in a file for everyone who drew."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mnist_helpers.errors import WalkthroughError

PEN = 0.08  # of the paper's side
HANDS = Path(__file__).with_name("hands")  # drawings by simulated hands, made by tools/hands.py


def paint(strokes, side=280, width=PEN):
    """Strokes, each a list of (x, y) in 0..1, y downward, as black ink on white paper: uint8 (side, side)."""
    paper = Image.new("L", (side, side), 255)
    pen, radius = ImageDraw.Draw(paper), width * side / 2
    for stroke in strokes:
        points = [(side * x, side * y) for x, y in stroke]
        pen.line(points, fill=0, width=round(2 * radius), joint="curve")
        for x, y in points:  # round ends, and dots
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
    return np.array(paper)


def save_drawings(path, drawings, labels, writer):
    """Keep a writer's drawings, each a list of strokes, with their labels in one .npz file."""
    if len(drawings) != len(labels) or not all(drawings):
        raise WalkthroughError("Each drawing needs a label, and at least one stroke.")
    rows = [
        (number, stroke, x, y)
        for number, strokes in enumerate(drawings)
        for stroke, points in enumerate(strokes)
        for x, y in points
    ]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    points = np.array(rows, dtype=np.float32).reshape(-1, 4)
    np.savez_compressed(path, points=points, labels=np.array(labels, dtype=np.int64), writer=np.array(writer))


def load_drawings(path):
    """The drawings, labels and writer of a file that `save_drawings` made; nothing in such a file is ever run.

    Raises WalkthroughError for a file of another kind.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            require(sum(entry.file_size for entry in packed.infolist()) < 10_000_000)
        with np.load(path, allow_pickle=False) as file:
            points, labels, writer = file["points"], file["labels"], str(file["writer"])
        require(labels.ndim == 1 and 0 < len(labels) <= 1_000 and np.isin(labels, range(10)).all())
        require(points.ndim == 2 and points.shape[1] == 4 and len(points) <= 200_000)
        require((abs(points[:, 2:] - 0.5) <= 1).all())  # on the paper, or near; nan fails this, too
        drawings: list[list] = [[] for _ in labels]
        last = None
        for number, stroke, x, y in points.tolist():
            if (number, stroke) != last:
                drawings[int(number)].append([])
            drawings[int(number)][-1].append((x, y))
            last = number, stroke
        require(all(drawings))
        return drawings, labels.tolist(), "".join(c for c in writer if c.isalnum() or c in " :-_")[:40]
    except Exception:  # whatever else such a file may hold
        raise WalkthroughError(f"{path} holds no saved drawings, or not only these.") from None


def require(holds):
    if not holds:
        raise ValueError
