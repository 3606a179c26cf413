"""Execute the notebooks without a screen.

python -m tools.walkthrough run         the six lessons: pages to build/walkthrough, numbers to build/results.json
python -m tools.walkthrough run --all   the same, and the notebooks in notebooks/deeper
python -m tools.walkthrough store       all of them: outputs, normalized, back into notebooks/
"""

from __future__ import annotations

import base64
import copy
import json
import os
import platform
import re
import sys
import time
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import nbformat
import psutil
import torch
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from nbconvert.preprocessors import TagRemovePreprocessor
from nbformat import NotebookNode
from tqdm import tqdm

from mnist_helpers.data import Digits, load_digits
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.evaluation import wilson_interval
from mnist_helpers.training import get_device
from tools.machine import peak_memory_mb
from tools.normalize import normalize_notebook
from tools.paths import BUILD, DEEPER, LESSONS, ROOT, name_of
from tools.text import argument_parser, with_links

README_PICTURE = ROOT / "notebooks" / "readme.png"
# Target times in seconds on two CPU cores; shown beside a run's, never enforced.
BUDGET_TOGETHER, BUDGET_DEEPER = 100, 60
# What is kept of a notebook's variables: name in build/results.json -> expression, evaluated in its kernel at the end.
REPORTED = {
    "03_training": {
        "parameters": "sum(weights.numel() for weights in model.parameters())",
        "train_seconds": "history.seconds",
    },
    "04_evaluation": {
        "test_accuracy": "float(test_accuracy)",
        "test_right_of": "(int(correct), len(labels))",
    },
    "deeper/04_statistics": {"test_accuracy_by_seed": "list(map(float, accuracies))"},
}


def main() -> int:
    parser = argument_parser(__doc__)
    parser.add_argument("verb", choices=("run", "store"))
    parser.add_argument("--all", action="store_true", help="run those in notebooks/deeper, too")
    parser.add_argument("notebooks", nargs="*", help="only those whose names begin so: 02, deeper/03_speed")
    asked = parser.parse_args()
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal's code page may lack a sign
        sys.stdout.reconfigure(errors="replace")
    everything = asked.all or asked.notebooks or asked.verb == "store"
    named = {name_of(path): path for path in (*LESSONS, *(DEEPER if everything else ()))}
    notebooks = [path for name, path in named.items() if name.startswith(tuple(asked.notebooks) or "")]
    try:
        if not notebooks:
            raise WalkthroughError(
                f"No notebook is named {' or '.join(asked.notebooks)}: there are {', '.join(named)}."
            )
        digits = load_digits()
        print(digits.origin, flush=True)
        if asked.verb == "run":
            return run(notebooks, digits)
        if not digits.is_mnist:
            raise WalkthroughError(
                "Stored outputs are made on MNIST; name a folder that holds it in MNIST_DIR."
            )
        return store(notebooks, digits)
    except WalkthroughError as error:
        print(error, file=sys.stderr)
        return 1


