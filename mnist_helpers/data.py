"""Where the digits come from: tensors, a fixed split, batches. Lesson 1 takes it apart."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import queue
import socket
import struct
import tempfile
import threading
import time
import urllib.request
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import platformdirs
import torch
import torch.nn.functional as F
from sklearn import datasets as sklearn_datasets
from torch import Tensor
from torchvision.datasets import MNIST

VALIDATION_EVERY = 12  # one pair in twelve of MNIST's 60,000 training images is held out: 5,000 from all over
PRACTICE_TRAIN_SIZE = 12_000  # practice images to train on, widened from a tenth as many originals
PRACTICE_HELD_OUT = (200, 400)  # practice originals for validation and for test


class WalkthroughError(Exception):
    """Something that the reader can mend. A notebook shows its sentence alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(frozen=True)
class IdxFile:
    """What one of MNIST's four files holds: its shape, and the MD5 sum of its uncompressed bytes."""

    name: str
    shape: tuple[int, ...]
    md5: str

    @property
    def header(self) -> bytes:
        """The IDX format's magic number (0x08: bytes, then the number of dimensions) and sizes."""
        return struct.pack(f">{1 + len(self.shape)}I", 0x0800 + len(self.shape), *self.shape)


TRAIN_IMAGES = IdxFile("train-images-idx3-ubyte", (60_000, 28, 28), "6bbc9ace898e44ae57da46a324031adb")
TRAIN_LABELS = IdxFile("train-labels-idx1-ubyte", (60_000,), "a25bea736e30d166cdddb491f175f624")
TEST_IMAGES = IdxFile("t10k-images-idx3-ubyte", (10_000, 28, 28), "2646ac647ad5339dbf082846283269ea")
TEST_LABELS = IdxFile("t10k-labels-idx1-ubyte", (10_000,), "27ae3e4e09519cfbb04c329615203637")


@dataclass(frozen=True)
class Split:
    """Images with their labels, and the two numbers that normalise them.

    images: uint8 (N, 1, 28, 28), 0 is background, 255 is ink. labels: int64 (N,).
    mean, std: of the training split's pixels on a scale from 0 to 1.
    """

    images: Tensor
    labels: Tensor
    mean: float
    std: float

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index) -> Split:
        """A part of the split: a slice, or a tensor of indices or of booleans."""
        return replace(self, images=self.images[index], labels=self.labels[index])


@dataclass(frozen=True)
class Digits:
    """The three splits, whether they are MNIST, and how they were come by, a sentence a step."""

    train: Split
    validation: Split
    test: Split
    is_mnist: bool
    steps: tuple[str, ...]

    @property
    def name(self) -> str:
        return "MNIST" if self.is_mnist else "practice digits"

    @property
    def warning(self) -> str:
        """What to write on everything that is made from these digits; empty for MNIST."""
        return "" if self.is_mnist else "practice digits, not MNIST"

    def to(self, device: torch.device) -> Digits:
        """The same digits, held on `device`."""

        def moved(split: Split) -> Split:
            return replace(split, images=split.images.to(device), labels=split.labels.to(device))

        return replace(
            self, train=moved(self.train), validation=moved(self.validation), test=moved(self.test)
        )

    def __str__(self) -> str:
        sizes = f"{len(self.train):,} images to train on, {len(self.validation):,} for validation, {len(self.test):,} for test"
        return f"{self.name[0].upper()}{self.name[1:]}: {sizes}."

    def __repr__(self) -> str:
        return "\n".join((str(self), *self.steps))

    def _repr_html_(self) -> str:
        lines = "".join(f"<br>{step}" for step in self.steps)
        if self.is_mnist:
            return f"<p><b>{self}</b>{lines}</p>"
        return (
            '<div style="border: 3px solid #e08000; background: #fff3dc; color: #222; padding: 0.6em 1em">'
            f"<b>These are practice digits, not MNIST.</b> No number below is MNIST's.<br>{self}{lines}</div>"
        )


