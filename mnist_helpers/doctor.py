"""Whether this machine has what the lessons need: a line for each thing, with what to do where it is not so.

Nothing is imported on top that may be missing, for that is what the doctor is asked about. Nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

PROJECT = "mnist-cnn-walkthrough"
ROOT = Path(__file__).resolve().parent.parent  # the checkout, where the package is installed from one
KERNEL_SECONDS = (8, 4)  # in which a kernel has to start, and then to answer
MEMORY = (1.0, 2.0)  # GB that are free: fewer than the first is too little, fewer than the second is close
DISK = (0.1, 1.0)  # the same for the disk of the user's folders, besides the installation


class Finding(NamedTuple):
    """One line: OK, WARN or FAIL, what was found, and what to do unless it is OK."""

    level: str
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{f'[{self.level}]':6} {self.found}"
        return f"{line}\n       {self.remedy}" if self.remedy else line


def main() -> int:
    """Print a finding after the other; 1 if one of them is a FAIL."""
    failed = 0
    for check in CHECKS:
        for finding in findings(check):
            print(finding, flush=True)
            failed += finding.level == "FAIL"
    print(f"\n{failed} to mend." if failed else "\nThe lessons can run here.")
    return 1 if failed else 0


def findings(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What a check finds; that it could not even look is a finding as well."""
    try:
        yield from check()
    except Exception as error:
        name = check.__name__.strip("_").replace("_", " ")
        yield Finding(
            "FAIL",
            f"{name} could not be looked at ({type(error).__name__}: {error})",
            "If a package is named here or above, install it; else please report this line.",
        )


def python() -> Iterator[Finding]:
    version, wanted = sys.version.split()[0], _python_wanted()
    if sys.version_info < wanted:
        need = ".".join(map(str, wanted))
        yield Finding(
            "FAIL", f"Python {version}; {need} or newer is needed", f"Install Python {need} or newer."
        )
    else:
        yield Finding("OK", f"Python {version}, {_short(sys.executable)}")


def packages() -> Iterator[Finding]:
    """Each package that the project needs: against the range that should work, and the version that was tested."""
    from packaging.requirements import Requirement

    tested = _tested()
    if not tested:
        yield Finding("OK", "tested versions are unknown here, for constraints.txt is not beside the package")
    for requirement in map(Requirement, _requirements()):
        if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
            yield _package(requirement, tested.get(requirement.name))


def _package(requirement, tested: str | None) -> Finding:
    name, mend = requirement.name, f'{_short(sys.executable)} -m pip install "{requirement}"'
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding("FAIL", f"{name} is not installed", mend)
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding("FAIL", f"{name} {version}; needed is {requirement.specifier}", mend)
    if tested is None:
        return Finding("OK", f"{name} {version}, not compared with a tested version")
    if version.split("+")[0] == tested:
        return Finding("OK", f"{name} {version}, as tested")
    if _series(version) == _series(tested):
        return Finding("OK", f"{name} {version}, tested with {tested}")
    return Finding(
        "WARN",
        f"{name} {version}, tested with {tested}",
        "This should work. If numbers or pictures look odd: "
        f'{_short(sys.executable)} -m pip install "{name}=={tested}"',
    )


def device() -> Iterator[Finding]:
    import torch

    from mnist_helpers.training import get_device

    where = get_device()
    try:
        total = torch.ones(4, 4, device=where).matmul(torch.ones(4, 4, device=where)).sum().item()
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        yield Finding(
            "FAIL",
            f"device {where} is found but cannot compute ({reason})",
            "Update its driver, or hide it: CUDA_VISIBLE_DEVICES= jupyter lab notebooks",
        )
        return
    yield Finding("OK" if total == 64 else "FAIL", f"device {where}, which computes 4 × 4 × 4 = {total:.0f}")