def run(notebooks: list[Path], digits: Digits) -> int:
    """Execute notebooks in order, all of them; write a page for each, and what they found to build/results.json.

    Returns 1 if one failed, else 0.
    """
    pages = BUILD / "walkthrough"
    (pages / "deeper").mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {}
    costs: dict[str, dict[str, float | None]] = {}
    failed: dict[str, str] = {}
    for path in notebooks:
        name = name_of(path)
        notebook, reported, costs[name], failure = execute(path, digits)
        found |= reported
        failed |= {name: failure} if failure else {}
        (pages / f"{name}.html").write_text(html_page(normalize_notebook(notebook), name), encoding="utf-8")
    summary = {
        "dataset": "mnist" if digits.is_mnist else "practice",
        "device": str(get_device()),
        **found,
        "notebooks": {name: cost["seconds"] for name, cost in costs.items()},
        "costs": costs,
        "failed": failed,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cpu_cores": os.cpu_count(),
    }
    (BUILD / "results.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    print("", *summary_lines(summary, digits), sep="\n")
    print(f"Pages:         {os.path.relpath(pages)}/{next(iter(costs))}.html and the following")
    for name, failure in failed.items():
        print(f"Failed:        {name} {failure}")
    if notebooks == LESSONS:
        print(f"More:          make run ALL=1 also runs the {len(DEEPER)} notebooks in notebooks/deeper")
        print("               (without make: python -m tools.walkthrough run --all)")
    return 1 if failed else 0


def summary_lines(summary: dict[str, Any], digits: Digits) -> list[str]:
    """What a run found, for the terminal."""
    lines = [f"Digits:        {digits}"]
    if "test_accuracy" in summary:
        low, high = wilson_interval(*summary["test_right_of"])
        data = "MNIST's test images" if digits.is_mnist else "held-out practice digits, which are not MNIST's"
        accuracy = f"{summary['test_accuracy']:.2%} of {data} (95% interval {low:.2%} to {high:.2%})"
        lines.append(f"Test accuracy: {accuracy}")
    lessons = {name: spent for name, spent in summary["notebooks"].items() if "/" not in name}
    deeper = [spent for name, spent in summary["notebooks"].items() if name not in lessons]
    goal = f" (goal on two CPU cores: {BUDGET_TOGETHER})" if len(lessons) == len(LESSONS) else ""
    parts = [f"{sum(lessons.values()):.0f} for the lessons{goal}"] if lessons else []
    parts += [f"at most {max(deeper):.0f} in deeper/ (goal: {BUDGET_DEEPER} each)"] if deeper else []
    return [*lines, f"Seconds:       {'; '.join(parts)}", "               build/results.json has the rest"]


def store(notebooks: list[Path], digits: Digits) -> int:
    """Execute notebooks and write them back with their outputs; take the README's picture out of them.

    Returns 1 if one failed, else 0; a notebook that failed is left as it was.
    """
    failures = 0
    for path in notebooks:
        notebook, _, _, failure = execute(path, digits)
        if failure:
            failures += 1
            continue
        nbformat.write(normalize_notebook(notebook), path)
        for cell in notebook.cells:
            if "readme-picture" in cell.metadata.get("tags", ()):
                picture = next(o.data["image/png"] for o in cell.outputs if "image/png" in o.get("data", {}))
                README_PICTURE.write_bytes(base64.b64decode(picture))
    return 1 if failures else 0


def execute(path: Path, digits: Digits) -> tuple[NotebookNode, dict[str, Any], dict[str, float | None], str]:
    """Execute one notebook in its folder, with a progress bar of its cells, as far as it goes.

    Returns the notebook, what it reports, what it cost (the seconds from the start of its kernel to the end of its last
    cell; the processor's, with those of processes that it started; the most memory of the kernel, in MB), and how it
    failed, in words; empty if it did not.
    """
    notebook = nbformat.read(path, as_version=4)
    places = {
        "MNIST_CHECKPOINTS": str(BUILD / "checkpoints"),
        "MNIST_PRACTICE": "" if digits.is_mnist else "1",
        "IPYTHONDIR": str(BUILD / "ipython"),  # without this user's settings
    }
    (BUILD / "ipython").mkdir(parents=True, exist_ok=True)
    client = NotebookClient(
        notebook,
        timeout=1_200,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=[
            "--log-level=ERROR"
        ],  # else ipykernel warns that its local sockets are not encrypted
    )
    code_cells = [number for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    bar = tqdm(code_cells, name_of(path), leave=False, disable=not sys.stderr.isatty(), unit="cell")
    reported: dict[str, Any] = {}
    cost: dict[str, float | None] = {}
    start, number, failure = time.perf_counter(), 0, ""
    try:
        with client.setup_kernel(env=os.environ | places):
            for number in bar:
                client.execute_cell(notebook.cells[number], number)
            reported = report(client, REPORTED.get(name_of(path), {}))
            manager: Any = client.km
            process = manager.provisioner.pid
            cost["memory_mb"] = peak_memory_mb(process)
            cost["cpu_seconds"] = round(sum(psutil.Process(process).cpu_times()[:4]), 1)
    except CellExecutionError as error:
        failure = f"{where(notebook, number)}: {error.ename}: {error.evalue}"
    except (DeadKernelError, TimeoutError, RuntimeError) as error:
        failure = f"{where(notebook, number)}: {str(error).splitlines()[0]}"
    cost["seconds"] = round(time.perf_counter() - start, 1)
    summary = f"{len(code_cells)} cells, {cost['seconds']:.1f} s"
    print(f"{name_of(path):24} {failure or summary}", flush=True)
    return notebook, reported, cost, failure


def where(notebook: NotebookNode, number: int) -> str:
    """A cell by the section that it stands in, and its first line."""
    above = "\n".join(cell.source for cell in notebook.cells[:number] if cell.cell_type == "markdown")
    section = (re.findall(r"^#{1,3} (.+)$", above, re.MULTILINE) or ["its beginning"])[-1]
    first_line = notebook.cells[number].source.strip().splitlines()[0]
    return f"stopped in “{section}”, at the cell that begins “{first_line}”"


def report(client: NotebookClient, expressions: dict[str, str]) -> dict[str, Any]:
    """The values of expressions in the kernel of a notebook that has been executed."""
    entries = ", ".join(f"{name!r}: {expression}" for name, expression in expressions.items())
    cell = nbformat.v4.new_code_cell(f"import json; print(json.dumps({{{entries}}}))")
    client.nb.cells.append(cell)
    try:
        answer = client.execute_cell(cell, len(client.nb.cells) - 1)
    finally:
        client.nb.cells.pop()
    return json.loads(answer.outputs[0].text)


def html_page(notebook: NotebookNode, name: str) -> str:
    """A page that needs nothing from elsewhere, with alternative texts, its links leading to the other pages."""
    templates = str(ROOT / "tools" / "templates")
    exporter = HTMLExporter(template_name="walkthrough", extra_template_basedirs=[templates])
    exporter.register_preprocessor(TagRemovePreprocessor(remove_cell_tags={"remove-cell"}), enabled=True)
    notebook, folder = copy.deepcopy(notebook), Path("notebooks", name).parent
    pages = {f"notebooks/{name_of(path)}.ipynb" for path in (*LESSONS, *DEEPER)}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = with_links(cell.source, folder, pages)
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": name}})
    return re.sub(r'href="([.\w/]*\d\d_\w+)\.ipynb', r'href="\1.html', page)


if __name__ == "__main__":
    sys.exit(main())
