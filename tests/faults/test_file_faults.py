"""Each of the four files truncated, swapped and of the wrong kind, in a folder of the reader's and in the cache."""

import time

import pytest
import server

from mnist_helpers.__main__ import main
from mnist_helpers.cache import find_mnist
from mnist_helpers.files import MNIST_FILES, WalkthroughError

NAMES = [file.name for file in MNIST_FILES]
SWAPPED = dict(zip(NAMES, [NAMES[2], NAMES[3], NAMES[0], NAMES[1]], strict=True))
LIKE = {
    "truncated": "is not whole",
    "swapped": "is of the wrong kind",
    "with a wrong magic number": "wrong kind",
}


def spoiled(kind, name, mnist):
    content = (mnist / name).read_bytes()
    if kind == "truncated":
        return content[: len(content) // 2]
    if kind == "swapped":
        return (mnist / SWAPPED[name]).read_bytes()
    return b"\x00\x00\x0d" + content[3:]


def linked(folder, mnist, but):
    """A folder with links to all files but one."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in set(NAMES) - {but}:
        (folder / name).symlink_to(mnist / name)
    return folder / but


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", LIKE)
def test_spoiled_file_is_named_and_left_alone(kind, name, mnist, tmp_path, monkeypatch, capsys, record_fault):
    path = linked(tmp_path / "class", mnist, but=name)
    path.write_bytes(spoiled(kind, name, mnist))
    content = path.read_bytes()
    monkeypatch.setenv("MNIST_DIR", str(path.parent))
    start = time.monotonic()
    with pytest.raises(WalkthroughError) as raised, find_mnist():
        pass
    seconds = time.monotonic() - start
    told = str(raised.value)
    assert str(path) in told and LIKE[kind] in told and "Nothing was changed" in told
    if kind == "swapped":
        assert f"found what {SWAPPED[name]} should hold" in told
    monkeypatch.setattr("sys.argv", ["mnist_helpers", "data", "--verify"])
    assert main() == 1
    printed = capsys.readouterr().out
    assert str(path) in printed and LIKE[kind] in printed and "data --get" in printed
    assert path.read_bytes() == content
    record_fault(f"{name} {kind}", told, "the file as it is, and the other three", seconds)


@pytest.mark.parametrize("name", NAMES)
def test_spoiled_file_of_the_cache_is_named_with_what_replaces_it(name, machine, mnist, packed, record_fault):
    """Nothing is repaired until the reader says so; then this file alone is."""
    path = linked(machine.raw, mnist, but=name)
    path.write_bytes(spoiled("truncated", name, mnist))
    content = path.read_bytes()
    with server.MnistServer(packed) as mirror:
        outcome = machine.run(mirror.address)
        assert not outcome["found"] and str(path) in outcome["told"] and "data --get" in outcome["told"]
        verified = machine.command("data", "--verify", mirrors=[mirror.address])
        assert verified.returncode == 1 and f"{path} is not whole" in verified.stdout
        assert path.read_bytes() == content and mirror.asked == []
        got = machine.command("data", "--get", mirrors=[mirror.address])
    assert got.returncode == 0 and f"{name} was damaged, and replaced." in got.stdout
    assert mirror.asked == [f"{name}.gz"] and machine.whole() == sorted(NAMES)
    assert all((mnist / other).is_file() for other in NAMES)
    record_fault(f"{name} cut short in the cache", outcome["told"], "the other three", outcome["seconds"])


def test_packed_file_cut_short(mnist, packed, tmp_path, monkeypatch, record_fault):
    name = NAMES[2]
    path = linked(tmp_path / "class", mnist, but=name).with_name(f"{name}.gz")
    path.write_bytes(packed[f"{name}.gz"][:-1_000])
    monkeypatch.setenv("MNIST_DIR", str(path.parent))
    start = time.monotonic()
    with pytest.raises(WalkthroughError, match="cannot be read") as raised, find_mnist():
        pass
    record_fault(f"{name}.gz truncated", str(raised.value), "the file as it is", time.monotonic() - start)


def test_a_file_is_missing_in_the_folder_of_the_reader(mnist, tmp_path, monkeypatch, record_fault):
    path = linked(tmp_path / "class", mnist, but=NAMES[1])
    monkeypatch.setenv("MNIST_DIR", str(path.parent))
    start = time.monotonic()
    with pytest.raises(WalkthroughError, match=f"holds no {NAMES[1]}") as raised, find_mnist():
        pass
    record_fault(f"{NAMES[1]} missing", str(raised.value), "the other three", time.monotonic() - start)


def test_get_fails_in_a_sentence(machine, packed):
    with server.MnistServer(packed, server.login_page) as mirror:
        got = machine.command("data", "--get", mirrors=[mirror.address])
    assert got.returncode == 1 and "log in to this network" in got.stderr and "Traceback" not in got.stderr
    shown = machine.command("data")
    assert shown.returncode == 1 and shown.stdout.count("missing") >= 4 and "data --get" in shown.stdout


def test_data_says_what_is_there(machine, packed):
    with server.MnistServer(packed) as mirror:
        assert machine.command("data", "--get", mirrors=[mirror.address]).returncode == 0
        again = machine.command("data", "--get", mirrors=[mirror.address])
    assert "nothing to download" in again.stdout and len(mirror.asked) == 4
    shown = machine.command("data")
    assert shown.returncode == 0 and str(machine.raw) in shown.stdout
    assert shown.stdout.count("the checksum holds") == 4 and "55.0 MB" in shown.stdout
    assert machine.command("data", "--verify").returncode == 0
