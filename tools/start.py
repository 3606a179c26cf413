"""Install what the lessons need into the folder .venv of this project, once, and open them in JupyterLab.

python start.py             install if that has not been done, then open the lessons
python start.py --live      open the edition that is typed together in the room, if there is one
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

HERE = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").exists())
PYTHON = HERE / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
INSTALLED, LOG, MNIST = HERE / ".venv" / "installed", HERE / "build" / "install.log", HERE / "mnist"


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
    wanted = "".join((HERE / name).read_text("utf-8") for name in ("pyproject.toml", "constraints.txt"))
    done = INSTALLED.exists() and INSTALLED.read_text("utf-8")  # no dates: a clock may have been set back
    if done != wanted:
        install()
    INSTALLED.write_text(wanted, "utf-8")
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
    """Make .venv and install into it, also what tests need, where there are tests; what pip says goes to build/install.log."""
    wheels, settings = HERE / "wheels", {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if wheels.is_dir():
        made_for = (wheels / "platform.txt").read_text().strip()
        if made_for == platform():
            settings |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri()}
        else:
            print(
                f"The packages in wheels are for {made_for}; this is {platform()}. They are taken from the network."
            )
    begun, far = time.monotonic(), "PIP_NO_INDEX" not in settings
    print("Installing PyTorch, JupyterLab and what they need into .venv, this once", end="")
    print(": up to 3 GB, two to ten minutes by the network." if far else ", without the network.", flush=True)
    venv = [sys.executable, "-m", "venv", HERE / ".venv"]  # leaves no pip there where ensurepip is missing
    has_pip = succeeds(PYTHON, "-m", "pip", "--version") or succeeds(PYTHON, "-m", "ensurepip")
    if not has_pip and subprocess.run([*map(str, venv)]).returncode:
        sys.exit("Python could not make .venv; on Debian and Ubuntu, the package python3-venv is missing.")
    constraints, tested = LOG.with_name("constraints.txt"), (HERE / "constraints.txt").read_text()
    if succeeds(PYTHON, "-c", "import torch, torchvision"):  # a build of the user's own stays
        tested = "".join(line for line in tested.splitlines(True) if not line.startswith("torch"))
    LOG.parent.mkdir(exist_ok=True)
    constraints.write_text(tested)
    extra = "test" if (HERE / "tests").is_dir() else "export"
    command = [PYTHON, "-m", "pip", "install", "--constraint", constraints, "--editable", f"{HERE}[{extra}]"]
    with LOG.open("w") as log:
        pip = subprocess.Popen(
            [*map(str, command)], stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **settings}
        )
        while pip.poll() is None:
            print(".", end="", flush=True)
            time.sleep(2)
    print()
    if pip.returncode:
        end = "Installing failed; above is the end of build/install.log. Mend that. Run this again: it goes on from here."
        print(*LOG.read_text().splitlines()[-12:], end, sep="\n")
        sys.exit(1)
    print(f"Installed in {time.monotonic() - begun:.0f} s.")


def succeeds(*command):
    """Whether a command can be run, and ends well."""
    try:
        return not subprocess.run([*map(str, command)], capture_output=True).returncode
    except OSError:
        return False


def run(*arguments):
    """Run the installed Python here, on MNIST if its files are in the folder mnist; return its exit status."""
    environment = dict(os.environ)
    environment.setdefault("GOMP_SPINCOUNT", "10000")  # threads that wait do not keep others from a core
    if any(MNIST.rglob("*ubyte*")):
        environment.setdefault("MNIST_DIR", str(MNIST))
    return subprocess.run([str(PYTHON), *map(str, arguments)], cwd=str(HERE), env=environment).returncode


def lab_options(folder):
    """For this machine alone, with its token, at the first lesson, and with messages large enough for photographs."""
    options = ["--ip=127.0.0.1", f"--ServerApp.root_dir={HERE}"]
    options += [f"--LabApp.default_url=/lab/tree/{folder}/01_data.ipynb"]
    options += ['--ServerApp.tornado_settings={"websocket_max_message_size": 100000000}']
    settings = HERE / "tools" / "lab"  # in a checkout
    return options + [f"--LabApp.app_settings_dir={settings}"] * settings.is_dir()


def open_lessons(folder):
    """JupyterLab, until it is closed."""
    try:
        return run("-m", "jupyterlab", *lab_options(folder))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    main()