def threads() -> Iterator[Finding]:
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    used = torch.get_num_threads()
    limits = [name for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS") if os.environ.get(name)]
    found = f"PyTorch computes with {used} {'thread' if used == 1 else 'threads'} on {cores} CPU cores"
    if used > cores:
        yield Finding("WARN", found, f"Fewer are faster: OMP_NUM_THREADS={cores} jupyter lab notebooks")
    elif used == 1 < cores:
        set_by = f"unset {' and '.join(limits)}" if limits else f"set OMP_NUM_THREADS={cores}"
        yield Finding("WARN", found, f"Training takes longer than it has to: {set_by}.")
    else:
        yield Finding("OK", found)


def memory() -> Iterator[Finding]:
    import psutil

    free = psutil.virtual_memory().available / 1e9
    yield _room(free, MEMORY, f"{free:.1f} GB of memory are free", "Close other programs and unused kernels.")


def disk() -> Iterator[Finding]:
    from mnist_helpers import files

    for name, folder in {"cache folder": files.cache_folder(), "current folder": Path.cwd()}.items():
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free / 1e9
        yield _room(
            free, DISK, f"{free:.1f} GB of disk are free for the {name}", f"Make room on the disk of {there}."
        )


def digits() -> Iterator[Finding]:
    """The files on this machine; a server is not asked."""
    from mnist_helpers import files

    named = files.named_folder()
    states = files.look(named or files.cache_folder())
    bad, missing = [s for s in states if s.wrong], [s for s in states if s.missing]
    mend = (
        "Let MNIST_DIR name a folder with MNIST's four files, or unset it."
        if named
        else f"To replace it: {files.command('data --get')}"
    )
    if os.environ.get("MNIST_PRACTICE", "") not in ("", "0"):
        yield Finding(
            "WARN", "MNIST_PRACTICE is set: the practice digits are used", "Unset it to work on MNIST."
        )
    for state in bad:
        yield Finding("FAIL", f"{_short(state.path)} {state.wrong}", mend)
    if missing and named:
        yield Finding("FAIL", f"{named} holds no {', no '.join(state.file.name for state in missing)}", mend)
    elif missing:
        yield Finding(
            "WARN",
            f"{len(missing)} of MNIST's four files are not on this machine yet",
            f"The first lesson downloads them. To do so now: {files.command('data --get')}",
        )
    elif not bad:
        yield Finding(
            "OK", f"MNIST's four files are in {_short(states[0].path.parent)}, and their checksums hold"
        )


def kernel() -> Iterator[Finding]:
    """A kernel such as a notebook gets: that it starts, computes, and is of this Python."""
    from jupyter_client.kernelspec import NoSuchKernel
    from jupyter_client.manager import start_new_kernel

    start, answer_in = KERNEL_SECONDS
    said: list[str] = []
    question = (
        "import sys, importlib.util as u; print(sys.prefix, u.find_spec('mnist_helpers') is not None, 6 * 7)"
    )
    try:
        manager, client = start_new_kernel(
            startup_timeout=start, kernel_name="python3", extra_arguments=["--log-level=CRITICAL"]
        )
        try:
            client.execute_interactive(
                question,
                timeout=answer_in,
                output_hook=lambda message: said.append(message["content"].get("text", "")),
            )
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    except (NoSuchKernel, RuntimeError, TimeoutError) as error:
        yield Finding(
            "FAIL",
            f"a notebook's kernel does not start and answer within {start + answer_in} s ({error})",
            f"{_short(sys.executable)} -m pip install --force-reinstall ipykernel",
        )
        return
    prefix, finds_helper, answer = "".join(said).strip().rsplit(" ", 2)
    if finds_helper != "True" or answer != "42":
        yield Finding(
            "FAIL",
            f"a notebook's kernel runs in {_short(prefix)}, where mnist_helpers is not installed",
            "Start JupyterLab with make lab, or install this project into that Python: pip install -e .",
        )
    elif prefix != sys.prefix:
        yield Finding(
            "WARN",
            f"a notebook's kernel runs in {_short(prefix)}, not in the Python that was looked at here",
            "Start JupyterLab with make lab, or ask that Python's doctor.",
        )
    else:
        yield Finding("OK", "a notebook's kernel starts and computes 6 × 7 = 42")


def widgets() -> Iterator[Finding]:
    """ipywidgets in the kernel and its counterpart in JupyterLab, which have to fit each other."""
    from jupyter_core.paths import jupyter_path
    from packaging.requirements import Requirement

    version = metadata.version("ipywidgets")
    needed = next(
        requirement
        for requirement in map(Requirement, metadata.requires("ipywidgets") or ())
        if re.sub(r"[-_]", "-", requirement.name) == "jupyterlab-widgets"
    )
    mend = (
        "The lessons run, but their sliders may not show. "
        f'{_short(sys.executable)} -m pip install --force-reinstall "{needed}", then reload the page of JupyterLab.'
    )
    folders = [
        Path(folder) / "@jupyter-widgets" / "jupyterlab-manager" for folder in jupyter_path("labextensions")
    ]
    present = next(
        (folder / "package.json" for folder in folders if (folder / "package.json").is_file()), None
    )
    installed = _version("jupyterlab_widgets")
    if not present or not installed:
        yield Finding(
            "WARN", f"ipywidgets {version}, but JupyterLab has no extension that shows widgets", mend
        )
    elif not needed.specifier.contains(installed, prereleases=True):
        yield Finding("WARN", f"ipywidgets {version} does not fit jupyterlab_widgets {installed}", mend)
    else:
        shown = json.loads(present.read_text(encoding="utf-8"))["version"]
        yield Finding("OK", f"ipywidgets {version} fits jupyterlab_widgets {installed} (extension {shown})")


CHECKS = (python, packages, device, threads, memory, disk, digits, kernel, widgets)


def _room(free: float, bounds: tuple[float, float], found: str, remedy: str) -> Finding:
    level = "FAIL" if free < bounds[0] else "WARN" if free < bounds[1] else "OK"
    return Finding(level, found, "" if level == "OK" else remedy)


def _requirements() -> list[str]:
    """What the project needs: as the checkout says, else as the installed package says."""
    if project := _project():
        return project["dependencies"]
    return metadata.requires(PROJECT) or []


def _python_wanted() -> tuple[int, ...]:
    text = (_project() or {}).get("requires-python") or metadata.metadata(PROJECT)["Requires-Python"]
    return tuple(int(part) for part in re.findall(r"\d+", text))


def _project() -> dict | None:
    path = ROOT / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"] if path.is_file() else {}
    return project if project.get("name") == PROJECT else None


def _tested() -> dict[str, str]:
    """name -> the version that the lessons were last tested with; empty if constraints.txt is not at hand."""
    path = ROOT / "constraints.txt"
    if not _project() or not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _series(version: str) -> list[str]:
    return version.split("+")[0].split(".")[:2]


def _short(path: str | Path) -> str:
    """A path without the name of the user, for a report that others read."""
    text, home = str(path), str(Path.home())
    return f"~{text[len(home) :]}" if text.startswith(home + os.sep) else text
