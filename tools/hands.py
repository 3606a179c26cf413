"""Write mnist_lessons/hands/: ten digits by each of four simulated hands, for lesson 6 where nobody draws.

python -m tools.hands
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from mnist_lessons.drawings import HANDS, save_drawings
from tools.text import argument_parser

# For each digit its strokes, as points that the pen passes; x to the right, y down.
FORMS = {
    0: ["50,10 26,24 20,55 36,88 62,86 80,52 70,20 50,10"],
    1: ["34,32 54,11", "54,11 53,50 52,90"],
    2: ["22,32 36,12 62,12 74,32 58,58 22,88", "22,88 50,86 82,87"],
    3: ["24,18 50,10 74,26 62,44 42,49", "42,49 70,55 78,74 56,92 22,82"],
    4: ["58,10 40,38 20,62", "20,62 50,61 86,60", "66,38 65,60 62,92"],
    5: ["74,11 50,12 32,12", "32,12 30,26 27,44", "27,44 52,38 76,56 70,82 44,92 20,82"],
    6: ["66,10 42,32 26,64 36,88 62,88 74,70 58,54 36,60 27,72"],
    7: ["20,13 50,12 80,13", "80,13 60,48 44,90"],
    8: ["70,22 50,10 30,24 48,46 70,66 64,88 40,90 30,70 50,48 70,22"],
    9: ["72,30 50,12 28,30 42,50 64,44 72,30", "72,30 70,62 62,90"],
}
OTHER_FORMS = {  # as some people write them
    1: ["50,12 50,50 50,90"],
    4: ["28,12 24,36 22,56", "22,56 50,56 80,55", "68,14 66,54 64,90"],
    7: ["20,13 50,12 80,13", "80,13 60,48 44,90", "42,52 58,51 76,51"],
    9: ["72,30 50,12 28,30 42,50 64,44 72,30", "72,30 74,66 58,90 34,86"],
}


def draw(strokes, hand, rng):
    """Strokes by one hand: its slant, width and size, and a tremor that no two drawings share."""
    slant, wide, size, tremor = hand
    drawn, shift = [], rng.uniform(-0.5, 0.5, 2) * (1 - size)
    for stroke in strokes:
        points = (
            np.array([[float(number) for number in point.split(",")] for point in stroke.split()]) / 100 - 0.5
        )
        points += tremor * rng.standard_normal(points.shape)
        along = np.append(0, np.hypot(*np.diff(points, axis=0).T).cumsum())
        line = CubicSpline(along, points)(np.linspace(0, along[-1], 24))
        line[:, 0] = wide * line[:, 0] - slant * line[:, 1]
        drawn.append((0.5 + size * line + shift).clip(0.02, 0.98).round(3).tolist())
    return drawn


def main() -> None:
    argument_parser(__doc__).parse_args()
    hands = {
        "upright": (0.0, 1.0, 0.8, 0.01),
        "slanted": (0.3, 0.9, 0.7, 0.015),
        "small": (0.1, 1.0, 0.4, 0.015),
    }
    hands["shaky"] = (-0.05, 0.9, 0.75, 0.03)
    for seed, (name, hand) in enumerate(hands.items()):
        rng = np.random.default_rng(seed)
        forms = FORMS | (OTHER_FORMS if seed % 2 else {})
        drawings = [draw(forms[digit], hand, rng) for digit in range(10)]
        save_drawings(HANDS / f"{name}.npz", drawings, list(range(10)), f"simulated: {name}")


if __name__ == "__main__":
    main()
