"""What all tests share: how notebooks are compared, and a browser without a window."""

import os
import shutil
from pathlib import Path

import pytest

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before a notebook's imports are executed
pytest_plugins = ["tools.comparing"]
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
