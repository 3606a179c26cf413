"""Checks answers to exercises against the tables in this folder; CONTRIBUTING.md says what these hold."""

import random
import tomllib
from copy import deepcopy
from functools import cache
from importlib.resources import files
from textwrap import indent
from typing import Any

import numpy as np
from torch import Tensor, nn

from mnist_lessons.exercises import answers
from mnist_lessons.exercises.answers import AnswerError, as_array, form_of, must, unfinished

NOT_YET, RIGHT = "Not solved yet.", "Right."
IMPORTS = "import math, random\nimport numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n"


def check(name: str, answer: Any) -> None:
    """Print one sentence about an answer to the exercise of this name, whatever the answer does."""
    try:
        print(Exercise(sections()[name]).verdict(answer))
    except Exception as error:
        print(f"Your code stopped with {type(error).__name__}: {error}")


@cache
def sections() -> dict[str, dict[str, Any]]:
    """The sections of all tables, by the names of their exercises."""
    paths = [path for path in files("mnist_lessons.exercises").iterdir() if path.name.endswith(".toml")]
    return {name: table for path in paths for name, table in tomllib.loads(path.read_text("utf-8")).items()}


class Exercise:
    """A section of a table, with its Python compiled."""

    def __init__(self, section: dict[str, Any]) -> None:
        self.section, self.names = section, {**vars(answers), "otherwise": section.get("otherwise")}
        exec(IMPORTS + section.get("setup", ""), self.names)
        case, names = section.get("case"), {**self.names, "rng": random.Random(0)}
        self.cases = [eval(case, names) for _ in range(section.get("cases", 20))] if case else [()]

    def answer(self, text: str) -> Any:
        """A text as an answer: a value, or a function of the section's arguments with this body or result."""
        if "arguments" not in self.section:
            return eval(text, self.names)
        body = text if "return " in text or "yield " in text else f"return {text}"
        exec(f"def answer({self.section['arguments']}):\n{indent(body, '    ')}", names := {**self.names})
        return names["answer"]

    def verdict(self, answer: Any) -> str:
        try:
            given = [self.names["ask"](answer, *deepcopy(case)) for case in self.cases]
            if all(map(unfinished, given)):
                return NOT_YET + " Your function returns nothing." * (given[0] is None)
            must(not any(map(unfinished, given)), "in some cases your function returns nothing.")
            got = [as_array(one) for one in given]
        except AnswerError as fault:
            return f"Not quite: {fault}"
        expected = self.results(self.section["reference"])
        if all(map(self.alike, got, expected)):
            return f"{RIGHT} {self.section.get('note', '')}".strip()
        for known in self.section.get("known", ()):
            if any(all(map(self.alike, got, self.results(text))) for text in known["answers"]):
                return f"Not quite: {known['says']}"
        return f"Not quite: {self.difference(got, expected)}"

    def results(self, text: str) -> list[np.ndarray]:
        answer, ask = self.answer(text), self.names["ask"]
        return [as_array(ask(answer, *deepcopy(case))) for case in self.cases]

    def alike(self, one: np.ndarray, other: np.ndarray) -> bool:
        return one.shape == other.shape and np.allclose(one, other, self.section.get("tolerance", 1e-3), 1e-6)

    def difference(self, got: list, expected: list) -> str:
        rows = zip(self.cases, got, expected, strict=True)
        case, mine, right = next(row for row in rows if not self.alike(*row[1:]))
        if mine.shape != right.shape:
            return f"{form_of(right)} is expected, and yours is {form_of(mine)}."
        if np.isnan(mine).any():
            return "your result contains `nan`, which is not a number."
        if otherwise := self.names["otherwise"]:
            return otherwise(self.cases, got, expected) if callable(otherwise) else otherwise
        if mine.ndim:
            return f"some values differ from what is expected, by up to {abs(mine - right).max():.3g}."
        hidden = any(isinstance(one, Tensor | np.ndarray | nn.Module) for one in case)
        about = "in one case " if hidden or not case else f"for {', '.join(map(str, case))} "
        return f"{about}your answer is {mine:.6g}, and {right:.6g} is expected."
