"""The page to draw on, opened from the disk in a browser without a window."""

import base64
import io
import json

import numpy as np
import pytest
import torch
from engines import DROP, draw
from PIL import Image

from mnist_helpers.evaluation import predict
from mnist_helpers.model import CNN, Dense
from mnist_lessons.handwriting import HEIC, read_sheet, to_mnist
from tools import demo
from tools.disturbances import KINDS

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "color_scheme": "dark"}
NO_MNIST = "There is no MNIST: what a network of practice digits reads was not looked at."


@pytest.fixture
def page(open_page, built, request):
    page = open_page((built.folder / "_static" / "digit.html").as_uri(), **getattr(request, "param", {}))
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


def test_logits_are_pytorchs_and_the_page_is_small(page, built):
    test = built.digits.test[:1_000]
    pixels = json.dumps(test.images.flatten(1).tolist())
    *before, final = built.training.weights
    rounded = demo.rounded_weights(final, demo.steps_of(final, demo.CNN_BITS))
    on_the_way = enumerate(demo.packed_snapshots(before, rounded)[1])
    networks = [(CNN, f"cnn(pixels, {at})", weights, 1e-4) for at, weights in on_the_way]
    networks += [(CNN, "cnn(pixels)", final, 0.01), (Dense, "dense(pixels)", built.training.dense, 0.05)]
    for build, name, weights, limit in networks[::8] + networks[-2:]:
        model = build()
        model.load_state_dict(weights)
        call = f"text => JSON.stringify(JSON.parse(text).map((pixels) => demo.{name}))"
        logits = torch.tensor(json.loads(page.evaluate(call, pixels)))
        assert (logits - predict(model, test)).abs().max() < limit
    assert (built.folder / "_static" / "digit.html").stat().st_size < 700_000
    assert ("practice digits" in page.inner_text("#origin")) != built.digits.is_mnist


def test_digits_drawn_with_the_mouse_are_read(page, built):
    drawings, read = page.evaluate("DRAWINGS"), []
    for strokes in drawings:
        write(page, [[(0.06 + 0.8 * x, 0.1 + 0.8 * y) for x, y in stroke] for stroke in strokes])
        read.append(answer(page))
    page.click("#clear")
    assert answer(page) is None
    page.click("#undo")
    assert answer(page) == read[-1] is not None
    if not built.digits.is_mnist:
        pytest.skip(NO_MNIST)
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


def test_photo_is_taken_or_dropped_turned_and_read(page, built):
    image, label = built.digits.test.images[0, 0].numpy(), built.digits.test.labels[0]
    page.click("#camera")
    page.click("#take")
    page.wait_for_selector("#paper[aria-label*='photo']")
    page.click("#clear")
    page.evaluate(DROP, base64.b64encode(png(photo(image))).decode())
    page.wait_for_selector("#paper[aria-label*='photo']")
    read = answer(page)
    page.click("#turn")
    answer(page)
    turned = to_mnist(np.rot90(photo(image), -1)).numpy().ravel()
    assert np.abs(page.evaluate("demo.answer().pixels") - turned).mean() <= 2
    if not built.digits.is_mnist:
        pytest.skip(NO_MNIST)
    assert read == label


def test_pictures_are_read_and_prepared_as_in_python(page, built):
    images = built.digits.test.images[:2, 0].numpy()
    pictures = {kind: make(np.random.default_rng(0), None)[0] for kind, make in KINDS.items()}
    pictures |= {
        "photo": photo(images[0]),
        "other photo": photo(images[1]),
        "negative": 255 - photo(images[0]),
    }
    pictures["no paper's edge"] = np.pad(255 - images[1], 90, constant_values=255)
    ways = {}, {"center": False}, {"scale": False}
    call = """([text, width, height, ways]) => {
        const gray = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        const plain = ({ box, pixels }) => [box ?? [0, 0, 0, 0], Array.from(pixels)];
        const rows = readSheet(gray, width, height).map((row) => row.map(plain));
        return [...rows, ways.map((way) => plain(toMnist(gray, width, height, way)))] }"""
    for name, gray in pictures.items():
        rows = page.evaluate(call, [base64.b64encode(gray.tobytes()).decode(), *gray.shape[::-1], ways])
        ours = [*read_sheet(gray), [((0, 0, 0, 0), to_mnist(gray, **way)) for way in ways]]
        assert [len(row) for row in rows] == [len(row) for row in ours], name
        for (box, pixels), (our_box, image) in zip(sum(rows, []), sum(ours, []), strict=True):
            assert np.abs(np.subtract(box, our_box)).max() <= 1, name
            assert np.abs(np.array(pixels) - image.numpy().ravel()).mean() <= 2, name


def test_digits_of_a_sheet_are_framed_chosen_and_corrected(page, built):
    picture, rows = KINDS["rows 2×4"](np.random.default_rng(0), None)
    page.set_input_files("#file", {"name": "sheet.png", "mimeType": "image/png", "buffer": png(picture)})
    page.wait_for_selector("#paper[aria-label*='8 digits, number 1']")
    digits = [label for row in rows for label, _ in row]
    top, left, bottom, right = rows[1][2][1]
    zoom = page.locator("#paper").bounding_box()["width"] / len(picture)
    page.click("#paper", position={"x": zoom * (left + right) / 2, "y": zoom * (top + bottom) / 2})
    page.wait_for_selector("#paper[aria-label*='number 7']")
    read = answer(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#paper[aria-label*='number 8']")
    page.keyboard.press("3")
    assert page.inner_text("#rows").split(".")[0].endswith(" 3")
    page.locator("#probabilities tbody tr").nth(4).click()
    said = page.inner_text("#rows").split(".")[0]
    assert said.endswith(" 4") and said.count("/") == 1
    if built.digits.is_mnist:
        assert read == digits[6]


def test_file_that_cannot_be_used_gets_a_sentence(page):
    for content, sentence in (
        (b"not a picture at all", "no picture"),
        (b"\0\0\0\x18ftypheic" + bytes(40), HEIC),
        (png(np.zeros((200, 200, 4), np.uint8))[:90], "cut off"),
        (png(np.zeros((9, 9), np.uint8))[:16] + (10_000).to_bytes(4) * 2, "100,000,000 pixels"),
        (png(np.zeros((1, 1), np.uint8)), "No ink"),
        (png(np.full((90, 90), 200, np.uint8)), "No ink"),
    ):
        page.set_input_files("#file", {"name": "digit.png", "mimeType": "image/png", "buffer": content})
        page.wait_for_selector(f"#message:has-text('{sentence}')")
        write(page, [[(0.5, 0.2), (0.5, 0.8)]])
        assert answer(page) is not None and page.inner_text("#message") == ""
