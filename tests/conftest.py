"""What all tests share: how notebooks are compared, MNIST in small, a browser without a window, the site."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from filelock import FileLock

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before a notebook's imports are executed
pytest_plugins = ["tools.comparing", "server"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="module")
def browser():
    reason = "Playwright is missing: no browser tried the page."
    with pytest.importorskip("playwright.sync_api", reason=reason).sync_playwright() as driver:
        own = driver.chromium.executable_path
        found = own if Path(own).exists() else shutil.which("chromium") or shutil.which("google-chrome")
        if not found:
            pytest.skip("Chromium is missing: no browser tried the page.")
        with driver.chromium.launch(executable_path=found, args=FLAGS + CAMERA) as browser:
            yield browser


@pytest.fixture
def open_page(browser):
    """Opens a page; in the end, none asked for anything from elsewhere, and no console holds a complaint."""
    wrong = []

    def opened(url, **settings):
        page = browser.new_page(**{"viewport": {"width": 1280, "height": 900}} | settings)
        page.set_default_timeout(240_000)  # on a busy machine
        own = ("file:", "data:", "blob:")
        page.on("request", lambda request: request.url.startswith(own) or wrong.append(request.url))
        page.on("console", lambda said: said.type in ("error", "warning") and wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(url)
        return page

    yield opened
    for context in browser.contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def built(tmp_path_factory, testrun_uid):
    """A part of the digits, the networks of the page to draw on, trained on it, and the folder of the site with this
    page, made once for all workers."""
    from mnist_helpers.data import load_digits  # here, for most tests do without them
    from tools.demo import trained_networks
    from tools.site.__main__ import build, prepare

    folder, whole = tmp_path_factory.getbasetemp().parent / f"site-{testrun_uid}", load_digits()
    digits = replace(whole, train=whole.train[:7_680], validation=whole.validation[:100])
    with FileLock(f"{folder}.lock"), patch.dict(os.environ, MNIST_CHECKPOINTS=str(folder)):
        training = trained_networks(digits)
        if not (folder / "site").exists():
            prepare(folder / "source", digits)
            assert build(folder / "source", folder / "site") == 0
    return SimpleNamespace(digits=digits, training=training, folder=folder / "site")
