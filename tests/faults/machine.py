"""A machine without MNIST, and processes on it that look for it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_helpers import files

ROOT = Path(__file__).resolve().parent.parent.parent
CHILD = Path(__file__).with_name("child.py")
TRAINEE = Path(__file__).with_name("trainee.py")
SMALL_DISK = 'mount -t tmpfs -o size=2m none "$0"'
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"'


class Machine:
    """A machine without MNIST, but for what a test puts there: its settings, its cache, its processes."""

    def __init__(self, home):
        self.home = home
        self.caches = home / "Library" / "Caches"
        self.cache = self.caches / "mnist-cnn-walkthrough"
        self.raw = self.cache / "MNIST" / "raw"
        self.checkpoints = home / "checkpoints"

    def environment(self, *mirrors, **settings):
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("MNIST_") and not name.lower().endswith("_proxy")
        }
        if sys.platform == "darwin":
            kept["HOME"] = str(self.home)
        named = {"XDG_CACHE_HOME": self.caches, "MNIST_MIRRORS": " ".join(mirrors), "PYTHONPATH": ROOT}
        return kept | {name: str(value) for name, value in (named | settings).items()}

    def keep(self, mnist, *names):
        """Put good files of these names into the cache, as an earlier download did."""
        self.raw.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(mnist / name, self.raw / name)

    def start(self, *mirrors, script=CHILD, arguments=(), before=(), **settings):
        """Start a process that looks for MNIST, or does what else `script` does. before: a command that calls it."""
        command = [*before, sys.executable, "-W", "error", str(script), *arguments]
        return subprocess.Popen(
            command,
            env=self.environment(*mirrors, **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *mirrors, **keywords):
        """As `start`, to its end. Returns what came of it."""
        return outcome_of(self.start(*mirrors, **keywords))

    def train(self, *arguments, before=(), **settings):
        """Run `trainee.py` with these arguments, with one thread, so that its numbers are the same each time."""
        threads = {"OMP_NUM_THREADS": 1, "MNIST_PRACTICE": 1, "MNIST_CHECKPOINTS": self.checkpoints}
        return self.run(script=TRAINEE, arguments=arguments, before=before, **threads | settings)

    def command(self, *arguments, mirrors=(), **settings):
        """Run `python -m mnist_helpers` with these arguments."""
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "mnist_helpers", *arguments],
            env=self.environment(*mirrors, **settings),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def whole(self):
        """The names of the files in the cache that look complete; each of them has to be MNIST's."""
        found = sorted(path.name for path in self.raw.glob("*-ubyte"))
        states = {state.file.name: state for state in files.look(self.cache)}
        assert all(states[name].good for name in found), states
        return found

    def leftovers(self):
        """What else lies in the folder of the files."""
        return sorted(path.name for path in self.raw.iterdir() if not path.name.endswith("-ubyte"))


def outcome_of(process, timeout=60):
    """What a process that looked for MNIST found, and what it printed on the way."""
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    lines = output.splitlines()
    assert lines and lines[-1].startswith("{"), output + errors
    return json.loads(lines[-1]) | {"printed": lines[1:-1]}


def mounting(mount, folder):
    """A command that runs another with `folder` mounted so, for that one alone; skips where that is not allowed."""
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", "--mount", *as_root, "sh", "-c", f'{mount} && exec "$@"', str(folder)]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine does not let a test mount a disk")
    return command
