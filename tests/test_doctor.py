"""What the commands `data` and `doctor` say: where all is well, and where something is missing or damaged."""

import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
import server

from mnist_helpers import __main__ as command

RUN = "import runpy, sys; sys.modules[{!r}] = None; runpy.run_module('mnist_helpers', run_name='__main__')"


def doctor(without="no_such_module", **settings):
    """The exit code of the doctor and its lines, in a process that cannot import `without`."""
    asked = [sys.executable, "-c", RUN.format(without), "doctor"]
    done = subprocess.run(asked, env=os.environ | settings, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1251"])
def test_doctor_finds_all_well_here_whatever_signs_a_terminal_lacks(encoding):
    code, lines = doctor(MNIST_DIR="", PYTHONIOENCODING=encoding)
    assert (code, lines[-1]) == (0, "All is well.")
    for found in ("Python 3", "kernel", "memory", "disk", "5 . 5 = 25"):
        assert any(re.search(found, line) for line in lines)


@pytest.mark.parametrize("name", ["JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"])
def test_doctor_finds_folders_that_jupyter_cannot_write_to_and_counts_usable_cores(name, monkeypatch):
    monkeypatch.setenv(name, "/dev/full/jupyter")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2}, raising=False)
    found = [f"{level} {found}" for level, found, _ in command.machine()]
    assert any(line.startswith("FAIL Jupyter cannot write to /dev/full/jupyter") for line in found)
    assert any("cores to use: 3" in line for line in found)


@pytest.mark.parametrize("package", ["torch", "packaging"])
def test_doctor_says_which_package_and_which_kernel_and_which_digits_are_wrong(package, tmp_path):
    (tmp_path / "kernels/python3").mkdir(parents=True)
    (tmp_path / "python").symlink_to(sys.executable)  # as in another virtual environment
    kernel = f'{{"argv": ["{tmp_path.as_posix()}/python"], "display_name": "other", "language": "python"}}'
    (tmp_path / "kernels/python3/kernel.json").write_text(kernel)
    code, lines = doctor(package, JUPYTER_PATH=str(tmp_path), MNIST_DIR=str(tmp_path))
    assert any(package in line and "pip install" in lines[at + 1] for at, line in enumerate(lines[:-1]))
    assert f"[FAIL] a notebook's kernel runs {tmp_path / 'python'}" in lines
    assert code == 1 and lines[-1].startswith(f"{sum('[FAIL]' in line for line in lines)} to mend.")


def test_packages_are_compared_with_the_ranges_and_the_tested_versions(monkeypatch, tmp_path):
    requires = ["packaging>=1", "psutil>=999", "no-such-package>=1", 'ruff>=999; extra == "test"']
    project = SimpleNamespace(metadata={"Requires-Python": ">=3"}, requires=requires)
    monkeypatch.setattr(command.metadata, "distribution", lambda name: project)
    monkeypatch.setattr(command, "CONSTRAINTS", tmp_path / "constraints.txt")
    assert [level for level, _, _ in command.packages()] == ["OK", "FAIL", "FAIL"]
    command.CONSTRAINTS.write_text("# tested\npackaging==1.0\n")
    assert [level for level, _, _ in command.packages()] == ["OK", "WARN", "FAIL", "FAIL"]


def test_data_tells_damaged_from_missing_and_downloads_both(folder, cache, monkeypatch):
    assert command.report(command.digits(strict=True)) == 0
    (folder / "train-images-idx3-ubyte").write_bytes(b"damaged")
    assert command.report(command.digits(strict=False)) == 1
    monkeypatch.delenv("MNIST_DIR")
    assert [command.report(command.digits(strict)) for strict in (False, True)] == [0, 4]
    assert command.report(command.digits(True, get=True)) == 1, "there is no server"
    with server.serve():
        assert command.report(command.digits(True, get=True)) == 0
