"""One check for each exercise. A check answers in a sentence: right, or what about the answer is wrong.

A check never raises: an answer that fails is told so, and one that has not been begun is "not solved yet".
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_helpers.data import Split, normalize
from mnist_helpers.evaluation import wilson_interval
from mnist_helpers.model import CNN

NOT_YET = "Not solved yet."
RIGHT = "Right."


def checked(check: Callable[..., str]) -> Callable[..., None]:
    """Make a check that returns a sentence into one that prints it, whatever happens in the reader's code."""

    def run(*answer) -> None:
        try:
            sentence = NOT_YET if any(part is ... or part is None for part in answer) else check(*answer)
        except Exception as error:
            sentence = f"Your code stopped with {type(error).__name__}: {error}"
        print(sentence)

    run.__name__, run.__doc__ = check.__name__, check.__doc__
    return run


def _number(value: object) -> float | None:
    """A number or a tensor with one entry as a float, anything else as None."""
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


# Lesson 1


@checked
def check_class_mean(answer: Callable) -> str:
    """`answer(images, labels, digit)`: the mean image of one class, float (1, 28, 28), 0 to 255."""
    images = torch.randint(
        256, (30, 1, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )
    labels = torch.arange(30) % 3
    got = answer(images, labels, 2)
    if got is None or got is ...:
        return NOT_YET
    if not isinstance(got, Tensor) or got.shape != (1, 28, 28):
        shape = tuple(getattr(got, "shape", ())) or type(got).__name__
        return f"Not quite: the mean image has the shape (1, 28, 28), yours is {shape}. Average over the images only."
    if torch.allclose(got.float(), images.float().mean(dim=0)):
        return "Not quite: this is the mean of all images. Choose those with the label first."
    if not torch.allclose(got.float(), images[labels == 2].float().mean(dim=0), atol=0.01):
        return "Not quite: the shape is right, the numbers are not. Is it the mean, and of the right images?"
    return RIGHT


@checked
def check_unnormalize(answer: Callable) -> str:
    """`answer(inputs, mean, std)`: undo `normalize`, back to uint8."""
    images = torch.arange(256, dtype=torch.uint8).repeat(4)[: 28 * 28].view(1, 1, 28, 28)
    got = answer(normalize(images, 0.13, 0.31), 0.13, 0.31)
    if got is None or got is ...:
        return NOT_YET
    if not isinstance(got, Tensor):
        return f"Not quite: a tensor is expected, yours is a {type(got).__name__}."
    if got.dtype != torch.uint8:
        return f"Not quite: pixels are uint8, yours are {got.dtype}."
    difference = (got.int() - images.int()).abs().max().item()
    if difference == 1:
        return "Almost: some pixels are one too small. Converting to uint8 cuts off; round first."
    if difference:
        return "Not quite: the pixels do not come back. Undo the steps of `normalize` in reverse order."
    return RIGHT


# Lesson 2


@checked
def check_output_size(answer: Callable) -> str:
    """`answer(size, kernel_size, padding, stride)`: how many places the kernel can stand at, along one side."""
    cases = [(28, 3, 0, 1), (28, 5, 2, 1), (28, 3, 1, 2), (7, 2, 0, 2), (28, 5, 0, 3)]
    for size, kernel_size, padding, stride in cases:
        image, kernel = torch.zeros(1, 1, size, size), torch.zeros(1, 1, kernel_size, kernel_size)
        expected = F.conv2d(image, kernel, padding=padding, stride=stride).shape[-1]
        got = answer(size, kernel_size, padding, stride)
        if got is None or got is ...:
            return NOT_YET
        if got != expected:
            about = f"{size} pixels, kernel {kernel_size}, padding {padding}, stride {stride}"
            return f"Not quite: {about} give {expected}, yours says {got}."
    return f"{RIGHT} It agrees with PyTorch in all {len(cases)} cases."


@checked
def check_parameters(answer: object) -> str:
    """A number: the parameters of a convolution from 32 channels to 64, with kernels of 3×3 and biases."""
    expected = sum(parameter.numel() for parameter in nn.Conv2d(32, 64, 3).parameters())
    got = _number(answer)
    if got is None or got is ...:
        return "Not quite: a number is expected."
    if got == expected - 64:
        return "Almost: the biases are missing, one for each output channel."
    if got == 64 * 3 * 3 + 64:
        return "Not quite: each kernel looks at all 32 channels at once, so it has more than 9 weights."
    return (
        RIGHT
        if got == expected
        else f"Not quite: {got:,.0f} is {'more' if got > expected else 'fewer'} than there are."
    )


@checked
def check_kernel(answer: Tensor) -> str:
    """A kernel, (3, 3), that answers positively where it is brighter on the right, and not to lower edges."""
    kernel = torch.as_tensor(answer, dtype=torch.float32)
    if kernel.shape != (3, 3):
        return f"Not quite: a kernel of shape (3, 3) is expected, yours is {tuple(kernel.shape)}."
    right = torch.tensor([[0.0, 0.5, 1.0]] * 3)
    if not kernel.any():
        return NOT_YET
    if (kernel * torch.ones(3, 3)).sum().abs() > 1e-6:
        return "Not quite: it also answers inside even ink. Its weights should add up to 0."
    if (kernel * right.T).sum().abs() > 1e-6:
        return "Not quite: it answers when it gets brighter on the way down. Turn it by a quarter."
    if (kernel * right).sum() < 0:
        return "Almost: it answers negatively to what is brighter on the right. Flip the signs."
    return (
        RIGHT
        if (kernel * right).sum() > 0
        else "Not quite: it does not answer when it gets brighter to the right."
    )


# Lesson 3


@checked
def check_cross_entropy(answer: Callable) -> str:
    """`answer(logits, labels)`: the mean cross-entropy of a batch, without PyTorch's own."""
    logits = torch.randn(6, 10, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([3, 1, 4, 1, 5, 9])
    got = answer(logits, labels)
    if got is None or got is ...:
        return NOT_YET
    number, expected = _number(got), F.cross_entropy(logits, labels).item()
    if number is None:
        return "Not quite: one number for the whole batch is expected."
    if math.isclose(number, -expected, rel_tol=1e-4):
        return "Almost: the sign. A loss is positive."
    if math.isclose(number, 6 * expected, rel_tol=1e-4):
        return "Almost: this is the sum over the batch. Take the mean."
    if not math.isclose(number, expected, rel_tol=1e-4):
        return f"Not quite: for a test batch it should be {expected:.3f}, yours is {number:.3f}."
    if not math.isfinite(_number(answer(1_000 * logits, labels)) or math.nan):
        return f"{RIGHT} (With very large logits it overflows. PyTorch's subtracts the largest logit first.)"
    return RIGHT


@checked
def check_steps(answer: object) -> str:
    """A number: the steps of three epochs over 55,000 images in batches of 128."""
    got, expected = _number(answer), 3 * math.ceil(55_000 / 128)
    if got is None or got is ...:
        return "Not quite: a number is expected."
    if got == 3 * (55_000 // 128):
        return "Almost: the last, smaller batch of each epoch is a step, too."
    if got == math.ceil(55_000 / 128):
        return "Not quite: that is one epoch."
    if abs(got - 3 * 55_000 / 128) < 1 and got != expected:
        return "Almost: round up for each epoch, for an epoch ends with its own smaller batch."
    return (
        RIGHT
        if got == expected
        else f"Not quite: it is not {got:,.0f}. How many batches are there in one epoch?"
    )


# Lesson 4


@checked
def check_images_needed(answer: object) -> str:
    """A number: test images for a 95 % interval of at most 0.1 points to either side, at an accuracy of 99 %."""
    got = _number(answer)
    if got is None or got is ...:
        return "Not quite: a number is expected."
    total = int(got)
    if total < 1:
        return "Not quite: a number of images is expected."
    low, high = wilson_interval(0.99 * total, total)
    half = 100 * (high - low) / 2
    if half > 0.102:
        return f"Not quite: with {total:,} images the interval reaches {half:.2f} points to either side."
    if half < 0.098:
        return f"More than needed: with {total:,} images the interval reaches only {half:.3f} points to either side."
    return (
        f"{RIGHT} With {total:,} images it is {half:.3f} points: four times as many images halve an interval."
    )


@checked
def check_recall(answer: Callable) -> str:
    """`answer(confusion, digit)`: of the images of a digit, the share that is read as it."""
    confusion = torch.tensor([[8, 2, 0], [1, 5, 4], [0, 0, 10]])
    for matrix in (confusion, confusion.numpy()):
        got = answer(matrix, 1)
        if got is None or got is ...:
            return NOT_YET
        number = _number(float(got))
        if number is not None and math.isclose(number, 5 / 7, rel_tol=1e-4):
            return (
                "Not quite: this is the share of what was read as the digit that is really it. Take the row."
            )
        if number is not None and math.isclose(number, 5 / 30, rel_tol=1e-4):
            return "Not quite: divide by the images of this digit, not by all."
        if number is None or not math.isclose(number, 0.5, rel_tol=1e-4):
            return f"Not quite: of ten images of a digit five are read as it, and yours says {got}."
    return RIGHT


# Lesson 5


@checked
def check_dead_channels(answer: Callable) -> str:
    """`answer(maps)`: how many channels of (N, C, H, W) are 0 in every image and place."""
    maps = torch.rand(4, 6, 5, 5, generator=torch.Generator().manual_seed(0)) + 0.1
    maps[:, 2] = 0
    maps[:, 4] = 0
    maps[0, 5] = 0
    got = answer(maps)
    if got is None or got is ...:
        return NOT_YET
    number = _number(got)
    if number is None:
        return "Not quite: one number is expected."
    if number == 3:
        return "Not quite: a channel that is silent for one image may speak for another. It must be 0 for all of them."
    if number == 4:
        return "Not quite: that is how many are alive."
    return (
        RIGHT
        if number == 2
        else f"Not quite: of six channels two are dead in the test, and yours says {number:g}."
    )


@checked
def check_hooked_mean(answer: Callable, model: CNN, split: Split) -> str:
    """`answer(model, layer, inputs)`: the mean of what a layer puts out; the hook is removed afterwards."""
    inputs = normalize(split.images[:8], split.mean, split.std)
    hooks = len(model.conv2._forward_hooks)
    got = answer(model, model.conv2, inputs)
    left = len(model.conv2._forward_hooks) - hooks
    for hook in list(model.conv2._forward_hooks)[hooks:]:
        del model.conv2._forward_hooks[hook]
    if got is None or got is ...:
        return NOT_YET
    number = _number(got)
    if number is None:
        return "Not quite: one number is expected."
    if left:
        return "Almost: the hook is still there. Remove it, or let `record` do it."
    with torch.no_grad():
        expected = model.conv2(F.relu(F.max_pool2d(model.conv1(inputs), 2))).mean().item()
    if not math.isclose(number, expected, rel_tol=1e-3, abs_tol=1e-4):
        return (
            f"Not quite: the mean is {expected:.4f}, yours is {number:.4f}. Is it the output of that layer?"
        )
    return RIGHT