def load_digits() -> Digits:
    """Find the digits: MNIST if it can be had, else the practice digits.

    The first of these that applies: the folder named by the environment variable MNIST_DIR; files downloaded
    earlier; a download (11 MB) into the user's cache folder; without a network, the practice digits.
    Setting MNIST_PRACTICE=1 asks for the practice digits at once.

    Raises WalkthroughError when MNIST_DIR, or the cache, holds something that is not MNIST.
    """
    if os.environ.get("MNIST_PRACTICE", "") not in ("", "0"):
        return _practice_digits(("MNIST_PRACTICE is set, so the practice digits are used.",))
    if folder := os.environ.get("MNIST_DIR"):
        return _read_mnist(
            Path(folder).expanduser(),
            ("MNIST was read from the folder that MNIST_DIR names.",),
            mend="let MNIST_DIR name a folder with MNIST's four files, or unset it to have them downloaded",
        )
    cache = platformdirs.user_cache_path("mnist-cnn-walkthrough", appauthor=False)
    if (cache / "MNIST").is_dir():
        return _read_mnist(
            cache,
            ("MNIST was read from the files that were downloaded earlier.",),
            mend=f"delete the folder {cache}, and the next run downloads them again",
        )
    return _download(cache)


def normalize(images, mean, std):
    """Bring pixels to mean 0 and standard deviation 1.

    images: uint8 (N, 1, 28, 28). Returns float32 of the same shape.
    """
    return (images.float() / 255 - mean) / std


def batches(split, batch_size, generator=None):
    """Yield a split in batches, in a fresh random order if a generator is given; the last may be smaller.

    Each batch: inputs, float32 (B, 1, 28, 28), normalised; labels, int64 (B,).
    """
    order = torch.arange(len(split)) if generator is None else torch.randperm(len(split), generator=generator)
    for index in order.to(split.labels.device).split(batch_size):
        yield normalize(split.images[index], split.mean, split.std), split.labels[index]


def check_settings(split: Split, **settings) -> None:
    """Stop with a sentence at the first setting that cannot work.

    split: the images that an index points into. Each setting goes by its name in the lessons: digit_index and
    followed_kernel are indices, learning_rate is a number above 0, kernel a tensor (3, 3), seeds a row of whole
    numbers; all others are whole numbers from 1, embedded_images from 100.
    Raises WalkthroughError.
    """
    for name, value in settings.items():
        if wrong := _wrong_setting(name, value, len(split)):
            raise WalkthroughError(
                f"The setting {name} cannot be {_in_words(value)}: {wrong}. Change it in the second cell and run all cells."
            )


