"""Where digits come from, in which order, and what is said when they cannot be had."""

import functools
import gzip
import hashlib
import math
import threading
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from mnist_helpers import data, files
from mnist_helpers.data import WalkthroughError, batches, load_digits, normalize
from mnist_helpers.files import IdxFile


@pytest.fixture
def no_digits(monkeypatch, tmp_path):
    """A machine without any digits or network; returns the user's cache folder."""
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.delenv("MNIST_PRACTICE", raising=False)
    monkeypatch.setenv("MNIST_MIRRORS", "http://127.0.0.1:9/")
    monkeypatch.setattr(files, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def small_mnist(monkeypatch, tmp_path):
    """Four small files that this test calls MNIST; returns their folder."""
    folder = tmp_path / "small" / "MNIST" / "raw"
    folder.mkdir(parents=True)
    small = []
    for real, shape in zip(files.MNIST_FILES, ((240, 28, 28), (240,), (20, 28, 28), (20,)), strict=True):
        unsigned = IdxFile(real.name, shape, "")
        content = unsigned.header + bytes(number % 10 for number in range(math.prod(shape)))
        small.append(IdxFile(real.name, shape, hashlib.md5(content, usedforsecurity=False).hexdigest()))
        (folder / real.name).write_bytes(content)
    monkeypatch.setattr(files, "MNIST_FILES", tuple(small))
    return folder


@pytest.fixture
def mirror(small_mnist, monkeypatch):
    """A server on this machine that offers the small files, unpacked."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=small_mnist)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        monkeypatch.setenv("MNIST_MIRRORS", f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def all_files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_folder_of_the_reader_comes_first(no_digits, small_mnist, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(small_mnist.parent.parent))
    digits = load_digits()
    assert digits.is_mnist and "MNIST_DIR" in digits.steps[0]
    assert (len(digits.train), len(digits.validation), len(digits.test)) == (220, 20, 20)
    monkeypatch.setenv("MNIST_DIR", str(small_mnist))
    assert torch.equal(load_digits().train.images, digits.train.images)


def test_validation_takes_pairs_from_all_over_the_file(no_digits, small_mnist, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(small_mnist))
    labels = torch.arange(240) % 10
    digits = load_digits()
    held_out = [number for number in range(240) if number // 2 % 12 == 11]
    assert digits.validation.labels.tolist() == labels[held_out].tolist()


def test_gzipped_files_are_read(no_digits, small_mnist, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(small_mnist))
    plain = load_digits().test.images
    for path in list(small_mnist.iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert torch.equal(load_digits().test.images, plain)


def test_cache_comes_second(no_digits, small_mnist):
    no_digits.mkdir()
    small_mnist.parent.rename(no_digits / "MNIST")
    digits = load_digits()
    assert digits.is_mnist and "downloaded earlier" in digits.steps[0]


def test_download_comes_third_and_is_kept(no_digits, mirror):
    assert "was downloaded" in load_digits().steps[0]
    assert "downloaded earlier" in load_digits().steps[0]
    assert sorted(path.name for path in (no_digits / "MNIST" / "raw").iterdir()) == sorted(
        file.name for file in files.MNIST_FILES
    )


def test_unwritable_cache_is_said_and_another_way_named(no_digits, mirror):
    no_digits.write_text("a file is where the folder should be")
    digits = load_digits()
    assert digits.is_mnist
    assert "cannot be written" in digits.steps[0] and "MNIST_DIR" in digits.steps[0]


def test_practice_digits_come_last_and_are_called_so(no_digits):
    digits = load_digits()
    assert not digits.is_mnist and "practice digits" in digits.steps[0]
    assert "not MNIST" in digits._repr_html_() and digits.warning and digits.name != "MNIST"
    assert (len(digits.train), len(digits.validation), len(digits.test)) == (12_000, 200, 400)
    for split in (digits.train, digits.validation, digits.test):
        assert split.images.dtype == torch.uint8 and split.images.shape[1:] == (1, 28, 28)
        assert split.labels.dtype == torch.int64


def test_practice_digits_are_the_same_each_time_and_fill_a_square_of_20():
    first, again = data._practice_digits(()), data._practice_digits(())
    assert torch.equal(first.train.images, again.train.images)
    frame = first.test.images.clone()
    frame[:, :, 4:24, 4:24] = 0
    assert not frame.any() and first.test.images.any()


def test_no_practice_original_is_in_two_splits():
    digits = data._practice_digits(())
    parts = [
        {image.numpy().tobytes() for image in split.images}
        for split in (digits.train, digits.validation, digits.test)
    ]
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])


def test_what_is_told_cannot_carry_markup(no_digits):
    told = replace(data._practice_digits(("from <script>",)), is_mnist=True)
    assert "<script>" not in told._repr_html_() and "&lt;script&gt;" in told._repr_html_()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.unlink(), "holds no t10k-images-idx3-ubyte, neither plain nor as .gz"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "is not whole"),
        (lambda path: path.write_bytes(b"<html>not found</html>"), "is of the wrong kind"),
        (lambda path: path.write_bytes(b""), "found one that begins with nothing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\xff"), "but not its content"),
        (lambda path: path.rename(path.with_name(f"{path.name}.gz")), "cannot be read"),
    ],
)
def test_spoiled_file_is_named_and_left_alone(no_digits, small_mnist, monkeypatch, spoil, sentence):
    monkeypatch.setenv("MNIST_DIR", str(small_mnist))
    spoil(small_mnist / "t10k-images-idx3-ubyte")
    before = all_files(small_mnist)
    with pytest.raises(WalkthroughError, match=sentence) as raised:
        load_digits()
    assert "t10k-images-idx3-ubyte" in str(raised.value) and "let MNIST_DIR name" in str(raised.value)
    assert all_files(small_mnist) == before


def test_empty_folder_is_an_error_not_practice(no_digits, tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    with pytest.raises(WalkthroughError, match="train-images-idx3-ubyte"):
        load_digits()


def test_normalize_gives_mean_0_and_deviation_1():
    digits = data._practice_digits(())
    inputs = normalize(digits.train.images, digits.train.mean, digits.train.std)
    assert inputs.mean().abs() < 1e-3 and (inputs.std() - 1).abs() < 1e-3


def test_batches_hold_every_image_once():
    split = data._practice_digits(()).validation
    in_order = torch.cat([labels for _, labels in batches(split, 64)])
    assert torch.equal(in_order, split.labels)
    sizes = [len(labels) for _, labels in batches(split, 64, torch.Generator().manual_seed(0))]
    assert sizes == [64, 64, 64, 8]
    shuffled = torch.cat([labels for _, labels in batches(split, 64, torch.Generator().manual_seed(0))])
    assert not torch.equal(shuffled, split.labels)
    assert torch.equal(shuffled.sort().values, split.labels.sort().values)
