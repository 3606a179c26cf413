"""How a file of MNIST comes from a server: checked, in one piece, and with an end to every wait. Needs no torch.

pooch checks each file and moves it into place in one step. What is here besides tells slow, broken and lying servers
apart, in sentences.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, as_completed, wait
from contextlib import suppress
from http import HTTPStatus
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pooch
import requests
from requests.adapters import HTTPAdapter
from tqdm.auto import tqdm
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Retry

from mnist_helpers.files import IdxFile

ANSWER = 3.0  # seconds in which a server has to answer, looking up its name included
STALL = 4.0  # seconds with next to nothing, after which a server is left
SLOWEST = 10_000  # bytes a second that are more than next to nothing
PATIENCE = 7.0  # seconds without getting on, over all servers, after which a download is given up
LONGEST = 300.0  # seconds for a whole download
BUSY = (429, 500, 502, 503, 504)  # answers after which asking again can help
SLACK = 65_536  # bytes by which a packed file may be larger than its content


class DownloadError(Exception):
    """A download that failed: what went wrong, and what the reader can do, each a sentence without its stop."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


class _ServerError(Exception):
    """What a server did wrong: the end of a sentence that begins with its name."""


class _NotThereError(_ServerError):
    """It has no file of this name."""


class _WebPageError(_ServerError):
    """It sent a page for people."""


class _CutOffError(_ServerError):
    """The connection ended before the file did; the next one may last longer."""


def download(folder: Path, wanted: list[IdxFile]) -> None:
    """Download files into `folder`, each of them whole or not at all.

    Raises DownloadError, and OSError when `folder` cannot be written.
    """
    if not wanted:
        return
    pooch.get_logger().setLevel("WARNING")  # it would announce each file, beside the progress bar
    clock = _Clock()
    answering, reasons = _knock(mirrors())
    if not answering:
        raise DownloadError(
            f"No server that offers MNIST answered ({'; '.join(reasons)})",
            "connect this machine, or name a folder with MNIST's files in MNIST_DIR",
        )
    for file in wanted:
        _fetch(folder, file, answering, clock)


def mirrors() -> list[str]:
    """The addresses that offer MNIST, first choice first: those in MNIST_MIRRORS, else torchvision's."""
    named = os.environ.get("MNIST_MIRRORS", "").split()
    if not named:
        from torchvision.datasets import MNIST  # here, because it takes seconds that only a download needs

        named = MNIST.mirrors
    return [address.rstrip("/") + "/" for address in named]


class _Clock:
    """How much longer a download may go on."""

    def __init__(self) -> None:
        self.start = self.last = time.monotonic()

    def got_on(self) -> None:
        self.last = time.monotonic()

    def left(self) -> float:
        return max(0.0, min(self.last + PATIENCE, self.start + LONGEST) - time.monotonic())


def _in_background(call: Callable[..., Any], *arguments: Any) -> Future:
    """Begin a call in a thread of its own, because looking up a name can block for longer than any timeout."""
    future: Future = Future()

    def run() -> None:
        try:
            future.set_result(call(*arguments))
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _knock(addresses: list[str]) -> tuple[list[str], list[str]]:
    """Those of `addresses` that answer in time, in their order, and why the others do not, a sentence each."""
    futures = {address: _in_background(_head, address) for address in addresses}
    with suppress(TimeoutError):
        for future in as_completed(futures.values(), timeout=ANSWER):
            if not future.exception():
                wait(futures.values(), timeout=0.5)  # a server named before this one may still answer
                break
    answering, reasons = [], []
    for address, future in futures.items():
        if not future.done():
            reasons.append(f"{_name(address)} did not answer in time")
        elif error := future.exception():
            reasons.append(f"{_name(address)} {_in_words(error)}")
        else:
            answering.append(address)
    return answering, reasons


def _head(address: str) -> None:
    requests.head(address, timeout=ANSWER, allow_redirects=False).close()


def _name(address: str) -> str:
    """The part of an address that a sentence names it by, without a password that may be in it."""
    return urlsplit(address).netloc.rpartition("@")[2] or address


def _in_words(error: BaseException) -> str:
    """What went wrong with a request, as the end of a sentence that begins with the server's name."""
    causes: list[BaseException | None] = [error]
    while causes[-1]:
        causes.append(causes[-1].__cause__ or causes[-1].__context__)
    kinds: dict[type[BaseException] | tuple[type[BaseException], ...], str] = {
        socket.gaierror: "could not be found: its name is unknown here",
        ConnectionRefusedError: "refused the connection",
        requests.exceptions.ProxyError: "could not be reached through this network's proxy",
        requests.exceptions.SSLError: "has a certificate that this machine does not trust",
        requests.exceptions.TooManyRedirects: "sends from one address to the next without end",
        (requests.exceptions.Timeout, TimeoutError): "did not answer in time",
        (requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema, requests.exceptions.InvalidURL):
            "does not lead to an address that begins with http:// or https://",
    }  # fmt: skip
    for kind, words in kinds.items():
        if any(isinstance(cause, kind) for cause in causes):
            return words
    return f"could not be reached ({type(error).__name__})"


