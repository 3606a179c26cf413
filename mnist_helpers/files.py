"""MNIST's four files: what each holds, where they lie, and what is wrong with one. Needs neither torch nor network."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import shlex
import shutil
import struct
import subprocess
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import platformdirs


class WalkthroughError(Exception):
    """Something that the reader can mend. A notebook shows its sentence alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(frozen=True)
class IdxFile:
    """What one of MNIST's four files holds: its shape, and the MD5 sum of its uncompressed bytes."""

    name: str
    shape: tuple[int, ...]
    md5: str

    @property
    def header(self) -> bytes:
        """The IDX format's magic number (0x08: bytes, then the number of dimensions) and sizes."""
        return struct.pack(f">{1 + len(self.shape)}I", 0x0800 + len(self.shape), *self.shape)

    @property
    def size(self) -> int:
        """The number of bytes of the uncompressed file."""
        return len(self.header) + math.prod(self.shape)


MNIST_FILES = (
    IdxFile("train-images-idx3-ubyte", (60_000, 28, 28), "6bbc9ace898e44ae57da46a324031adb"),
    IdxFile("train-labels-idx1-ubyte", (60_000,), "a25bea736e30d166cdddb491f175f624"),
    IdxFile("t10k-images-idx3-ubyte", (10_000, 28, 28), "2646ac647ad5339dbf082846283269ea"),
    IdxFile("t10k-labels-idx1-ubyte", (10_000,), "27ae3e4e09519cfbb04c329615203637"),
)


@dataclass(frozen=True)
class FileState:
    """One of the four files as it was found: where it lies, or would lie, and what is wrong with it."""

    file: IdxFile
    path: Path
    missing: bool
    wrong: str  # the end of a sentence that begins with the path; empty if the file is MNIST's

    @property
    def good(self) -> bool:
        return not self.missing and not self.wrong


def named_folder() -> Path | None:
    """The folder that the reader names in MNIST_DIR, if they do."""
    folder = os.environ.get("MNIST_DIR")
    return Path(folder).expanduser() if folder else None


def cache_folder() -> Path:
    """Where downloaded files are kept for this user."""
    return platformdirs.user_cache_path("mnist-cnn-walkthrough", appauthor=False)


def raw_folder(root: Path) -> Path:
    """`root/MNIST/raw`, where torchvision puts the files, if there is such a folder; else `root`."""
    raw = root / "MNIST" / "raw"
    return raw if raw.is_dir() else root


def look(root: Path) -> list[FileState]:
    """The state of each of the four files in `root`, in the order of MNIST_FILES. Changes nothing."""
    folder = raw_folder(root)
    return [_state(folder, file) for file in MNIST_FILES]


def _state(folder: Path, file: IdxFile) -> FileState:
    for path in (folder / file.name, folder / f"{file.name}.gz"):
        if os.path.isfile(path):
            return FileState(file, path, missing=False, wrong=what_is_wrong(path, file))
    return FileState(file, folder / file.name, missing=True, wrong="")


def what_is_wrong(path: Path, file: IdxFile) -> str:
    """Why `path` is not MNIST's `file`, as the end of a sentence; empty if it is."""
    try:
        content = read_bytes(path, file.size + 1)
    except (OSError, EOFError, zlib.error) as error:
        return f"cannot be read ({error})"
    if content[: len(file.header)] != file.header:
        expected = " × ".join(f"{size:,}" for size in file.shape)
        return f"is of the wrong kind: expected an IDX file of {expected} bytes, found {_kind(content)}"
    if len(content) != file.size:
        found = f"{len(content):,}" if len(content) < file.size else "more"
        return f"is not whole: expected {file.size:,} bytes, found {found}"
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != file.md5:
        return f"has the size of MNIST's file but not its content: expected the MD5 sum {file.md5}"
    return ""


def _kind(content: bytes) -> str:
    for other in MNIST_FILES:
        if content.startswith(other.header):
            return f"what {other.name} should hold"
    return f"one that begins with {content[:16].hex(' ') or 'nothing'}"


def read_bytes(path: Path, limit: int) -> bytes:
    """At most `limit` bytes of a plain or a gzipped file, unpacked."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb") as file:
        return file.read(limit)


def command(arguments: str) -> str:
    """What the reader types to call this package with the Python that runs now, such as `data --get`."""
    here, found = Path(sys.executable), shutil.which("python")
    same = found and Path(found).parent == here.parent and Path(found).samefile(here)
    python = "python" if same else str(here)
    quoted = subprocess.list2cmdline([python]) if os.name == "nt" else shlex.quote(python)
    return f"{quoted} -m mnist_helpers {arguments}"
