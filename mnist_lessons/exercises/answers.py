"""What the tables of exercises may use besides PyTorch and NumPy: reading an answer, and saying what is wrong with it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor


class AnswerError(Exception):
    """The sentence about a fault that shows otherwise than in the result."""


def must(holds: object, sentence: str) -> None:
    """Raise AnswerError with the sentence unless the condition holds."""
    if not holds:
        raise AnswerError(sentence)


def unfinished(given: Any) -> bool:
    """Whether an answer, or a part of it, is still None or the three dots."""
    return given is None or given is ... or (isinstance(given, list | tuple) and any(map(unfinished, given)))


def ask(answer: Any, *case: Any) -> Any:
    """The result of an answer in a case. An exercise may define its own `ask`, which may raise AnswerError."""
    return answer if unfinished(answer) else answer(*case)


def as_array(value: Any) -> np.ndarray:
    """A number, list, array or tensor as an array of floats; a single number in any wrapping has the shape ()."""
    must(not isinstance(value, str), "numbers are expected, and yours is a text, in quotation marks.")
    try:
        array = np.asarray(_without_tensors(value), dtype=float)
    except (TypeError, ValueError) as error:
        raise AnswerError(f"your answer, a `{type(value).__name__}`, cannot be read as numbers.") from error
    return array.reshape(()) if array.size == 1 and array.ndim < 2 else array


def _without_tensors(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().cpu().double().numpy()
    return [_without_tensors(one) for one in value] if isinstance(value, list | tuple) else value


def form_of(array: np.ndarray) -> str:
    return f"an array of shape {array.shape}" if array.ndim else "a single number"


def normal(rng: random.Random, *shape: int) -> Tensor:
    """Normally distributed numbers in a tensor of this shape."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(rng.randrange(2**31)))


def chosen(solution: list, possible: Any, sentence: str) -> Callable:
    """An `ask` for a list of choices: how many of them are those of the solution; the sentence is for other answers."""

    def ask(given: Any) -> Any:
        if unfinished(given):
            return ...
        must(isinstance(given, list | tuple | np.ndarray | Tensor) and len(given) == len(solution), sentence)
        must(all(any(one == this for this in possible) for one in given), sentence)
        return sum(bool(one == right) for one, right in zip(given, solution, strict=True))

    return ask
