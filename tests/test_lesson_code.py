"""What the lessons write and the helper keeps, against references: networks, the loop, measures, maps."""

import math

import nbformat
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mnist_helpers.augmentation import resample
from mnist_helpers.evaluation import accuracy, predict, wilson_interval
from mnist_helpers.model import CNN, Dense, count_parameters, seeded
from mnist_helpers.training import checkpoint_path, fit, save_checkpoint, trained_cnn
from mnist_helpers.visualization import record
from mnist_lessons.networks import DeepCNN, elastic_grid, quantized, stored_bytes
from tools.kit.editions import definitions_of
from tools.paths import LESSONS


def test_networks_have_the_promised_size():
    images = torch.zeros(3, 1, 28, 28)
    for build, size in ((CNN, 80_202), (Dense, 80_305), (DeepCNN, 77_938)):
        assert count_parameters(build()) == size and build()(images).shape == (3, 10)


def test_seeded_depends_on_the_seed_alone_and_leaves_the_global_state():
    state = torch.random.get_rng_state()
    one, same, other = (seeded(CNN, seed).conv1.weight for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_predict_and_accuracy_count_the_last_uneven_batch(practice):
    model, split = seeded(CNN, 0), practice.train[:1_234]
    logits = predict(model, split)
    inputs = (split.images / 255 - split.mean) / split.std
    assert torch.allclose(logits, model(inputs), atol=1e-5)
    right = sum(int(row.argmax()) == int(label) for row, label in zip(logits, split.labels, strict=True))
    assert accuracy(logits, split.labels) == right / 1_234


def test_fit_learns_and_its_checkpoint_comes_back_as_it_was(practice, monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_CHECKPOINTS", str(tmp_path / "new"))
    digits = practice.with_train(practice.train[:3_000])
    model, history, sentence = trained_cnn(digits)
    assert "no checkpoint" in sentence and not checkpoint_path().exists()
    assert len(history.loss) == len(history.learning_rate) == 2 * math.ceil(3_000 / 256)
    assert len(history.validation_loss) == len(history.validation_accuracy) == 2 and history.finished
    validation, test = (predict(model, split) for split in (digits.validation, digits.test))
    assert history.validation_accuracy[1] == accuracy(validation, digits.validation.labels)
    assert accuracy(test, digits.test.labels) > 0.8
    assert "was saved" in save_checkpoint(model, history, digits)
    loaded, again, sentence = trained_cnn(digits)
    assert "read from the checkpoint" in sentence and vars(again) == vars(history)
    assert torch.equal(predict(loaded, digits.test), test)


def test_fit_repeats_itself_and_its_seed_orders_the_images(practice):
    digits = practice.with_train(practice.train[:500])
    one, same, other = (seeded(CNN, 0) for _ in range(3))
    losses = [fit(model, digits, seed=seed).loss for model, seed in ((one, 0), (same, 0), (other, 1))]
    assert losses[0] == losses[1] != losses[2]
    assert torch.equal(one.output.weight, same.output.weight)


def test_wilson_interval_is_that_of_his_paper():
    assert wilson_interval(20, 20) == pytest.approx((20 / (20 + 1.96**2), 1), abs=1e-4)


def test_record_removes_its_hook_even_after_an_error():
    model = CNN()
    with pytest.raises(ZeroDivisionError), record(model.conv1) as outputs:
        model(torch.zeros(1, 1, 28, 28))
        raise ZeroDivisionError
    assert len(outputs) == 1 and not model.conv1._forward_hooks


def test_maps_of_lesson_5_find_the_one_pixel_that_matters():
    lesson: dict = {}
    exec(definitions_of(nbformat.read(LESSONS[4], 4)), lesson)
    image = torch.zeros(1, 28, 28)
    image[0, 10, 20] = 1
    conv, linear = nn.Conv2d(1, 1, kernel_size=1, bias=False), nn.Linear(784, 2, bias=False)
    nn.init.ones_(conv.weight)
    linear.weight.data = torch.stack([torch.zeros(784), 5 * image.flatten()])  # says 1 if that pixel is inked
    model = nn.Sequential(conv, nn.Flatten(), linear)
    lost = (lesson["occlusion"](model, image, label=1) > 0.1).nonzero()  # where the square begins
    assert lost.min(0).values.tolist() == [6, 16] and lost.max(0).values.tolist() == [10, 20]
    assert lesson["saliency"](model, image, label=1).nonzero().tolist() == [[10, 20]]
    cam = lesson["grad_cam"](model, conv, image, label=1)
    assert divmod(int(cam.argmax()), 28) == (10, 20)


def test_quantized_weights_stand_on_marks_and_the_network_stays():
    model = seeded(CNN, 0)
    kernels = model.conv2.weight.detach().clone()
    small = quantized(model, bits=3)
    assert torch.equal(model.conv2.weight, kernels)
    for kernel, original in zip(small.conv2.weight.detach(), kernels, strict=True):
        marks = kernel / (original.abs().max() / 3)
        assert torch.allclose(marks, marks.round(), atol=1e-4) and kernel.unique().numel() <= 7
        assert (kernel - original).abs().max() <= original.abs().max() / 6 + 1e-6
    assert torch.equal(quantized(model, bits=32).conv2.weight, kernels)
    assert stored_bytes(model, 32) == 4 * count_parameters(model)
    # A byte a weight, four for each bias and for the scale of each of the 16 + 32 + 128 + 10 outputs.
    assert stored_bytes(model, 8) == count_parameters(model) - 186 + 4 * 186 + 4 * 186


def test_elastic_distortion_moves_pixels_as_far_as_it_says(practice):
    images = practice.train.images[:500].float()
    pull = elastic_grid(images, torch.Generator().manual_seed(0), bend=0.8) * 14  # in pixels
    assert pull.shape == (500, 28, 28, 2) and pull[:, 0, 0].std().item() == pytest.approx(0.8, rel=0.1)
    assert (pull[:, 1:] - pull[:, :-1]).abs().max() < 1  # neighbors stay neighbors
    still = F.affine_grid(torch.eye(2, 3).repeat(500, 1, 1), images.shape, align_corners=False)
    assert torch.allclose(resample(images, still), images, atol=1e-2)
