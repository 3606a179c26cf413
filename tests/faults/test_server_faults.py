"""Servers that are not there, do not answer, or send something else; each is a real server on this machine."""

import gzip
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple

import pytest
import server
from machine import Machine

from mnist_helpers.files import MNIST_FILES

NAMES = sorted(file.name for file in MNIST_FILES)
KEPT = "t10k-labels-idx1-ubyte"  # the file that was there before, in every case
LARGE = MNIST_FILES[0]  # the first to be asked for
PACKED = f"{LARGE.name}.gz"


class Case(NamedTuple):
    """A fault: its servers in their order, by what they do; the words that it is told with; whether MNIST is found."""

    fault: str
    servers: tuple
    words: tuple[str, ...]
    found: bool = False


def absent(stack, packed):
    return server.nobody()


def mute(stack, packed):
    return stack.enter_context(server.mute())


def unknown_name(stack, packed):
    return "http://no-such-server.invalid/"


def no_address(stack, packed):
    return "ftp://127.0.0.1/"


def doing(behave):
    return lambda stack, packed: stack.enter_context(server.MnistServer(packed, behave)).address


def offering(change):
    """A server with other content: change takes the packed files."""
    return lambda stack, packed: stack.enter_context(server.MnistServer(change(packed))).address


def garbage(packed):
    return packed | {PACKED: bytes(range(256)) * 1_000}


def right_length(packed):
    return packed | {PACKED: gzip.compress(LARGE.header + bytes(LARGE.size - len(LARGE.header)), 1)}


def damaged(packed):
    whole = packed[PACKED]
    return packed | {PACKED: whole[:100_000] + bytes(1_000) + whole[101_000:]}


def bomb(packed):
    """Two hundred megabytes of zeros in less than one."""
    packer = zlib.compressobj(1, wbits=31)
    zeros = bytes(10_000_000)
    parts = [packer.compress(LARGE.header), *(packer.compress(zeros) for _ in range(20)), packer.flush()]
    return packed | {PACKED: b"".join(parts)}


def plain(packed):
    return {name.removesuffix(".gz"): gzip.decompress(content) for name, content in packed.items()}


good = doing(server.well)
NOT_DOWNLOADED = f"{LARGE.name} could not be downloaded"
CASES = [
    Case("no server at the address", (absent,), ("No server", "refused the connection", "connect this machine")),
    Case("a server's name that is unknown", (unknown_name,), ("No server", "no-such-server.invalid")),
    Case("an address that is not http", (no_address,), ("No server", "begins with http:// or https://")),
    Case("takes the connection, never answers", (mute,), ("No server", "did not answer in time")),
    Case("all servers dead, each in its way", (absent, mute, unknown_name), ("refused", "did not", "no-such-server.invalid")),
    Case("answers, then never sends the file", (doing(server.silent),), (NOT_DOWNLOADED, "did not answer in time")),
    Case("headers that drip", (doing(server.dripping_headers),), (NOT_DOWNLOADED, "did not answer in time")),
    Case("a file that drips", (doing(server.drip),), (NOT_DOWNLOADED, "sent too slowly")),
    Case("two servers that drip", (doing(server.drip), doing(server.drip)), (NOT_DOWNLOADED, "sent too slowly")),
    Case("silence in the middle", (doing(server.half_then_silence),), ("stopped sending in the middle",)),
    Case("cut off in the middle", (doing(server.half_then_end),), ("ended the connection in the middle",)),
    Case("cut off, without a length", (doing(server.half_without_length),), ("ended the file in the middle",)),
    Case("cut off once, then whole", (doing(server.at_first(server.half_then_end, 1)),), ("was downloaded",), True),
    Case("wrong bytes", (offering(garbage),), (NOT_DOWNLOADED, "not MNIST's file")),
    Case("right length, wrong bytes", (offering(right_length),), (NOT_DOWNLOADED, "checksum is not")),
    Case("damaged in the packed bytes", (offering(damaged),), (NOT_DOWNLOADED, "damaged")),
    Case("a packed file that swells to 200 MB", (offering(bomb),), (NOT_DOWNLOADED, "more than MNIST's file")),
    Case("a file that never ends", (doing(server.endless(LARGE.header)),), ("more than MNIST's file holds",)),
    Case("a good file, then bytes without end", (doing(server.endless(b"")),), ("was downloaded",), True),
    Case("a login page with status 200", (doing(server.login_page),), ("web page", "log in to this network")),
    Case("status 403", (doing(server.status(403)),), (NOT_DOWNLOADED, "answered 403, Forbidden")),
    Case("status 404", (doing(server.status(404)),), (NOT_DOWNLOADED, "answered 404, Not Found")),
    Case("status 429, too many at once", (doing(server.status(429)),), ("429, Too Many", "again later")),
    Case("status 500", (doing(server.status(500)),), ("answered 500, Internal", "again later")),
    Case("status 999, which nobody knows", (doing(server.status(999)),), ("answered 999",)),
    Case("status 500, then it recovers", (doing(server.at_first(server.status(500), 2)),), ("downloaded",), True),
    Case("status 429, then it recovers", (doing(server.at_first(server.status(429), 1)),), ("downloaded",), True),
    Case("a redirection without end", (doing(server.redirect("/again")),), ("one address to the next",)),
    Case("a redirection to a file", (doing(server.redirect("file:///etc/hostname")),), ("begins with http://",)),
    Case("first server wrong, second good", (offering(garbage), good), ("was downloaded",), True),
    Case("first server dead, second good", (mute, good), ("was downloaded",), True),
    Case("first server drips, second good", (doing(server.drip), good), ("was downloaded",), True),
    Case("files that are not packed", (offering(plain),), ("was downloaded",), True),
]  # fmt: skip