def _wrong_setting(name: str, value: Any, images: int) -> str:
    """What a setting has to be, if it is not; else nothing."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if name in ("digit_index", "followed_kernel"):
        last = images - 1 if name == "digit_index" else 15
        return "" if whole and 0 <= value <= last else f"choose a whole number from 0 to {last:,}"
    if name == "learning_rate":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if number and 0 < value < math.inf else "choose a number above 0, such as 0.01"
    if name == "kernel":
        good = bool(
            isinstance(value, Tensor)
            and value.shape == (3, 3)
            and value.is_floating_point()
            and value.isfinite().all()
        )
        return "" if good else "choose a tensor of three rows with three numbers each, such as 1.0 or -0.5"
    if name == "seeds":
        good = (
            isinstance(value, tuple | list)
            and len(value) > 1
            and all(isinstance(seed, int) for seed in value)
        )
        return "" if good else "choose two or more whole numbers, such as (0, 1, 2)"
    least = 100 if name == "embedded_images" else 1
    return "" if whole and value >= least else f"choose a whole number from {least}"


def _in_words(value: object) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)


def _make_digits(
    train: tuple[Tensor, Tensor],
    validation: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    is_mnist: bool,
    steps: tuple[str, ...],
) -> Digits:
    """Join three pairs of images and labels; mean and standard deviation come from the first alone."""
    pixels = train[0].float() / 255
    mean, std = pixels.mean().item(), pixels.std().item()
    parts = [Split(images, labels, mean, std) for images, labels in (train, validation, test)]
    return Digits(parts[0], parts[1], parts[2], is_mnist=is_mnist, steps=steps)


def _read_mnist(root: Path, steps: tuple[str, ...], mend: str) -> Digits:
    """Read MNIST's four files from `root`, or from `root/MNIST/raw`, where torchvision puts them.

    mend: what the reader can do where a file is not as it should be.
    """
    folder = root / "MNIST" / "raw"
    if not folder.is_dir():
        folder = root
    train_images, train_labels, test_images, test_labels = (
        _read_idx(folder, file, mend) for file in (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
    )
    pair = (
        torch.arange(len(train_labels)) // 2
    )  # pairs, because the file alternates between two kinds of writing
    held_out = pair % VALIDATION_EVERY == VALIDATION_EVERY - 1
    return _make_digits(
        (train_images[~held_out, None], train_labels[~held_out].long()),
        (train_images[held_out, None], train_labels[held_out].long()),
        (test_images[:, None], test_labels.long()),
        is_mnist=True,
        steps=steps,
    )


def _read_idx(folder: Path, file: IdxFile, mend: str) -> Tensor:
    """Read one IDX file, plain or gzipped, as uint8 of its shape. Format: yann.lecun.com/exdb/mnist."""
    path = folder / file.name
    if not path.is_file():
        path = folder / f"{file.name}.gz"
    if not path.is_file():
        raise WalkthroughError(f"{folder} holds no {file.name}, neither plain nor as .gz; {mend}.")
    wrong = _what_is_wrong(path, file)
    if wrong:
        raise WalkthroughError(f"{path} {wrong}. Nothing was changed; {mend}.")
    return torch.frombuffer(bytearray(_content(path)), dtype=torch.uint8)[len(file.header) :].view(file.shape)


def _content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _what_is_wrong(path: Path, file: IdxFile) -> str:
    """Why `path` is not MNIST's `file`, as the end of a sentence; empty if it is."""
    try:
        content = _content(path)
    except (OSError, EOFError, zlib.error) as error:
        return f"cannot be read ({error})"
    if content[: len(file.header)] != file.header:
        expected = " × ".join(f"{size:,}" for size in file.shape)
        found = content[: len(file.header)].hex(" ") or "nothing"
        return f"is of the wrong kind: expected an IDX file of {expected} bytes, found one that begins with {found}"
    size = len(file.header) + math.prod(file.shape)
    if len(content) != size:
        return f"is not whole: expected {size:,} bytes, found {len(content):,}"
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != file.md5:
        return f"has the size of MNIST's file but not its content: expected the MD5 sum {file.md5}"
    return ""


def _download(cache: Path) -> Digits:
    """Download MNIST into `cache` by way of a temporary folder, so that no half of it can stay behind."""
    mirrors = _answering(MNIST.mirrors)
    if not mirrors:
        return _practice_digits(
            (
                "No server that offers MNIST answered, so the practice digits are used. To work on MNIST, "
                "connect this machine, or name a folder with MNIST's files in MNIST_DIR.",
            )
        )
    kept = "MNIST was downloaded into the cache folder of this user, where the next run finds it."
    try:
        cache.mkdir(parents=True, exist_ok=True)
        holder = tempfile.TemporaryDirectory(dir=cache)
    except OSError as error:
        kept = (
            f"MNIST was downloaded but not kept, for the cache folder cannot be written ({error.strerror}). "
            "To keep it, put MNIST's four files into a folder of your own and name it in MNIST_DIR."
        )
        holder = tempfile.TemporaryDirectory()
    with holder as temporary:
        timeout = socket.getdefaulttimeout()
        socket.setdefaulttimeout(15)  # seconds without a byte; torchvision sets no limit of its own
        try:
            type("MNIST", (MNIST,), {"mirrors": mirrors})(temporary, download=True)
        except (OSError, RuntimeError) as error:
            return _practice_digits(
                (
                    f"MNIST could not be downloaded ({str(error).strip().splitlines()[0]}), so the practice "
                    "digits are used. To work on MNIST, name a folder with its files in MNIST_DIR.",
                )
            )
        finally:
            socket.setdefaulttimeout(timeout)
        digits = _read_mnist(Path(temporary), (kept,), mend="run this again to download it anew")
        if Path(temporary).parent == cache and not (cache / "MNIST").exists():
            (Path(temporary) / "MNIST").rename(cache / "MNIST")
    return digits


