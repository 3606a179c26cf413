"""What all tests share: how notebooks are compared, MNIST in small, and a browser without a window."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before a notebook's imports are executed
pytest_plugins = ["tools.comparing", "server"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is missing: no browser tried the page."
    )
    with api.sync_playwright() as driver:
        own = driver.chromium.executable_path
        found = own if Path(own).exists() else shutil.which("chromium") or shutil.which("google-chrome")
        if not found:
            pytest.skip("Chromium is missing: no browser tried the page.")
        browser = driver.chromium.launch(executable_path=found, args=FLAGS + CAMERA)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Opens a page; in the end, none asked for anything from elsewhere, and no console holds a complaint."""
    contexts, wrong = [], []

    def opened(url, own=("file:", "data:", "blob:"), **settings):
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | settings))
        page = contexts[-1].new_page()
        page.set_default_timeout(240_000)  # on a busy machine
        page.on("request", lambda request: request.url.startswith(own) or wrong.append(request.url))
        page.on("console", lambda said: said.type in ("error", "warning") and wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def built(tmp_path_factory, testrun_uid):
    """The site, with networks that were trained for a second only; built once for all workers."""
    from mnist_helpers.data import load_digits  # here, for most tests do without them
    from tools import demo
    from tools.site import __main__ as site

    folder = tmp_path_factory.getbasetemp().parent / f"site-{testrun_uid}"
    with FileLock(f"{folder}.lock"):
        if not (folder / "site").exists():
            whole = load_digits()
            digits = replace(whole, train=whole.train[:2_560], validation=whole.validation[:100])
            kept, demo.trained_networks = (
                demo.trained_networks,
                lambda digits: demo.train_networks(digits, 1, 1),
            )
            site.prepare(folder / "source", digits)
            demo.trained_networks = kept
            assert site.build(folder / "source", folder / "site") == 0
    return folder / "site"
