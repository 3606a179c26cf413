"""Which files the lessons read: the reader's own, or those of the cache, which one process at a time fills.

filelock lets one process download while the others wait; its lock is the system's, which frees it when a process
ends, however it ends. Needs no torch.
"""

from __future__ import annotations

import errno
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from mnist_helpers import files
from mnist_helpers.download import PATIENCE, DownloadError, download
from mnist_helpers.files import FileState, WalkthroughError

WAIT = PATIENCE + 1  # seconds in which the process that others wait for has to get on, or to give up


@contextmanager
def find_mnist() -> Iterator[tuple[list[Path] | None, str]]:
    """Where the four files lie, plain and checked, in the order of MNIST_FILES, and how they were come by.

    They are looked for in the folder that MNIST_DIR names, else in the cache, and what the cache lacks is
    downloaded. None stands for files that cannot be had. Some may lie in a temporary folder, which is deleted
    at the end of the context.
    Raises WalkthroughError when a file in either folder is not MNIST's.
    """
    with ExitStack() as stack:
        yield _find(stack)


def fill(cache: Path) -> list[FileState]:
    """Download into `cache` what it lacks, and what is not MNIST's; one process does so, others wait for it.

    Returns the states, as they were before, of the files that were fetched.
    Raises DownloadError, and OSError when `cache` cannot be written.
    """
    folder = cache / "MNIST" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    note = cache / "download.failed"
    before = _written(note)
    with _alone(cache / "download.lock", folder):
        wanted = [state for state in files.look(cache) if not state.good]
        if wanted and _written(note) != before:  # whoever was first has failed: each in turn would as well
            raise _failure(note)
        _remove_leftovers(folder)
        try:
            download(folder, [state.file for state in wanted])
        except DownloadError as error:
            with suppress(OSError):
                note.write_text(json.dumps(vars(error)), encoding="utf-8")
            raise
        note.unlink(missing_ok=True)
    return wanted


def _find(stack: ExitStack) -> tuple[list[Path] | None, str]:
    if folder := files.named_folder():
        states = files.look(folder)
        _refuse(
            states, "let MNIST_DIR name a folder with MNIST's four files, or unset it to have them downloaded"
        )
        return _plain(states, stack), "MNIST was read from the folder that MNIST_DIR names."
    cache = files.cache_folder()
    states = files.look(cache)
    if all(state.good for state in states):
        return _plain(states, stack), "MNIST was read from the files that were downloaded earlier."
    _refuse(
        [state for state in states if not state.missing],
        f"`{files.command('data --get')}` downloads it again",
    )
    try:
        return _downloaded(cache, stack)
    except DownloadError as error:
        return None, f"{error.problem}, so the practice digits are used. To work on MNIST, {error.remedy}."


def _refuse(states: list[FileState], mend: str) -> None:
    """Stop at the first file that is not as it should be. mend: what the reader can do about it."""
    for state in states:
        if state.missing:
            raise WalkthroughError(
                f"{state.path.parent} holds no {state.file.name}, neither plain nor as .gz; {mend}."
            )
        if state.wrong:
            raise WalkthroughError(f"{state.path} {state.wrong}. Nothing was changed; {mend}.")


def _plain(states: list[FileState], stack: ExitStack) -> list[Path]:
    """The paths of good files; what is gzipped is unpacked into a temporary folder."""
    paths = [state.path for state in states]
    if not any(path.suffix == ".gz" for path in paths):
        return paths
    try:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for number, state in enumerate(states):
            if state.path.suffix == ".gz":
                paths[number] = folder / state.file.name
                paths[number].write_bytes(files.read_bytes(state.path, state.file.size))
    except OSError as error:
        raise WalkthroughError(
            f"The files in {states[0].path.parent} cannot be unpacked into a temporary folder "
            f"({error.strerror}). Make room there, or unpack them where they lie."
        ) from error
    return paths


def _downloaded(cache: Path, stack: ExitStack) -> tuple[list[Path], str]:
    """As `find_mnist`, by a download: into the cache if it can be written, else into a temporary folder."""
    try:
        fill(cache)
        kept = "MNIST was downloaded into the cache folder of this user, where the next run finds it."
        return _plain(files.look(cache), stack), kept
    except OSError as error:
        reason = error
    states = files.look(cache)
    try:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        download(folder, [state.file for state in states if not state.good])
    except OSError as error:
        raise DownloadError(
            f"MNIST could not be stored, neither in {cache} ({_strerror(reason)}) nor in a temporary folder "
            f"({_strerror(error)})",
            "make room for 60 MB, or name a folder with its files in MNIST_DIR",
        ) from error
    found = files.look(folder)
    paths = _plain([state if state.good else found[number] for number, state in enumerate(states)], stack)
    if reason.errno in (errno.ENOSPC, errno.EDQUOT):
        return paths, (
            f"MNIST was downloaded but not kept, for the disk of the cache folder {cache} is full. Make room for "
            "60 MB there, and the next run keeps it."
        )
    return paths, (
        f"MNIST was downloaded but not kept, for the cache folder {cache} cannot be written ({_strerror(reason)}). "
        "To keep it, put MNIST's four files into a folder of your own and name it in MNIST_DIR."
    )


def _strerror(error: OSError) -> str:
    return error.strerror or str(error)


def _written(path: Path) -> int:
    """When a file was written, to tell whether it was written again; 0 without one."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _failure(note: Path) -> DownloadError:
    """What another process noted down when its download failed."""
    try:
        return DownloadError(**json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return DownloadError("Another process could not download MNIST", "run this again")


def _remove_leftovers(folder: Path) -> None:
    """Delete what downloads left that were killed. Only to be called by the one process that may download."""
    for path in folder.glob("tmp*"):
        with suppress(OSError):
            path.unlink()


@contextmanager
def _alone(lock_path: Path, folder: Path) -> Iterator[None]:
    """Wait until no other process downloads into `folder`. The system frees the lock of one that was killed.

    Raises DownloadError when the other one gets nowhere.
    """
    lock = FileLock(lock_path)
    start = moved = word = time.monotonic()
    content = _content(folder)
    while True:
        try:
            lock.acquire(timeout=0.3)
            break
        except Timeout:
            now = time.monotonic()
        if now >= word:
            word = now + 10
            print(
                f"Another process is downloading MNIST; this one waits for it, {now - start:.0f} s so far.",
                flush=True,
            )
        if (seen := _content(folder)) != content:
            moved, content = now, seen
        if now - moved > WAIT:
            raise DownloadError(
                f"Another process has been downloading MNIST for {now - start:.0f} s or more and gets nowhere",
                "end that process (restart its kernel, or the machine) and run this again",
            )
    try:
        yield
    finally:
        lock.release()


def _content(folder: Path) -> list[tuple[str, int]]:
    """The names and sizes of the files in `folder`, to tell whether anything happens there."""
    found = []
    for path in folder.iterdir():
        with suppress(OSError):
            found.append((path.name, path.stat().st_size))
    return sorted(found)