def _answering(mirrors: list[str], seconds: float = 3.0) -> list[str]:
    """`mirrors`, the first to answer in front; empty if none does within `seconds`.

    Each is asked from a thread of its own, because looking up a name can block for longer than any timeout.
    """
    answers: queue.Queue[str | None] = queue.Queue()

    def ask(mirror: str) -> None:
        try:
            with urllib.request.urlopen(f"{mirror}{TEST_LABELS.name}.gz", timeout=seconds):
                answers.put(mirror)
        except (OSError, ValueError):
            answers.put(None)

    for mirror in mirrors:
        threading.Thread(target=ask, args=(mirror,), daemon=True).start()
    deadline = time.monotonic() + seconds
    for _ in mirrors:
        try:
            first = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if first:
            return [first, *(mirror for mirror in mirrors if mirror != first)]
    return []


def _practice_digits(steps: tuple[str, ...]) -> Digits:
    """The 1,797 digits of 8×8 pixels inside scikit-learn, drawn 20×20 in MNIST's frame of 28×28.

    The last originals are held out, in the order of the file, which was collected writer by writer; only the
    others are widened, so nothing of what is tested is trained on.
    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI repository, 1998.
    """
    bundled = sklearn_datasets.load_digits()
    small = torch.from_numpy(bundled.images).float()[:, None] / 16
    large = F.interpolate(small, size=(20, 20), mode="bicubic", align_corners=False).clamp(0, 1)
    images, labels = F.pad(large, (4, 4, 4, 4)), torch.from_numpy(bundled.target).long()
    train, validation, test = (
        slice(None, -sum(PRACTICE_HELD_OUT)),
        slice(-sum(PRACTICE_HELD_OUT), -PRACTICE_HELD_OUT[1]),
        slice(-PRACTICE_HELD_OUT[1], None),
    )
    originals = torch.arange(PRACTICE_TRAIN_SIZE) % len(labels[train])
    widened = _widen(images[train][originals], torch.Generator().manual_seed(0))

    def as_bytes(images: Tensor) -> Tensor:
        return (images * 255).round().to(torch.uint8)

    return _make_digits(
        (as_bytes(widened), labels[train][originals]),
        (as_bytes(images[validation]), labels[validation]),
        (as_bytes(images[test]), labels[test]),
        is_mnist=False,
        steps=steps,
    )


def _widen(images: Tensor, generator: torch.Generator) -> Tensor:
    """Turn each image by up to 12°, zoom it by up to 10 % and shift it by up to 2 pixels, at random.

    images: float (N, 1, 28, 28). Returns the same shape.
    """

    def between(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=generator)

    count = len(images)
    angle, zoom = between(-12, 12, count).deg2rad(), between(0.9, 1.1, count)
    shift = between(-2, 2, count, 2) / 14  # affine_grid counts in half widths
    rows = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], dim=1).view(count, 2, 2)
    theta = torch.cat([rows / zoom.view(count, 1, 1), shift.view(count, 2, 1)], dim=2)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False).clamp(0, 1)
