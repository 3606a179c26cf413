"""The pictures behind the explorers, called as plain functions, and what an explorer stores for a reader."""

import time
from unittest.mock import patch

import pytest
import torch

from mnist_helpers import data, figures, widgets
from mnist_helpers.data import WalkthroughError, check_settings
from mnist_helpers.model import CNN, seeded
from mnist_helpers.training import fit, predict

LIMIT = 0.2  # seconds for one answer


@pytest.fixture(scope="module")
def digits():
    return data._practice_digits(())


@pytest.fixture(scope="module")
def model(digits):
    model = seeded(CNN, 0)
    fit(model, data.replace(digits, train=digits.train[:2_560]), epochs=1)
    return model


def pictures(digits, model):
    logits = predict(model, digits.test)
    weights = {f"weight_{number}": 1.0 for number in range(9)}
    return {
        "kernel": lambda: widgets.kernel_picture(digits.train.images, 3, **weights),
        "temperature": lambda: widgets.temperature_picture(logits, digits.test.labels, 1.5),
        "conv1": lambda: widgets.maps_picture(model, digits.test, "conv1", 3),
        "conv2": lambda: widgets.maps_picture(model, digits.test, "conv2", 3),
        "occlusion": lambda: widgets.occlusion_picture(model, digits.test, 3, 5),
    }


@pytest.mark.parametrize("name", ["kernel", "temperature", "conv1", "conv2", "occlusion"])
def test_picture_is_described_and_quick(name, digits, model):
    picture = pictures(digits, model)[name]
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        png, alt = figures.render(picture())
        seconds.append(time.perf_counter() - start)
    assert png.startswith(b"\x89PNG") and len(alt) > 40
    assert min(seconds) < LIMIT, f"{min(seconds):.2f} s at best"


def test_kernel_picture_shows_the_convolution(digits):
    weights = dict.fromkeys([f"weight_{number}" for number in range(9)], 0.0) | {"weight_4": 2.0}
    response = widgets.kernel_picture(digits.train.images, 3, **weights).axes[2].images[0].get_array()
    expected = 2 * digits.train.images[3, 0, 1:-1, 1:-1].float() / 255
    torch.testing.assert_close(torch.as_tensor(response.data, dtype=torch.float32), expected)


def test_short_run_reports_its_steps(digits):
    steps = []
    axes = widgets.short_run_picture(data.replace(digits, train=digits.train[:512]), 0.003, 128, steps.append)
    assert steps == [1, 2, 3, 4] and "learning rate 0.003" in axes.get_title()


def shown_by(explorer, *arguments):
    with patch.object(widgets, "display") as display:
        explorer(*arguments)
    (bundle,), options = display.call_args
    return bundle, options["metadata"]


def test_explorer_has_a_still_twin_and_answers_to_its_controls(digits, model):
    made = []
    original = widgets.ipywidgets.VBox

    def remember(children):
        made.append(original(children))
        return made[-1]

    with patch.object(widgets.ipywidgets, "VBox", remember):
        bundle, metadata = shown_by(widgets.explore_occlusion, model, digits.test)
    assert bundle["image/png"].startswith(b"\x89PNG") and "application/vnd.jupyter.widget-view+json" in bundle
    assert metadata["image/png"]["alt"] == bundle["text/plain"]
    digit, size, image = made[0].children
    assert bytes(image.value) == bundle["image/png"]
    size.value = 9
    assert bytes(image.value) != bundle["image/png"]
    digit.value = 10**9
    assert digit.value == len(digits.test) - 1


@pytest.mark.parametrize(
    "name", ["explore_kernel", "explore_short_run", "explore_temperature", "explore_maps"]
)
def test_other_explorers_are_shown(name, digits, model):
    small = data.replace(digits, train=digits.train[:512])
    arguments = {
        "explore_kernel": (digits, torch.eye(3)),
        "explore_short_run": (small,),
        "explore_temperature": (predict(model, digits.test), digits.test.labels),
        "explore_maps": (model, digits.test),
    }[name]
    bundle, _ = shown_by(getattr(widgets, name), *arguments)
    assert bundle["image/png"] and len(bundle["text/plain"]) > 40


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"batch_size": 0}, "batch_size cannot be 0: choose a whole number from 1"),
        ({"learning_rate": -0.1}, "learning_rate cannot be -0.1: choose a number above 0"),
        ({"learning_rate": float("nan")}, "learning_rate cannot be nan"),
        ({"digit_index": 12_000}, "digit_index cannot be 12000: choose a whole number from 0 to 11,999"),
        ({"digit_index": -1}, "from 0 to 11,999"),
        ({"kernel": torch.ones(2, 3)}, r"kernel cannot be a tensor of shape \(2, 3\)"),
        ({"epochs": 1.5}, "epochs cannot be 1.5"),
        ({"seeds": (0,)}, "two or more"),
        ({"followed_kernel": 16}, "from 0 to 15"),
        ({"embedded_images": 5}, "from 100"),
    ],
)
def test_settings_out_of_range_get_a_sentence(digits, settings, sentence):
    with pytest.raises(WalkthroughError, match=sentence) as raised:
        check_settings(digits.train, **settings)
    assert raised.value._render_traceback_() == [str(raised.value)]


def test_good_settings_pass(digits):
    check_settings(
        digits.train, digit_index=0, learning_rate=1, kernel=torch.eye(3), seeds=(0, 1), epochs=2, few=5
    )
