"""Where digits come from and in which order, how they are split, normalized and cut into batches."""

from dataclasses import replace

import server
import torch

from mnist_helpers.data import batches, load_digits, normalize


def test_named_folder_comes_first_then_the_cache_then_a_download_however_slow(folder, monkeypatch):
    with server.serve(pause=2) as mirror:  # a file takes twelve seconds
        named = load_digits()
        assert named.is_mnist and "MNIST_DIR" in named.origin and mirror.asked == []
        monkeypatch.delenv("MNIST_DIR")
        assert "was downloaded" in load_digits().origin and mirror.asked == list(server.PACKED)
        cached = load_digits()
        assert "cache" in cached.origin and len(mirror.asked) == 4
    assert torch.equal(cached.train.images, named.train.images)


def test_validation_takes_one_pair_in_twelve_from_all_over_the_file(folder):
    digits, numbers = load_digits(), torch.arange(240)
    held_out = numbers // 2 % 12 == 11
    assert digits.validation.labels.tolist() == (numbers[held_out] % 10).tolist()
    assert digits.train.labels.tolist() == (numbers[~held_out] % 10).tolist()
    assert digits.test.images.shape == (20, 1, 28, 28) and digits.test.images.dtype == torch.uint8
    assert torch.equal(digits.test.images.flatten(), torch.arange(20 * 784) % 10)


def test_practice_digits_are_called_so_and_what_is_tested_was_held_out(practice, cache):
    digits = load_digits()
    assert not digits.is_mnist and "could not be downloaded" in digits.origin
    assert "not MNIST" in digits._repr_html_() and str(digits).startswith("Practice digits")
    assert torch.equal(digits.train.images, practice.train.images), "they are the same each time"
    splits = digits.train, digits.validation, digits.test
    train, validation, test = (set(map(bytes, split.images.numpy())) for split in splits)
    assert train.isdisjoint(validation | test) and validation.isdisjoint(test)
    for is_mnist in (True, False):
        page = replace(digits, is_mnist=is_mnist, origin="from <script>")._repr_html_()
        assert "<script>" not in page and "&lt;script&gt;" in page


def test_batches_hold_every_image_once_and_normalized(practice):
    split = practice.train
    inputs, labels = map(torch.cat, zip(*batches(split, 1_000), strict=True))
    assert torch.equal(labels, split.labels)
    assert torch.equal(inputs, normalize(split.images, split.mean, split.std))
    assert inputs.mean().abs() < 1e-3 and (inputs.std() - 1).abs() < 1e-3
    assert (practice.test.mean, practice.test.std) == (split.mean, split.std)
    shuffled = [labels for _, labels in batches(split, 5_000, torch.Generator().manual_seed(0))]
    assert [len(labels) for labels in shuffled] == [5_000, 5_000, 2_000]
    assert not torch.equal(torch.cat(shuffled), split.labels)
    assert torch.equal(torch.cat(shuffled).sort().values, split.labels.sort().values)
