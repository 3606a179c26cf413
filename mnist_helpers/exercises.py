"""A check for each exercise: a reference, cases drawn at random, and mistakes that people make, each with its sentence.

A check prints one sentence and never raises: right, what about the answer is wrong, or that it is not begun.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import islice
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


@dataclass(frozen=True)
class Check:
    """Compares an answer with a reference in each of several cases.

    reference: the right function of a case's values. draw: makes a case, a tuple, from a `random.Random`.
    mistakes: sentence -> a function in which people make that mistake. ask: gets a result from an answer and the values
    of a case, or raises AnswerError. note: follows "Right."; otherwise: the sentence about results like no known mistake's.
    """

    reference: Callable
    draw: Callable[[random.Random], tuple] = lambda rng: ()
    mistakes: Mapping[str, Callable] = field(default_factory=dict)
    ask: Callable = lambda answer, *case: answer(*case)
    cases: int = 20
    tolerance: float = 1e-3
    note: str = ""
    otherwise: str = ""

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
        except AnswerError as fault:
            return f"Not quite: {fault}"
        if any(one is None or one is ... for one in given):
            return NOT_YET + " Your function returns nothing." * (given[0] is None)
        got, expected = [as_array(one) for one in given], [as_array(self.reference(*case)) for case in cases]
        if all(map(self.alike, got, expected)):
            return f"{RIGHT} {self.note}".strip()
        for sentence, mistake in self.mistakes.items():
            if all(map(self.alike, got, [as_array(self.ask(mistake, *deepcopy(case))) for case in cases])):
                return f"Not quite: {sentence}"
        return f"Not quite: {self.otherwise or self.difference(cases, got, expected)}"

    def alike(self, one: np.ndarray, other: np.ndarray) -> bool:
        return one.shape == other.shape and np.allclose(one, other, rtol=self.tolerance, atol=1e-6)

    def difference(self, cases: list, got: list, expected: list) -> str:
        case, mine, right = next(
            row for row in zip(cases, got, expected, strict=True) if not self.alike(*row[1:])
        )
        if mine.shape != right.shape:
            return f"a result of shape {right.shape} is expected, yours has the shape {mine.shape}."
        if mine.ndim:
            return f"the values are others than expected, by up to {abs(mine - right).max():.2g}."
        about = f"for {', '.join(map(str, case))} " if all(map(np.isscalar, case)) else "in one case "
        return f"{about}yours is {mine:.6g}, and {right:.6g} is expected."


def as_array(value: Any) -> np.ndarray:
    """A number, list, array or tensor as an array of floats; a single number in any wrapping has the shape ()."""
    array = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value, dtype=float)
    return array.reshape(()) if array.size == 1 and array.ndim < 2 else array


def normal(rng: random.Random, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(rng.randrange(2**31)))


# fmt: off

# Lesson 1
def _share(labels, digit): return (labels == digit).float().mean()

def _two_labelings(rng):  # three more of what is most frequent, so that there is no tie
    train, labels = (rng.choices(range(10), [rng.random() ** 2 for _ in range(10)], k=rng.randint(40, 90)) for _ in range(2))
    return torch.tensor(train + 3 * [max(train, key=train.count)]), torch.tensor(labels)

def _held_out(answer, count):
    if (given := answer(count)) is None or given is ...:
        return given
    places, again = (np.arange(count)[np.asarray(one if hasattr(one, "shape") else list(one))].ravel() for one in (given, answer(count)))
    must(np.array_equal(places, again), "called again, it returns others. An image trained on yesterday would be for validation today.")
    must(len({*places}) == len(places), "some places are in it more than once.")
    must(abs(12 * len(places) / count - 1) < 0.15, "about one image in twelve is wanted; this takes more, or fewer.")
    kinds = np.bincount(places * 10 // count * 2 + places % 2, minlength=20)  # in each tenth of the file, even and odd
    must(kinds.min() > 0.6 * kinds.mean(), "these do not come from all over the file, even and odd places alike, so they are easier or harder.")
    return 0

def _inputs(rng):
    mean, std = rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.6)
    return ((128 + 40 * normal(rng, 2, 1, 3, 4)).clamp(2, 253) / 255 - mean) / std, mean, std

def _as_pixels(answer, *case):
    given = answer(*case)
    must(given is None or given is ... or np.asarray(given).dtype == np.uint8, "pixels are `uint8`, and these are not yet.")
    return given

def _images_and_size(rng): return normal(rng, (size := rng.randint(3, 7)) * rng.randint(2, 5) + rng.choice([0, 1, size - 1])), size

def _in_batches(answer, images, size):
    if (given := answer(images, size)) is None or given is ...:
        return given
    must(not isinstance(given, Tensor), "`return` ends the function at the first batch; `yield` goes on.")
    given, wanted = [np.asarray(batch, dtype=float).ravel().tolist() for batch in islice(given, 99)], images.double().tolist()
    must([] not in given, "there is an empty batch at the end, at least when the number of images comes out even.")
    must({*wanted} <= {*sum(given, [])}, "some images are never handed over.")
    must(len(sum(given, [])) <= len(wanted), "some images are handed over twice.")
    must(sum(given, []) == wanted, "the images do not come in their order.")
    must([*map(len, given)] == [*map(len, images.split(size))], "each batch but the last has to hold `batch_size` images.")
    return 0

check_constant_score = Check(lambda train, labels: _share(labels, train.bincount().argmax()), _two_labelings, {
    "this chooses by the labels that it is scored on: a look at the exam.": lambda train, labels: _share(labels, labels.bincount().argmax()),
    "the choice is scored on the labels that it was made by. Score it on `labels`.": lambda train, labels: _share(train, train.bincount().argmax()),
    "that is how many; a share is wanted, 0 to 1.": lambda train, labels: (labels == train.bincount().argmax()).sum()})
check_held_out = Check(lambda count: 0, lambda rng: (rng.randint(30_000, 59_000),), ask=_held_out, cases=5)
check_unnormalize = Check(lambda x, mean, std: ((x * std + mean) * 255).round(), _inputs, ask=_as_pixels, mistakes={
    "`to(torch.uint8)` cuts off what stands behind the point: 252.7 becomes 252. Round first.": lambda x, mean, std: ((x * std + mean) * 255).byte(),
    "undo the last step first: `normalize` subtracted before it divided by `std`.": lambda x, mean, std: ((x + mean) * std * 255).round().byte(),
    "that is on the scale from 0 to 1; pixels go up to 255.": lambda x, mean, std: (x * std + mean).round().byte(),
    "the mean is still missing.": lambda x, mean, std: (x * std * 255).round().byte()})
check_all_batches = Check(lambda images, size: 0, _images_and_size, ask=_in_batches)

# Lesson 2
def _response(kernel, image):
    kernel = kernel if kernel is None or kernel is ... else as_array(kernel).squeeze()
    return np.einsum("rcij,ij->rc", np.lib.stride_tricks.sliding_window_view(image, (3, 3)), kernel) if np.shape(kernel) == (3, 3) else kernel

check_moving_kernel = Check(lambda image: image[1:-1, :-2], lambda rng: (normal(rng, 5, 5).double().numpy(),), {
    "this moves the digit to the *left*: each place takes what its right neighbor holds.": lambda image: image[1:-1, 2:],
    "this moves the digit down or up. Left and right are the columns.": lambda image: image[:-2, 1:-1],
    "this leaves the digit where it is: each place takes what its own pixel holds.": lambda image: image[1:-1, 1:-1],
    "this answers to edges and is 0 on even ink. The response asked for is the digit itself.": lambda image: _response([[-1, 0, 1]] * 3, image)},
    ask=lambda answer, image: answer(image) if callable(answer) else _response(answer, image), otherwise="the response is not the digit, moved to the right.",
    note="A single weight, on the left: each place takes what its left neighbor holds.")
check_output_size = Check(lambda size, k, padding, stride: (size + 2 * padding - k) // stride + 1,
    lambda rng: (rng.randint(12, 60), rng.randint(2, 7), rng.randint(0, 4), rng.randint(1, 5)), {
    "padding adds to both sides.": lambda size, k, padding, stride: (size + padding - k) // stride + 1,
    "one place is missing: a kernel as large as the image fits once.": lambda size, k, padding, stride: (size + 2 * padding - k) // stride,
    "the first place counts whatever the stride; add the 1 after dividing.": lambda size, k, padding, stride: (size + 2 * padding - k + 1) // stride,
    "places are whole: round down.": lambda size, k, padding, stride: (size + 2 * padding - k) / stride + 1})
check_parameters = Check(lambda size, ins, outs, k: outs * (ins * k * k + 1),
    lambda rng: (rng.randint(16, 64), rng.randint(3, 20), rng.randint(21, 50), rng.randint(2, 7)), {
    "each output channel has a bias as well.": lambda size, ins, outs, k: outs * ins * k * k,
    "every kernel looks at all input channels, so it holds more than one square of weights.": lambda size, ins, outs, k: outs * (k * k + 1),
    "the same weights are used at every place, so the image's size does not enter.": lambda size, ins, outs, k: outs * (ins * k * k + 1) * (size - k + 1) ** 2,
    "this is a fully connected layer, which has its own weights for every pixel.": lambda size, ins, outs, k: outs * (ins * size * size + 1)},
    note="The size of the image does not matter.")
check_shuffled = Check(lambda weight, order: weight[:, order], lambda rng: (normal(rng, 12, 7), torch.tensor(rng.sample(range(7), 7))), {
    "this is the network as it was: its weights now meet other pixels.": lambda weight, order: weight,
    "this undoes the shuffle instead of following it: it needs `order` itself, not its inverse.": lambda weight, order: weight[:, order.argsort()],
    "rows belong to hidden numbers; it is the pixels that were shuffled.": lambda weight, order: weight[order]},
    note="Nothing is lost, so nothing has to be learned anew.")

# Lesson 3
def _batch(rng): return 2 * normal(rng, count := rng.randint(3, 9), 10), torch.tensor(rng.choices(range(10), k=count))

def _true(values, labels): return values[torch.arange(len(labels)), labels]

def _by_hand(answer, *case):
    with patch.object(F, "cross_entropy", side_effect=AnswerError("that is PyTorch's own, which hides all that this exercise is about.")):
        return answer(*case)

def _trained(answer):
    pixels, labels, (place, stop) = torch.arange(144).view(36, 1, 2, 2) * 37 % 256, torch.arange(36) * 7 % 10, (23, 32)
    parts = slice(0, place), slice(place, stop), slice(stop, 36)
    digits = Digits(*(Split(pixels[part].byte(), labels[part], 0.5, 0.3) for part in parts), False, "")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 10))
        scores = answer(model, torch.optim.SGD(model.parameters(), 0.1), digits, 3, 5, torch.Generator().manual_seed(2))
    return scores if scores is None or scores is ... else np.concatenate([np.ravel([as_array(one) for one in np.atleast_1d(scores)]), as_array(model[4].weight).ravel()])

def _loop(split="train", score="validation", order=True, clear=True, step=True, mode=True, turn=0, last=9):
    def train(model, optimizer, digits, epochs, batch_size, generator):
        scores, seen = [], getattr(digits, score)
        for _ in range(epochs):
            model.train(mode)
            for inputs, labels in batches(getattr(digits, split), batch_size, generator if order else None):
                loss = F.cross_entropy(model(inputs), labels.roll(turn))
                _ = clear and optimizer.zero_grad(), loss.backward(), step and optimizer.step()
            scores.append(accuracy(predict(model, seen), seen.labels))
        return scores[:last]
    return train

check_cross_entropy = Check(F.cross_entropy, _batch, ask=_by_hand, mistakes={
    "the logarithm of a probability is negative, and a loss is not.": lambda logits, labels: _true(logits.softmax(1), labels).log().mean(),
    "a mean over the images of the batch is wanted, not their sum.": lambda logits, labels: -_true(logits.softmax(1), labels).log().sum(),
    "each image's ten probabilities have to add up to 1: sum along `dim=1`.": lambda logits, labels: -_true(logits.softmax(0), labels).log().mean(),
    "only the true label's probability counts, and this takes the mean over all ten.": lambda logits, labels: -logits.log_softmax(1).mean()})
check_slope = Check(lambda w, x: x / (1 + math.exp(-w * x)), lambda rng: (round(rng.uniform(-2, 2), 2), round(rng.choice([-1, 1]) * rng.uniform(0.3, 2), 2)), {
    "that is the slope for the other label, as above.": lambda w, x: -x / (1 + math.exp(w * x)),
    "the sign is wrong: which way does the loss go when w grows a little?": lambda w, x: -x / (1 + math.exp(-w * x)),
    "the first node is missing: how fast does z grow with w?": lambda w, x: 1 / (1 + math.exp(-w * x))},
    note="It is (p − truth) · x again: what was said, minus what is true, times the input.")
check_loop = Check(lambda: _trained(_loop()), ask=_trained, cases=1, note="It takes a step for every batch of every epoch, and only looks at the validation images.",
    otherwise="after three epochs, weights or scores are not those of the loop that is described. Compare it with the five lines.", mistakes={
    "nothing is learned: the weights are as they were. `optimizer.step()` is what moves them.": _loop(step=False),
    "the steps are made on validation images, which are for looking only.": _loop(split="validation"),
    "every epoch has the same order. Hand the generator to `batches`, and do not seed it anew.": _loop(order=False),
    "the gradients are not cleared, so each step also follows those of all batches before.": _loop(clear=False),
    "the network is trained in evaluation mode. `predict` leaves it there; `model.train()` switches it back.": _loop(mode=False),
    "return a list with one accuracy for each epoch.": _loop(last=1),
    "your scores are those on the training images.": _loop(score="train")})
check_faults = Check(lambda: 3, cases=1, note="None of the three raises an error. Such faults are found by reading, and by knowing what to expect.",
    ask=lambda given: ... if any(one is ... for one in given) else sum(int(one) == right for one, right in zip(given, (4, 5, 1), strict=True)),
    mistakes={"two of the three are right.": [4, 5, 3], "one of the three is right.": [1, 5, 4], "none of the three is right.": [5, 4, 2]})

# Lesson 4
def _tail(n, least): return sum(math.comb(n, k) for k in range(least, n + 1)) / 2**n

def _paired(rng): return (a := rng.randint(3, 30)), a if rng.random() < 0.2 else rng.randint(1, 12)

def _confusion(rng): return np.random.default_rng(rng.randrange(10**6)).integers(1, 90, (10, 10)), rng.randrange(10)

check_images_needed = Check(lambda share, half: 1.96**2 * share * (1 - share) / half**2,
    lambda rng: (share := round(rng.uniform(0.8, 0.98), 3), round((1 - share) * rng.uniform(0.05, 0.2), 5)), tolerance=0.03, mistakes={
    "95% reach 1.96 standard errors to either side, not one.": lambda share, half: share * (1 - share) / half**2,
    "`half` is the reach to one side, not the whole width.": lambda share, half: 4 * 1.96**2 * share * (1 - share) / half**2,
    "the reach falls with the square root of the number of images.": lambda share, half: 1.96 * math.sqrt(share * (1 - share)) / half})
check_p_value = Check(lambda a, b: min(1, 2 * _tail(a + b, max(a, b))), _paired, note="SciPy's `binomtest` counts the same.", mistakes={
    "this counts one side. A split as lopsided in favor of the other network would surprise as much.": lambda a, b: _tail(a + b, max(a, b)),
    "this is the chance of exactly this split. Count the more lopsided ones as well.": lambda a, b: math.comb(a + b, a) / 2 ** (a + b),
    "the split that was seen counts too: *at least* as lopsided.": lambda a, b: min(1, 2 * _tail(a + b, max(a, b) + 1)),
    "nearly, but for equal counts your probability is above 1: the two sides share the middle.": lambda a, b: 2 * _tail(a + b, max(a, b))})
check_precision = Check(lambda confusion, digit: confusion[digit, digit] / confusion[:, digit].sum(), _confusion, {
    "that is the recall: of all images *of* the digit, the share read so. Here, of all that are *read* as it.": lambda c, d: c[d, d] / c[d].sum(),
    "divide by what was read as this digit, not by all images.": lambda c, d: c[d, d] / c.sum(),
    "divide by everything that was read as the digit, right readings too.": lambda c, d: c[d, d] / (c[:, d].sum() - c[d, d])})
check_best_threshold = Check(lambda wrong_cost, look_cost: 1 - look_cost / wrong_cost, note="With 100 and 1 that is 0.99.",
    draw=lambda rng: (wrong := rng.randint(5, 500), round(wrong * rng.uniform(0.02, 0.7), 2)), mistakes={
    "that is the risk of a mistake at which both cost the same. The confidence is what is left.": lambda wrong, look: look / wrong,
    "an answer costs `wrong_cost` only when it is wrong; a look costs `look_cost` always.": lambda wrong, look: wrong / (wrong + look),
    "the wrong way round: the more a mistake costs, the *higher* the threshold.": lambda wrong, look: 1 - wrong / look})

# Lesson 5
def _convolutions(rng):  # one bright pixel an image, so that the last image or a corner may decide; one channel that is exactly 0
    model = nn.Sequential(nn.Conv2d(1, 4, 1), nn.ReLU(), nn.Conv2d(4, 12, 3), nn.ReLU(), nn.Conv2d(12, 9, 3)).requires_grad_(False)
    for part in (model[0], model[2], model[4]):
        part.weight.copy_(normal(rng, *part.weight.shape)), part.bias.copy_(0.5 * normal(rng, len(part.bias)) - 2)
    model[0].bias.zero_(), model[2].weight[0].zero_(), model[2].bias[0].zero_()
    inputs = torch.zeros(5, 1, 8, 8)
    inputs.view(5, -1)[torch.arange(5), torch.tensor([rng.choice([0, 7, 27, 56, 63]) for _ in range(5)])] = 2 * normal(rng, 5).abs() + 0.5
    return model, model[2], inputs

def _dead(answer, model, layer, inputs):
    count = answer(model, layer, inputs)
    must(not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules()), "your function leaves a hook behind.")
    return count

def _center(cell, layers, order=-1, half=0.5):
    for kernel_size, stride in layers[::order]:
        cell = stride * cell + half * (kernel_size - 1)
    return cell

def _kept(image, ranking, count, blank=None):
    best = (ranking >= ranking.flatten().topk(count).values[-1]).view_as(image)
    return torch.where(best, image, torch.full_like(image, image.min().item() if blank is None else blank))

def _reader(rng):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 12), nn.Tanh(), nn.Linear(12, 10))
    for parameter in model.parameters():
        parameter.data = normal(rng, *parameter.shape) / 4
    return model, normal(rng, 1, 28, 28), rng.randrange(10), rng.uniform(0.01, 0.05), rng.randint(3, 8)

def _steer(model, image, target, size, steps, sign=torch.sign, bounded=True, anew=True):
    now, gradient = image, None
    for _ in range(steps):
        at = now.detach().requires_grad_()
        gradient = torch.autograd.grad(F.cross_entropy(model(at[None]), torch.tensor([target])), at)[0] if anew or gradient is None else gradient
        now = (now - size * sign(gradient)).clamp(image.min(), image.max()) if bounded else now - size * sign(gradient)
    return now

check_dead_channels = Check(lambda model, layer, x: (model[:3](x).amax((0, 2, 3)) <= 0).sum(), _convolutions, ask=_dead, mistakes={
    "this looks at the first image only. Silent for one image is not dead.": lambda model, layer, x: (model[:3](x)[0].amax((1, 2)) <= 0).sum(),
    "this counts what is silent for *some* image. Dead is silent for all.": lambda model, layer, x: (model[:3](x).amax((2, 3)) <= 0).any(0).sum(),
    "before the ReLU, a dead channel is not 0 but *at most* 0.": lambda model, layer, x: (model[:3](x).amax((0, 2, 3)) == 0).sum(),
    "a mean below 0 is not silence. The highest value decides.": lambda model, layer, x: (model[:3](x).mean((0, 2, 3)) <= 0).sum()})
check_center = Check(_center, lambda rng: (rng.randint(1, 9), [(rng.randint(2, 5), rng.randint(1, 3)) for _ in range(rng.randint(1, 3))] + [(4, 2)]), {
    "go from the last layer down to the image; `layers` begins at the image.": lambda cell, layers: _center(cell, layers, order=1),
    "this is where the cell's view begins. Its center lies farther on.": lambda cell, layers: _center(cell, layers, half=0),
    "the middle of the entries 0, 1, 2 is 1, not 1.5.": lambda cell, layers: _center(cell, [(k + 1, s) for k, s in layers]),
    "the strides are missing. Each one stretches what lies above it.": lambda cell, layers: _center(cell, [(k, 1) for k, _ in layers])})
check_kept_pixels = Check(_kept, lambda rng: (normal(rng, 1, 28, 28), normal(rng, 28, 28), rng.randint(20, 300)), cases=8, mistakes={
    "0 is not background. In a normalized image, background is the smallest value.": lambda *case: _kept(*case, blank=0),
    "these are the pixels ranked lowest.": lambda image, ranking, count: _kept(image, -ranking, count),
    "this deletes the best pixels. Here they are the only ones that stay.": lambda image, ranking, count: _kept(image, -ranking, 784 - count)})
check_steered = Check(_steer, _reader, cases=8, mistakes={
    "this moves *away* from the target: its loss rises.": lambda *case: _steer(*case, sign=lambda gradient: -gradient.sign()),
    "some pixels leave the range of the original image.": lambda *case: _steer(*case, bounded=False),
    "after a step the image is another one. Take the gradient there, not at the original.": lambda *case: _steer(*case, anew=False),
    "this takes one step only.": lambda *case: _steer(*case[:4], 1),
    "every pixel moves by `size`, however small its gradient: take the sign.": lambda *case: _steer(*case, sign=lambda gradient: gradient)})

# Lesson 6
def _page(rng):
    paper, ink = rng.sample([0.1, 0.25, 0.4, 0.6, 0.75, 0.9], 2)
    page = np.full((30, 40), paper)
    page[5:rng.randint(8, 18), 10:rng.randint(14, 35)] = ink
    return (page,)

def _smudge(rng):
    small = normal(rng, rng.randint(8, 20), rng.randint(8, 20)).abs()
    small[: len(small) // 2] *= 3
    return (small,)

def _centered(small, middle=14, mass=True, swapped=False):
    ink = small if mass else torch.ones_like(small)
    center = [((ink.sum(dim=1 - axis) * torch.arange(length)).sum() / ink.sum()).item() for axis, length in enumerate(small.shape)]
    row, column = (round(middle - mean) for mean in (reversed(center) if swapped else center))
    frame = torch.zeros(60, 60)  # with room on every side for what is laid wrongly
    frame[16 + row : 16 + row + len(small), 16 + column : 16 + column + small.shape[1]] = small
    return frame[16:44, 16:44]

def _threshold(confidence, right, wanted, largest=False, above=False, of_all=False):
    for threshold in confidence.sort(descending=largest).values:
        answered = confidence > threshold if above else confidence >= threshold
        if (right & answered).sum() / (len(right) if of_all else max(1, answered.sum())) >= wanted:
            return threshold
    return torch.tensor(1.0)

def _answers(rng):
    confidence = normal(rng, 60).sigmoid()
    return confidence, normal(rng, 60) < 3 * confidence - 0.8, rng.choice([0.75, 0.8, 0.85])

check_light_ink = Check(lambda gray: np.median(gray) < (gray.min() + gray.max()) / 2, _page, {
    "gray or black paper may be darker than 0.5 and its ink darker still.": lambda gray: gray.mean() < 0.5,
    "this is whether the *paper* is the lighter one.": lambda gray: np.median(gray) > (gray.min() + gray.max()) / 2,
    "light ink may be a gray, and so may dark ink: compare it with the paper.": lambda gray: gray.max() > 0.7})
check_centered = Check(_centered, _smudge, {
    "this centers the box. The center of mass is the mean place of the ink.": lambda small: _centered(small, mass=False),
    "rows and columns are exchanged.": lambda small: _centered(small, swapped=True),
    "the center of mass belongs on pixel 14, not between 13 and 14.": lambda small: _centered(small, middle=13.5)})
check_threshold = Check(_threshold, _answers, {
    "there are smaller ones that keep the promise, too.": lambda *case: _threshold(*case, largest=True),
    "an image whose confidence *is* the threshold is answered, too.": lambda *case: _threshold(*case, above=True),
    "the share is among the images that are answered, not among all.": lambda *case: _threshold(*case, of_all=True),
    "that is the share wanted, not a confidence that brings it about.": lambda confidence, right, wanted: wanted})

# Lesson 7
def _smoothed(logits, labels, share, own=1.0, rest=1.0, reduce=torch.mean):
    others = logits.log_softmax(1)
    return -reduce((1 - own * share) * _true(others, labels) + rest * share * others.mean(1))

def _best_of(accuracies, k):
    n = len(accuracies)
    return sum(value * ((i + 1) ** k - i**k) / n**k for i, value in enumerate(sorted(accuracies)))

def _how_many_right(given):
    if any(one is ... for one in given):
        return ...
    must(len(given) == 5, "there are five, a to e.")
    return sum(bool(one) == right for one, right in zip(given, (True, False, False, True, False), strict=True))

check_smoothed = Check(lambda logits, labels, share: F.cross_entropy(logits, labels, label_smoothing=share),
    lambda rng: (*_batch(rng), rng.choice([0.05, 0.1, 0.2])), ask=_by_hand, mistakes={
    "the sign is missing: log-probabilities are negative.": lambda *case: -_smoothed(*case),
    "a mean over the images of the batch is wanted, not their sum.": lambda *case: _smoothed(*case, reduce=torch.sum),
    "this is the loss of hard labels.": lambda *case: _smoothed(*case, own=0, rest=0),
    "what the ten get, the label has to give: its own share is 1 − smoothing.": lambda *case: _smoothed(*case, own=0),
    "each of the ten gets a tenth of the smoothing, not all of it.": lambda *case: _smoothed(*case, rest=10)})
check_best_of = Check(_best_of, lambda rng: ([round(rng.uniform(0.2, 0.95), 3) for _ in range(rng.randint(4, 7))], rng.randint(2, 4)), cases=6, tolerance=0.02, mistakes={
    "this is the mean, what *one* of them has on average.": lambda accuracies, k: sum(accuracies) / len(accuracies),
    "this is the best of all. Only `k` are trained.": lambda accuracies, k: max(accuracies),
    "this is the worst of `k`.": lambda accuracies, k: -_best_of([-one for one in accuracies], k)})
check_clean = Check(lambda: 5, cases=1, ask=_how_many_right, note="Where a choice has seen the test images, the number no longer tells how the network does on others.",
    mistakes={f"{word} of the five {'is' if count == 1 else 'are'} right.": [True, False, False, True, False][:count] + [False, True, True, False, True][count:]
    for count, word in enumerate(("none", "one", "two", "three", "four"))})

# Lesson 8
def _costs_of_processes(rng): return rng.randint(20, 200), rng.randint(500, 20_000), rng.choice([2, 4, 8])

def _break_even(per_image, exchange, processes, own=1.0, round_up=math.ceil):
    return round_up(exchange / (per_image * (1 - own / processes)))

def _shares(rng): return normal(rng, count := rng.randint(2, 4), 5), torch.tensor(rng.sample([8, 16, 40, 100, 128, 256], count))

def _faults_found(given):
    if any(one is ... for one in given):
        return ...
    must(len(given) == 5 and sorted(given) == [1, 2, 3, 4, 5], "each of the numbers 1 to 5 belongs to one letter.")
    return sum(one == right for one, right in zip(given, (4, 5, 2, 1, 3), strict=True))

check_break_even = Check(_break_even, _costs_of_processes, tolerance=0, mistakes={
    "several processes still need a part of the time for the images: what is saved for each is less than `per_image`.": lambda *case: _break_even(*case, own=0),
    "rounded down, the several are still slower. The first batch that pays is one larger.": lambda *case: _break_even(*case, round_up=math.floor),
    "this is what one process needs for as many images as there are processes.": lambda per_image, exchange, processes: per_image * processes})
check_average = Check(lambda gradients, counts: (gradients * counts[:, None]).sum(0) / counts.sum(), _shares, {
    "this is what DistributedDataParallel does: it gives each process the same weight, however few images it had.": lambda gradients, counts: gradients.mean(0),
    "divide by the number of all images. The weights have to add up to 1.": lambda gradients, counts: (gradients * counts[:, None]).sum(0),
    "more images, more weight: here it is the other way round.": lambda gradients, counts: (gradients / counts[:, None]).sum(0) / (1 / counts).sum(),
    "divide by the number of all images, not by that of the processes.": lambda gradients, counts: (gradients * counts[:, None]).mean(0)})
check_cluster = Check(lambda: 5, cases=1, ask=_faults_found, note="Three of them trained on without a word: no error told you, only the curves did.",
    mistakes={f"{word} of the five {'is' if count == 1 else 'are'} right.": wrong
    for count, (word, wrong) in enumerate((("none", [5, 4, 1, 3, 2]), ("one", [4, 2, 1, 3, 5]), ("two", [4, 5, 1, 3, 2]), ("three", [4, 5, 2, 3, 1])))})

# fmt: on
