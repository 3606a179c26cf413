"""Many processes at once, and processes that end or stand still in the middle."""

import signal
import subprocess
import time

import pytest
import server
from machine import outcome_of

from mnist_helpers.files import MNIST_FILES

NAMES = sorted(file.name for file in MNIST_FILES)
STALLED_FIRST = server.once(server.half_then_silence)


def half_there(machine):
    """Wait until a file is on its way: half of it lies aside."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if machine.raw.is_dir() and any((machine.raw / name).stat().st_size for name in machine.leftovers()):
            return
        time.sleep(0.05)
    raise AssertionError("no download began")


def end(process):
    process.kill()
    process.communicate()


def test_eight_processes_share_one_download(machine, packed, record_fault):
    with server.MnistServer(packed, server.gently) as mirror:
        processes = [machine.start(mirror.address) for _ in range(8)]
        outcomes = [outcome_of(process) for process in processes]
    assert all(outcome["found"] for outcome in outcomes)
    assert sorted(mirror.asked) == sorted(packed), "each file is asked for once"
    waited = [outcome["printed"][0] for outcome in outcomes if outcome["printed"]]
    assert waited and all("this one waits for it" in line for line in waited)
    assert machine.whole() == NAMES and machine.leftovers() == []
    slowest = max(outcome["seconds"] for outcome in outcomes)
    record_fault(
        "eight processes, one empty cache", waited[0], "one download of four files, for all", slowest
    )


@pytest.mark.parametrize(
    ("fault", "mirror", "words"),
    [
        ("eight processes, no server answers", server.mute, "No server that offers MNIST answered"),
        ("eight processes, a server that fails", None, "answered 500"),
    ],
)
def test_eight_processes_fail_together_not_in_turn(fault, mirror, words, machine, packed, record_fault):
    with server.MnistServer(packed, server.status(500)) as failing, server.mute() as mute:
        processes = [machine.start(mute if mirror else failing.address) for _ in range(8)]
        outcomes = [outcome_of(process) for process in processes]
    assert all(not outcome["found"] and words in outcome["told"] for outcome in outcomes)
    assert machine.whole() == machine.leftovers() == []
    slowest = max(outcome["seconds"] for outcome in outcomes)
    record_fault(fault, outcomes[0]["told"], "nothing was there", slowest)


def test_killed_in_the_middle_and_another_follows(machine, packed, record_fault):
    with server.MnistServer(packed, STALLED_FIRST) as mirror:
        first = machine.start(mirror.address)
        half_there(machine)
        end(first)
        assert machine.whole() == [] and len(machine.leftovers()) == 1
        outcome = machine.run(mirror.address)
    assert outcome["found"] and machine.whole() == NAMES
    assert machine.leftovers() == [], "what the first left was removed"
    record_fault(
        "killed in mid-download; another follows", outcome["told"], "all four files", outcome["seconds"]
    )


def test_holder_of_the_lock_is_killed_while_another_waits(machine, packed, record_fault):
    with server.MnistServer(packed, STALLED_FIRST) as mirror:
        first = machine.start(mirror.address)
        half_there(machine)
        second = machine.start(mirror.address)
        assert second.stdout.readline() == "ready\n"
        told = second.stdout.readline()
        assert "this one waits for it" in told
        end(first)
        outcome = outcome_of(second)
    assert outcome["found"] and machine.whole() == NAMES and machine.leftovers() == []
    record_fault("the process that others wait for is killed", told, "all four files", outcome["seconds"])


def test_holder_of_the_lock_stands_still(machine, packed, record_fault):
    with server.MnistServer(packed, STALLED_FIRST) as mirror:
        first = machine.start(mirror.address)
        half_there(machine)
        first.send_signal(signal.SIGSTOP)
        try:
            outcome = machine.run(mirror.address)
        finally:
            end(first)
    assert not outcome["found"] and machine.whole() == []
    assert "gets nowhere" in outcome["told"] and "restart its kernel" in outcome["told"]
    record_fault(
        "the process that others wait for is frozen", outcome["told"], "nothing was there", outcome["seconds"]
    )


@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM"])
def test_stopped_in_the_middle(signal_name, machine, packed, record_fault):
    """The stop button, and a system that shuts down."""
    with server.MnistServer(packed, STALLED_FIRST) as mirror:
        first = machine.start(mirror.address)
        half_there(machine)
        start = time.monotonic()
        first.send_signal(getattr(signal, signal_name))
        first.communicate(timeout=10)
        seconds = time.monotonic() - start
        assert machine.whole() == []
        assert len(machine.leftovers()) == (0 if signal_name == "SIGINT" else 1)
        outcome = machine.run(mirror.address)
    assert outcome["found"] and machine.whole() == NAMES and machine.leftovers() == []
    record_fault(
        "the stop button in mid-download" if signal_name == "SIGINT" else "a shutdown in mid-download",
        f"at the next attempt: {outcome['told']}",
        "the lock is free; the next attempt gets all four",
        seconds,
    )


def test_stopped_between_writing_and_moving(machine, packed, mnist, record_fault):
    """The file is whole and checked, but was not yet given its name."""
    machine.keep(mnist, *NAMES[:2])
    with server.MnistServer(packed) as mirror:
        process = machine.start(mirror.address, arguments=("shutil.move",))
        process.communicate(timeout=20)
        assert process.returncode == -signal.SIGKILL
        (aside,) = machine.leftovers()
        assert (machine.raw / aside).stat().st_size == MNIST_FILES[0].size
        assert machine.whole() == NAMES[:2], "what was good is still there"
        outcome = machine.run(mirror.address)
    assert outcome["found"] and machine.whole() == NAMES and machine.leftovers() == []
    record_fault(
        "a stop between writing and moving", outcome["told"], "the files that were there", outcome["seconds"]
    )


BLACKHOLE = "127.0.0.77"


def test_name_lookup_that_blocks(machine, tmp_path, record_fault):
    """A name server that takes each question and answers none, as behind many a firewall."""
    import socket

    namespace = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"']
    resolver = tmp_path / "resolv.conf"
    resolver.write_text(f"nameserver {BLACKHOLE}\noptions timeout:10 attempts:3\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        try:
            silent.bind((BLACKHOLE, 53))
            subprocess.run([*namespace, str(resolver), "true"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("only root may pretend to be this machine's name server")
        outcome = machine.run("http://mnist.example/", before=[*namespace, str(resolver)])
    assert not outcome["found"] and "mnist.example did not answer in time" in outcome["told"]
    assert outcome["seconds"] < 5
    record_fault("a name server that never answers", outcome["told"], "nothing was there", outcome["seconds"])
