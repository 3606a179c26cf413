"""Disks that are full, folders that cannot be written, and a folder that a whole class reads."""

import gzip
import shutil
import time

import pytest
import server
from machine import READ_ONLY, SMALL_DISK, mounting

from mnist_helpers.files import MNIST_FILES

NAMES = sorted(file.name for file in MNIST_FILES)


def test_disk_of_the_cache_is_full(machine, packed, record_fault):
    machine.cache.mkdir(parents=True)
    with server.MnistServer(packed) as mirror:
        outcome = machine.run(mirror.address, before=mounting(SMALL_DISK, machine.cache))
    assert outcome["found"] and "is full" in outcome["told"] and "Make room" in outcome["told"]
    record_fault(
        "a full disk under the cache", outcome["told"], "all four files, for this run", outcome["seconds"]
    )


def test_every_disk_is_full(machine, packed, tmp_path, record_fault):
    machine.cache.mkdir(parents=True)
    with server.MnistServer(packed) as mirror:
        before = mounting(SMALL_DISK, machine.cache)
        outcome = machine.run(mirror.address, before=before, TMPDIR=machine.cache)
    assert not outcome["found"] and "No space left" in outcome["told"] and "make room" in outcome["told"]
    record_fault("a full disk everywhere", outcome["told"], "nothing was there", outcome["seconds"])


def test_a_quota_ends_in_the_middle_of_a_file(machine, packed, mnist, record_fault):
    machine.keep(mnist, *NAMES[:2])
    quota = ["sh", "-c", 'ulimit -f 20000; exec "$0" "$@"']  # blocks of 512 bytes
    with server.MnistServer(packed) as mirror:
        outcome = machine.run(mirror.address, before=quota)
    assert not outcome["found"] and "could not be stored" in outcome["told"]
    assert machine.whole() == NAMES[:2] and machine.leftovers() == []
    record_fault(
        "a quota that ends in mid-file", outcome["told"], "the files that were there", outcome["seconds"]
    )


def test_cache_folder_is_read_only(machine, packed, mnist, record_fault):
    machine.keep(mnist, *NAMES[:2])
    with server.MnistServer(packed) as mirror:
        outcome = machine.run(mirror.address, before=mounting(READ_ONLY, machine.cache))
    assert outcome["found"] and "cannot be written" in outcome["told"] and "MNIST_DIR" in outcome["told"]
    assert len(mirror.asked) == 2, "what the cache holds is used"
    assert machine.whole() == NAMES[:2]
    record_fault("a read-only cache that lacks files", outcome["told"], "the files there", outcome["seconds"])


def test_cache_folder_is_read_only_and_complete(machine, mnist, record_fault):
    machine.keep(mnist, *NAMES)
    outcome = machine.run(server.nobody(), before=mounting(READ_ONLY, machine.cache))
    assert outcome["found"] and "downloaded earlier" in outcome["told"]
    record_fault("a read-only cache with all files", outcome["told"], "all four files", outcome["seconds"])


def test_a_file_stands_where_the_cache_folder_should(machine, packed, record_fault):
    machine.caches.mkdir(parents=True)
    machine.cache.write_text("not a folder")
    with server.MnistServer(packed) as mirror:
        outcome = machine.run(mirror.address)
    assert outcome["found"] and "cannot be written" in outcome["told"]
    assert machine.cache.read_text() == "not a folder"
    record_fault("a file in place of the cache folder", outcome["told"], "that file", outcome["seconds"])


def test_temporary_folder_is_missing(machine, mnist, tmp_path, record_fault):
    """Packed files of the reader's cannot be unpacked."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.gz").write_bytes(gzip.compress((mnist / name).read_bytes(), 1))
    machine.cache.mkdir(parents=True)
    before = mounting(SMALL_DISK, machine.cache)
    outcome = machine.run(before=before, TMPDIR=machine.cache, MNIST_DIR=folder)
    assert not outcome["found"] and "cannot be unpacked" in outcome["told"]
    assert len(list(folder.iterdir())) == 4
    record_fault("no room to unpack packed files", outcome["told"], "all four files", outcome["seconds"])


def seen(folder):
    """Names, contents and times of all that is in a folder."""
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in [folder, *folder.rglob("*")]}


@pytest.mark.parametrize("packed_files", [False, True], ids=["plain", "packed"])
def test_folder_of_a_class_is_read_and_never_written(packed_files, machine, mnist, tmp_path, record_fault):
    folder = tmp_path / "class"
    folder.mkdir()
    for name in NAMES:
        if packed_files:
            (folder / f"{name}.gz").write_bytes(gzip.compress((mnist / name).read_bytes(), 1))
        else:
            shutil.copyfile(mnist / name, folder / name)
    before, read_only = seen(folder), mounting(READ_ONLY, folder)
    outcome = machine.run(server.nobody(), before=read_only, MNIST_DIR=folder)
    assert outcome["found"] and "MNIST_DIR names" in outcome["told"]
    assert seen(folder) == before and not machine.cache.exists()
    kind = "packed" if packed_files else "plain"
    record_fault(f"a read-only folder of {kind} files", outcome["told"], "all four files", outcome["seconds"])


def test_get_changes_nothing_in_a_folder_of_a_class(machine, packed, mnist, tmp_path, record_fault):
    folder = tmp_path / "class"
    folder.mkdir()
    for name in NAMES[:3]:
        shutil.copyfile(mnist / name, folder / name)
    (folder / NAMES[0]).write_bytes(b"damaged")
    before = seen(folder)
    start = time.monotonic()
    with server.MnistServer(packed) as mirror:
        run = machine.command("data", "--get", mirrors=[mirror.address], MNIST_DIR=folder)
    seconds = time.monotonic() - start
    assert (
        run.returncode == 1 and "nothing in it is changed" in run.stderr and "unset MNIST_DIR" in run.stderr
    )
    assert seen(folder) == before and mirror.asked == []
    record_fault("data --get with a damaged MNIST_DIR", run.stderr, "the folder as it was", seconds)
