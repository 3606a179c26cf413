"""Look after the digits, and ask whether this machine has what the lessons need.

python -m mnist_helpers data             whether the files that the lessons would read are MNIST's
python -m mnist_helpers data --get       download into the cache folder what it lacks or holds damaged
python -m mnist_helpers data --verify    the same as data, but exit with 1 if a file is missing, too
python -m mnist_helpers doctor           check Python, packages, kernel, memory, disk, device and digits

MNIST_DIR          a folder with MNIST's four files, plain or .gz; it is only read, so a class can share it
MNIST_MIRRORS      where to download from: http://ADDRESS:8000/ if `python -m http.server` runs on that machine,
                   in the folder that its data --get names; only files with MNIST's own checksums are used
MNIST_PRACTICE     1 for the practice digits instead of MNIST
MNIST_CHECKPOINTS  the folder for the network that lesson 3 saves, instead of checkpoints beside the notebooks
"""

import builtins
import os
import sys
from argparse import ArgumentParser, RawTextHelpFormatter
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryFile

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"  # only in a checkout
INSTALL = f"In the folder of README.md: {sys.executable} -m pip install -e . -c constraints.txt"


def report(findings):
    """Print findings (OK, WARN or FAIL; a sentence; a remedy) and what they raise; return how many are a FAIL."""
    failed = 0
    try:
        for level, found, remedy in findings:
            print(f"{f'[{level}]':6} {found}" + f"\n       {remedy}" * (level != "OK"), flush=True)
            failed += level == "FAIL"
    except Exception as error:
        remedy = INSTALL if isinstance(error, ImportError) else 'See README.md, "When something fails".'
        print(f"[FAIL] {str(error) or repr(error)}\n       {remedy}")
        failed += 1
    return failed


def packages():
    """Python and the packages: within the project's ranges, and alike in two numbers with the tested version."""
    from packaging.requirements import Requirement

    project, python = metadata.distribution("mnist-cnn-walkthrough"), "{}.{}.{}".format(*sys.version_info)
    lines = CONSTRAINTS.read_text().split() if CONSTRAINTS.exists() else []
    tested = dict(line.split("==") for line in lines if "==" in line)
    wanted = Requirement(f"Python{project.metadata['Requires-Python']}")
    against = "their ranges and constraints.txt" if tested else "their ranges; constraints.txt is not here"
    found = f"Python {python}; packages are compared with {against}"
    yield "OK" if python in wanted.specifier else "FAIL", found, f"Install {wanted}."
    for need in (Requirement(line) for line in project.requires or () if "extra ==" not in line):
        version = next((found.version for found in metadata.distributions(name=need.name)), "")
        known = tested.get(need.name, version)
        fits = need.specifier.contains(version or "0", prereleases=True)
        if not fits or known.split(".")[:2] != version.split(".")[:2]:
            found = f"{need.name} {version or 'is missing'}; needed is {need.specifier}, tested {known}"
            yield "WARN" if fits else "FAIL", found, INSTALL


def machine():
    """The kernel of a notebook, the folders that Jupyter writes to, cores, room in memory and on disk, the device."""
    from jupyter_client.manager import KernelManager
    from jupyter_core.paths import jupyter_data_dir, jupyter_runtime_dir

    pythons = Path(KernelManager(kernel_name="python3").format_kernel_cmd()[0]), Path(sys.executable)
    # The folders as well, because the Pythons of virtual environments may be links to one file.
    kernel, this = ((path.resolve(), path.parent.resolve()) for path in pythons)
    remedy = f"That is not {pythons[1]}: delete the kernel's folder, which `jupyter kernelspec list` names."
    yield "OK" if kernel == this else "FAIL", f"a notebook's kernel runs {pythons[0]}", remedy
    for folder in jupyter_data_dir(), jupyter_runtime_dir():
        try:
            os.makedirs(folder, exist_ok=True)
            with TemporaryFile(dir=folder) as file:
                file.write(b"a byte")  # on a full disk, an empty file could still be made
        except OSError as error:
            remedy = "Make room, or name other folders in JUPYTER_DATA_DIR and JUPYTER_RUNTIME_DIR."
            yield "FAIL", f"Jupyter cannot write to {folder} ({error.strerror})", remedy
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory, disk = psutil.virtual_memory().available / 1e9, psutil.disk_usage(".").free / 1e9
    found = f"{memory:.1f} GB of memory and {disk:.1f} GB of disk are free; cores to use: {cores}"
    yield "OK" if min(memory, disk) > 2 else "WARN", found, "Close programs, or make room: 2 GB are enough."
    from mnist_helpers.training import F, get_device, torch

    ones = torch.ones(1, 1, 5, 5, device=get_device())
    yield "OK", f"device {ones.device} computes 5 × 5 = {F.conv2d(ones, ones).item():.0f}", ""


def digits(strict, get=False):
    """Each of MNIST's files where the lessons read, or with `get` in the cache; a missing one fails if `strict`."""
    from mnist_helpers.errors import WalkthroughError
    from mnist_helpers.sources import FILES, REMEDY, cache_folder, download, read

    folder = cache_folder() if get else Path(os.getenv("MNIST_DIR") or cache_folder()).expanduser()
    if get:
        print(f"The download goes to {folder}; a folder that MNIST_DIR names is only read.", flush=True)
        download(folder)
    remedy = "Put MNIST's file there, or unset MNIST_DIR and run: python -m mnist_helpers data --get"
    for name in FILES:
        try:
            read(folder, name)
            yield "OK", f"{folder} holds MNIST's {name}", ""
        except WalkthroughError as error:
            level = "WARN" if f" holds no {name}" in str(error) and not strict else "FAIL"
            yield level, str(error).removesuffix(f" {REMEDY}"), remedy


if __name__ == "__main__":
    parser = ArgumentParser("python -m mnist_helpers", None, __doc__, formatter_class=RawTextHelpFormatter)
    parser.add_argument("verb", choices=["data", "doctor"])
    parser.add_argument("--get", action="store_true")
    parser.add_argument("--verify", action="store_true")
    asked = parser.parse_args()
    if hasattr(sys.stdout, "reconfigure"):  # a terminal's code page may lack a sign; in a notebook none does
        sys.stdout.reconfigure(errors="replace")
    if asked.verb == "data":
        sys.exit(report(digits(asked.get or asked.verify, asked.get)) > 0)
    failed = sum(map(report, (packages(), machine(), digits(bool(os.getenv("MNIST_DIR"))))))
    print(f"{failed} to mend. See also `pip check`, `jupyter troubleshoot`." if failed else "All is well.")
    if failed and not hasattr(builtins, "__IPYTHON__"):  # in a notebook the lines say enough
        sys.exit(1)
