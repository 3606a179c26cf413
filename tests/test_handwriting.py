"""Pictures made into what MNIST holds, files that are no pictures, and drawings kept in files."""

import io
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from mnist_helpers.data import load_digits, normalize
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.model import CNN
from mnist_helpers.training import trained
from mnist_lessons.drawings import HANDS, load_drawings, paint, save_drawings
from mnist_lessons.handwriting import LARGEST, open_picture, read_sheet, to_mnist
from mnist_lessons.your_digits import draw_sheet_read, photograph, stored_drawings
from tools.disturbances import KINDS, ONE, plain, score, shadow


@pytest.fixture(scope="module")
def reader():
    """About a hundred digits, a function that reads prepared pictures, and the share that it reads right of those."""
    digits = load_digits()
    model, _ = trained(CNN, digits, epochs=1 if digits.is_mnist else 8)

    @torch.no_grad()
    def ask(images):
        return model(normalize(images[:, None], digits.test.mean, digits.test.std)).argmax(dim=1)

    some = digits.test[:: len(digits.test) // 100]
    return some, ask, (ask(some.images[:, 0]) == some.labels).double().mean()


PAPERS = {
    "dark on light": plain,
    "light on dark": partial(plain, paper=25, pen_gray=230),
    "gray paper": partial(plain, paper=153, pen_gray=76),
    "uneven light": partial(shadow, depth=0.5, high=1),
    "noise": partial(plain, noise=15),
}


@pytest.mark.parametrize("kind", PAPERS)
def test_digits_are_read_from_any_paper_as_before(reader, kind):
    """Of any size, anywhere on it."""
    some, ask, usual = reader
    rng, prepared = np.random.default_rng(0), []
    for number in range(len(some)):
        height = rng.uniform(50, 180)
        picture, _ = PAPERS[kind](rng, some[[number]], shape=(280, 280), height=height, jitter=1)
        prepared.append(to_mnist(picture))
    prepared = torch.stack(prepared)
    assert prepared.dtype == torch.uint8 and prepared.amax() == 255
    read = (ask(prepared) == some.labels).double().mean()
    assert read > usual - 0.1  # of a hundred images; three or so are usual


# Eight networks misread 0 to 4 of the 32 digits in pencil, and on other sheets at most one in a hundred.
MISREAD = {"rows 2×4, pencil": 0.19}
HARD = "row, leaning", "row, thin, shadow", "row, touching"  # not all of these is always found, or read


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "digit" not in kind and kind not in HARD])
def test_rows_of_a_sheet_are_read(reader, kind):
    """Of stored drawings: each in its row and order, and nothing else; as many are read as of the test images."""
    _, ask, usual = reader
    rng = np.random.default_rng(0)
    known, found, read, more = sum(score(read_sheet, *KINDS[kind](rng, None), ask) for _ in range(4))
    assert found == known and more == 0
    if not load_digits().is_mnist:
        pytest.skip("There is no MNIST: how many a network of practice digits reads was not looked at.")
    assert read / known > usual - MISREAD.get(kind, 0.06)


WAYS = {
    "as it is": lambda picture: picture,
    "large": lambda picture: picture.repeat(4, axis=0).repeat(4, axis=1),
    "color, with transparency": lambda picture: np.stack([*3 * [picture], np.full_like(picture, 255)], -1),
    "floats": lambda picture: picture / 255,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["rows 3×5", "dark table"])
def test_boxes_are_in_pixels_of_the_picture(kind, way):
    picture, rows = KINDS[kind](np.random.default_rng(0), None)
    read = read_sheet(WAYS[way](picture))
    assert [len(row) for row in read] == [5, 5, 5]
    zoom = 4 if way == "large" else 1
    for (box, image), (_, known) in zip(sum(read, []), sum(rows, []), strict=True):
        assert abs(np.array(box) / zoom - known).max() <= 8
        assert image.shape == (28, 28) and image.dtype == torch.uint8


def test_strokes_of_a_digit_belong_together_and_leaning_ones_do_not():
    ink = np.zeros((200, 500))
    ink[60:100, 60:70] = ink[100:110, 60:110] = ink[100:150, 100:110] = ink[140:150, 60:110] = 1  # a 5
    ink[40:50, 60:110] = 1  # its bar does not touch it
    for left in (200, 240, 280):  # strokes that lean over each other
        for down in range(40, 150):
            ink[down, left + (150 - down) : left + (150 - down) + 12] = 1
    (row,) = read_sheet(plain(np.random.default_rng(0), None, ink=(ink, [[]]))[0])
    assert len(row) == 4 and abs(np.array(row[0][0]) - (40, 60, 150, 110)).max() <= 3


