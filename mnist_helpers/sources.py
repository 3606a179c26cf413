"""Where the digits' bytes come from: a named folder, the cache, a download; and where there is no MNIST, practice digits."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import time
import zlib
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import platformdirs
import pooch
import requests
import torch
import torch.nn.functional as F
from filelock import FileLock
from torch import Tensor

from mnist_helpers.augmentation import random_affine
from mnist_helpers.errors import WalkthroughError

# MNIST's files: the shape of what each holds, and the MD5 sum of its unpacked bytes.
FILES = {
    "train-images-idx3-ubyte": ((60_000, 28, 28), "6bbc9ace898e44ae57da46a324031adb"),
    "train-labels-idx1-ubyte": ((60_000,), "a25bea736e30d166cdddb491f175f624"),
    "t10k-images-idx3-ubyte": ((10_000, 28, 28), "2646ac647ad5339dbf082846283269ea"),
    "t10k-labels-idx1-ubyte": ((10_000,), "27ae3e4e09519cfbb04c329615203637"),
}
SECRET = re.compile(r"(?<=//)[^/\s]*@")  # the user and the password in an address
CONNECT, SILENCE = 5, 60  # seconds to wait: for the first server to answer, for the next byte
REMEDY = "Nothing was changed. Put MNIST's file there, or unset MNIST_DIR, and it is downloaded to where it is looked for next."


def cache_folder() -> Path:
    """Where downloaded files are kept for this user."""
    return platformdirs.user_cache_path("mnist-cnn-walkthrough", appauthor=False)


def load_mnist() -> tuple[list[Tensor] | None, str]:
    """The contents of MNIST's four files, in the order of FILES, and a sentence that says where they come from.

    The first of: the folder that MNIST_DIR names, which is only read; the cache; a download into the cache. None
    stands for files that cannot be had. Raises WalkthroughError where a file in MNIST_DIR is missing or damaged.
    """
    if named := os.environ.get("MNIST_DIR"):
        return read_all(Path(named).expanduser()), "MNIST was read from the folder that MNIST_DIR names."
    cache = cache_folder()
    with suppress(WalkthroughError):
        return read_all(cache), "MNIST was read from this user's cache folder."
    try:
        try:
            return download(cache), f"MNIST was downloaded, and is kept in {cache}."
        except OSError as error:
            with TemporaryDirectory() as folder:
                reason = f"could not be kept: {cache} cannot be written ({error.strerror or 'no permission'})"
                return download(Path(folder)), f"MNIST was downloaded, but {reason}."
    except WalkthroughError as error:
        return None, str(error)


def read_all(folder: Path) -> list[Tensor]:
    """What `read` returns of each of the four files."""
    return [read(folder, name) for name in FILES]


def read(folder: Path, name: str) -> Tensor:
    """The content of one of MNIST's files, plain or packed: uint8, of the shape that FILES says.

    folder: holds the files, or MNIST/raw with the files. Raises WalkthroughError if the file is missing or not MNIST's.
    """
    shape, md5 = FILES[name]
    # A download comes first: it was checked, and mends what else lies in the cache.
    places = (f"{name}.gz", name, f"MNIST/raw/{name}", f"MNIST/raw/{name}.gz")
    path = next(filter(Path.is_file, map(folder.joinpath, places)), None)
    if path is None:
        raise WalkthroughError(f"{folder} holds no {name}, neither plain nor as .gz. {REMEDY}")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise WalkthroughError(f"{path} cannot be read ({error}). {REMEDY}") from error
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        raise WalkthroughError(f"{path}, {len(content):,} bytes, does not have MNIST's checksum. {REMEDY}")
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=4 + 4 * len(shape)).view(shape)


def download(folder: Path) -> list[Tensor]:
    """Fetch and read what `folder` lacks or holds damaged; one process does so at a time, the others wait for it.

    The packed files are checked against torchvision's checksums before they are moved into place.
    Raises WalkthroughError where no server has them, OSError where `folder` cannot be written.
    """
    from torchvision.datasets import MNIST  # takes seconds, which only a download needs

    pooch.get_logger().setLevel("WARNING")  # it would announce each file beside its progress bar
    mirrors = os.environ.get("MNIST_MIRRORS", "").split() or MNIST.mirrors
    fetch, reasons = pooch.HTTPDownloader(timeout=(CONNECT, SILENCE), progressbar=True), {}
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        with suppress(OSError, NotImplementedError):  # some network folders have no locks
            stack.enter_context(FileLock(folder / "lock"))
        with suppress(WalkthroughError):  # another process may have fetched them in the meantime
            return read_all(folder)
        for mirror in in_order_of_answer(mirrors) * 2:  # twice, because connections break
            try:
                for name, md5 in MNIST.resources:
                    url = f"{mirror.rstrip('/')}/{name}"
                    fetched = pooch.retrieve(url, f"md5:{md5}", name, folder, downloader=fetch)
                    with suppress(OSError):  # pooch keeps it from all others, who may read this folder
                        os.chmod(fetched, folder.stat().st_mode & 0o644)
                return read_all(folder)
            except (requests.RequestException, ValueError) as error:  # ValueError: a login page, say
                reasons[mirror] = " ".join(SECRET.sub("", f"{mirror}: {error}").split())[:250]
    why = "; ".join(reasons.values()) or SECRET.sub("", f"no answer from {', '.join(mirrors)}")
    remedy = "Connect this machine, or name a folder with MNIST's four files in MNIST_DIR; then run again."
    raise WalkthroughError(f"MNIST could not be downloaded ({why}). {remedy}")


def in_order_of_answer(mirrors: list[str]) -> list[str]:
    """The mirrors, the first to answer before the others; none where none does within CONNECT seconds.

    They are asked in threads, because looking up a name has no timeout.
    """
    answers = []

    def ask(mirror: str) -> None:
        with suppress(requests.RequestException):
            requests.head(mirror, timeout=CONNECT).close()
            answers.append(mirror)

    threads = [Thread(target=ask, args=(mirror,), daemon=True) for mirror in mirrors]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + CONNECT
    while not answers and time.monotonic() < deadline and any(thread.is_alive() for thread in threads):
        time.sleep(0.05)
    return sorted(mirrors, key=lambda mirror: mirror not in answers[:1]) if answers else []


def practice_images() -> list[tuple[Tensor, Tensor]]:
    """The 1,797 digits of 8×8 pixels inside scikit-learn, drawn 20×20 in MNIST's frame of 28×28.

    Returns images, uint8 (N, 1, 28, 28), and labels, int64 (N,), to train on, for validation and for test. The last
    600 are held out, in the order of the file, which was collected writer by writer; only the others are turned, zoomed
    and shifted into 12,000, so nothing of what is tested is trained on.
    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI repository, 1998.
    """
    from sklearn.datasets import load_digits  # takes a second, and only these digits need it

    bundled = load_digits()
    small = torch.from_numpy(bundled.images).float()[:, None] / 16
    large = F.interpolate(small, size=(20, 20), mode="bicubic", align_corners=False).clamp(0, 1)
    images, labels = F.pad(large, (4, 4, 4, 4)), torch.from_numpy(bundled.target).long()
    originals = torch.arange(12_000) % (len(labels) - 600)
    generator = torch.Generator().manual_seed(0)
    more = random_affine(images[originals], generator, degrees=12, zoom=0.1, shift=2).clamp(0, 1)
    parts = (more, labels[originals]), (images[-600:-400], labels[-600:-400]), (images[-400:], labels[-400:])
    return [((images * 255).round().to(torch.uint8), labels) for images, labels in parts]
