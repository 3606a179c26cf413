"""A mouse for Chromium; Firefox and WebKitGTK, driven by the W3C's WebDriver, as Debian's packages bring them."""

import base64
import io
import json
import os
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import requests
from PIL import Image

SETTINGS = {"marionette.port": 0, "toolkit.legacyUserProfileCustomizations.stylesheets": True}
SETTINGS |= {"media.navigator.streams.fake": True, "media.navigator.permission.disabled": True}
SETTINGS |= {"layout.css.prefers-color-scheme.content-override": 0}  # dark
# Of the window's tools, so that it can be as narrow as a phone.
NARROW = "{ min-width: 0 !important; padding: 0; font-size: 1px }"
PATHS = {"Navigate": "url", "SetWindowRect": "window/rect", "ExecuteScript": "execute/sync"}
PATHS |= {"PerformActions": "actions", "SwitchToFrame": "frame", "NewSession": ""}
DROP = """(text => { const files = new DataTransfer();
    files.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], "digit.png"));
    dispatchEvent(new DragEvent("drop", { dataTransfer: files })) })"""


def until(ask):
    """What is answered as soon as the answer counts as true."""
    for _ in range(2_400):
        if answer := ask():
            return answer
        time.sleep(0.05)
    raise TimeoutError("Two minutes went by in vain.")


@contextmanager
def running(command, log=os.devnull, **settings):
    """A process in a session of its own; in the end all of its group are asked to end, and made to after a minute."""
    with open(log, "w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, **settings)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def draw(page, canvas, points):
    """One stroke of Chromium's mouse through points from 0 to 1 of a locator's element."""
    x, y, width, height = canvas.bounding_box().values()
    for number, (right, down) in enumerate(points):
        page.mouse.move(x + right * width, y + down * height)
        number or page.mouse.down()
    page.mouse.up()


class Engine(ExitStack):
    """A browser without a screen, driven by the W3C's WebDriver. In scripts, `get` finds what has an id."""

    def __init__(self, folder, *command):
        super().__init__()
        self.enter_context(running(command, env=os.environ | {"XDG_CONFIG_HOME": str(folder)}))

    def open(self, path, query=""):
        self.send("SwitchToFrame", id=None)
        self.send("Navigate", url=path.as_uri() + query)

    def resize(self, width):
        self.send("SetWindowRect", x=0, y=0, width=width, height=1100)
        self.until(f"innerWidth == {width}")

    def ask(self, script):
        find = "const get = (id) => document.getElementById(id);"
        return self.send("ExecuteScript", script=f"{find} return {script}", args=[])

    def until(self, script):
        return until(lambda: self.ask(script))

    def press(self, key):
        self.act("key", {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})

    def draw(self, element, points):
        """One stroke of the mouse through points from 0 to 1 of an element."""
        box = self.ask(f"{element}.getBoundingClientRect().toJSON()")
        places = [
            (round(box["x"] + x * box["width"]), round(box["y"] + y * box["height"])) for x, y in points
        ]
        first, *others = ({"type": "pointerMove", "duration": 40, "x": x, "y": y} for x, y in places)
        press, release = ({"type": f"pointer{name}", "button": 0} for name in ("Down", "Up"))
        self.act("pointer", first, press, *others, release)

    def act(self, kind, *steps):
        self.send("PerformActions", actions=[{"type": kind, "id": kind, "actions": list(steps)}])

    def picture(self):
        content = base64.b64decode(self.send("TakeScreenshot", full=False))
        return np.array(Image.open(io.BytesIO(content)).convert("RGB"))


class Firefox(Engine):
    """Its own socket, Marionette, has WebDriver's commands."""

    def __init__(self, folder, **more):
        (folder / "chrome").mkdir()
        (folder / "chrome" / "userChrome.css").write_text(f":root {NARROW}")
        lines = (
            f"user_pref({json.dumps(key)}, {json.dumps(one)});\n" for key, one in (SETTINGS | more).items()
        )
        (folder / "user.js").write_text("".join(lines))
        super().__init__(folder, "firefox-esr", "--headless", "--marionette", "--profile", folder)
        note = folder / "MarionetteActivePort"
        port = until(lambda: note.exists() and note.read_text())
        connection = self.enter_context(socket.create_connection(("127.0.0.1", int(port))))
        self.file = self.enter_context(connection.makefile("rwb"))
        self.receive()
        self.send("NewSession", capabilities={})

    def receive(self):
        size = b"".join(iter(lambda: self.file.read(1), b":"))
        return json.loads(self.file.read(int(size)))

    def send(self, command, **parameters):
        text = json.dumps([0, 0, f"WebDriver:{command}", parameters])
        self.file.write(f"{len(text)}:{text}".encode())
        self.file.flush()
        _, _, error, answer = self.receive()
        assert error is None, error
        return answer.get("value")


class WebKit(Engine):
    """Its driver is a server, and it needs a screen, though one that nobody sees."""

    def __init__(self, folder):
        (folder / "gtk-3.0").mkdir()
        (folder / "gtk-3.0" / "gtk.css").write_text(f"* {NARROW}")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        screen = ("xvfb-run", "-a", "-s", "-screen 0 1600x1200x24")
        super().__init__(folder, *screen, "WebKitWebDriver", f"--port={port}")
        until(lambda: port in {one.laddr.port for one in psutil.net_connections()})
        self.address = f"http://127.0.0.1:{port}/session"
        binary = str(next(Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser")))
        options = {"webkitgtk:browserOptions": {"binary": binary, "args": ["--automation", "--dark-mode"]}}
        self.address += f"/{self.send('NewSession', capabilities={'alwaysMatch': options})['sessionId']}/"

    def send(self, command, **parameters):
        if command == "TakeScreenshot":
            return requests.get(f"{self.address}screenshot").json()["value"]
        return requests.post(self.address + PATHS[command], json=parameters).json()["value"]
