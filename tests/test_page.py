"""The page that tools.demo writes, opened from the disk in a browser without a window."""

import base64
import io
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from engines import DROP, draw
from PIL import Image

from mnist_helpers.data import load_digits
from mnist_helpers.evaluation import predict
from mnist_helpers.model import CNN, Dense
from mnist_lessons.handwriting import HEIC, read_sheet, to_mnist
from tools import demo
from tools.disturbances import KINDS

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A part of the digits, so that training takes seconds; the training, and the page made of it."""
    whole, path = load_digits(), tmp_path_factory.mktemp("page") / "demo.html"
    digits = replace(whole, train=whole.train[:7_680], validation=whole.validation[:100])
    training = demo.train_networks(digits, epochs=2 if digits.is_mnist else 8)
    path.write_text(demo.write_page(training, digits), encoding="utf-8")
    return SimpleNamespace(digits=digits, training=training, path=path)


@pytest.fixture
def page(open_page, made, request):
    page = open_page(made.path.as_uri(), **getattr(request, "param", {}))
    page.wait_for_selector("html[data-ready]")
    return page


def png(picture):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png")
    return buffer.getvalue()


def answer(page):
    """The digit that the CNN reads, None where there is nothing to read."""
    page.evaluate("redraw()")
    return page.evaluate("reading && largest(reading.cnn)")


def write(page, strokes):
    """Draw on an empty paper; of many points in a stroke, only some."""
    page.click("#clear")
    for stroke in strokes:
        draw(page, page.locator("#paper"), [*stroke[:: max(1, len(stroke) // 6)], stroke[-1]])


def photo(image):
    """A digit (28, 28) as dark ink on paper that is darker on one side, with the noise of a camera."""
    ink = np.pad(np.asarray(Image.fromarray(image).resize((224, 224))) / 255, 60)
    noise = np.random.default_rng(0).normal(0, 0.01, ink.shape)
    return (255 * (np.linspace(0.6, 0.8, 344) * (1 - 0.7 * ink) + noise)).clip(0, 255).astype(np.uint8)


def test_logits_are_pytorchs_and_the_page_is_small(page, made):
    test = made.digits.test[:1_000]
    pixels = json.dumps(test.images.flatten(1).tolist())
    *before, final = made.training.weights
    rounded = demo.rounded_weights(final, demo.steps_of(final, demo.CNN_BITS))
    on_the_way = enumerate(demo.packed_snapshots(before, rounded)[1])
    networks = [(CNN, f"cnn(pixels, {at})", weights, 1e-4) for at, weights in on_the_way]
    networks += [(CNN, "cnn(pixels)", final, 0.01), (Dense, "dense(pixels)", made.training.dense, 0.05)]
    for build, name, weights, limit in networks[::8] + networks[-2:]:
        model = build()
        model.load_state_dict(weights)
        call = f"text => JSON.stringify(JSON.parse(text).map((pixels) => demo.{name}))"
        logits = torch.tensor(json.loads(page.evaluate(call, pixels)))
        assert (logits - predict(model, test)).abs().max() < limit
    assert made.path.stat().st_size < 700_000
    assert ("practice digits" in page.inner_text("#origin")) != made.digits.is_mnist


def test_digits_drawn_with_the_mouse_are_read(page, made):
    drawings, read = page.evaluate("DRAWINGS"), []
    for strokes in drawings:
        write(page, [[(0.06 + 0.8 * x, 0.1 + 0.8 * y) for x, y in stroke] for stroke in strokes])
        read.append(answer(page))
    page.click("#clear")
    assert answer(page) is None
    page.click("#undo")
    assert answer(page) == read[-1] is not None
    if not made.digits.is_mnist:
        pytest.skip("There is no MNIST: how many a network of practice digits reads was not looked at.")
    assert sum(digit == number for number, digit in enumerate(read)) >= 8, read  # by a network of sixty steps


def test_keyboard_alone_reaches_drawings_training_and_maps(page):
    page.focus("#paper")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#live:has-text('The CNN reads')", state="attached")
    before = page.inner_text("#probabilities")
    page.focus("#step")
    page.keyboard.press("Home")
    assert "step 0 of" in page.inner_text("#moment") and page.inner_text("#probabilities") != before
    for canvas, seen in (("#first", "6 × 6"), ("#second", "16 × 16")):
        page.focus(canvas)
        page.keyboard.press("ArrowDown")
        assert f"depends on {seen} pixels" in page.inner_text("#probe")
    page.focus("#pooled")
    page.keyboard.press("Space")
    page.hover("#second")
    assert "depends on 14 × 14 pixels" in page.inner_text("#probe")


@pytest.mark.parametrize("page", [PHONE], indirect=True)
def test_finger_draws_at_390_pixels(page):
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.click("#clear")
    box, finger = page.locator("#paper").bounding_box(), page.context.new_cdp_session(page)
    for kind, share in (("Start", 0.2), ("Move", 0.5), ("Move", 0.8), ("End", 0)):
        at = [{"x": box["x"] + 170, "y": box["y"] + share * box["height"]}] if share else []
        finger.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})
    assert answer(page) is not None and page.evaluate("scrollY") == 0


def test_photo_is_dropped_read_and_prepared_as_in_python(page, made):
    images = made.digits.test.images[:2, 0].numpy()
    page.evaluate(DROP, base64.b64encode(png(photo(images[0]))).decode())
    page.wait_for_selector("#paper[aria-label*='photo']")
    read = answer(page)
    page.click("#turn")
    answer(page)
    turned = (
        np.array(page.evaluate("demo.answer().pixels"))
        - to_mnist(np.rot90(photo(images[0]), -1)).numpy().ravel()
    )
    assert np.abs(turned).mean() <= 2
    page.click("#undo")
    flat = np.pad(255 - images[1], 90, constant_values=255)
    for gray in (*map(photo, images), 255 - photo(images[0]), flat):
        for switches in {}, {"center": False}, {"scale": False}:
            size = [*gray.shape[::-1], switches]
            call = (
                "([text, ...size]) => Array.from(toMnist(Uint8Array.from(JSON.parse(text)), ...size).pixels)"
            )
            pixels = page.evaluate(call, [json.dumps(gray.ravel().tolist()), *size])
            assert np.abs(np.array(pixels) - to_mnist(gray, **switches).numpy().ravel()).mean() <= 2
    if not made.digits.is_mnist:
        pytest.skip("There is no MNIST: what the photo is read as was not looked at.")
    assert read == made.digits.test.labels[0]


@pytest.mark.parametrize("kind", KINDS)
def test_picture_is_read_as_in_python(page, kind):
    picture, _ = KINDS[kind](np.random.default_rng(0), None)
    call = """([text, ...size]) => {
        const gray = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        const plain = ({ box, pixels }) => [box, Array.from(pixels)];
        return [...readSheet(gray, ...size).map((row) => row.map(plain)), [plain(toMnist(gray, ...size))]] }"""
    rows = page.evaluate(call, [base64.b64encode(picture.tobytes()).decode(), *picture.shape[::-1]])
    ours = [*read_sheet(picture), [((0, 0, 0, 0), to_mnist(picture))]]
    assert [len(row) for row in rows] == [len(row) for row in ours]
    for (box, pixels), (our_box, image) in zip(sum(rows, []), sum(ours, []), strict=True):
        assert np.abs(np.subtract(box or our_box, our_box)).max() <= 1
        assert np.abs(np.array(pixels) - image.numpy().ravel()).mean() <= 2


def test_digits_of_a_sheet_are_framed_chosen_and_corrected(page, made):
    picture, rows = KINDS["rows 2×4"](np.random.default_rng(0), None)
    page.set_input_files("#file", {"name": "sheet.png", "mimeType": "image/png", "buffer": png(picture)})
    page.wait_for_selector("#paper[aria-label*='8 digits, number 1']")
    digits = [label for row in rows for label, _ in row]
    top, left, bottom, right = rows[1][2][1]
    box, side = page.locator("#paper").bounding_box(), picture.shape[0]
    x, y = (
        box[name] + middle / side * box["width"]
        for name, middle in (("x", (left + right) / 2), ("y", (top + bottom) / 2))
    )
    page.mouse.click(x, y)
    page.wait_for_selector("#paper[aria-label*='number 7']")
    read = answer(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#paper[aria-label*='number 8']")
    page.keyboard.press("3")
    assert page.inner_text("#rows").split(".")[0].endswith(" 3")
    page.locator("#probabilities tbody tr").nth(4).click()
    said = page.inner_text("#rows").split(".")[0]
    assert said.endswith(" 4") and said.count("/") == 1
    if made.digits.is_mnist:
        assert read == digits[6]


def test_camera_takes_a_picture(page):
    page.click("#camera")
    page.click("#take")
    page.wait_for_selector("#paper[aria-label*='photo']")


BAD = [
    (b"not a picture at all", "no picture"),
    (b"\0\0\0\x18ftypheic" + bytes(40), HEIC),
    (png(np.zeros((200, 200, 4), np.uint8))[:90], "cut off"),
    (png(np.zeros((9, 9), np.uint8))[:16] + (10_000).to_bytes(4) * 2, "100,000,000 pixels"),
    (png(np.zeros((1, 1), np.uint8)), "No ink"),
    (png(np.full((90, 90), 200, np.uint8)), "No ink"),
]


@pytest.mark.parametrize(("content", "sentence"), BAD)
def test_file_that_cannot_be_used_gets_a_sentence(page, content, sentence):
    page.set_input_files("#file", {"name": "digit.png", "mimeType": "image/png", "buffer": content})
    page.wait_for_selector(f"#message:has-text('{sentence}')")
    write(page, [[(0.5, 0.2), (0.5, 0.8)]])
    assert answer(page) is not None and page.inner_text("#message") == ""
