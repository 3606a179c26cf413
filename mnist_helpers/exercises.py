"""A check for each exercise: a reference, cases drawn at random, and the mistakes that people make, each with its sentence.

A check prints one sentence and never raises: right, or what about the answer is wrong, or that it is not begun.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_helpers.data import Digits, Split, batches
from mnist_helpers.model import seeded
from mnist_helpers.training import accuracy, predict

NOT_YET = "Not solved yet."
RIGHT = "Right."


@dataclass(frozen=True)
class Check:
    """Compares an answer with a reference in each of several cases.

    reference: the right function of a case's values; for an exercise that asks for a value, of nothing.
    draw: makes a case, a tuple, from a `random.Random`. ask: gets the result from the answer and the values of a case.
    mistakes: sentence -> a function in which people make that mistake. note: follows "Right.".
    """

    reference: Callable
    draw: Callable[[random.Random], tuple] = lambda rng: ()
    mistakes: Mapping[str, Callable] = field(default_factory=dict)
    ask: Callable = lambda answer, *case: answer(*case) if callable(answer) else answer
    cases: int = 20
    tolerance: float = 1e-3
    note: str = ""

    def __call__(self, answer: Any) -> None:
        try:
            print(self.verdict(answer))
        except Exception as error:
            print(f"Your code stopped with {type(error).__name__}: {error}")

    def verdict(self, answer: Any) -> str:
        rng = random.Random(0)
        cases = [self.draw(rng) for _ in range(self.cases)]
        given = [self.ask(answer, *case) for case in cases]
        if all(one is None for one in given) and callable(answer):
            return f"{NOT_YET} Your function returns nothing."
        if any(one is None or one is ... for one in given):
            return NOT_YET
        got = [as_array(one) for one in given]
        expected = [as_array(self.reference(*case)) for case in cases]
        if self.alike(got, expected):
            return f"{RIGHT} {self.note}".strip()
        for sentence, mistake in self.mistakes.items():
            if self.alike(got, [as_array(self.ask(mistake, *case)) for case in cases]):
                return f"Not quite: {sentence}"
        return self.difference(cases, got, expected)

    def alike(self, some: list[np.ndarray], others: list[np.ndarray]) -> bool:
        return all(
            one.shape == other.shape and np.allclose(one, other, rtol=self.tolerance, atol=1e-6)
            for one, other in zip(some, others, strict=True)
        )

    def difference(self, cases: list, got: list[np.ndarray], expected: list[np.ndarray]) -> str:
        for case, mine, right in zip(cases, got, expected, strict=True):
            if mine.shape != right.shape:
                return f"Not quite: a result of shape {right.shape} is expected, yours has the shape {mine.shape}."
            if not self.alike([mine], [right]):
                about = (
                    f" for {', '.join(map(str, case))}" if case and all(np.isscalar(v) for v in case) else ""
                )
                return f"Not quite:{about} yours is {_brief(mine)}, and {_brief(right)} is expected."
        return "Not quite."


def as_array(value: Any) -> np.ndarray:
    """A number, list, array or tensor as an array of floats; a single number in any wrapping has the shape ()."""
    array = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value, dtype=float)
    return array.reshape(()) if array.size == 1 and array.ndim < 2 else array


def _brief(array: np.ndarray) -> str:
    return (
        f"{float(array):.6g}" if array.ndim == 0 else f"{np.array2string(array.flatten()[:4], precision=3)}…"
    )


# fmt: off

# Lesson 1
def _share(labels, digit): return (labels == digit).float().mean()

def _first(faults): return [*map(bool, faults), True].index(True) + 1 if any(map(bool, faults)) else 0

def _two_labelings(rng):  # the second line's three more make sure that there is no tie
    train, labels = (rng.choices(range(10), [rng.random() ** 2 for _ in range(10)], k=rng.randint(40, 90)) for _ in range(2))
    return Tensor(train + 3 * [max(train, key=train.count)]).long(), Tensor(labels).long()

def _held_out_fault(answer, count):
    if (given := answer(count)) is None or given is ...:
        return given
    places, again = (np.arange(count)[np.asarray(one if hasattr(one, "shape") else list(one))].ravel() for one in (given, answer(count)))
    kinds, parts = np.bincount(places % 2, minlength=2), np.bincount(places * 10 // count, minlength=10)
    return _first([not np.array_equal(places, again), len({*places}) < len(places), abs(12 * len(places) / count - 1) > 0.15,
        kinds.min() < 0.45 * kinds.sum(), parts.min() < 0.7 * parts.mean()])

def _inputs(rng):
    mean, std = rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.6)
    return (Tensor([rng.randint(2, 253) + rng.uniform(-0.4, 0.4) for _ in range(24)]).view(2, 1, 3, 4) / 255 - mean) / std, mean, std

def _images_and_size(rng):
    size = rng.randint(3, 7)
    return Tensor([rng.random() for _ in range(size * rng.randint(2, 5) + rng.choice([0, 1, size - 1]))]), size

def _batch_fault(answer, images, size):
    given, wanted = answer(images.clone(), size), images.double().tolist()
    if given is None or given is ... or isinstance(given, Tensor):
        return 1 if isinstance(given, Tensor) else given
    given = [np.asarray(batch, dtype=float).ravel().tolist() for batch in given]
    sizes, values = [len(batch) for batch in given], sum(given, [])
    return _first([False, 0 in sizes, {*wanted} - {*values}, len(values) > len(wanted), values != wanted, sizes != [len(b) for b in images.split(size)]])

check_constant_score = Check(lambda train, labels: _share(labels, train.bincount().argmax()), draw=_two_labelings, mistakes={
    "this chooses by the labels that it is scored on: a look at the exam.": lambda train, labels: _share(labels, labels.bincount().argmax()),
    "the choice is scored on the labels that it was made by. Score it on `labels`.": lambda train, labels: _share(train, train.bincount().argmax()),
    "that is the answer itself; how often is it right?": lambda train, labels: train.bincount().argmax(),
    "that is how many; a share is wanted, 0 to 1.": lambda train, labels: (labels == train.bincount().argmax()).sum(),
    "a share is wanted, 0 to 1, not a percentage.": lambda train, labels: 100 * _share(labels, train.bincount().argmax())})
check_held_out = Check(lambda count: 0, draw=lambda rng: (rng.randint(30_000, 59_000),), ask=_held_out_fault, cases=5, mistakes={
    "called again, it returns others. An image trained on yesterday would be for validation today.": lambda count: random.sample(range(count), count // 12),
    "some places are in it more than once.": lambda count: [5, 5],
    "about one image in twelve is wanted; this takes more, or fewer.": lambda count: range(0, count, 7),
    "even and odd places are not in it alike, so it is easier or harder than the file.": lambda count: range(11, count, 12),
    "these do not come from all over the file alike, and its parts differ, too.": lambda count: range(count - count // 12, count)})
check_unnormalize = Check(lambda inputs, mean, std: ((inputs * std + mean) * 255).round(), draw=_inputs, mistakes={
    "these are not whole numbers yet.": lambda inputs, mean, std: (inputs * std + mean) * 255,
    "`to(torch.uint8)` cuts off what stands behind the point: 252.7 becomes 252. Round first.": lambda inputs, mean, std: ((inputs * std + mean) * 255).floor(),
    "undo the last step first: `normalize` subtracted before it divided by `std`.": lambda inputs, mean, std: ((inputs + mean) * std * 255).round().byte(),
    "that is on the scale from 0 to 1; pixels go up to 255.": lambda inputs, mean, std: inputs * std + mean,
    "the mean is still missing.": lambda inputs, mean, std: (inputs * std * 255).round().byte()})
check_all_batches = Check(lambda cases: 0, draw=lambda rng: ([_images_and_size(rng) for _ in range(20)],), cases=1,
    ask=lambda answer, cases: next((fault for case in cases if (fault := _batch_fault(answer, *case)) != 0), 0), mistakes={
    "`return` ends the function at the first batch; `yield` goes on.": lambda images, size: images[:size],
    "when the number of images comes out even, the last batch is empty.": lambda images, size: [*images.split(size), []],
    "some images are never handed over.": lambda images, size: images.split(size)[1:],
    "some images are handed over twice.": lambda images, size: [*images.split(size), images[-size:]],
    "the images do not come in their order.": lambda images, size: images.flip(0).split(size),
    "each batch but the last has to hold `batch_size` images.": lambda images, size: [images]})

# Lesson 2
def _answer_of(kernel, image):
    kernel = kernel if kernel is None or kernel is ... else as_array(kernel).squeeze()
    return np.einsum("rcij,ij->rc", np.lib.stride_tricks.sliding_window_view(image, (3, 3)), kernel) if np.shape(kernel) == (3, 3) else kernel

def _weight_and_order(rng): return Tensor([[rng.gauss(0, 1) for _ in range(7)] for _ in range(12)]), Tensor(rng.sample(range(7), 7)).long()

check_moving_kernel = Check(lambda image: image[1:-1, :-2], draw=lambda rng: (np.array([[rng.random() for _ in range(5)] for _ in range(5)]),), ask=lambda answer, image:
    answer(image) if callable(answer) else _answer_of(answer, image), note="A single weight, on the left: each place takes what its left neighbour holds.", mistakes={
    "this moves the digit to the *left*: each place takes what its right neighbour holds.": lambda image: image[1:-1, 2:],
    "this moves the digit down: each place takes what the pixel above it holds.": lambda image: image[:-2, 1:-1],
    "this moves the digit up: each place takes what the pixel below it holds.": lambda image: image[2:, 1:-1],
    "this leaves the digit where it is: each place takes what its own pixel holds.": lambda image: image[1:-1, 1:-1],
    "this adds up three neighbours, one above the other; the digit is blurred as well.": lambda image: _answer_of([[1, 0, 0]] * 3, image),
    "this answers to edges and is 0 on even ink. The answer asked for is the digit itself.": lambda image: _answer_of([[-1, 0, 1]] * 3, image)})
check_output_size = Check(lambda size, k, padding, stride: (size + 2 * padding - k) // stride + 1, mistakes={
    "padding adds to both sides.": lambda size, k, padding, stride: (size + padding - k) // stride + 1,
    "one place is missing: a kernel as large as the image fits once.": lambda size, k, padding, stride: (size + 2 * padding - k) // stride,
    "the first place counts whatever the stride; add the 1 after dividing.": lambda size, k, padding, stride: (size + 2 * padding - k + 1) // stride,
    "a kernel that would reach beyond the end does not count: round down.": lambda size, k, padding, stride: -(-(size + 2 * padding - k) // stride) + 1,
    "places are whole: round down.": lambda size, k, padding, stride: (size + 2 * padding - k) / stride + 1,
    "this is right for a stride of 1 only.": lambda size, k, padding, stride: size + 2 * padding - k + 1},
    draw=lambda rng: (rng.randint(12, 60), rng.randint(2, 7), rng.randint(0, 4), rng.randint(1, 5)))
check_parameters = Check(lambda size, ins, outs, k: outs * (ins * k * k + 1), note="The size of the image does not matter.", mistakes={
    "each output channel has a bias as well.": lambda size, ins, outs, k: outs * ins * k * k,
    "every kernel looks at all input channels, so it holds more than one square of weights.": lambda size, ins, outs, k: outs * (k * k + 1),
    "this is one kernel with its bias; there is one for each output channel.": lambda size, ins, outs, k: ins * k * k + 1,
    "one bias for each output channel, not one for each input channel as well.": lambda size, ins, outs, k: outs * ins * (k * k + 1),
    "a kernel is a square: `kernel_size` counts one side of it.": lambda size, ins, outs, k: outs * (ins * k + 1),
    "the same weights are used at every place, so the image's size does not enter.": lambda size, ins, outs, k: outs * (ins * k * k + 1) * (size - k + 1) ** 2,
    "this is a fully connected layer, which has its own weights for every pixel.": lambda size, ins, outs, k: outs * (ins * size * size + 1)},
    draw=lambda rng: (rng.randint(16, 64), rng.randint(3, 20), rng.randint(21, 50), rng.randint(2, 7)))
check_shuffled = Check(lambda weight, order: weight[:, order], draw=_weight_and_order,
    ask=lambda answer, weight, order: answer(weight.clone(), order.clone()), note="Nothing is lost, so nothing has to be learned anew.", mistakes={
    "this is the network as it was: its weights now meet other pixels.": lambda weight, order: weight,
    "this undoes the shuffle instead of following it: it needs `order` itself, not its inverse.": lambda weight, order: weight[:, order.argsort()],
    "rows belong to hidden numbers; it is the pixels that were shuffled.": lambda weight, order: weight[order]})

# Lesson 3
def _batch(rng): return Tensor(labels := rng.choices(range(10), k=rng.randint(3, 9))).new_tensor([[rng.gauss(0, 2) for _ in range(10)] for _ in labels]), torch.tensor(labels)

def _by_hand(answer, logits, labels):
    own = F.cross_entropy
    with patch.object(F, "cross_entropy", lambda *given, **settings: Tensor([-1.0])):
        return (F.cross_entropy if answer is own else answer)(logits.clone(), labels.clone())

def _true(values, labels): return values[torch.arange(len(labels)), labels]

def _loop_fault(train):
    """Which fault a training loop has, 0 for none: 3 epochs of 23 images in batches of 5, whose first pixels are their places."""
    pixels = torch.randint(256, (40, 1, 28, 28), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    pixels[24:], labels = pixels[:16].clone(), torch.arange(40) % 24 * 7 % 10  # most validation images look like training images
    pixels[:, 0, 0, 0] = torch.arange(40)
    digits = Digits(*(Split(pixels[a:b], labels[a:b], 0.0, 1.0) for a, b in ((0, 23), (23, 33), (33, 40))), False, "")
    model, shown, steps, wanted = seeded(lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), 0), [([], True)], [], []
    optimizer, weight = torch.optim.SGD(model.parameters(), lr=0.1), model[1].weight
    def look(_, inputs): shown.extend([((255 * inputs[0][:, 0, 0, 0]).round().long().tolist(), model.training)] * torch.is_grad_enabled())
    def note(*_):  # before a step: is the gradient that of its batch, that of all batches so far, none, or another?
        loss = F.cross_entropy(model[1](pixels[shown[-1][0]].flatten(1) / 255), labels[shown[-1][0]])
        wanted.append(torch.autograd.grad(loss, weight)[0])
        fits = [weight.grad is not None and torch.allclose(weight.grad, one, atol=1e-5) for one in (wanted[-1], sum(wanted))]
        steps.append((*shown[-1], "none" if weight.grad is None else "own" if fits[0] else "all" if fits[1] else "other"))
    _ = model.register_forward_pre_hook(look), optimizer.register_step_pre_hook(note)
    told = train(model, optimizer, digits, 3, 5, torch.Generator().manual_seed(2))
    if told is ... or (told is None and len(shown) == 1):
        return told
    places, kinds = [place for places, *_ in steps for place in places], {kind for *_, kind in steps}
    rounds, scores = [places[start : start + 23] for start in range(0, len(places), 23)], [float(as_array(one)) for one in told] if np.iterable(told) else []
    right = accuracy(predict(model, digits.validation), digits.validation.labels)
    return _first([not steps, "none" in kinds, max([*places, 0]) >= 23, [sorted(one) for one in rounds] != 3 * [[*range(23)]], rounds[:1] == rounds[-1:],
        "all" in kinds, "other" in kinds, not all(mode for _, mode, _ in steps), len(scores) != 3, abs([*scores, 9, 9, 9][2] - right) > 1e-3])

def _loop(split="train", score="validation", order=True, clear=True, back=True, step=True, mode=True, turn=0, short=0, last=9):
    def train(model, optimizer, digits, epochs, batch_size, generator):
        scores, seen = [], getattr(digits, score)
        for _ in range(epochs - short):
            model.train(mode)
            for inputs, labels in batches(getattr(digits, split), batch_size, generator if order else None):
                loss = F.cross_entropy(model(inputs), labels.roll(turn))
                _ = clear and optimizer.zero_grad(), back and loss.backward(), step and optimizer.step()
            scores.append(accuracy(predict(model, seen), seen.labels))
        return scores[:last]
    return train

check_cross_entropy = Check(F.cross_entropy, draw=_batch, ask=_by_hand, mistakes={
    "that is PyTorch's own, which hides all that this exercise is about.": lambda logits, labels: F.cross_entropy(logits, labels),
    "the logarithm of a probability is negative, and a loss is not.": lambda logits, labels: _true(logits.softmax(1), labels).log().mean(),
    "a mean over the images of the batch is wanted, not their sum.": lambda logits, labels: -_true(logits.softmax(1), labels).log().sum(),
    "one number is wanted for the batch, the mean; this is one for each image.": lambda logits, labels: -_true(logits.softmax(1), labels).log(),
    "each image's ten probabilities have to add up to 1: sum along `dim=1`.": lambda logits, labels: -_true(logits.softmax(0), labels).log().mean(),
    "each image's ten have to add up to 1; here the whole batch's do.": lambda logits, labels: -_true(logits - logits.exp().sum().log(), labels).mean(),
    "only the true label's probability counts, and this takes the mean over all ten.": lambda logits, labels: -logits.log_softmax(1).mean(),
    "the probability of the *true* label counts, not the largest one.": lambda logits, labels: -logits.softmax(1).amax(1).log().mean(),
    "the mean of the logarithms, not the logarithm of the mean.": lambda logits, labels: -_true(logits.softmax(1), labels).mean().log(),
    "these are logits; make probabilities of them first.": lambda logits, labels: -_true(logits, labels).mean()})
check_slope = Check(lambda w, x: x / (1 + math.exp(-w * x)), note="It is (p − truth) · x again: what was said, minus what is true, times the input.",
    draw=lambda rng: (round(rng.uniform(-2, 2), 2), round(rng.choice([-1, 1]) * rng.uniform(0.3, 2), 2)), mistakes={
        "that is the slope for the other label, as above.": lambda w, x: -x / (1 + math.exp(w * x)),
        "the sign is wrong: which way does the loss go when w grows a little?": lambda w, x: -x / (1 + math.exp(-w * x)),
        "the first node is missing: how fast does z grow with w?": lambda w, x: 1 / (1 + math.exp(-w * x)),
        "the middle node is missing: how fast does p grow with z?": lambda w, x: x * (1 + math.exp(w * x)),
        "the last node is missing: how fast does the loss grow with p?": lambda w, x: x / (1 + math.exp(-w * x)) / (1 + math.exp(w * x)),
        "that is the loss itself; its slope is wanted.": lambda w, x: math.log(1 + math.exp(w * x))})
check_loop = Check(lambda: 0, ask=_loop_fault, cases=1, note="It takes a step for every batch of every epoch, and only looks at the validation images.", mistakes={
    "no step is ever made, so nothing is learned: `optimizer.step()` makes one.": _loop(step=False),
    "the steps find no gradients: `loss.backward()` computes them.": _loop(back=False),
    "a step is made on images that are not training images. Validation images are for looking only.": _loop(split="validation"),
    "not every training image is seen exactly once in each of `epochs` epochs.": _loop(short=1),
    "every epoch has the same order. Hand the generator to `batches`, and do not seed it anew.": _loop(order=False),
    "the gradients are not cleared, so each step also follows those of all batches before.": _loop(clear=False),
    "a gradient is not that of the mean cross-entropy of one batch and its own labels.": _loop(turn=1),
    "`predict` switches the model to evaluation; `model.train()` has to switch it back in every epoch.": _loop(mode=False),
    "return a list with one accuracy for each epoch.": _loop(last=1),
    "the last of your numbers is not the accuracy, 0 to 1, on the validation images after the last epoch.": _loop(score="train")})
check_faults = Check(lambda: 3, cases=1, note="None of the three raises an error. Such faults are found by reading, and by knowing what to expect.",
    ask=lambda given: ... if any(one is ... for one in given) else sum(int(one) == right for one, right in zip(given, (4, 5, 1), strict=True)),
    mistakes={"two of the three are right.": [4, 5, 3], "one of the three is right.": [1, 5, 4], "none of the three is right.": [5, 4, 2]})

# Lesson 4
def _tail(n, least): return sum(math.comb(n, k) for k in range(least, n + 1)) / 2**n

def _paired(rng): return (a := rng.randint(8, 40)), a if rng.random() < 0.15 else max(a + rng.choice([-9, -7, -4, 3, 5, 8]), 1)

def _confusion(rng): return np.random.default_rng(rng.randrange(10**6)).integers(1, 90, (10, 10)), rng.randrange(10)

check_images_needed = Check(lambda share, half: 1.96**2 * share * (1 - share) / half**2, tolerance=0.03,
    draw=lambda rng: (share := round(rng.uniform(0.8, 0.98), 3), round((1 - share) * rng.uniform(0.05, 0.2), 5)), mistakes={
        "95 % reach 1.96 standard errors to either side, not one.": lambda share, half: share * (1 - share) / half**2,
        "`half` is the reach to one side, not the whole width.": lambda share, half: 4 * 1.96**2 * share * (1 - share) / half**2,
        "`half` is the reach to one side already; do not double it.": lambda share, half: 1.96**2 * share * (1 - share) / (2 * half) ** 2,
        "the reach falls with the square root of the number of images.": lambda share, half: 1.96 * math.sqrt(share * (1 - share)) / half})
check_p_value = Check(lambda a, b: min(1, 2 * _tail(a + b, max(a, b))), draw=_paired, note="SciPy's `binomtest` counts the same.", mistakes={
        "this counts one side. A split as lopsided in favor of the other network would surprise as much.": lambda a, b: _tail(a + b, max(a, b)),
        "this counts one side, and always the first network's.": lambda a, b: _tail(a + b, a),
        "this is the chance of exactly this split. Count the more lopsided ones as well.": lambda a, b: math.comb(a + b, a) / 2 ** (a + b),
        "the split that was seen counts too: *at least* as lopsided.": lambda a, b: min(1, 2 * _tail(a + b, max(a, b) + 1)),
        "nearly, but for equal counts your probability is above 1: the two sides share the middle.": lambda a, b: 2 * _tail(a + b, max(a, b))})
check_precision = Check(lambda confusion, digit: confusion[digit, digit] / confusion[:, digit].sum(), draw=_confusion, mistakes={
        "that is the recall: of all images *of* the digit, the share read so. Here, of all that are *read* as it.": lambda c, d: c[d, d] / c[d].sum(),
        "divide by what was read as this digit, not by all images.": lambda c, d: c[d, d] / c.sum(),
        "divide by everything that was read as the digit, right readings too.": lambda c, d: c[d, d] / (c[:, d].sum() - c[d, d]),
        "that is the share of wrong readings.": lambda c, d: 1 - c[d, d] / c[:, d].sum()})
check_best_threshold = Check(lambda wrong_cost, look_cost: 1 - look_cost / wrong_cost, note="With 100 and 1 that is 0.99.",
    draw=lambda rng: (wrong := rng.randint(5, 500), round(wrong * rng.uniform(0.02, 0.7), 2)), mistakes={
        "that is the risk of a mistake at which both cost the same. The confidence is what is left.": lambda wrong, look: look / wrong,
        "an answer costs `wrong_cost` only when it is wrong; a look costs `look_cost` always.": lambda wrong, look: wrong / (wrong + look),
        "the wrong way round: the more a mistake costs, the *higher* the threshold.": lambda wrong, look: 1 - wrong / look,
        "as a probability, 0 to 1.": lambda wrong, look: 100 * (1 - look / wrong)})

# Lesson 5
def _filled(rng, *layers):
    for parameter in (model := nn.Sequential(*layers)).parameters():  # biases far apart, so that some channels are dead, others silent now and then
        parameter.data = Tensor([rng.gauss(0, 1 if parameter.dim() > 1 else 9) for _ in range(parameter.numel())]).view_as(parameter)
    return model

def _pixels(rng, *shape): return Tensor([max(rng.gauss(-0.2, 1), -0.4) for _ in range(math.prod(shape))]).view(shape) * rng.uniform(0.8, 1.5)

def _convolutions(rng):
    model = _filled(rng, nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 12, 3), nn.ReLU(), nn.Conv2d(12, 9, 3))
    return model, model[2], _pixels(rng, 5, 1, 10, 10)

def _dead(answer, model, layer, inputs):
    count, hooks = answer(model, layer, inputs), [h for part in model.modules() for h in (part._forward_hooks, part._forward_pre_hooks)]
    left = any(hooks) and count is not None and count is not ...
    for hook in hooks:
        hook.clear()
    return -1 if left else count

def _center(cell, layers, order=-1, half=0.5):
    for kernel_size, stride in layers[::order]:
        cell = stride * cell + half * (kernel_size - 1)
    return cell

def _kept(image, ranking, count, blank=None):
    best = (ranking >= ranking.flatten().topk(count).values[-1]).view_as(image)
    return torch.where(best, image, torch.full_like(image, image.min().item() if blank is None else blank))

def _a_reader(rng):
    model = _filled(rng, nn.Flatten(), nn.Linear(64, 12), nn.Tanh(), nn.Linear(12, 10))
    return model, _pixels(rng, 1, 8, 8), rng.randrange(10), rng.uniform(0.05, 0.2), rng.randint(3, 8)

def _steer(model, image, target, size, steps, sign=torch.sign, bounded=True, anew=True, score=F.cross_entropy):
    now, gradient = image, None
    for _ in range(steps):
        at = now.detach().requires_grad_()
        gradient = torch.autograd.grad(score(model(at[None]), torch.tensor([target])), at)[0] if anew or gradient is None else gradient
        now = (now - size * sign(gradient)).clamp(image.min(), image.max()) if bounded else now - size * sign(gradient)
    return now

check_dead_channels = Check(lambda model, layer, x: (model[:3](x).amax((0, 2, 3)) <= 0).sum(), draw=_convolutions, ask=_dead, mistakes={
    "your function leaves a hook behind.": lambda model, layer, x: layer.register_forward_hook(lambda *given: None) and 0,
    "this looks at the first image only. Silent for one image is not dead.": lambda model, layer, x: (model[:3](x)[0].amax((1, 2)) <= 0).sum(),
    "this counts what is silent for *some* image. Dead is silent for all.": lambda model, layer, x: (model[:3](x).amax((2, 3)) <= 0).any(0).sum(),
    "these are the channels that respond.": lambda model, layer, x: (model[:3](x).amax((0, 2, 3)) > 0).sum(),
    "before the ReLU, a dead channel is not 0 but *at most* 0.": lambda model, layer, x: (model[:3](x).amax((0, 2, 3)) == 0).sum(),
    "a mean below 0 is not silence. The highest value decides.": lambda model, layer, x: (model[:3](x).mean((0, 2, 3)) <= 0).sum()})
check_center = Check(_center, draw=lambda rng: (rng.randint(1, 9), [(rng.randint(2, 5), rng.randint(1, 3)) for _ in range(rng.randint(1, 3))] + [(4, 2)]), mistakes={
    "go from the last layer down to the image; `layers` begins at the image.": lambda cell, layers: _center(cell, layers, order=1),
    "this is where the cell's view begins. Its center lies farther on.": lambda cell, layers: _center(cell, layers, half=0),
    "the middle of the entries 0, 1, 2 is 1, not 1.5.": lambda cell, layers: _center(cell, [(k + 1, s) for k, s in layers]),
    "do not round: a kernel of even size has its middle between two entries.": lambda cell, layers: _center(cell, [(k - 1 + k % 2, s) for k, s in layers]),
    "the strides are missing. Each one stretches what lies above it.": lambda cell, layers: _center(cell, [(k, 1) for k, _ in layers])})
check_kept_pixels = Check(_kept, draw=lambda rng: (_pixels(rng, 1, 28, 28), _pixels(rng, 28, 28) + torch.arange(784).view(28, 28) * 1e-5, rng.randint(20, 300)), cases=8,
    ask=lambda answer, image, ranking, count: answer(image.clone(), ranking.clone(), count), mistakes={
        "0 is not background. In a normalized image, background is the smallest value.": lambda *case: _kept(*case, blank=0),
        "these are the pixels ranked lowest.": lambda image, ranking, count: _kept(image, -ranking, count),
        "one pixel too few stays.": lambda image, ranking, count: _kept(image, ranking, count - 1),
        "this deletes the best pixels. Here they are the only ones that stay.": lambda image, ranking, count: _kept(image, -ranking, 784 - count),
        "this keeps the pixels with most ink. `ranking` has to decide.": lambda image, ranking, count: _kept(image, image[0], count)})
check_steered = Check(_steer, draw=_a_reader, ask=lambda answer, model, image, *rest: answer(model, image.clone(), *rest), cases=8, mistakes={
    "this moves *away* from the target: its loss rises.": lambda *case: _steer(*case, sign=lambda gradient: -gradient.sign()),
    "some pixels leave the range of the original image.": lambda *case: _steer(*case, bounded=False),
    "after a step the image is another one. Take the gradient there, not at the original.": lambda *case: _steer(*case, anew=False),
    "this takes one step only.": lambda *case: _steer(*case[:4], 1),
    "every pixel moves by `size`, however small its gradient: take the sign.": lambda *case: _steer(*case, sign=lambda gradient: gradient),
    "this raises the target's logit, whatever happens to the others. The loss weighs all ten.": lambda *case: _steer(*case, score=lambda z, y: -z[0, y[0]])})

# fmt: on
