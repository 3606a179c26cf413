"""Install what the lessons need into the folder .venv beside this file, once, and open them in JupyterLab.

python start.py             install if that has not been done, then open the lessons
python start.py --live      open the edition that is typed together in the room
python start.py --install   install, and do not open anything
python start.py --mnist     download MNIST (11 MB) into the folder mnist, to hand on with this folder
python start.py --check     ask whether this machine has what the lessons need

Packages are taken from the folder wheels where it holds some for this machine, and from the network elsewhere.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = HERE / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
INSTALLED = HERE / ".venv" / "installed"
MNIST = HERE / "mnist"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS
    )
    for verb in ("live", "install", "mnist", "check"):
        parser.add_argument("--" + verb, action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts this has not installed anything yet
        sys.exit(
            "The lessons need Python 3.11 or newer; this is {}.{}. Nothing was installed.".format(
                *sys.version_info
            )
        )
    if not INSTALLED.exists():
        install()
    if asked.mnist:
        code = "import sys; from pathlib import Path; from mnist_helpers.sources import download; download(Path(sys.argv[1]))"
        sys.exit(run("-c", code, MNIST) or print("MNIST's four files are in " + str(MNIST)))
    if asked.check:
        sys.exit(run("-m", "mnist_helpers", "doctor"))
    if not asked.install:
        sys.exit(open_lessons("live" if asked.live else "notebooks"))


def platform():
    """The Python and the machine that packages are built for, such as "Python 3.12, win-amd64"."""
    return "Python {}.{}, {}".format(*sys.version_info[:2], sysconfig.get_platform())


def install():
    """Make .venv and install into it; what pip says goes to install.log."""
    wheels, source = HERE / "wheels", {}
    if wheels.is_dir():
        made_for = (wheels / "platform.txt").read_text().strip()
        if made_for == platform():
            source = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri()}
        else:
            print(
                f"The packages in wheels are for {made_for}; this is {platform()}. They are taken from the network."
            )
    print(
        "Installing into .venv, this once"
        + (", without the network." if source else ": up to 3 GB from the network.")
    )
    begun = time.monotonic()
    asked = [str(PYTHON), "-m", "pip", "--version"]  # where ensurepip is missing, a first start leaves no pip
    whole = PYTHON.exists() and not subprocess.run(asked, capture_output=True).returncode
    if not whole and subprocess.run([sys.executable, "-m", "venv", str(HERE / ".venv")]).returncode:
        sys.exit("Python could not make .venv; on Debian and Ubuntu, the package python3-venv is missing.")
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--constraint", HERE / "constraints.txt", "--editable", f"{HERE}[export]"]
    with (HERE / "install.log").open("w") as log:
        pip = subprocess.Popen(
            [*map(str, command)],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PIP_USER": "0", **source},
        )
        while pip.poll() is None:
            print(".", end="", flush=True)
            time.sleep(2)
    print()
    if pip.returncode:
        lines = (HERE / "install.log").read_text().splitlines()
        print(
            *lines[-12:],
            "Installing failed; above is the end of install.log. Run this again: it goes on from here.",
            sep="\n",
        )
        sys.exit(1)
    INSTALLED.touch()
    print(f"Installed in {time.monotonic() - begun:.0f} s.")


def run(*arguments):
    """Run the installed Python here, on MNIST if its files are in the folder mnist; return its exit status."""
    environment = dict(os.environ)
    environment.setdefault("GOMP_SPINCOUNT", "10000")  # threads that wait do not keep others from a core
    if any(MNIST.rglob("*ubyte*")):
        environment.setdefault("MNIST_DIR", str(MNIST))
    return subprocess.run([str(PYTHON), *map(str, arguments)], cwd=str(HERE), env=environment).returncode


def open_lessons(folder):
    limit = '--ServerApp.tornado_settings={"websocket_max_message_size": 100000000}'  # for photographs in lesson 6
    first = f"--LabApp.default_url=/lab/tree/{folder}/01_data.ipynb"
    try:
        return run("-m", "jupyterlab", "--ip=127.0.0.1", f"--ServerApp.root_dir={HERE}", first, limit)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    main()
