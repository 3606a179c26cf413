"""Pictures made into what MNIST holds, files that are no pictures, and drawings kept in files."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from mnist_helpers.data import load_digits, normalize
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.model import CNN
from mnist_helpers.training import trained
from mnist_lessons.drawings import HANDS, load_drawings, paint, save_drawings
from mnist_lessons.handwriting import LARGEST, open_picture, to_mnist


def on_paper(image, rng, side=280, paper=0.85, ink=0.15, light=0.0, noise=0.0):
    """A digit (28, 28), enlarged and laid anywhere on paper that is lit from one side."""
    large = Image.fromarray(image).resize(2 * [int(28 * rng.uniform(2.5, 9))], Image.Resampling.BILINEAR)
    large = large.crop(large.getbbox())
    sheet = Image.new("L", (side, side))
    sheet.paste(large, tuple(int(rng.integers(0, side - length + 1)) for length in large.size))
    picture = paper + (ink - paper) * np.array(sheet) / 255
    picture *= 1 - light * np.linspace(0, 1, side)
    picture += noise * rng.standard_normal(picture.shape)
    return (255 * picture).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def reader():
    """Some digits, and a function that says how many of prepared pictures are read right, of 1."""
    digits = load_digits()
    model, _ = trained(CNN, digits, epochs=1 if digits.is_mnist else 8)
    some, generator = digits.test[:: len(digits.test) // 100], digits.test
    labels = some.labels

    def right(images):
        logits = model(normalize(images[:, None], generator.mean, generator.std))
        return (logits.argmax(dim=1) == labels).double().mean().item()

    return some.images[:, 0], right


KINDS = {
    "dark on light": {},
    "light on dark": {"paper": 0.1, "ink": 0.9},
    "gray paper": {"paper": 0.6, "ink": 0.3},
    "uneven light": {"light": 0.5},
    "noise": {"noise": 0.06},
}


@pytest.mark.parametrize("kind", KINDS)
def test_digits_are_read_from_any_paper_as_before(reader, kind):
    images, right = reader
    rng = np.random.default_rng(0)
    prepared = torch.stack([to_mnist(on_paper(image.numpy(), rng, **KINDS[kind])) for image in images])
    assert prepared.dtype == torch.uint8 and prepared.amax() == 255
    assert right(prepared) > right(images) - 0.1  # of a hundred images; three or so are usual


def test_frame_is_mnists():
    mean = to_mnist(on_paper(paint([[(0.2, 0.1), (0.8, 0.9)]]), np.random.default_rng(0), side=900)).double()
    rows, columns = (mean.sum(dim=axis).nonzero().flatten() for axis in (1, 0))
    assert max(rows[-1] - rows[0], columns[-1] - columns[0]) == 19
    assert all(abs((mean.sum(dim=axis) * torch.arange(28)).sum() / mean.sum() - 14) <= 0.5 for axis in (0, 1))


@pytest.mark.parametrize(
    "picture",
    [np.full((90, 90), 255, np.uint8), np.zeros((1, 1), np.uint8), np.zeros((0, 9)), np.zeros((9, 9, 2)),
     np.full((9, 9), np.nan), np.full((9, 9), 7.0), np.zeros((9, 9), int), "a picture",
     np.broadcast_to(np.uint8(0), (LARGEST, 2)), np.random.default_rng(0).normal(0.8, 0.03, (200, 200)).clip(0, 1)],
    ids=["blank", "one pixel", "empty", "shape", "nan", "range", "kind", "text", "large", "noise"],
)  # fmt: skip
def test_picture_that_cannot_be_used_gets_a_sentence(picture):
    with pytest.raises(WalkthroughError, match=r"^[A-Z].*\.$"):
        to_mnist(picture)


def file(picture, kind="PNG", **settings):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **settings)
    return buffer.getvalue()


def test_files_are_opened_upright_or_refused():
    tall = Image.new("RGB", (20, 40), "white")
    turned = tall.getexif()
    turned[274] = 6  # the camera lay on its side
    assert open_picture(file(tall, "JPEG", exif=turned)).shape == (20, 40, 4)
    assert open_picture(file(tall, "GIF", save_all=True, append_images=[tall])).shape == (40, 20, 4)
    fine = Image.fromarray(np.array([[60_000, 500], [500, 60_000]], dtype=np.uint16))
    assert open_picture(file(fine)).tolist() == [[255, 0], [0, 255]]
    large = file(Image.new("1", (10_000, 10_000)))
    for content in (b"", b"text", file(tall)[:50], file(Image.effect_noise((90, 90), 50))[:800], large):
        with pytest.raises(WalkthroughError):
            open_picture(content)


def test_drawings_are_kept_and_foreign_files_refused(tmp_path):
    drawings, labels, writer = load_drawings(HANDS / "small.npz")
    save_drawings(tmp_path / "room" / "a.npz", drawings, labels, writer)
    assert load_drawings(tmp_path / "room" / "a.npz") == (drawings, labels, writer)
    (tmp_path / "text.npz").write_text("no drawings")
    np.savez(tmp_path / "other.npz", images=np.zeros(3))
    np.savez(tmp_path / "pickle.npz", points=np.array([print], dtype=object), labels=[1], writer="x")
    for name in ("text", "other", "pickle", "missing"):
        with pytest.raises(WalkthroughError, match="holds no saved drawings"):
            load_drawings(tmp_path / f"{name}.npz")
