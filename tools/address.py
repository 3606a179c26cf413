"""Write the project's address wherever it stands: in the first cell of each notebook, for Colab, and in CITATION.cff.

python -m tools.address https://github.com/OWNER/NAME

The site takes it from lesson 1: its buttons lead to Colab, Binder and the project's page as soon as there is one.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat

from tools.normalize import normalize_notebook
from tools.paths import ROOT
from tools.text import argument_parser

INSTALLED = re.compile(r"git\+([^\s\"\\]+)")
HOSTED = re.compile(r"https://github\.com/([\w-]+/[\w.-]+?)(?:\.git)?/?")


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("address", help="of the project on a code-hosting site")
    address = parser.parse_args().address.rstrip("/")
    if not re.fullmatch(r"https://[\w.-]+/[\w./-]+", address):
        print(
            f"{address} is no address like https://github.com/OWNER/NAME; nothing changed.", file=sys.stderr
        )
        return 1
    for path in write_address(ROOT, address):
        print(path.relative_to(ROOT))
    return 0


def current_address(root: Path = ROOT) -> str:
    """What lesson 1 installs on Colab."""
    found = INSTALLED.search((root / "notebooks" / "01_data.ipynb").read_text(encoding="utf-8"))
    assert found is not None, "Lesson 1 installs nothing on Colab."
    return found[1]


def repository(root: Path = ROOT) -> str:
    """OWNER/NAME on the code-hosting site that Colab and Binder know, or empty."""
    hosted = HOSTED.fullmatch(current_address(root))
    return hosted[1] if hosted else ""


def write_address(root: Path, address: str) -> list[Path]:
    """Put the address in place of the current one; returns the files that were changed."""
    old, changed = current_address(root), []
    folders = root / "notebooks", root / "notebooks" / "deeper"
    notebooks = [path for folder in folders for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))]
    for path in [root / "CITATION.cff", *notebooks]:
        text = path.read_text(encoding="utf-8")
        if old in text:
            new = text.replace(old, address)
            if path.suffix == ".ipynb":  # a cell's id follows from its content
                new = nbformat.writes(normalize_notebook(nbformat.reads(new, as_version=4))) + "\n"
            path.write_text(new, encoding="utf-8")
            changed.append(path)
    return changed


if __name__ == "__main__":
    sys.exit(main())