def test_photograph_of_lesson_6_is_read_and_drawn():
    stored, answers = stored_drawings(), torch.eye(10)[[3, 7]]
    picture = photograph(stored[33], stored[37])
    rows = read_sheet(picture)
    sure, unsure = (draw_sheet_read(picture, rows, share * answers).get_gid() for share in (1, 0.6))
    assert sure == "A sheet with 1 row of digits, read as: 3 7." and unsure.endswith("read as: 3? 7?.")


@pytest.mark.parametrize("width", [0.03, 0.08])
def test_single_digit_on_squared_paper_is_prepared_as_on_plain(width):
    for strokes in stored_drawings()[::8]:
        rng, ink = np.random.default_rng(0), 1 - paint(strokes, 400, width) / 255
        lines = np.minimum(*(np.where(at % 40 < 2, 100.0, 240.0) for at in np.indices(ink.shape)))
        papers = (plain(rng, None, paper, ink=(ink, []))[0] for paper in (240.0, lines))
        without, lined = (to_mnist(picture).double() for picture in papers)
        assert (without - lined).abs().mean() < 25  # moved by a pixel, at most; with the lines it would be 60


@pytest.mark.parametrize("kind", ["one digit, neighbor", "one digit, squared 140, fanned"])
def test_what_is_around_a_single_digit_is_left_out(kind):
    for seed in range(8):
        makes = (KINDS[kind], partial(plain, **ONE))
        with_it, without = (to_mnist(make(np.random.default_rng(seed), None)[0]).double() for make in makes)
        assert (with_it - without).abs().mean() < 25  # as above


def test_frame_is_mnists():
    mean = to_mnist(paint([[(0.2, 0.1), (0.8, 0.9)]], side=900)).double()
    rows, columns = (mean.sum(dim=axis).nonzero().flatten() for axis in (1, 0))
    assert max(rows[-1] - rows[0], columns[-1] - columns[0]) == 19
    assert all(abs((mean.sum(dim=axis) * torch.arange(28)).sum() / mean.sum() - 14) <= 0.5 for axis in (0, 1))


UNUSABLE = {
    "blank": np.full((90, 90), 255, np.uint8),
    "one pixel": np.zeros((1, 1), np.uint8),
    "empty": np.zeros((0, 9)),
    "shape": np.zeros((9, 9, 2)),
    "nan": np.full((9, 9), np.nan),
    "range": np.full((9, 9), 7.0),
    "kind": np.zeros((9, 9), int),
    "text": "a picture",
    "large": np.broadcast_to(np.uint8(0), (LARGEST, 2)),
    "noise": np.random.default_rng(0).normal(0.8, 0.03, (200, 200)).clip(0, 1),
}


@pytest.mark.parametrize("kind", UNUSABLE)
@pytest.mark.parametrize("read", [to_mnist, read_sheet])
def test_picture_that_cannot_be_used_gets_a_sentence(kind, read):
    with pytest.raises(WalkthroughError, match=r"^[A-Z].*\.$"):
        read(UNUSABLE[kind])


def file(picture, kind="PNG", **settings):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **settings)
    return buffer.getvalue()


def test_files_are_opened_upright_or_refused():
    tall = Image.new("RGB", (20, 40), "white")
    turned = tall.getexif()
    turned[274] = 6  # the camera lay on its side
    assert open_picture(file(tall, "JPEG", exif=turned)).shape == (20, 40)
    assert open_picture(file(tall, "GIF", save_all=True, append_images=[tall])).shape == (40, 20)
    assert open_picture(file(tall, transparency=(255, 255, 255))).shape == (40, 20, 4)
    fine = Image.fromarray(np.array([[60_000, 500], [500, 60_000]], dtype=np.uint16))
    assert open_picture(file(fine)).tolist() == [[255, 0], [0, 255]]
    large = file(Image.new("1", (10_000, 10_000)))
    for content in (b"", b"text", file(tall)[:50], file(Image.effect_noise((90, 90), 50))[:800], large):
        with pytest.raises(WalkthroughError):
            open_picture(content)
    with pytest.raises(WalkthroughError, match="HEIC"):
        open_picture(b"\0\0\0\x18ftypheic" + bytes(9))
    assert max(open_picture(file(Image.new("RGB", (6000, 4800)), "JPEG")).shape) == 1500


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
