"""What there is to ask of this package without a notebook.

python -m mnist_helpers data             which of MNIST's files are here, and whether their checksums hold
python -m mnist_helpers data --get       download what is missing or damaged, ahead of the class
python -m mnist_helpers data --verify    name each damaged file and what replaces it; change nothing
python -m mnist_helpers doctor           whether this machine has what the lessons need
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from mnist_helpers import files
from mnist_helpers.files import FileState


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m mnist_helpers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="{data,doctor}")
    data = verbs.add_parser("data", help="MNIST's files on this machine")
    choice = data.add_mutually_exclusive_group()
    choice.add_argument("--get", action="store_true", help="download what is missing or damaged")
    choice.add_argument("--verify", action="store_true", help="name each damaged file and what replaces it")
    verbs.add_parser("doctor", help="whether this machine has what the lessons need")
    arguments = parser.parse_args()
    if arguments.verb == "doctor":
        from mnist_helpers import doctor

        return doctor.main()
    return get() if arguments.get else verify() if arguments.verify else show()


def show() -> int:
    """Print where the files are looked for, and of each whether it is there, its checksum and its size."""
    root, why = _root()
    states = files.look(root)
    print(f"MNIST is looked for in {files.raw_folder(root)}, {why}.")
    for state in states:
        print(f"  {state.file.name:24} {_size(state):>10}  {_verdict(state)}")
    print(f"Together {sum(_bytes(state) for state in states) / 1e6:.1f} MB.")
    if os.environ.get("MNIST_PRACTICE", "") not in ("", "0"):
        print("MNIST_PRACTICE is set, so the lessons use the practice digits all the same.")
    if all(state.good for state in states):
        return 0
    print(_remedy(states))
    return 1


def verify() -> int:
    """Print of each file that is not as it should be what is wrong, and what replaces it."""
    root, _ = _root()
    bad = [state for state in files.look(root) if not state.good]
    for state in bad:
        print(f"{state.path} {'is missing' if state.missing else state.wrong}.")
    print(_remedy(bad) if bad else f"All four files in {files.raw_folder(root)} are MNIST's.")
    return 1 if bad else 0


def get() -> int:
    """Download into the cache what is missing there or damaged; leave a folder of the reader's alone."""
    root, _ = _root()
    states = files.look(root)
    if all(state.good for state in states):
        print(f"All four files in {files.raw_folder(root)} are MNIST's: there is nothing to download.")
        return 0
    if files.named_folder():
        print(_remedy(states), file=sys.stderr)
        return 1
    from mnist_helpers.cache import fill  # here, so that the other verbs work where a package is missing
    from mnist_helpers.download import DownloadError

    try:
        fetched = fill(root)
    except DownloadError as error:
        print(
            f"{error.problem}. Files that are whole were kept. To get the rest, {error.remedy}.",
            file=sys.stderr,
        )
        return 1
    except OSError as error:
        print(
            f"The cache folder {root} cannot be written ({error.strerror or error}). Make it writable, with room for "
            "60 MB, or put MNIST's four files into a folder of your own and name it in MNIST_DIR.",
            file=sys.stderr,
        )
        return 1
    for state in fetched:
        print(f"{state.file.name} was {'downloaded' if state.missing else 'damaged, and replaced'}.")
    print(f"All four files are in {files.raw_folder(root)}.")
    return 0


def _root() -> tuple[Path, str]:
    """The folder that the lessons would read from, and why that one."""
    if folder := files.named_folder():
        return folder, "the folder that MNIST_DIR names"
    return files.cache_folder(), "the cache folder of this user"


def _bytes(state: FileState) -> int:
    return 0 if state.missing else state.path.stat().st_size


def _size(state: FileState) -> str:
    return "" if state.missing else f"{_bytes(state):,}"


def _verdict(state: FileState) -> str:
    return "missing" if state.missing else state.wrong or "the checksum holds"


def _remedy(states: list[FileState]) -> str:
    """What replaces files that are missing or damaged."""
    get_them = files.command("data --get")
    if not files.named_folder():
        return f"To replace what is damaged and download what is missing:\n  {get_them}"
    names = ", ".join(state.path.name for state in states if not state.good)
    return (
        "MNIST_DIR names this folder, so nothing in it is changed. Put good files into it yourself "
        f"({names}). To have them downloaded, unset MNIST_DIR and run:\n  {get_them}\n"
        f"They are then in {files.cache_folder() / 'MNIST' / 'raw'}, from where you can copy them."
    )


if __name__ == "__main__":
    sys.exit(main())
