"""The site and its page in Firefox and in WebKitGTK, where Debian's packages of them are installed."""

import base64
import shutil

import engines
import numpy as np
import pytest
from test_page import photo, png

PROGRAMS = {"Firefox": ["firefox-esr"], "WebKit": ["WebKitWebDriver", "xvfb-run"]}
LABEL = "get('paper').ariaLabel"


@pytest.fixture(scope="module", params=PROGRAMS)
def engine(request, tmp_path_factory):
    for program in PROGRAMS[request.param]:
        if not shutil.which(program):
            pytest.skip(f"{program} is missing: {request.param} did not try the page.")
    with getattr(engines, request.param)(tmp_path_factory.mktemp("profile")) as engine:
        yield engine


@pytest.fixture
def page(engine, built):
    engine.resize(1280)
    engine.open(built.folder / "_static" / "digit.html")
    engine.until("document.documentElement.dataset.ready")
    return engine


@pytest.mark.parametrize("width", [1280, 390])
def test_page_fits_and_its_answer_covers_no_heading(page, width):
    page.resize(width)
    page.ask("get('answer').scrollIntoView()")

    def heading(shade):  # its pixels, when the page has been painted in this theme
        box = page.ask("get('answer-title').getBoundingClientRect().toJSON()")
        left, top, right, bottom = (round(box[side]) for side in ("left", "top", "right", "bottom"))
        picture = page.picture().astype(int)
        pixels = picture[top:bottom, left:right]
        return [pixels] if picture[5, 5, 0] == shade and pixels.std() > 5 else []

    for theme, shade in (("dark", 18), ("light", 246)):
        page.ask(f"document.documentElement.dataset.theme = '{theme}'")
        (pixels,) = engines.until(lambda shade=shade: heading(shade))
        assert np.ptp(pixels, axis=2).max() < 60  # gray letters, and nothing of a color
    assert page.ask("document.documentElement.scrollWidth <= innerWidth")


def test_digit_is_drawn_brought_by_keys_and_read_from_file_or_camera_or_refused(page):
    page.ask("get('clear').click()")
    page.until("get('live').textContent === 'The paper is empty.'")
    page.draw("get('paper')", [(0.5, 0.2), (0.5, 0.5), (0.5, 0.8)])
    page.until("get('live').textContent.startsWith('The CNN reads')")
    page.ask("get('paper').focus()")
    page.press("\ue014")  # →
    page.until("get('hint').textContent === 'Draw your own'")
    page.ask("get('first').focus()")
    page.press("\ue015")  # ↓
    page.until("get('probe').textContent.startsWith('Map 1, row 3')")
    page.ask(f"{engines.DROP}('{base64.b64encode(b'no picture').decode()}')")
    page.until("get('message').textContent.startsWith('This file is no picture')")
    image = np.pad(np.full((20, 4), 255, np.uint8), ((4, 4), (12, 12)))
    page.ask(f"{engines.DROP}('{base64.b64encode(png(photo(image))).decode()}')")
    page.until(f"{LABEL}.includes('photo')")
    page.ask("get('clear').click()")
    page.until(f"{LABEL}.includes('nothing on it')")
    page.ask("get('camera').click()")
    if isinstance(page, engines.WebKit):  # it has no camera to play with
        page.until("get('message').textContent.startsWith('No camera was found')")
    else:
        page.until("!get('camera-tools').hidden")
        page.ask("get('take').click()")
        page.until(f"{LABEL}.startsWith('Paper with a photo')")


@pytest.mark.skipif(not shutil.which("firefox-esr"), reason="Firefox is missing: it changed no drawing.")
def test_drawing_that_the_browser_changes_is_not_read(built, tmp_path):
    with engines.Firefox(tmp_path, **{"privacy.resistFingerprinting": True}) as engine:
        engine.open(built.folder / "_static" / "digit.html")
        engine.until("get('message').textContent.startsWith('To prevent tracking')")
        assert engine.ask("get('numeral').textContent") == "·"


def test_site_is_searched_unfolded_and_read_in_both_themes(engine, built):
    engine.resize(390)
    engine.open(built.folder / "search.html", "?q=max+pooling")
    engine.until("document.querySelector('#search-results')?.innerText.includes('The model')")
    engine.open(built.folder / "notebooks" / "deeper" / "04_statistics.html")
    engine.ask("get('open-all').click()")
    formulas = "[...document.querySelectorAll('math')].map((one) => one.getBoundingClientRect().height)"
    assert min(engine.ask(formulas)) > 5
    assert engine.ask("document.documentElement.scrollWidth <= innerWidth")
    engine.open(built.folder / "index.html")
    engine.ask("document.querySelector('button[data-mode=light]').click()")
    engine.until("document.documentElement.dataset.theme === 'light'")
    engine.send("SwitchToFrame", id=0)
    engine.until("document.documentElement.dataset.theme === 'light'")
    engine.until("document.documentElement.clientHeight === innerHeight")  # there is no bar below
