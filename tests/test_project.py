"""That the project's own files agree."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from functools import partial

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools.paths import ROOT

CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def bounds(requirements):
    found = (re.match(r"([\w-]+)(.*)", requirement).groups() for requirement in requirements)
    return {CONDA_NAMES.get(name, name): bound for name, bound in found}


def test_environment_yml_holds_the_packages_of_pyproject():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    found = bounds(entry for entry in conda["dependencies"] if isinstance(entry, str) and entry != "pip")
    python = found.pop("python").removeprefix("=")  # one version, as Binder wants it
    assert found == bounds(PROJECT["dependencies"]) and python in SpecifierSet(PROJECT["requires-python"])
    assert {"torch", "torchvision", "matplotlib", "jupyterlab", "nbval", "ipywidgets"} <= found.keys()
    assert conda["channels"] == ["conda-forge", "nodefaults"]
    assert conda["dependencies"][-1] == {"pip": ["-e ."]}


def test_constraints_lie_within_the_bounds():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    tested = dict(line.split("==") for line in lines if "==" in line)
    for requirement in map(Requirement, PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]):
        assert requirement.specifier.contains(tested[requirement.name]), requirement


@pytest.fixture
def run(tmp_path):
    """Runs a command in a folder with nothing but what installs this project."""
    (tmp_path / "tools").mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "tools/start.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return partial(subprocess.run, cwd=tmp_path, capture_output=True, text=True)


has_make = pytest.mark.skipif(os.name == "nt", reason="on Windows the plain commands stand in for make")


@has_make
def test_make_refuses_an_old_python_before_it_installs_anything(run, tmp_path):
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\necho 'This is Python 3.9; the lessons need 3.11 or newer.'; exit 1\n")
    old.chmod(0o755)
    for python in (old, ""):
        made = run(["make", f"PYTHON={python}", "run"])
        assert made.returncode != 0 and "3.11" in made.stdout and not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("whole", [False, True], ids=["without pip", "no environment yet"])
@pytest.mark.parametrize(
    "command", [pytest.param(["make", "run"], marks=has_make), [sys.executable, "tools/start.py"]]
)
def test_failed_installation_shows_its_log_whatever_this_users_pip_does(command, whole, run, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project")  # pip refuses it before it downloads anything
    if not whole:  # as a first start leaves it where ensurepip is missing
        venv.create(tmp_path / ".venv", with_pip=False)
    done = run(command, env=os.environ | {"PIP_USER": "1"})
    assert done.returncode != 0 and "--user" not in done.stdout, done.stdout + done.stderr
    assert "TOMLDecodeError" in done.stdout and "Installing failed; above is the end" in done.stdout
    assert "TOMLDecodeError" in (tmp_path / "build" / "install.log").read_text()


def test_what_is_installed_is_not_installed_again_whatever_the_clock_says(run, tmp_path):
    installed, command = tmp_path / ".venv" / "installed", [sys.executable, "tools/start.py", "--install"]
    wanted = "".join((tmp_path / name).read_text() for name in ("pyproject.toml", "constraints.txt"))
    installed.parent.mkdir()
    installed.write_text(wanted)
    os.utime(installed, (0, 0))  # in 1970
    assert run(command, check=True).stdout == ""
    (tmp_path / "pyproject.toml").write_text("[project")
    done = run(command)
    assert done.returncode != 0 and "Installing failed" in done.stdout


@pytest.mark.parametrize("folder", [".", "notebooks", "notebooks/deeper", "tools/kit"])
def test_what_a_room_saves_is_ignored_by_git(folder, tmp_path):
    git, name = ["git", "-C", str(tmp_path)], f"{folder}/room/Ada.npz"
    subprocess.run([*git, "init", "--quiet"], check=True)
    shutil.copy(ROOT / ".gitignore", tmp_path)
    assert subprocess.run([*git, "check-ignore", "--quiet", name]).returncode == (folder == "tools/kit")
