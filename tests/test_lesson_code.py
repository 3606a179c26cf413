"""The network, the loop, the measures and the maps, against references."""

import math

import pytest
import torch
from scipy.stats import binomtest
from torch import nn

from mnist_helpers import data
from mnist_helpers.data import Split, WalkthroughError
from mnist_helpers.evaluation import expected_calibration_error, fit_temperature, reliability, wilson_interval
from mnist_helpers.figures import draw_curves, render
from mnist_helpers.model import CNN, DeepCNN, Dense, FastCNN, count_parameters, seeded
from mnist_helpers.recipes import RECIPES
from mnist_helpers.training import (
    accuracy,
    checkpoint_path,
    fast_dtype,
    fit,
    get_device,
    predict,
    save_checkpoint,
    trained_cnn,
)
from mnist_helpers.visualization import grad_cam, occlusion_map, record, saliency


@pytest.fixture(scope="module")
def digits():
    return data._practice_digits(())


@pytest.fixture
def few(digits):
    return data.replace(digits, train=digits.train[:1_000])


@pytest.fixture
def checkpoints(monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_CHECKPOINTS", str(tmp_path))
    return tmp_path


def test_networks_have_the_promised_size():
    assert count_parameters(CNN()) == 80_202
    assert count_parameters(Dense()) == 80_305
    assert any(isinstance(layer, nn.Conv2d) for layer in CNN().modules())
    images = torch.zeros(3, 1, 28, 28)
    assert count_parameters(FastCNN()) == 29_722
    assert count_parameters(DeepCNN()) == 77_938
    assert all(network()(images).shape == (3, 10) for network in (CNN, Dense, FastCNN, DeepCNN))


def test_seeded_depends_on_the_seed_alone_and_leaves_global_state():
    state = torch.random.get_rng_state()
    one, same, other = seeded(CNN, 1), seeded(CNN, 1), seeded(CNN, 2)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(one.conv1.weight, same.conv1.weight)
    assert not torch.equal(one.conv1.weight, other.conv1.weight)


def test_fit_learns_practice_digits(digits):
    model = seeded(CNN, 0)
    history = fit(model, digits)
    assert len(history.loss) == len(history.learning_rate) == 2 * math.ceil(12_000 / 256)
    assert len(history.validation_accuracy) == 2 and history.seconds > 0
    assert accuracy(predict(model, digits.test), digits.test.labels) > 0.95


def test_fit_repeats_itself_and_reports_each_step(few):
    seen = []
    runs = [seeded(CNN, 0), seeded(CNN, 0)]
    histories = [fit(model, few, epochs=1, after_step=seen.append) for model in runs]
    assert histories[0].loss == histories[1].loss
    assert torch.equal(runs[0].output.weight, runs[1].output.weight)
    assert seen == [1, 2, 3, 4] * 2
    constant = fit(seeded(CNN, 0), few, epochs=1, schedule=False).learning_rate
    assert set(constant) == {0.01} and histories[0].learning_rate[-1] < 1e-4


def test_recipes_learn_what_the_lessons_cnn_learns(digits):
    """Each recipe on practice digits, most of them for one epoch, well above the nearest mean's nine in ten."""
    for recipe in RECIPES:
        short = data.replace(recipe, arguments=dict(recipe.arguments) | {"epochs": 1}, share=1.0)
        model, history = short.train(digits, seed=0)
        assert len(history.validation_accuracy) == 1 and history.recipe["epochs"] == 1
        assert accuracy(predict(model, digits.test), digits.test.labels) > 0.93, recipe.name


def test_a_part_of_an_epoch_is_the_first_images(digits):
    quarter = next(recipe for recipe in RECIPES if recipe.share == 0.25)
    part = quarter.part(digits)
    assert len(part.train) == len(digits.train) // 4 and part.train.mean == digits.train.mean
    assert part.validation is digits.validation


def test_fast_dtype_is_one_of_two_and_fit_keeps_the_weights_in_float32(few):
    assert fast_dtype(get_device()) in (torch.float32, torch.bfloat16)
    model = seeded(FastCNN, 0)
    fit(model, few, epochs=1, dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_curves_of_a_training_that_was_stopped_early_are_drawn():
    axes = draw_curves({"validation": (range(1, 1), []), "loss": ([1], [2.3])}, "epoch", "right (%)")
    assert "validation: nothing yet" in render(axes)[1]


def test_accuracy_counts_the_last_uneven_batch(digits):
    model = seeded(CNN, 0)
    split = Split(
        digits.train.images[:1_234], digits.train.labels[:1_234], digits.train.mean, digits.train.std
    )
    logits = predict(model, split)
    assert logits.shape == (1_234, 10)
    assert accuracy(logits, split.labels) == (logits.argmax(1) == split.labels).sum().item() / 1_234


def test_checkpoint_comes_back_as_it_was(few, checkpoints):
    model = seeded(CNN, 3)
    history = fit(model, few, epochs=1)
    assert save_checkpoint(model, history, few) == checkpoint_path() == checkpoints / "cnn.safetensors"
    loaded, loaded_history, told = trained_cnn(few)
    assert torch.equal(predict(loaded, few.test), predict(model, few.test))
    assert loaded_history == history and "read from the checkpoint" in told


def test_without_a_fitting_checkpoint_the_network_is_trained(few, checkpoints):
    _, history, told = trained_cnn(few)
    assert "no checkpoint" in told and history.loss
    save_checkpoint(seeded(CNN, 0), history, data.replace(few, is_mnist=True))
    before = checkpoint_path().read_bytes()
    _, _, told = trained_cnn(few)
    assert "trained on MNIST" in told and checkpoint_path().read_bytes() == before


def test_damaged_checkpoint_is_named(few, checkpoints):
    for content in (b"", b"no weights", b"PK\x03\x04 half"):
        checkpoint_path().write_bytes(content)
        with pytest.raises(WalkthroughError, match="cnn.safetensors is not a whole checkpoint"):
            trained_cnn(few)
        assert checkpoint_path().read_bytes() == content


@pytest.mark.parametrize(("correct", "total"), [(0, 10), (7, 10), (9_921, 10_000), (10_000, 10_000)])
def test_wilson_interval_equals_scipy(correct, total):
    library = binomtest(correct, total).proportion_ci(method="wilson")
    assert wilson_interval(correct, total) == pytest.approx((library.low, library.high), abs=1e-4)


def test_calibration_of_answers_that_are_too_sure():
    """Ten answers at 90 %, five of them right: the gap is 0.4, and a temperature above 1 closes it."""
    logits = torch.zeros(10, 10)
    logits[:, 0] = math.log(0.9 / (0.1 / 9))
    labels = torch.tensor([0] * 5 + [1] * 5)
    confidence, right, count = reliability(logits, labels)
    assert (count.tolist(), right.tolist()) == ([10], [0.5])
    assert confidence.item() == pytest.approx(0.9, abs=1e-5)
    assert expected_calibration_error(logits, labels) == pytest.approx(0.4, abs=1e-5)
    temperature = fit_temperature(logits, labels)
    assert temperature > 1.2
    assert expected_calibration_error(logits / temperature, labels) < 0.2


def test_record_removes_its_hook_even_after_an_error():
    model = CNN()
    with pytest.raises(ZeroDivisionError), record(model.conv1) as outputs:
        model(torch.zeros(1, 1, 28, 28))
        raise ZeroDivisionError
    assert len(outputs) == 1 and not model.conv1._forward_hooks


class LooksAtOnePixel(nn.Module):
    """Says 1 as strongly as the pixel in row 10, column 20 is dark, and 0 otherwise."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, kernel_size=1, bias=False)
        nn.init.ones_(self.conv.weight)

    def forward(self, images):
        one = 5 * self.conv(images)[:, 0, 10, 20]
        return torch.stack([torch.zeros_like(one), one], dim=1)


def test_maps_find_the_one_pixel_that_matters():
    image = torch.zeros(1, 28, 28)
    image[0, 10, 20] = 1
    model = LooksAtOnePixel()
    occlusion = occlusion_map(model, image, label=1, size=3)
    lost = (occlusion > 0.1).nonzero()
    assert lost.min(0).values.tolist() == [9, 19] and lost.max(0).values.tolist() == [11, 21]
    assert saliency(model, image, label=1).nonzero().tolist() == [[10, 20]]
    cam = grad_cam(model, model.conv, image, label=1)
    assert divmod(int(cam.argmax()), 28) == (10, 20)
