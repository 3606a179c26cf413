"""Each exercise: the solution passes, the untouched starter does not, and plausible wrong answers are told apart."""

import contextlib
import io
import math
import re
from pathlib import Path

import nbformat
import pytest
import torch
import torch.nn.functional as F  # noqa: F401  (solutions use it)

from mnist_helpers import data, exercises
from mnist_helpers.evaluation import wilson_interval
from mnist_helpers.model import CNN, seeded
from mnist_helpers.visualization import record

LESSONS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("0[1-5]_*.ipynb"))


def found_exercises():
    """(lesson, starter, check, solution) of each exercise, in the order of the lessons."""
    for lesson in LESSONS:
        cells = nbformat.read(lesson, 4).cells
        for number, cell in enumerate(cells):
            if "exercise-starter" in cell.metadata.get("tags", ()):
                assert "### Exercise" in cells[number - 1].source, "a prompt stands before the starter"
                folded = cells[number + 2].source
                assert folded.count("<details>") == folded.count("</details>") == 2
                solution = re.search(r"Solution</summary>\n\n```python\n(.*?)```", folded, re.DOTALL).group(1)
                yield pytest.param(
                    cell.source, cells[number + 1].source, solution, id=f"{lesson.stem}-{number}"
                )


@pytest.fixture(scope="module")
def names():
    """What the cells before an exercise have defined."""
    digits = data._practice_digits(())
    return {
        **vars(exercises), "torch": torch, "F": F, "math": math, "record": record,
        "wilson_interval": wilson_interval, "digits": digits, "model": seeded(CNN, 0),
    }  # fmt: skip


def said(code, names):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, dict(names))
    return printed.getvalue().strip()


@pytest.mark.parametrize(("starter", "check", "solution"), list(found_exercises()))
def test_solution_passes_and_starter_is_not_begun(starter, check, solution, names):
    assert said(f"{starter}\n{check}", names) == "Not solved yet."
    assert said(f"{starter}\n{solution}\n{check}", names).startswith("Right.")


WRONG = {
    "check_class_mean": [
        ("lambda images, labels, digit: images.float().mean(dim=0)", "mean of all images"),
        ("lambda images, labels, digit: images[labels == digit].float().mean()", "shape"),
        ("lambda images, labels, digit: images[labels == digit].float().median(dim=0).values", "the numbers are not"),
    ],
    "check_unnormalize": [
        ("lambda inputs, mean, std: (inputs * std + mean) * 255", "uint8"),
        ("lambda inputs, mean, std: ((inputs * std + mean) * 255 - 0.01).to(torch.uint8)", "round"),
        ("lambda inputs, mean, std: ((inputs + mean) * std * 255).round().clamp(0, 255).to(torch.uint8)", "reverse"),
    ],
    "check_output_size": [
        ("lambda size, kernel_size, padding, stride: (size + padding - kernel_size) // stride + 1", "padding 2"),
        ("lambda size, kernel_size, padding, stride: size + 2 * padding - kernel_size + 1", "stride 2"),
    ],
    "check_parameters": [("64 * 32 * 9", "biases"), ("64 * 9 + 64", "all 32 channels"), ("100", "fewer")],
    "check_kernel": [
        ("torch.tensor([[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]])", "quarter"),
        ("torch.tensor([[1.0, 0, -1]] * 3)", "signs"),
        ("torch.ones(3, 3)", "even ink"),
        ("torch.ones(2, 2)", "shape"),
    ],
    "check_cross_entropy": [
        ("lambda logits, labels: logits.softmax(1)[torch.arange(6), labels].log().mean()", "sign"),
        ("lambda logits, labels: -logits.softmax(1)[torch.arange(6), labels].log().sum()", "mean"),
        ("lambda logits, labels: 1 - logits.softmax(1)[torch.arange(6), labels].mean()", "should be"),
        ("lambda logits, labels: -logits.softmax(1)[torch.arange(6), labels].log()", "one number"),
    ],
    "check_steps": [("3 * (55_000 // 128)", "smaller batch"), ("430", "one epoch"), ("1289", "round up"), ("5", "not 5")],
    "check_images_needed": [("10_000", "reaches 0.20"), ("200_000", "More than needed"), ("'many'", "number")],
    "check_recall": [
        ("lambda confusion, digit: confusion[digit, digit] / confusion[:, digit].sum()", "Take the row"),
        ("lambda confusion, digit: confusion[digit, digit] / confusion.sum()", "not by all"),
        ("lambda confusion, digit: confusion[digit, digit]", "ten images"),
    ],
    "check_dead_channels": [
        ("lambda maps: (maps.amax(dim=(2, 3)) == 0).any(dim=0).sum()", "another"),
        ("lambda maps: (maps.amax(dim=(0, 2, 3)) > 0).sum()", "alive"),
        ("lambda maps: (maps == 0).sum()", "two are dead"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("check", "answer", "word"), [(c, *wrong) for c, many in WRONG.items() for wrong in many]
)
def test_wrong_answers_are_told_apart(check, answer, word, names):
    sentence = said(f"{check}({answer})", names)
    assert word in sentence and not sentence.startswith(("Right", "Not solved"))


def test_wrong_hooks_are_told_apart_and_cleaned_away(names):
    leaves = (
        "def mean_output(model, layer, inputs):\n"
        "    outputs = []\n"
        "    layer.register_forward_hook(lambda *given: outputs.append(given[2]))\n"
        "    model(inputs)\n"
        "    return outputs[0].mean()\n"
    )
    other = "def mean_output(model, layer, inputs):\n    return model(inputs).mean()\n"
    check = "check_hooked_mean(mean_output, model, digits.test)"
    assert "hook is still there" in said(leaves + check, names)
    assert not names["model"].conv2._forward_hooks
    assert "output of that layer" in said(other + check, names)


def test_every_check_has_wrong_answers():
    checks = {name for name in vars(exercises) if name.startswith("check_")}
    assert checks - {"check_hooked_mean"} == set(WRONG)
    assert all(len(answers) >= 2 for answers in WRONG.values())


def test_a_check_never_raises(names):
    assert "stopped with ZeroDivisionError" in said("check_output_size(lambda *given: 1 / 0)", names)