@pytest.fixture(scope="module")
def outcomes(mnist, packed, tmp_path_factory):
    """fault -> what came of it, and the machine. All at once, because most of the time is spent waiting."""

    homes = tmp_path_factory.mktemp("machines")

    def produce(case):
        machine = Machine(homes / str(CASES.index(case)))
        machine.keep(mnist, KEPT)
        with ExitStack() as stack:
            mirrors = [make(stack, packed) for make in case.servers]
            return machine.run(*mirrors), machine

    with ThreadPoolExecutor(12) as pool:
        return dict(zip((case.fault for case in CASES), pool.map(produce, CASES), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault.replace(" ", "-"))
def test_fault_of_a_server_is_told_and_nothing_half_stays(case, outcomes, record_fault):
    outcome, machine = outcomes[case.fault]
    for words in case.words:
        assert words in outcome["told"]
    assert outcome["found"] == case.found
    assert ("practice digits are used" in outcome["told"]) != case.found
    assert machine.whole() == (NAMES if case.found else [KEPT]) and machine.leftovers() == []
    assert outcome.get("megabytes", 0) < 300
    survives = "all four files" if case.found else "the file that was there before"
    record_fault(case.fault, outcome["told"], survives, outcome["seconds"])


def test_what_was_fetched_is_kept_for_the_next_attempt(mnist, packed, machine, record_fault):
    """A server that loses its last file: the other three stay, and are not asked for again."""
    without = {name: content for name, content in packed.items() if KEPT not in name}
    with server.MnistServer(without) as first:
        outcome = machine.run(first.address)
    assert not outcome["found"] and KEPT in outcome["told"]
    kept = machine.whole()
    assert kept == sorted(set(NAMES) - {KEPT})
    with server.MnistServer(packed) as second:
        assert machine.run(second.address)["found"]
    assert second.asked == [f"{KEPT}.gz"]
    record_fault("one of the four files is not there", outcome["told"], "the other three", outcome["seconds"])


def test_files_in_the_cache_can_be_read_by_a_class(packed, machine):
    with server.MnistServer(packed) as mirror:
        assert machine.run(mirror.address)["found"]
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in machine.raw.iterdir())
