"""A check for each exercise: a reference, cases drawn at random, and mistakes that people make, each with its sentence.

A check prints one sentence and never raises: right, what about the answer is wrong, or that it is not begun.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_helpers.data import Digits, Split, batches
from mnist_helpers.training import accuracy, predict

NOT_YET, RIGHT = "Not solved yet.", "Right."


class AnswerError(Exception):
    """The sentence about a fault that shows otherwise than in the result."""


def must(holds: object, sentence: str) -> None:
    """Raise AnswerError with the sentence unless the condition holds."""
    if not holds:
        raise AnswerError(sentence)


def unfinished(given: Any) -> bool:
    """Whether an answer, or a part of it, is still None or the three dots."""
    return given is None or given is ... or (isinstance(given, list | tuple) and any(map(unfinished, given)))


@dataclass(frozen=True)
class Check:
    """Compares an answer with a reference in each of several cases.

    reference: the right function of a case's values. draw: makes a case, a tuple, from a `random.Random`.
    mistakes: sentence -> an answer in which people make that mistake, or a tuple of several. ask: gets a result from an
    answer and the values of a case, or raises AnswerError. note: follows "Right."; otherwise: the sentence about results
    like no known mistake's, or a function of cases, results and expected results that returns it.
    """

    reference: Callable
    draw: Callable[[random.Random], tuple] = lambda rng: ()
    mistakes: Mapping[str, Any] = field(default_factory=dict)
    ask: Callable = lambda answer, *case: answer if unfinished(answer) else answer(*case)
    cases: int = 20
    tolerance: float = 1e-3
    note: str = ""
    otherwise: str | Callable = ""

    def __call__(self, answer: Any) -> None:
        try:
            print(self.verdict(answer))
        except Exception as error:
            print(f"Your code stopped with {type(error).__name__}: {error}")

    def verdict(self, answer: Any) -> str:
        rng = random.Random(0)
        cases = [self.draw(rng) for _ in range(self.cases)]
        try:
            given = [self.ask(answer, *deepcopy(case)) for case in cases]
            if all(map(unfinished, given)):
                return NOT_YET + " Your function returns nothing." * (given[0] is None)
            must(not any(map(unfinished, given)), "in some cases your function returns nothing.")
            got = [as_array(one) for one in given]
        except AnswerError as fault:
            return f"Not quite: {fault}"
        expected = [as_array(self.reference(*case)) for case in cases]
        if all(map(self.alike, got, expected)):
            return f"{RIGHT} {self.note}".strip()
        for sentence, mistake in self.mistakes.items():
            for form in mistake if isinstance(mistake, tuple) else (mistake,):
                if all(map(self.alike, got, [as_array(self.ask(form, *deepcopy(case))) for case in cases])):
                    return f"Not quite: {sentence}"
        return f"Not quite: {self.difference(cases, got, expected)}"

    def alike(self, one: np.ndarray, other: np.ndarray) -> bool:
        return one.shape == other.shape and np.allclose(one, other, rtol=self.tolerance, atol=1e-6)

    def difference(self, cases: list, got: list, expected: list) -> str:
        case, mine, right = next(
            row for row in zip(cases, got, expected, strict=True) if not self.alike(*row[1:])
        )
        if mine.shape != right.shape:
            return f"{form_of(right)} is expected, and yours is {form_of(mine)}."
        if np.isnan(mine).any():
            return "your result contains `nan`, which is not a number."
        if self.otherwise:
            return self.otherwise(cases, got, expected) if callable(self.otherwise) else self.otherwise
        if mine.ndim:
            return f"some values differ from what is expected, by up to {abs(mine - right).max():.3g}."
        hidden = any(isinstance(one, Tensor | np.ndarray | nn.Module) for one in case)
        about = "in one case " if hidden or not case else f"for {', '.join(map(str, case))} "
        return f"{about}your answer is {mine:.6g}, and {right:.6g} is expected."


def form_of(array: np.ndarray) -> str:
    return f"an array of shape {array.shape}" if array.ndim else "a single number"


def as_array(value: Any) -> np.ndarray:
    """A number, list, array or tensor as an array of floats; a single number in any wrapping has the shape ()."""
    try:
        must(not isinstance(value, str), "numbers are expected, and yours is a text, in quotation marks.")
        array = np.asarray(_without_tensors(value), dtype=float)
    except (TypeError, ValueError) as error:
        raise AnswerError(f"your answer, a `{type(value).__name__}`, cannot be read as numbers.") from error
    return array.reshape(()) if array.size == 1 and array.ndim < 2 else array


def _without_tensors(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().cpu().double().numpy()
    return [_without_tensors(one) for one in value] if isinstance(value, list | tuple) else value


def normal(rng: random.Random, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(rng.randrange(2**31)))


def _chosen(solution: tuple, possible: Any, sentence: str) -> Callable:
    """How to ask for a list of choices: how many of them are those of the solution."""

    def ask(given):
        if unfinished(given):
            return ...
        must(isinstance(given, list | tuple | np.ndarray | Tensor) and len(given) == len(solution), sentence)
        must(all(any(one == this for this in possible) for one in given), sentence)
        return sum(bool(one == right) for one, right in zip(given, solution, strict=True))

    return ask


# fmt: off

# 01_data
def _share(labels, digit): return (labels == digit).float().mean()

def _two_labelings(rng):  # three more of what is most frequent, so that there is no tie
    train, labels = (rng.choices(range(10), [rng.random() ** 2 for _ in range(10)], k=rng.randint(40, 90)) for _ in range(2))
    return torch.tensor(train + 3 * [max(train, key=train.count)]), torch.tensor(labels)

def _inputs(rng):  # most of them near paper or ink, some beyond by up to five gray levels
    mean, std = rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.6)
    return ((127.5 + 132.5 * (3 * normal(rng, 2, 1, 3, 4)).sin()) / 255 - mean) / std, mean, std

def _as_pixels(answer, *case):
    given = answer(*case)
    must(unfinished(given) or np.asarray(given).dtype == np.uint8, "pixels are `uint8`, and yours are not.")
    return given

def _pixels(undone=lambda x, mean, std: (x * std + mean) * 255, whole=torch.round):  # with `clamp`, without, and with half of it
    return tuple(lambda *case, low=low, high=high: whole(undone(*case)).clamp(low, high).long().byte() for low, high in ((0, 255), (-999, 999), (0, 999), (-999, 255)))

check_constant_score = Check(lambda train, labels: _share(labels, train.bincount().argmax()), _two_labelings, {
    "this chooses by the very labels that it is scored on, with the exam's answers in hand.": lambda train, labels: _share(labels, labels.bincount().argmax()),
    "this is scored on the labels by which the answer was chosen. Score it on `labels`.": lambda train, labels: _share(train, train.bincount().argmax()),
    "that is a count. A share is wanted, from 0 to 1.": lambda train, labels: (labels == train.bincount().argmax()).sum(),
    "that is a percentage. A share is wanted, from 0 to 1.": lambda train, labels: 100 * _share(labels, train.bincount().argmax()),
    "that is the constant answer itself. How often is it right?": lambda train, labels: train.bincount().argmax(),
    "this is never right. Is your answer a digit? `max` is how often the most frequent digit occurs, and `argmax` is which digit it is.": lambda train, labels: _share(labels, train.bincount().max())})
check_unnormalize = Check(lambda x, mean, std: ((x * std + mean) * 255).round().clamp(0, 255), _inputs, ask=_as_pixels, mistakes={
    "`to(torch.uint8)` drops what follows the decimal point: 252.7 becomes 252. Round first.": _pixels(whole=torch.trunc),
    "outside 0 to 255, `uint8` wraps around: −1 becomes 255, and paper turns into ink. `clamp` first.": (*_pixels()[1:], *_pixels(whole=lambda pixels: (pixels + 0.5).trunc())[1:]),
    "undo the last step first: `normalize` subtracted before it divided by `std`.": _pixels(lambda x, mean, std: (x + mean) * std * 255),
    "that is on the scale from 0 to 1; pixels go up to 255.": (*_pixels(lambda x, mean, std: x * std + mean), *_pixels(lambda x, mean, std: x * std + mean, torch.trunc)),
    "the mean is still missing.": _pixels(lambda x, mean, std: x * std * 255)})

# 02_model
def _response(kernel, image):
    if unfinished(kernel):
        return ...
    weights = as_array(kernel).squeeze()  # a kernel for conv2d has two more dimensions
    must(weights.shape == (3, 3), f"three rows of three numbers are wanted, as in [[1, 2, 3], [4, 5, 6], [7, 8, 9]]; yours is {form_of(weights)}.")
    must(abs(weights.sum()) > 1e-6, "your weights add up to 0, so this answers to edges and is 0 on even ink. The response asked for is the digit itself.")
    must((abs(weights) > 1e-6).sum() == 1, "this mixes several pixels at each place. In a digit that has moved, each place holds what *one* pixel held.")
    return np.einsum("rcij,ij->rc", np.lib.stride_tricks.sliding_window_view(image, (3, 3)), weights)

def _single(place): return np.eye(9)[place].reshape(3, 3)

check_moving_kernel = Check(lambda image: image[1:-1, :-2], lambda rng: (normal(rng, 5, 5).double().numpy(),), {
    "this moves the digit to the *left*: each place takes what its right neighbor holds.": _single(5),
    "this moves the digit up or down. For left and right, change the column.": (_single(1), _single(7)),
    "this moves the digit along a diagonal, so up or down as well.": (_single(0), _single(2), _single(6), _single(8)),
    "this leaves the digit where it is: each place takes what its own pixel holds.": _single(4)},
    ask=_response, otherwise="the response is not the digit moved to the right. Is its ink still as strong?",
    note="A single weight, on the left: each place takes what its left neighbor holds.")
check_parameters = Check(lambda size, ins, outs, k: outs * (ins * k * k + 1), tolerance=0,
    draw=lambda rng: (rng.randint(16, 64), rng.randint(3, 20), rng.randint(21, 50), rng.randint(2, 7)), mistakes={
    "each output channel has a bias as well.": lambda size, ins, outs, k: outs * ins * k * k,
    "there is one bias for each output channel, however many squares of weights its kernel has.": (
        lambda size, ins, outs, k: outs * ins * (k * k + 1), lambda size, ins, outs, k: outs * ins * k * k + ins, lambda size, ins, outs, k: outs * ins * k * k + 1,
        lambda size, ins, outs, k: outs * ins * k * k + ins * outs, lambda size, ins, outs, k: outs * ins * k * k + ins + outs),
    "every kernel looks at all input channels, so it holds more than one square of weights.": (lambda size, ins, outs, k: outs * (k * k + 1), lambda size, ins, outs, k: outs * k * k),
    "a kernel's square has `kernel_size` rows of `kernel_size` weights.": (lambda size, ins, outs, k: outs * (ins * k + 1), lambda size, ins, outs, k: outs * ins * k),
    "the same weights are used at every place, so the image's size does not enter.": (
        lambda size, ins, outs, k: outs * (ins * k * k + 1) * (size - k + 1) ** 2, lambda size, ins, outs, k: outs * (ins * k * k + 1) * size * size,
        lambda size, ins, outs, k: outs * ins * k * k * (size - k + 1) ** 2 + outs, lambda size, ins, outs, k: outs * ins * k * k * size * size + outs,
        lambda size, ins, outs, k: outs * ins * k * k * (size - k + 1) ** 2, lambda size, ins, outs, k: outs * ins * k * k * size * size),
    "this is a fully connected layer, which has its own weights for every pixel.": lambda size, ins, outs, k: outs * (ins * size * size + 1)},
    note="The size of the image does not matter.")

# 03_training
def _trained(answer):
    if unfinished(answer):
        return answer
    pixels, labels, (place, stop) = torch.arange(352).view(88, 1, 2, 2) * 37 % 256, torch.arange(88) * 7 % 10, (23, 58)
    parts = slice(0, place), slice(place, stop), slice(stop, 88)
    digits = Digits(*(Split(pixels[part].byte(), labels[part], 0.5, 0.3) for part in parts), False, "")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 10))
        scores = answer(model, torch.optim.SGD(model.parameters(), 0.3), digits, 3, 5, torch.Generator().manual_seed(2))
    if unfinished(scores):
        return scores
    must(isinstance(scores, list | tuple) or getattr(scores, "ndim", 0), "return a list with one accuracy for each epoch.")
    must(len(scores) == 3, f"return a list with one accuracy for each epoch. After 3 epochs, yours holds {len(scores)}.")
    scores = as_array(scores)
    must(scores.shape == (3,), "return a list with one accuracy for each epoch: one number each.")
    return np.concatenate([scores, as_array(model[4].weight).ravel()])

def _loop(split="train", score="validation", order="fresh", clear="batch", step="batch", mode="epoch", loss=F.cross_entropy):
    def train(model, optimizer, digits, epochs, batch_size, generator):
        scores, seen, used = [], getattr(digits, score), getattr(digits, split)
        once = batches(used, batch_size, generator)
        once = [*once] if order == "kept" else once
        model.train(mode != "never")
        for _ in range(epochs):
            model.train(model.training if mode in ("once", "never") else True)
            _ = order == "seeded" and generator.manual_seed(0), clear == "epoch" and optimizer.zero_grad()
            for inputs, labels in once if order in ("once", "kept") else batches(used, batch_size, None if order == "file" else generator):
                _ = clear == "batch" and optimizer.zero_grad(), loss(model(inputs), labels).backward(), step == "batch" and optimizer.step()
            _ = step == "epoch" and optimizer.step()
            with torch.no_grad():
                scores.append(accuracy(model((seen.images.float() / 255 - seen.mean) / seen.std) if mode == "measured" else predict(model, seen), seen.labels))
        return scores
    return train

def _which_is_wrong(_, got, expected):
    if np.allclose(got[0][3:], expected[0][3:], rtol=1e-3):
        return "the network is trained as it should be, but these are not its validation accuracies, 0 to 1, after each epoch."
    return "after three epochs, the weights are not those of the loop that is described. Compare it with the five lines."

check_loop = Check(lambda: _trained(_loop()), ask=_trained, cases=1, note="It takes a step for every batch of every epoch, and only looks at the validation images.",
    otherwise=_which_is_wrong, mistakes={
    "nothing is learned: the weights are as they were. `backward` computes the gradients and `step` follows them. If they are cleared in between, nothing is left to follow.": _loop(step=False),
    "the steps are taken on validation images, which are only there to look at.": _loop(split="validation"),
    "the steps are taken on test images, which stay sealed.": _loop(split="test"),
    "every epoch has the same order. Hand the generator to `batches`, call it in every epoch, and do not seed it anew.": (_loop(order="file"), _loop(order="kept"), _loop(order="seeded")),
    "only the first epoch trains: what `batches` returns is used up after one pass. Call it in every epoch.": _loop(order="once"),
    "the gradients are not cleared before each batch, so each step also follows those of earlier batches.": (_loop(clear=False), _loop(clear="epoch")),
    "one step for each batch is wanted, and this takes one for each epoch.": (_loop(step="epoch"), _loop(step="epoch", clear="epoch")),
    "the network is trained in evaluation mode. `predict` leaves it there; `model.train()`, in every epoch, switches it back.": (_loop(mode="once"), _loop(mode="never")),
    "the accuracy is measured in training mode, in which dropout is at work.": _loop(mode="measured"),
    "`F.cross_entropy` wants the logits: it computes the probabilities itself.": _loop(loss=lambda logits, labels: F.cross_entropy(logits.softmax(1), labels)),
    "your scores are those on the training images.": _loop(score="train"),
    "your scores are those on the test images, which stay sealed.": _loop(score="test")})
check_faults = Check(lambda: 3, cases=1, note="None of the three raises an error. Such faults are found by reading, and by knowing what to expect.",
    ask=_chosen((4, 5, 1), range(1, 6), "write a list of three numbers from 1 to 5, for A, B and C in this order, such as [1, 2, 3]."),
    mistakes={"two of the three are right.": [4, 5, 3], "one of the three is right.": [1, 5, 4], "none of the three is right.": [5, 4, 2]})

# 04_evaluation
def _confusion(rng): return torch.from_numpy(np.random.default_rng(rng.randrange(10**6)).integers(1, 90, (10, 10))).int(), rng.randrange(10)

check_precision = Check(lambda confusion, digit: confusion[digit, digit] / confusion[:, digit].sum(), _confusion, {
    "that is the recall: of all images *of* the digit, the share read as it. For precision, start from all images *read as* it.": lambda c, d: c[d, d] / c[d].sum(),
    "divide by what was read as this digit, not by all images.": lambda c, d: c[d, d] / c.sum(),
    "divide by everything that was read as the digit, including the right readings.": lambda c, d: c[d, d] / (c[:, d].sum() - c[d, d]),
    "that is the share of *wrong* readings.": lambda c, d: 1 - c[d, d] / c[:, d].sum(),
    "that is a percentage. A share is wanted, from 0 to 1.": lambda c, d: 100 * c[d, d] / c[:, d].sum(),
    "these are the precisions of all digits. One is wanted, that of `digit`.": lambda c, d: c.diagonal() / c.sum(0)})
check_best_threshold = Check(lambda wrong_cost, look_cost: 1 - look_cost / wrong_cost, note="With 100 and 1 that is 0.99.",
    draw=lambda rng: (wrong := rng.randint(5, 500), round(wrong * rng.uniform(0.02, 0.7), 2)), mistakes={
    "that is the risk at which both cost the same. Confidence is the chance of being *right*.": lambda wrong, look: look / wrong,
    "an answer costs `wrong_cost` only when it is wrong; a look costs `look_cost` always.": (lambda wrong, look: wrong / (wrong + look), lambda wrong, look: (wrong - look) / (wrong + look)),
    "the wrong way round: the more a mistake costs, the *higher* the threshold.": (lambda wrong, look: 1 - wrong / look, lambda wrong, look: wrong / look, lambda wrong, look: look / (wrong + look))})

# 05_visualization
def _convolutions(rng):  # one bright pixel an image, so that the last image or a corner may decide; one channel that is exactly 0
    model = nn.Sequential(nn.Conv2d(1, 4, 1), nn.ReLU(), nn.Conv2d(4, 12, 3), nn.ReLU(), nn.Conv2d(12, 9, 3)).requires_grad_(False)
    for part in (model[0], model[2], model[4]):
        part.weight.copy_(normal(rng, *part.weight.shape)), part.bias.copy_(1.5 * normal(rng, len(part.bias)) - 1.5)
    model[0].bias.zero_(), model[2].weight[0].zero_(), model[2].bias[0].zero_()
    inputs = torch.zeros(5, 1, 8, 8)
    inputs.view(5, -1)[torch.arange(5), torch.tensor([rng.choice([0, 7, 27, 56, 63]) for _ in range(5)])] = 2 * normal(rng, 5).abs() + 0.5
    return model, model[2], inputs

def _dead(answer, model, layer, inputs):
    count = answer(model, layer, inputs)
    must(not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules()), "your function leaves a hook behind.")
    return count

def _center(cell, layers, middle=lambda k, s: (k - 1) / 2, order=-1):
    for kernel_size, stride in layers[::order]:
        cell = stride * cell + middle(kernel_size, stride)
    return cell

check_dead_channels = Check(lambda model, layer, x: (model[:3](x).amax((0, 2, 3)) <= 0).sum(), _convolutions, ask=_dead, mistakes={
    "this looks at one image only. Silent for one image is not dead.": (lambda model, layer, x: (model[:3](x)[0].amax((1, 2)) <= 0).sum(), lambda model, layer, x: (model[:3](x)[-1].amax((1, 2)) <= 0).sum()),
    "this counts what is silent for *some* image. Dead is silent for all.": (lambda model, layer, x: (model[:3](x).amax((2, 3)) <= 0).any(0).sum(), lambda model, layer, x: (model[:3](x).amax((2, 3)) <= 0).sum()),
    "before the ReLU, a dead channel is not 0 but *at most* 0.": (lambda model, layer, x: (model[:3](x).amax((0, 2, 3)) == 0).sum(), lambda model, layer, x: (model[:3](x).abs().amax((0, 2, 3)) == 0).sum()),
    "a channel that is exactly 0 everywhere says nothing either: *at most* 0.": lambda model, layer, x: (model[:3](x).amax((0, 2, 3)) < 0).sum(),
    "a mean below 0 is not silence. The highest value decides.": lambda model, layer, x: (model[:3](x).mean((0, 2, 3)) <= 0).sum(),
    "this counts the channels that are at most 0 *somewhere*. Dead is at most 0 everywhere.": lambda model, layer, x: (model[:3](x).amin((0, 2, 3)) <= 0).sum(),
    "these are the channels that speak. Count the others.": lambda model, layer, x: (model[:3](x).amax((0, 2, 3)) > 0).sum(),
    "that is a share; their number is wanted.": lambda model, layer, x: (model[:3](x).amax((0, 2, 3)) <= 0).double().mean()})
check_center = Check(_center, lambda rng: (rng.randint(0, 9), [(rng.randint(2, 5), rng.randint(1, 3)) for _ in range(rng.randint(1, 3))] + [(4, 2)]), {
    "go from the last layer down to the image; `layers` begins at the image.": lambda cell, layers: _center(cell, layers, order=1),
    "this is where the entry's view begins. Its middle lies farther on.": lambda cell, layers: _center(cell, layers, middle=lambda k, s: 0),
    "this is where the entry's view ends. Its middle lies before that.": lambda cell, layers: _center(cell, layers, middle=lambda k, s: k - 1),
    "the middle of the entries 0, 1, 2 is 1, not 1.5.": lambda cell, layers: _center(cell, layers, middle=lambda k, s: k / 2),
    "a middle may lie between two pixels, and `//` rounds it down.": (lambda cell, layers: _center(cell, layers, middle=lambda k, s: (k - 1) // 2),
        lambda cell, layers: _center(cell, layers, middle=lambda k, s: k // 2), lambda cell, layers: math.floor(_center(cell, layers))),
    "a kernel is measured in entries of the layer below, so its own stride does not stretch it.": lambda cell, layers: _center(cell, layers, lambda k, s: s * (k - 1) / 2),
    "the strides are missing. Each one stretches what lies above it.": lambda cell, layers: _center(cell, [(k, 1) for k, _ in layers])})

# 06_your_digits
def _page(rng):  # ink inside, in one of the corners, along a side or all around; always on less than half of the paper
    (paper, ink), (rows, columns) = rng.sample([0.1, 0.25, 0.4, 0.6, 0.75, 0.9], 2), (rng.randint(26, 34), rng.randint(36, 44))
    page = np.full((rows, columns), paper)
    match rng.choice(["inside", "corner", "side", "around"]):
        case "inside":
            page[5 : rng.randint(8, 18), 10 : rng.randint(14, 35)] = ink
        case "corner":
            page[: rng.randint(4, 12), : rng.randint(4, 30)] = ink
        case "side":
            page[: rng.choice([rows // 4, rows // 2 - 1])] = ink
        case "around":
            page[:], page[2:-2, 3:-3] = ink, paper
    return (np.rot90(page, rng.randrange(4)).copy(),)

def _light(answer, gray):
    given = answer(gray)
    must(unfinished(given) or (as_array(given).shape == () and as_array(given) in (0, 1)), "`True` or `False` is wanted.")
    return given

def _border(gray): return np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])

def _middle(gray): return (gray.min() + gray.max()) / 2

def _smudge(rng):  # half of the pixels without ink, and more ink on one of the four sides
    small = normal(rng, rng.randint(8, 16), rng.randint(8, 16)).clamp(min=0)
    small[: len(small) // 2] *= 3
    return (small.rot90(rng.randrange(4)).contiguous(),)

def _centered(small, at=lambda mean: round(14 - mean), weigh=lambda small: small, swapped=False):
    ink = weigh(small)
    center = [((ink.sum(dim=1 - axis) * torch.arange(length)).sum() / ink.sum()).item() for axis, length in enumerate(small.shape)]
    row, column = (at(mean) for mean in (reversed(center) if swapped else center))
    frame = torch.zeros(60, 60)  # with room on every side for what is laid wrongly
    frame[16 + row : 16 + row + len(small), 16 + column : 16 + column + small.shape[1]] = small
    return frame[16:44, 16:44]

def _centering(weigh): return tuple(lambda small, at=at: _centered(small, at, weigh) for at in (
    lambda mean: round(14 - mean), lambda mean: math.floor(14 - mean), lambda mean: math.ceil(14 - mean), lambda mean: math.floor(13.5 - mean)))

check_light_ink = Check(lambda gray: np.median(gray) < _middle(gray), _page, ask=_light, cases=40, mistakes={
    "gray paper may be darker than 0.5, and its ink darker still.": (lambda gray: gray.mean() < 0.5, lambda gray: np.median(gray) < 0.5, lambda gray: gray[0, 0] < 0.5),
    "this tells whether the *paper* is lighter.": lambda gray: np.median(gray) > _middle(gray),
    "ink may be any gray: compare it with the paper.": tuple(lambda gray, bound=bound: gray.max() > bound for bound in (0.5, 0.7, 0.8)),
    "ink may fill a corner or the border, so do not take those for paper. What are *most* of the pixels?": (
        *(lambda gray, place=place: gray[place] < gray.max() for place in ((0, 0), (0, -1), (-1, 0), (-1, -1))),
        *(lambda gray, place=place: gray[place] < _middle(gray) for place in ((0, 0), (0, -1), (-1, 0), (-1, -1))),
        lambda gray: np.median(_border(gray)) < _middle(gray), lambda gray: _border(gray).mean() < _middle(gray), lambda gray: _border(gray).mean() < gray.mean(),
        lambda gray: np.median(gray[[0, 0, -1, -1], [0, -1, 0, -1]]) < _middle(gray))},
    otherwise=lambda cases, got, expected: f"this is wrong for {sum(map(np.not_equal, got, expected))} of {len(got)} pictures. The paper may be any gray, and the ink may lie anywhere.")
check_centered = Check(_centered, _smudge, {
    "this centers the box. The center of mass is the mean place of the ink.": _centering(torch.ones_like),
    "this counts every inked pixel the same. Weight each by how much ink it holds.": _centering(lambda small: (small > 0).float()),
    "this often lies one pixel off. `int` and `//` cut off; go to the nearest pixel with `round`. (Or did you aim at 13.5? The center belongs on pixel 14.)": (
        lambda small: _centered(small, lambda mean: math.floor(14 - mean)), lambda small: _centered(small, lambda mean: 14 - int(mean))),
    "this lies one pixel too far up and to the left: rows and columns are counted from 0, and pixel 14 is meant.": lambda small: _centered(small, lambda mean: round(13 - mean)),
    "rows and columns are swapped.": lambda small: _centered(small, swapped=True)},
    otherwise="this is not `small`, laid so that its center of mass comes as near as possible to pixel 14, in rows and in columns.")

# deeper/01_splits
def _held_out(answer, count):
    if unfinished(given := answer(count)):
        return given
    must(isinstance(given, Iterable), "return the places themselves, as a list or a tensor.")
    places, again = (np.asarray(one if hasattr(one, "shape") else list(one)).ravel() for one in (given, answer(count)))
    if places.dtype == bool and places.shape == (count,):  # one True or False for each place
        places, again = places.nonzero()[0], again.nonzero()[0]
    must(np.array_equal(np.sort(places), np.sort(again)), "called again, it returns a different selection. An image that you trained on yesterday would be a validation image today.")
    must(len({*places.tolist()}) == len(places), "some places are in it more than once.")
    must(all(place in range(count) for place in places.tolist()), "places are whole numbers; the first is 0, and the last is `count - 1`.")
    must(abs(12 * len(places) / count - 1) < 0.15, f"about one image in twelve is wanted, which is {count // 12:,} of {count:,}; this takes {len(places):,}.")
    places, odd = places.astype(int), int((places % 2).sum())
    must(abs(len(places) - 2 * odd) < 4.5 * math.sqrt(len(places)), f"even and odd places are not taken equally often: {len(places) - odd:,} and {odd:,}.")
    kinds = np.bincount(places * 10 // count * 2 + places % 2, minlength=20)  # in each tenth of the file, even and odd
    must(kinds.min() > 0.6 * kinds.mean(), "every part of the file should be represented, by even and odd places alike. In yours, some are not.")
    return 0

check_held_out = Check(lambda count: 0, lambda rng: (rng.randint(30_000, 59_000),), ask=_held_out, cases=5)

def _written(rng):  # writers' numbers that leave the same remainder, in no order; half of the cases with their images mixed
    count = rng.randint(2, 6)
    names = rng.sample(range(rng.randint(0, 90), 40_000, rng.choice([1, count, 10 * count, 97]))[:200], rng.randint(2 * count, 5 * count))
    images = [name for name in names for _ in range(rng.randint(2, 12))]
    return torch.tensor(rng.sample(images, len(images)) if rng.random() < 0.5 else images), count

def _folds(answer, writers, count):
    if unfinished(given := answer(writers.clone(), count)):
        return given
    folds, names = as_array(given), writers.tolist()
    must(folds.shape == (len(names),), f"one fold for each image is wanted, in one case {len(names)} of them, and yours is {form_of(folds)}.")
    must(set(folds.tolist()) <= {*range(count)}, "folds are whole numbers from 0 to `count - 1`, and some of yours are not.")
    homes = {name: {fold for one, fold in zip(names, folds.tolist(), strict=True) if one == name} for name in names}
    must(all(len(home) == 1 for home in homes.values()), "the images of some writers are in more than one fold, so a reader is tested on hands that it knows.")
    held = [sum(home == {fold} for home in homes.values()) for fold in range(count)]
    must(min(held) > 0, "some folds are empty. The writers' numbers may all leave the same remainder.")
    must(max(held) - min(held) <= 1, f"writers are dealt unevenly: in one case, one fold has {max(held)} of them and another {min(held)}.")
    return 0

check_folds = Check(lambda writers, count: 0, _written, ask=_folds, note="No hand is in two folds.")

# deeper/02_convolution
check_output_size = Check(lambda size, k, padding, stride: (size + 2 * padding - k) // stride + 1, tolerance=0,
    draw=lambda rng: (rng.randint(12, 60), rng.randint(2, 7), rng.randint(0, 4), rng.randint(1, 5)), mistakes={
    "padding is added on both sides.": lambda size, k, padding, stride: (size + padding - k) // stride + 1,
    "the padding is missing.": lambda size, k, padding, stride: (size - k) // stride + 1,
    "the stride is missing.": lambda size, k, padding, stride: size + 2 * padding - k + 1,
    "one place is missing: a kernel as large as the image fits once.": lambda size, k, padding, stride: (size + 2 * padding - k) // stride,
    "the first place counts whatever the stride; add the 1 after dividing.": lambda size, k, padding, stride: (size + 2 * padding - k + 1) // stride,
    "the number of places is whole: round down.": (lambda size, k, padding, stride: (size + 2 * padding - k) / stride + 1,
        lambda size, k, padding, stride: math.ceil((size + 2 * padding - k) / stride) + 1, lambda size, k, padding, stride: round((size + 2 * padding - k) / stride) + 1)})
check_shuffled = Check(lambda weight, order: weight[:, order], lambda rng: (normal(rng, 12, 7), torch.tensor(rng.sample(range(7), 7))), {
    "this is the network as it was: its weights now meet other pixels.": lambda weight, order: weight,
    "this undoes the shuffle instead of following it: it needs `order` itself, not its inverse.": lambda weight, order: weight[:, order.argsort()],
    "rows belong to hidden numbers; it is the pixels that were shuffled.": lambda weight, order: weight[order]},
    note="Nothing is lost, so nothing has to be learned anew.")

# deeper/03_descent
def _batch(rng): return 2 * normal(rng, count := rng.randint(3, 9), 10), torch.tensor(rng.choices(range(10), k=count))

def _true(values, labels): return values[torch.arange(len(labels)), labels]

def _by_hand(answer, *case):
    with patch.object(F, "cross_entropy", side_effect=AnswerError("that is PyTorch's own function, and the exercise is to write it yourself.")):
        return answer(*case)

check_cross_entropy = Check(F.cross_entropy, _batch, ask=_by_hand, mistakes={
    "the logarithm of a probability is negative, and a loss is not.": lambda logits, labels: _true(logits.softmax(1), labels).log().mean(),
    "a mean over the images of the batch is wanted, not their sum.": lambda logits, labels: -_true(logits.softmax(1), labels).log().sum(),
    "this is one value for each image. Their mean is wanted.": lambda logits, labels: -_true(logits.softmax(1), labels).log(),
    "first the logarithm of each image's probability, then the mean.": lambda logits, labels: -_true(logits.softmax(1), labels).mean().log(),
    "each image's ten probabilities have to add up to 1: sum along `dim=1`.": (lambda logits, labels: -_true(logits.softmax(0), labels).log().mean(),
        lambda logits, labels: -_true(logits.exp() / logits.exp().sum(), labels).log().mean()),
    "these are logits. Divide each `exp` by the sum of its image's ten.": lambda logits, labels: -_true(logits, labels).mean(),
    "`[:, labels]` takes all labels' columns in every row. Index with the rows' numbers as well.": lambda logits, labels: -logits.log_softmax(1)[:, labels].mean(),
    "the label's probability counts, not the largest.": lambda logits, labels: -logits.log_softmax(1).amax(1).mean(),
    "only the true label's probability counts, and this takes the mean over all ten.": lambda logits, labels: -logits.log_softmax(1).mean()})
check_slope = Check(lambda w, x: x / (1 + math.exp(-w * x)), lambda rng: (round(rng.uniform(-2, 2), 2), round(rng.choice([-1, 1]) * rng.uniform(0.3, 2), 2)), {
    "that is the slope for *yes*, as above.": lambda w, x: -x / (1 + math.exp(w * x)),
    "the sign is wrong: which way does the loss go when w grows a little?": lambda w, x: -x / (1 + math.exp(-w * x)),
    "the last node has changed: how fast does −ln(1 − p) change with p?": lambda w, x: x / (1 + math.exp(w * x)),
    "the first node is missing: how fast does z grow with w?": lambda w, x: 1 / (1 + math.exp(-w * x)),
    "the last node is missing: this is how fast p grows with w.": lambda w, x: x / (1 + math.exp(-w * x)) / (1 + math.exp(w * x)),
    "this is how fast the loss grows with p. Go on to z and to w.": lambda w, x: 1 + math.exp(w * x),
    "that is the loss itself. How fast does it change with w?": lambda w, x: math.log(1 + math.exp(w * x))},
    note="It is (p − truth) · x again: what was said, minus what is true, times the input.")

# deeper/03_speed
def _images_and_size(rng):  # sometimes fewer than a batch; always images of two by two pixels
    size = rng.randint(3, 7)
    return normal(rng, max(1, size * rng.randint(0, 5) + rng.choice([0, 1, size - 1])), 1, 2, 2), size

def _in_batches(answer, images, size):
    if unfinished(given := answer(images, size)):
        return given
    must(not isinstance(given, Tensor) or len(given) > size or given.dim() > 4, "`return` ends the function at the first batch; `yield` goes on.")
    must(not isinstance(given, Tensor), "this is one tensor. Hand over one batch after the other, for the last may be smaller.")
    must(isinstance(given, Iterable), "hand over one batch after the other, with `yield` or in a list.")
    given, wanted = [*islice(given, 99)], images.double().flatten().tolist()
    must(not any(isinstance(batch, tuple) and not all(map(torch.is_tensor, batch)) for batch in given), "hand over the images alone, without numbers beside them.")
    given = [as_array(batch) for batch in given]
    must(all(batch.size for batch in given), "when the images divide evenly, there is an empty batch at the end.")
    held = np.concatenate([batch.ravel() for batch in given] or [np.zeros(0)]).tolist()
    must({*wanted} <= {*held}, "some images are never handed over.")
    must(len(held) <= len(wanted), "some images are handed over twice.")
    must(held == wanted, "the images are not handed over in order.")
    must([batch.size for batch in given] == [batch.numel() for batch in images.split(size)], "each batch but the last has to hold `batch_size` images.")
    return 0

def _times_faster(share, factor): return 1 / (1 - share + share / factor)

check_all_batches = Check(lambda images, size: 0, _images_and_size, ask=_in_batches, cases=40)
check_times_faster = Check(_times_faster, lambda rng: (round(rng.uniform(0.05, 0.95), 2), round(rng.uniform(1.2, 20), 1)), note="However fast the part becomes, the rest of the step stays.", mistakes={
    "that is how fast the part becomes. The rest of the step takes as long as before.": lambda share, factor: factor,
    "that is the new time of a step whose old time is 1. A step of half the time is *twice* as fast.": lambda share, factor: 1 / _times_faster(share, factor),
    "this averages speeds. What adds up to the step are times: the part's and the rest's.": lambda share, factor: 1 - share + share * factor,
    "that would be right if the part took no time at all. It still takes some.": lambda share, factor: 1 / (1 - share),
    "this forgets the rest of the step: its time is `1 - share`.": (lambda share, factor: factor / share, lambda share, factor: share * factor),
    "that is how much faster it is. *How many times as fast* is 1 more.": lambda share, factor: _times_faster(share, factor) - 1,
    "`share` is the part that gets faster, and the rest is `1 - share`.": lambda share, factor: _times_faster(1 - share, factor),
    "that is the time saved, as a share of the step.": lambda share, factor: share - share / factor})

# deeper/03_many_processes
def _costs_of_processes(rng):  # what is saved an image is whole, and pays for the exchange exactly in half of the cases
    per_image, processes = 8 * rng.randint(3, 25), rng.choice([2, 4, 8])
    saved = per_image - per_image // processes
    return per_image, saved * rng.randint(4, 200) + rng.choice([0, rng.randint(1, saved - 1)]), processes

def _break_even(per_image, exchange, processes, own=1.0, whole=math.ceil):
    return whole(exchange / (per_image * (1 - own / processes)))

def _shares(rng): return normal(rng, count := rng.randint(2, 4), 5), torch.tensor(rng.sample([8, 16, 40, 100, 128, 256], count))

def _each_once(given):
    count = _chosen((4, 5, 2, 1, 3), range(1, 6), sentence := "each of the numbers 1 to 5 belongs to one letter.")(given)
    must(count is ... or len({int(one) for one in given}) == 5, sentence)
    return count

check_break_even = Check(_break_even, _costs_of_processes, tolerance=0, mistakes={
    "with several processes an image still takes some time, so each saves less than `per_image`.": (lambda *case: _break_even(*case, own=0), lambda *case: _break_even(*case, own=0, whole=float)),
    "`per_image / processes` is what an image still costs. What it saves is the rest.": lambda per_image, exchange, processes: math.ceil(exchange * processes / per_image),
    "rounded down, several processes are still slower, unless the division comes out even. Round up.": lambda *case: _break_even(*case, whole=math.floor),
    "where the division comes out even, both are equally fast, and that is enough. `math.ceil` rounds up.": lambda *case: _break_even(*case, whole=math.floor) + 1,
    "a batch holds whole images: round up.": lambda *case: _break_even(*case, whole=float),
    "rounded to the nearest whole number, several processes are sometimes still slower. Round up.": lambda *case: _break_even(*case, whole=round),
    "half an image costs half the time, so the number of images need not be a multiple of the number of processes.": (
        lambda per_image, exchange, processes: next(n for n in range(10**5) if math.ceil(n / processes) * per_image + exchange <= n * per_image),
        lambda per_image, exchange, processes: math.ceil(_break_even(per_image, exchange, processes) / processes) * processes),
    "that is one process's time for as many images as there are processes.": lambda per_image, exchange, processes: per_image * processes})
check_average = Check(lambda gradients, counts: (gradients * counts[:, None]).sum(0) / counts.sum(), _shares, {
    "this is what DistributedDataParallel does: it gives each process the same weight, however few images it had.": lambda gradients, counts: gradients.mean(0),
    "divide by the number of all images. The weights have to add up to 1.": lambda gradients, counts: (gradients * counts[:, None]).sum(0),
    "more images, more weight: here it is the other way round.": lambda gradients, counts: (gradients / counts[:, None]).sum(0) / (1 / counts).sum(),
    "divide by the number of all images, not by that of the processes.": lambda gradients, counts: (gradients * counts[:, None]).mean(0),
    "multiply each mean by its count before you add them up.": (lambda gradients, counts: gradients.sum(0) / counts.sum(), lambda gradients, counts: gradients.sum(0)),
    "this still has a row for each process. Add them up.": lambda gradients, counts: gradients * counts[:, None] / counts.sum()})
check_cluster = Check(lambda: 5, cases=1, ask=_each_once, note="Three of them trained on without a word: no error told you, only the curves did.",
    mistakes={f"{word} of the five {'is' if count < 2 else 'are'} right.": wrong
    for count, (word, wrong) in enumerate((("none", [5, 4, 1, 3, 2]), ("one", [4, 2, 1, 3, 5]), ("two", [4, 5, 1, 3, 2]), ("three", [4, 5, 2, 3, 1])))})

# deeper/04_statistics
def _tail(n, least): return sum(math.comb(n, k) for k in range(least, n + 1)) / 2**n

def _paired(rng): return (a := rng.randint(3, 30)), a if rng.random() < 0.2 else rng.randint(0, 12)

check_images_needed = Check(lambda share, half: 1.96**2 * share * (1 - share) / half**2,
    lambda rng: (share := round(rng.uniform(0.8, 0.98), 3), round((1 - share) * rng.uniform(0.05, 0.2), 5)), tolerance=0.045, mistakes={
    "this is a quarter of what is needed. A 95% interval reaches 1.96 standard errors to either side, not one; and `half` is one side.": (
        lambda share, half: share * (1 - share) / half**2, lambda share, half: 1.96**2 * share * (1 - share) / (2 * half) ** 2),
    "the 1.96 has to be squared, too.": lambda share, half: 1.96 * share * (1 - share) / half**2,
    "this is for a 99% interval. For 95% it is 1.96 standard errors.": lambda share, half: 2.576**2 * share * (1 - share) / half**2,
    "`half` is the reach to one side, not the whole width.": lambda share, half: 4 * 1.96**2 * share * (1 - share) / half**2,
    "this would be needed for a share of one half, the worst. You know more: `share`.": lambda share, half: 1.96**2 / 4 / half**2,
    "the reach shrinks with the *square root* of the number of images. Solve for n.": (lambda share, half: 1.96 * math.sqrt(share * (1 - share)) / half, lambda share, half: 1.96**2 * share * (1 - share) / half)})
check_p_value = Check(lambda a, b: min(1, 2 * _tail(a + b, max(a, b))), _paired, note="SciPy's `binomtest` counts the same.", mistakes={
    "this counts one side. A split as lopsided in favor of the other network would be as surprising.": (lambda a, b: _tail(a + b, max(a, b)), lambda a, b: _tail(a + b, a), lambda a, b: _tail(a + b, b)),
    "this is the chance of exactly this split. Count the more lopsided ones as well.": (lambda a, b: math.comb(a + b, a) / 2 ** (a + b), lambda a, b: min(1, 2 * math.comb(a + b, a) / 2 ** (a + b))),
    "the split that was seen counts too: *at least* as lopsided.": (lambda a, b: min(1, 2 * _tail(a + b, max(a, b) + 1)), lambda a, b: 2 * _tail(a + b, max(a, b) + 1)),
    "that is an approximation by a bell curve. Count exactly.": (lambda a, b: math.erfc(abs(a - b) / math.sqrt(2 * (a + b))), lambda a, b: math.erfc(max(0, abs(a - b) - 1) / math.sqrt(2 * (a + b)))),
    "almost: for equal counts your probability is above 1: both sides count the middle.": lambda a, b: 2 * _tail(a + b, max(a, b)),
    "the second count may be the larger one. Your p-value should not depend on which comes first.": (lambda a, b: 2 * _tail(a + b, a), lambda a, b: min(1, 2 * _tail(a + b, a)),
        lambda a, b: 2 * _tail(a + b, b), lambda a, b: min(1, 2 * _tail(a + b, b)))})

# deeper/04_calibration
def _gap(probabilities, labels): return probabilities - F.one_hot(labels, 10)

def _answers(rng):  # some confidences occur several times, and the highest are right
    confidence = (40 * normal(rng, 60).sigmoid()).round() / 40
    return confidence, (normal(rng, 60) < 3 * confidence - 0.8) | (confidence == confidence.max()), rng.choice([0.75, 0.75, 0.8, 0.85])

def _keeps(confidence, right, wanted, threshold, above=False, of_all=False, beyond=False):
    answered = confidence > threshold if above else confidence >= threshold
    share = right[answered].sum() / (len(right) if of_all else max(1, answered.sum()))
    return share > wanted if beyond else share >= wanted

def _threshold(confidence, right, wanted, places=None, **how):
    for threshold in confidence.sort().values if places is None else confidence[places]:
        if _keeps(confidence, right, wanted, threshold, **how):
            return threshold
    return torch.tensor(1.0)

def _from_above(confidence, right, wanted):  # the last before the promise is broken for the first time
    best = confidence.max()
    for threshold in confidence.sort(descending=True).values:
        if not _keeps(confidence, right, wanted, threshold):
            return best
        best = threshold
    return best

def _by_place(confidence, right, wanted):  # as if an image that is just as sure were not answered
    order = confidence.argsort(stable=True)
    return next(confidence[order[place]] for place in range(len(order)) if right[order[place:]].double().mean() >= wanted)

def _broken(cases, got, expected):
    if any(abs(confidence - float(mine)).min() > 1e-6 for (confidence, *_), mine in zip(cases, got, strict=True)):
        return "in some cases, your threshold is none of the given confidences."
    if any(mine < right - 1e-6 for mine, right in zip(got, expected, strict=True)):
        return "in some cases, your threshold does not keep the promise: too few of the images answered are right. (Several images may be just as sure.)"
    return "in some cases, a smaller confidence keeps the promise, too."

check_brier = Check(lambda p, labels: (_gap(p, labels) ** 2).sum(1).mean(), lambda rng: ((batch := _batch(rng))[0].softmax(1), batch[1]), {
    "this looks at the label's probability alone. The other nine differ from 0, and count too.": (lambda p, labels: ((1 - _true(p, labels)) ** 2).mean(), lambda p, labels: ((1 - _true(p, labels)) ** 2).mean() / 10),
    "this looks at the answer alone, and whether it is right. All ten probabilities count.": lambda p, labels: ((p.amax(1) - (p.argmax(1) == labels).double()) ** 2).mean(),
    "the label's own difference is missing: 1 minus its probability, squared.": lambda p, labels: (_gap(p, labels) ** 2).sum(1).mean() - ((1 - _true(p, labels)) ** 2).mean(),
    "add up over the ten digits; the mean is over the images alone.": lambda p, labels: (_gap(p, labels) ** 2).mean(),
    "a mean over the images is wanted, not their sum.": lambda p, labels: (_gap(p, labels) ** 2).sum(),
    "these are squares of the probabilities. At the label, the truth is 1 and not 0.": lambda p, labels: (p**2).sum(1).mean(),
    "`[:, labels]` means all labels' columns in every row. Index with the rows' numbers as well.": lambda p, labels: ((p - F.one_hot(labels, 10).amax(0)) ** 2).sum(1).mean(),
    "add up the squares without taking a root.": (lambda p, labels: _gap(p, labels).double().norm(dim=1).mean(), lambda p, labels: (_gap(p, labels) ** 2).sum(1).mean().sqrt()),
    "that is the plain distance, which rewards boasting. Square the differences.": lambda p, labels: _gap(p, labels).abs().sum(1).mean(),
    "this is one value for each image. Their mean is wanted.": lambda p, labels: (_gap(p, labels) ** 2).sum(1)}, note="A tenth for each digit scores 0.9.")
check_threshold = Check(_threshold, _answers, {
    "a smaller confidence keeps the promise, too.": (lambda confidence, *rest: _threshold(confidence, *rest, confidence.argsort(descending=True)), _from_above,
        lambda confidence, *rest: _threshold(confidence, *rest, slice(None))),
    "an image whose confidence *is* the threshold is answered, too.": (lambda *case: _threshold(*case, above=True), _by_place),
    "the share is among the images that are answered, not among all.": lambda *case: _threshold(*case, of_all=True),
    "a share of exactly `wanted` keeps the promise, too.": lambda *case: _threshold(*case, beyond=True),
    "that is the share wanted, not a confidence that achieves it.": lambda confidence, right, wanted: wanted}, otherwise=_broken)

# deeper/04_accuracy
def _smoothed(logits, labels, share, own=1.0, rest=1.0, reduce=torch.mean):
    others = logits.log_softmax(1)
    return -reduce((1 - own * share) * _true(others, labels) + rest * share * others.mean(1))

def _unsmoothed(answer, *case):  # PyTorch's loss for hard labels may be a part of the answer
    def hard(*given, label_smoothing=0.0, loss=F.cross_entropy, **more):
        must(label_smoothing == 0 and len(given) < 8, "`label_smoothing` is PyTorch's own, and the exercise is to write it yourself.")
        return loss(*given, **more)
    with patch.object(F, "cross_entropy", hard):
        return answer(*case)

def _best_of(accuracies, k):
    n = len(accuracies)
    return sum(value * ((i + 1) ** k - i**k) / n**k for i, value in enumerate(sorted(accuracies)))

check_smoothed = Check(lambda logits, labels, share: F.cross_entropy(logits, labels, label_smoothing=share),
    lambda rng: (*_batch(rng), rng.choice([0.05, 0.1, 0.2])), ask=_unsmoothed, mistakes={
    "the sign is missing: log-probabilities are negative.": lambda *case: -_smoothed(*case),
    "a mean over the images of the batch is wanted, not their sum.": lambda *case: _smoothed(*case, reduce=torch.sum),
    "this is one value for each image. Their mean is wanted.": lambda *case: _smoothed(*case, reduce=lambda losses: losses),
    "this is the loss without any smoothing.": lambda *case: _smoothed(*case, own=0, rest=0),
    "what the ten digits get is taken from the label: only 1 − smoothing is left for it.": lambda *case: _smoothed(*case, own=0),
    "each of the ten gets a tenth of the smoothing, not all of it.": lambda *case: _smoothed(*case, rest=10),
    "here the other nine share the smoothing. All ten do, the label among them.": lambda logits, labels, share: _smoothed(logits, labels, share / 0.9),
    "the second part is missing: each of the ten gets a tenth of the smoothing.": lambda *case: _smoothed(*case, rest=0),
    "the shares are swapped: the label gets 1 − smoothing.": lambda logits, labels, share: _smoothed(logits, labels, 1 - share)})
check_best_of = Check(_best_of, lambda rng: ([round(rng.uniform(0.2, 0.95), 3) for _ in range(rng.randint(4, 7))], rng.randint(2, 4)), cases=6, tolerance=0.02, mistakes={
    "this is the mean, which is what *one* network reaches on average.": lambda accuracies, k: sum(accuracies) / len(accuracies),
    "this is the best of all. Only `k` are trained.": lambda accuracies, k: max(accuracies),
    "this never draws the same number twice. Each of the `k` networks may reach any of them.": lambda accuracies, k: np.mean([max(chosen) for chosen in combinations(accuracies, k)]),
    "this is the worst of `k`.": lambda accuracies, k: -_best_of([-one for one in accuracies], k)})
check_clean = Check(lambda: 5, cases=1, note="Where a choice has seen the test images, the number no longer tells how the network does on others.",
    ask=_chosen((True, False, False, True, False), (True, False), "write `True` or `False` for each of the five, from a to e."),
    mistakes={f"{word} of the five {'is' if count < 2 else 'are'} right.": [True, False, False, True, False][:count] + [False, True, True, False, True][count:]
    for count, word in enumerate(("none", "one", "two", "three", "four"))})

# deeper/05_inside
def _reader(rng):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 12), nn.Tanh(), nn.Linear(12, 10))
    for parameter in model.parameters():
        parameter.data = normal(rng, *parameter.shape) / 4
    return model, normal(rng, 1, 28, 28), rng.randrange(10), rng.uniform(0.01, 0.05), rng.randint(3, 8)

def _steer(model, image, target, size, steps, sign=torch.sign, bounded="steps", anew=True, loss=F.cross_entropy):
    now, gradient = image, None
    for _ in range(steps):
        at = now.detach().requires_grad_()
        gradient = torch.autograd.grad(loss(model(at[None]), torch.tensor([target])), at)[0] if anew or gradient is None else gradient
        limits, now = now if bounded == "anew" else image, now - size * sign(gradient)
        now = now.clamp(limits.min(), limits.max()) if bounded in ("steps", "anew") else now
    return now.clamp(image.min(), image.max()) if bounded == "end" else now

check_steered = Check(_steer, _reader, cases=8, mistakes={
    "this moves *away* from the target: its loss rises.": lambda *case: _steer(*case, sign=lambda gradient: -gradient.sign()),
    "some pixels leave the range of the original image.": lambda *case: _steer(*case, bounded=""),
    "`clamp` after each step, and always to the range of the *original* image.": (lambda *case: _steer(*case, bounded="end"), lambda *case: _steer(*case, bounded="anew")),
    "take the gradient of the loss. The target's logit alone leaves out the other nine.": lambda *case: _steer(*case, loss=lambda logits, labels: -logits[0, labels[0]]),
    "after a step the image is another one. Take the gradient there, not at the original.": lambda *case: _steer(*case, anew=False),
    "this takes one step only.": lambda *case: _steer(*case[:4], 1),
    "every pixel moves by `size`, however small its gradient: take the sign.": lambda *case: _steer(*case, sign=lambda gradient: gradient)})

def _layer_and_value(rng):
    model, layer, inputs = _convolutions(rng)
    return model, layer, rng.randrange(5), round(rng.choice([-1, 1]) * rng.uniform(0.5, 3), 2), inputs

def _as_it_was(answer, model, layer, channel, value, inputs):
    weights = deepcopy(model.state_dict())
    given = answer(model, layer, channel, value, inputs)
    must(not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules()), "your function leaves a hook behind.")
    must(all(torch.equal(one, weights[name]) for name, one in model.state_dict().items()), "the model's weights are no longer what they were. Change what the layer puts out, not the layer.")
    return given

def _silenced(model, layer, channel, value, inputs, places=lambda output, channel: output[:, channel], add=0):
    output = model[:3](inputs).clone()
    there = places(output, channel)
    there.copy_(add * there + value)
    return model[3:](output)

check_silenced = Check(_silenced, _layer_and_value, ask=_as_it_was, mistakes={
    "nothing has changed. What a hook *returns* replaces the output; without `return`, or after the call, it is too late.": lambda model, layer, channel, value, x: model(x),
    "the first dimension counts images, so this replaces all channels of one image.": lambda *case: _silenced(*case, places=lambda output, channel: output[channel]),
    "the third and fourth dimensions are rows and columns. Channels are the second.": (lambda *case: _silenced(*case, places=lambda output, channel: output[:, :, channel]), lambda *case: _silenced(*case, places=lambda output, channel: output[..., channel])),
    "this replaces all channels, not one.": lambda *case: _silenced(*case, places=lambda output, channel: output),
    "this replaces the channel in one image only. It has to be all of them.": (lambda *case: _silenced(*case, places=lambda output, channel: output[0, channel]), lambda *case: _silenced(*case, places=lambda output, channel: output[-1, channel])),
    "the channel gets 0. It has to get `value`.": lambda model, layer, channel, value, x: _silenced(model, layer, channel, 0, x),
    "this adds `value` to what the channel says. It has to replace it.": lambda *case: _silenced(*case, add=1),
    "these are the maps of `layer`. What `model` makes of them is wanted.": lambda model, layer, channel, value, x: model[:3](x).index_fill(1, torch.tensor([channel]), value)})

# deeper/05_maps_on_trial
def _maps(rng):  # maps of unequal strength and offset; the others are those of another network, some of them far off
    maps = normal(rng, count := rng.randint(6, 14), size := rng.randint(4, 7), size)
    others = maps + 2 * normal(rng, count, size, size)
    return tuple((0.2 + normal(rng, count, 1, 1).abs()) * one + 2 * normal(rng, count, 1, 1) for one in (maps, others))

def _alike(maps, others, centered=True, scaled=True, dim=1):
    sides = [side.flatten(1) - centered * side.flatten(1).mean(dim, keepdim=True) for side in (maps, others)]
    one, other = (side / side.norm(dim=1, keepdim=True) if scaled else side for side in sides)
    return one @ other.T

def _line_up(likeness): return (likeness.argmax(1) == torch.arange(len(likeness))).float().mean()

def _kept(image, ranking, count, blank=None):
    best = (ranking >= ranking.flatten().topk(count).values[-1]).view_as(image)
    return torch.where(best, image, torch.full_like(image, image.min().item() if blank is None else blank))

check_line_up = Check(lambda maps, others: _line_up(_alike(maps, others)), _maps, mistakes={
    "these are sums of products, with which a strong map wins every line-up. Correlate.": lambda *case: _line_up(_alike(*case, centered=False, scaled=False)),
    "subtract each map's mean first; without that, a map that is above zero everywhere resembles every other one that is.": lambda *case: _line_up(_alike(*case, centered=False)),
    "this is a covariance, in which a strong map wins: divide by the length of each map as well.": lambda *case: _line_up(_alike(*case, scaled=False)),
    "this asks the other way round: which of `maps` is most like each of `others`?": lambda *case: _line_up(_alike(*case).T),
    "subtract from each map its *own* mean, over its pixels.": (lambda *case: _line_up(_alike(*case, dim=0)), lambda *case: _line_up(_alike(*case, dim=(0, 1)))),
    "a strong map is far from every other one, however similar. Correlate.": (lambda *case: _line_up(-torch.cdist(*(side.flatten(1) for side in case))), lambda *case: _line_up(-torch.cdist(*(side.flatten(1) for side in case), p=1))),
    "a correlation near −1 is the opposite of likeness: leave out `abs`.": lambda *case: _line_up(_alike(*case).abs()),
    "this takes the map that is *least* similar.": lambda *case: _line_up(-_alike(*case)),
    "that is a count. A share is wanted, from 0 to 1.": lambda maps, others: len(maps) * _line_up(_alike(maps, others)),
    "this is how much the right pairs are alike. Are they more alike than the wrong ones?": lambda *case: _alike(*case).diagonal().mean()})
check_kept_pixels = Check(_kept, lambda rng: (normal(rng, 1, 28, 28), normal(rng, 28, 28), rng.randint(20, 300)), cases=8, mistakes={
    "0 is not background. In a normalized image, background is the smallest value.": lambda *case: _kept(*case, blank=0),
    "these are the pixels ranked lowest.": lambda image, ranking, count: _kept(image, -ranking, count),
    "this keeps one pixel too few, or too many.": (lambda image, ranking, count: _kept(image, ranking, count - 1), lambda image, ranking, count: _kept(image, ranking, count + 1)),
    "a pixel ranked far below 0 is not among the best: take the ranking as it is, without `abs`.": lambda image, ranking, count: _kept(image, ranking.abs(), count),
    "this deletes the best pixels. Here they are the only ones that stay.": lambda image, ranking, count: _kept(image, -ranking, 784 - count)})

# fmt: on
