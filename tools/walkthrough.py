"""Execute the lessons without a screen.

python -m tools.walkthrough run      pages to build/walkthrough, numbers to build/results.json
python -m tools.walkthrough store    outputs, normalised, back into notebooks/
"""

from __future__ import annotations

import argparse
import base64
import copy
import json
import math
import os
import platform
import re
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import torch
import torchvision
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from tqdm import tqdm

from mnist_helpers.data import Digits, WalkthroughError, load_digits
from mnist_helpers.training import get_device
from tools.normalize import normalize

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
BUILD = ROOT / "build"
# Seconds on two CPU cores without a GPU. Together they may take less than the sum: starts and imports are about 20.
BUDGETS = {"01_data": 20, "02_model": 15, "03_training": 40, "04_evaluation": 45, "05_visualization": 30}
BUDGET_TOGETHER = 120
MEMORY_BUDGET_MB = 1_200
README_PICTURE = ROOT / "notebooks" / "readme.png"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=("run", "store"))
    parser.add_argument("lessons", nargs="*", help="only those whose names begin so: 02, 03_training")
    arguments = parser.parse_args()
    chosen = tuple(arguments.lessons) or ("",)
    lessons = [path for path in LESSONS if path.stem.startswith(chosen)]
    try:
        if not lessons:
            raise WalkthroughError(f"No lesson is named {' or '.join(chosen)}: there are {_names(LESSONS)}.")
        digits = load_digits()
        print(*digits.steps, sep="\n", flush=True)
        if arguments.verb == "store" and not digits.is_mnist:
            raise WalkthroughError(
                "Stored outputs are made on MNIST; name a folder that holds it in MNIST_DIR."
            )
        {"run": run, "store": store}[arguments.verb](lessons, digits)
    except WalkthroughError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def over_budget(seconds: dict[str, float], memory_mb: dict[str, float | None]) -> list[str]:
    """A sentence for each lesson, and for all together, that takes longer or more memory than it may."""
    said = [
        f"{name} took {spent:.1f} s, its budget is {BUDGETS[name]} s."
        for name, spent in seconds.items()
        if spent > BUDGETS.get(name, math.inf)
    ]
    if sum(seconds.values()) > BUDGET_TOGETHER:
        said.append(f"Together they took {sum(seconds.values()):.1f} s of {BUDGET_TOGETHER} s.")
    return said + [
        f"{name} held {held:.0f} MB of memory, its budget is {MEMORY_BUDGET_MB} MB."
        for name, held in memory_mb.items()
        if held and held > MEMORY_BUDGET_MB
    ]


def run(lessons: list[Path], digits: Digits) -> None:
    """Execute the lessons in order; write a page for each, and what they found to build/results.json."""
    pages = BUILD / "walkthrough"
    pages.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {}
    seconds: dict[str, float] = {}
    memory_mb: dict[str, float | None] = {}
    for path in lessons:
        _, results, seconds[path.stem] = execute(path, digits, page=pages / f"{path.stem}.html")
        memory_mb[path.stem] = results.pop("memory_mb")
        found |= results
    summary = {
        "dataset": "mnist" if digits.is_mnist else "practice",
        "device": str(get_device()),
        **found,
        "notebooks": seconds,
        "memory_mb": memory_mb,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "cpu_cores": os.cpu_count(),
    }
    (BUILD / "results.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    print(f"\nDigits:        {digits}")
    if "test_accuracy" in found:
        low, high = found["test_accuracy_interval"]
        data = "MNIST's test images" if digits.is_mnist else "held-out practice digits, which are not MNIST's"
        print(
            f"Test accuracy: {found['test_accuracy']:.2%} of {data} (95 % interval {low:.2%} to {high:.2%})"
        )
    print(f"Seconds:       {sum(seconds.values()):.0f} in all; build/results.json has the rest")
    print(f"Pages:         {os.path.relpath(pages)}/{lessons[0].stem}.html and the following")
    for sentence in over_budget(seconds, memory_mb):
        print(f"Over budget:   {sentence}")


def store(lessons: list[Path], digits: Digits) -> None:
    """Execute the lessons and write them back with their outputs; take the README's picture out of them."""
    for path in lessons:
        notebook, _, _ = execute(path, digits)
        nbformat.write(normalize(notebook), path)
        for cell in notebook.cells:
            if "readme-picture" in cell.metadata.get("tags", ()):
                (picture,) = (o.data["image/png"] for o in cell.outputs if "image/png" in o.get("data", {}))
                README_PICTURE.write_bytes(base64.b64decode(picture))


def execute(path: Path, digits: Digits, page: Path | None = None) -> tuple[NotebookNode, dict, float]:
    """Execute one notebook in its folder, with a progress bar of its cells.

    Returns the notebook, the dictionary `results` if its cells leave one, and the seconds from the start of its
    kernel to the end of its last cell. Writes an HTML page to `page`, also when a cell fails.
    Raises WalkthroughError, naming the cell, when one does.
    """
    notebook = nbformat.read(path, as_version=4)
    environment = os.environ | {
        "MNIST_CHECKPOINTS": str(BUILD / "checkpoints"),
        "MNIST_PRACTICE": "" if digits.is_mnist else "1",  # one look at the network is enough
    }
    code_cells = [number for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    start = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=[
            "--log-level=ERROR"
        ],  # else ipykernel warns that its local sockets are not encrypted
    )
    bar = tqdm(
        total=len(code_cells),
        desc=path.stem,
        unit="cell",
        leave=False,
        disable=not sys.stderr.isatty(),
        bar_format="{desc:17} {bar:24} {n}/{total} cells, {elapsed}",
    )
    number = 0
    try:
        with bar, client.setup_kernel(env=environment):
            for number in code_cells:
                client.execute_cell(notebook.cells[number], number)
                bar.update()
            seconds = round(time.perf_counter() - start, 1)
            results = _results(client)
    except CellExecutionError as error:
        raise WalkthroughError(
            f"{path.name} stopped at its code cell {code_cells.index(number) + 1} of {len(code_cells)}, "
            f"{error.ename}: {error.evalue}"
        ) from error
    except (DeadKernelError, TimeoutError) as error:
        raise WalkthroughError(
            f"{path.name} stopped at its code cell {code_cells.index(number) + 1}: {error}"
        ) from error
    finally:
        if page:
            page.write_text(html_page(normalize(copy.deepcopy(notebook)), path.stem), encoding="utf-8")
    print(f"{path.stem:17} {len(code_cells)} cells, {seconds:.1f} s", flush=True)
    return notebook, results, seconds


def html_page(notebook: NotebookNode, name: str) -> str:
    """A page that needs nothing from elsewhere, with alternative texts, its links leading to the other pages."""
    exporter = HTMLExporter(
        template_name="walkthrough", extra_template_basedirs=[str(ROOT / "tools" / "templates")]
    )
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": name}})
    return re.sub(r'href="(\d\d_\w+)\.ipynb', r'href="\1.html', page)


def _results(client: NotebookClient) -> dict:
    """What the notebook's cells left under the name `results`, if they did, and the most memory its kernel held."""
    question = nbformat.v4.new_code_cell(
        "import json; from mnist_helpers.machine import peak_memory_mb\n"
        "print(json.dumps(globals().get('results', {}) | {'memory_mb': peak_memory_mb()}))"
    )
    client.nb.cells.append(question)
    answer = client.execute_cell(question, len(client.nb.cells) - 1)
    client.nb.cells.pop()
    return json.loads(answer.outputs[0].text)


def _names(paths: list[Path]) -> str:
    return ", ".join(path.stem for path in paths)


if __name__ == "__main__":
    sys.exit(main())