def _fetch(folder: Path, file: IdxFile, answering: list[str], clock: _Clock) -> None:
    """Download one file from the first server that sends it as it should be.

    answering: a server that fails is moved to its end. Raises DownloadError when all fail.
    """
    line, reasons, again = list(answering), {}, set()
    web_page = False
    for address in line:
        if not clock.left():
            break
        try:
            _fetch_from(address, folder, file, clock)
            clock.got_on()
            return
        except _ServerError as error:
            reasons[address] = f"{_name(address)} {error}"
            web_page = web_page or isinstance(error, _WebPageError)
            if isinstance(error, _CutOffError) and address not in again:
                again.add(address)
                line.append(address)
        answering.remove(address)
        answering.append(address)
    why = "; ".join(reasons.values()) or f"it took longer than {LONGEST:.0f} s"
    first = "log in to this network in a browser and run this again" if web_page else "run this again later"
    raise DownloadError(
        f"MNIST's {file.name} could not be downloaded ({why})",
        f"{first}, or name a folder with MNIST's files in MNIST_DIR",
    )


def _fetch_from(address: str, folder: Path, file: IdxFile, clock: _Clock) -> None:
    """Download one file from one server, packed if it has it so, else plain. Raises _ServerError."""

    def save(url: str, output_file: str, _: object) -> None:
        with _open(url, clock) as response:
            _save(response, file, clock, output_file)

    for name in (f"{file.name}.gz", file.name):
        try:
            pooch.retrieve(
                f"{address}{name}",
                known_hash=f"md5:{file.md5}",
                fname=file.name,
                path=folder,
                downloader=save,
            )
            return
        except _NotThereError:
            if name == file.name:
                raise
        except ValueError as error:
            raise _ServerError("sent a file whose checksum is not that of MNIST's") from error


def _open(url: str, clock: _Clock) -> requests.Response:
    try:
        response = _in_background(_get, url).result(timeout=min(ANSWER, clock.left()))
    except TimeoutError as error:
        raise _ServerError("did not answer in time") from error
    except requests.RequestException as error:
        raise _ServerError(_in_words(error)) from error
    if (status := response.status_code) == 200:
        return response
    response.close()
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "an unknown answer"
    raise (_NotThereError if status == 404 else _ServerError)(f"answered {status}, {phrase}")


def _get(url: str) -> requests.Response:
    """Ask for a file, and up to three times where the server says that it is busy."""
    retries = Retry(
        total=None, connect=0, read=0, other=0, status=2, status_forcelist=BUSY, backoff_factor=0.5,
        raise_on_status=False, respect_retry_after_header=False,
    )  # fmt: skip
    with requests.Session() as session:
        session.max_redirects = 5
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=retries))
        headers = {"Accept-Encoding": "identity"}  # what is packed is unpacked here, within its limits
        return session.get(url, headers=headers, timeout=(ANSWER, STALL), stream=True)


def _save(response: requests.Response, file: IdxFile, clock: _Clock, output_file: str) -> None:
    length = response.headers.get("content-length", "")
    total = int(length) if length.isdecimal() else None
    with (
        open(output_file, "wb") as output,
        tqdm(total=total, desc=file.name, unit="B", unit_scale=True, leave=False) as bar,
    ):
        for part in _unpacked(_received(response, file, clock, bar), file):
            output.write(part)
    os.chmod(output_file, 0o644)  # pooch's temporary file is for its owner alone; a class shares a folder


def _received(response: requests.Response, file: IdxFile, clock: _Clock, bar: tqdm) -> Iterator[bytes]:
    """The bytes that a server sends, in parts, as long as they come fast enough and do not get too many."""
    received = counted = 0
    since = time.monotonic()
    while True:
        try:
            part = response.raw.read1(65_536)  # read would wait, byte for byte, until there are so many
        except ReadTimeoutError as error:
            raise _ServerError("stopped sending in the middle") from error
        except HTTPError as error:
            raise _CutOffError("ended the connection in the middle") from error
        if not part:
            return
        bar.update(len(part))
        received += len(part)
        if received > file.size + SLACK:
            raise _ServerError("sent more than MNIST's file holds")
        if received - counted > SLOWEST * STALL:
            counted, since = received, time.monotonic()
            clock.got_on()
        elif time.monotonic() - since > STALL:
            raise _ServerError("sent too slowly")
        if not clock.left():
            raise _ServerError("took too long")
        yield part


def _unpacked(parts: Iterator[bytes], file: IdxFile) -> Iterator[bytes]:
    """The content of a plain or a packed file, looked at as it comes and never more than it should be."""
    begin = b""
    for part in parts:
        begin += part
        if len(begin) >= len(file.header):
            break
    unpacker = zlib.decompressobj(wbits=31) if begin.startswith(b"\x1f\x8b") else None
    size = 0
    for part in chain([begin], parts):
        try:
            content = unpacker.decompress(part, file.size - size + 1) if unpacker else part
        except zlib.error as error:
            raise _ServerError("sent a packed file that is damaged") from error
        if size == 0 and content[: len(file.header)] != file.header[: len(content)]:
            if content.lstrip().startswith(b"<"):
                raise _WebPageError("sent a web page instead, such as the login page of a network")
            raise _ServerError("sent something that is not MNIST's file")
        size += len(content)
        if size > file.size:
            raise _ServerError("sent more than MNIST's file holds")
        yield content
        if unpacker and unpacker.eof:
            break  # whatever follows is none of our business
    if size < file.size:
        raise _CutOffError("ended the file in the middle")
