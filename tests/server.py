"""Small files in the place of MNIST's, a server on this machine that offers them, and fixtures that conftest shares."""

import gzip
import hashlib
import math
import os
import sys
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from unittest.mock import patch

import pytest

from mnist_helpers import sources
from mnist_helpers.data import load_digits

SHAPES = dict(zip(sources.FILES, [(240, 28, 28), (240,), (20, 28, 28), (20,)], strict=True))
PLAIN = {  # a header, then the numbers 0 to 9 over and over
    name: bytes(4 + 4 * len(shape)) + bytes(number % 10 for number in range(math.prod(shape)))
    for name, shape in SHAPES.items()
}
PACKED = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in PLAIN.items()}
MD5 = {name: hashlib.md5(content).hexdigest() for name, content in (PLAIN | PACKED).items()}


def use_small_files(replace=setattr):
    """Have this process take the small files for MNIST's."""
    from torchvision.datasets import MNIST  # takes seconds, which only these tests need

    replace(sources, "FILES", {name: (SHAPES[name], MD5[name]) for name in PLAIN})
    replace(MNIST, "resources", [(name, MD5[name]) for name in PACKED])


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """A machine without a network, for which the small files are MNIST's; returns its cache folder, yet to be made."""
    use_small_files(monkeypatch.setattr)
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path / "cache")
    for name in ("MNIST_DIR", "MNIST_PRACTICE", "MNIST_CHECKPOINTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MNIST_MIRRORS", "http://127.0.0.1:9/")  # where nothing listens
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "cache"


@pytest.fixture
def folder(cache, monkeypatch, tmp_path):
    """A folder that MNIST_DIR names, with a small file in each of the four places where one may lie."""
    one, two, three, four = PLAIN
    (tmp_path / "mine/MNIST/raw").mkdir(parents=True)
    for path in (one, f"{two}.gz", f"MNIST/raw/{three}", f"MNIST/raw/{four}.gz"):
        (tmp_path / "mine" / path).write_bytes((PLAIN | PACKED)[Path(path).name])
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "mine"))
    return tmp_path / "mine"


@pytest.fixture(scope="session")
def practice():
    with patch.dict(os.environ, MNIST_PRACTICE="1"):
        return load_digits()


class Request(BaseHTTPRequestHandler):  # HEAD is answered with 501, which is an answer, too
    def do_GET(self):
        self.server.asked.append(self.path[1:])
        self.server.answer(self, PACKED[self.path[1:]])

    def send(self, body, length=None):
        """Announce `length` bytes and send `body`; the second file that is asked for comes five bytes at a time."""
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        for start in range(0, len(body), 5):
            self.wfile.write(body[start : start + 5])
            time.sleep(self.server.pause if len(self.server.asked) == 2 else 0)


@contextmanager
def serve(answer=Request.send, pause=0):
    """Offer the packed files, be the one mirror that is known, and list the names `asked` for."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Request) as server, patch.dict(os.environ):
        server.answer, server.pause, server.asked = answer, pause, []
        server.url = os.environ["MNIST_MIRRORS"] = f"http://127.0.0.1:{server.server_port}/"
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


if __name__ == "__main__":  # look for the digits with the first argument as cache, in 2**N processes at once
    use_small_files()
    sources.cache_folder = lambda: Path(sys.argv[1])
    for _ in range(int(sys.argv[2])):
        os.fork()
    print(sources.load_mnist()[1])
