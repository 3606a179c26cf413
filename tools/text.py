"""Pages of Markdown: a block that is written anew, links that lead somewhere else; a log, a line a run; a --help."""

from __future__ import annotations

import argparse
import json
import os
import re
from pathlib import Path
from typing import Any

from mnist_helpers.errors import WalkthroughError

FILE_NAME = re.compile(r"[\w./-]+(\.\w+|/)")
LINK = re.compile(r"(?<!!)\[([^]]*)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")


def replace_block(path: Path, name: str, content: str) -> None:
    """Put new content between the comments `name` and `end name` of a page."""
    text, blocks = (
        path.read_text(encoding="utf-8"),
        re.compile(f"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL),
    )
    if not blocks.search(text):
        raise WalkthroughError(f"{path.name} has no place for {name}.")
    path.write_text(blocks.sub(lambda marks: f"{marks[1]}{content}\n{marks[2]}", text), encoding="utf-8")


def with_links(text: str, folder: Path, pages: set[str]) -> str:
    """Markdown of a file of this folder whose links to other pages stay; of links to other files, the words stay.

    A link to a folder leads to its README, or else to its first page.
    """

    def lead(found: re.Match) -> str:
        target = os.path.normpath(folder / found[2]).replace(os.sep, "/")
        if target in pages:
            return found[0]
        inside = sorted(page for page in pages if page.startswith(f"{target}/"))
        if inside:
            readme = f"{target}/README.md"
            page = os.path.relpath(readme if readme in inside else inside[0], folder).replace(os.sep, "/")
            return f"[{found[1]}]({page})"
        return f"`{found[1]}`" if FILE_NAME.fullmatch(found[1]) else found[1]

    return LINK.sub(lead, text)


def slug(heading: str) -> str:
    """A heading as links to it are written on code-hosting sites."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def read_log(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def argument_parser(description: str | None) -> argparse.ArgumentParser:
    """One whose help is the module's docstring, line by line as it is written."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
