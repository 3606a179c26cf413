"""A server on this machine's loopback address that offers MNIST and does one thing wrong."""

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class MnistServer(ThreadingHTTPServer):
    """Serves `content`, name -> bytes, in the manner of `behave`; notes in `asked` what was asked for.

    behave: is called with the handler of a request, the bytes of what was asked for (None if there is nothing of
    this name), and how often it was asked for before.
    """

    block_on_close = False

    def __init__(self, content: Mapping[str, bytes], behave: Callable | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.behave = content, behave or well
        self.asked: list[str] = []
        self.closing = threading.Event()
        self.noting = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def note(self, name: str) -> int:
        with self.noting:
            self.asked.append(name)
            return self.asked.count(name) - 1

    def handle_error(self, request, client_address):
        """Whoever asked has gone: that is what these tests are about."""

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: MnistServer

    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()

    def do_GET(self):
        name = self.path.lstrip("/")
        self.server.behave(self, self.server.content.get(name), self.server.note(name))

    def log_message(self, *_):
        """Nothing: pytest shows what matters."""

    def begin(self, length: int | None = None, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def pause(self, seconds: float) -> None:
        self.server.closing.wait(seconds)


def well(handler, body, times):
    """As it should be."""
    if body is None:
        return status(404)(handler, body, times)
    handler.begin(len(body))
    handler.wfile.write(body)


def gently(handler, body, times):
    """As it should be, in a second for a large file, so that there is a middle to do something in."""
    handler.begin(len(body))
    part = len(body) // 20 + 1
    for start in range(0, len(body), part):
        handler.wfile.write(body[start : start + part])
        handler.pause(0.05 if len(body) > 1_000_000 else 0)


def status(code):
    def behave(handler, body, times):
        handler.begin(0, code)

    return behave


def at_first(fault, count):
    """A fault that is over after `count` requests for each file."""

    def behave(handler, body, times):
        (fault if times < count else well)(handler, body, times)

    return behave


def once(fault):
    """A fault that only the very first request meets."""

    def behave(handler, body, times):
        (fault if len(handler.server.asked) == 1 else well)(handler, body, times)

    return behave


def silent(handler, body, times):
    handler.pause(60)


def half_then_silence(handler, body, times):
    handler.begin(len(body))
    handler.wfile.write(body[: len(body) // 2])
    handler.pause(60)


def half_then_end(handler, body, times):
    handler.begin(len(body))
    handler.wfile.write(body[: len(body) // 2])


def half_without_length(handler, body, times):
    handler.begin()
    handler.wfile.write(body[: len(body) // 2])


def drip(handler, body, times):
    handler.begin(len(body))
    for byte in body:
        handler.wfile.write(bytes([byte]))
        handler.pause(0.2)


def dripping_headers(handler, body, times):
    for letter in "HTTP/1.0 200 OK\r\n" + "X-Slow: yes\r\n" * 1_000:
        handler.wfile.write(letter.encode())
        handler.pause(0.1)


def endless(begin):
    """Bytes without end after those of `begin`."""

    def behave(handler, body, times):
        handler.begin()
        handler.wfile.write(begin or body)
        while True:
            handler.wfile.write(bytes(65_536))

    return behave


def login_page(handler, body, times):
    page = b"<!DOCTYPE html>\n<html><title>Welcome to the guest network</title>Please log in.</html>"
    handler.begin(len(page), Content_Type="text/html")
    handler.wfile.write(page)


def redirect(to):
    def behave(handler, body, times):
        handler.begin(0, 302, Location=to)

    return behave


@contextmanager
def mute():
    """A port that takes connections and never answers; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def nobody():
    """The address of a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/"
