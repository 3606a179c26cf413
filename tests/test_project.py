"""That the project's own files agree, and that its commands do what they say."""

import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from lesson_checks import ROOT

CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}


def bounds(requirements, pattern=r"([\w-]+)(.*)"):
    return {
        CONDA_NAMES.get(name, name): bound
        for name, bound in (re.match(pattern, r).groups() for r in requirements)
    }


def test_environment_yml_holds_the_packages_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    packages = [entry for entry in conda["dependencies"] if isinstance(entry, str) and entry != "pip"]
    assert bounds(packages) == bounds(project["dependencies"]) | {"python": project["requires-python"]}
    assert {"torch", "torchvision", "matplotlib", "jupyterlab", "nbval", "ipywidgets"} <= set(
        bounds(packages)
    )
    assert conda["channels"] == ["conda-forge", "nodefaults"]
    assert conda["dependencies"][-1] == {"pip": ["-e ."]}


def test_constraints_lie_within_the_bounds():
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    tested = dict(line.split("==") for line in lines if "==" in line)
    for text in project["dependencies"] + project["optional-dependencies"]["test"]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(tested[requirement.name]), text


def test_an_arrow_points_down_only():
    order = [
        "files",
        "download",
        "cache",
        "augmentation",
        "practice",
        "data",
        "model",
        "checkpoints",
        "guard",
        "training",
        "recipes",
        "machine",
        "evaluation",
        "visualization",
        "exercises",
        "figures",
        "widgets",
        "doctor",
        "__main__",
    ]
    assert {path.stem for path in (ROOT / "mnist_helpers").glob("*.py")} == {"__init__", *order}
    for number, name in enumerate(order):
        source = (ROOT / "mnist_helpers" / f"{name}.py").read_text()
        imported = set(re.findall(r"from mnist_helpers\.(\w+) import", source))
        imported |= {
            part
            for line in re.findall(r"from mnist_helpers import (.+)", source)
            for part in line.split(", ")
        }
        assert imported <= set(order[:number]), f"{name} imports {imported}"


def test_importing_the_helper_brings_in_nothing_heavy():
    """Of what the lessons compute with, beyond torch and torchvision; pictures and widgets are asked for by name."""
    imported = "data, model, training, recipes, evaluation, visualization"
    question = (
        f"from mnist_helpers import {imported}; import sys; print(*sys.modules.keys() & "
        "{'matplotlib.pyplot', 'sklearn', 'scipy', 'ipywidgets', 'pandas', 'IPython', 'jupyterlab'})"
    )
    answer = subprocess.run(
        [sys.executable, "-c", question], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == []


def test_commands_in_the_readme_are_known():
    known = {"data", "data --get", "data --verify", "doctor"}
    named = re.findall(
        r"-m mnist_helpers ([a-z -]+?) *(?:`|#|$)", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert set(named) == known
    usage = subprocess.run(
        [sys.executable, "-m", "mnist_helpers", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert all(f"python -m mnist_helpers {command} " in usage for command in known)


needs_make = pytest.mark.skipif(os.name == "nt", reason="on Windows the plain commands stand in for make")


@needs_make
def test_make_refuses_an_old_python_before_it_installs_anything(tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    old = tmp_path / "old-python"
    old.write_text(
        "#!/bin/sh\necho 'old-python is Python 3.9.18; these lessons need 3.11 or newer.'; exit 1\n"
    )
    old.chmod(0o755)
    for python in (f"PYTHON={old}", "PYTHON="):
        made = subprocess.run(["make", python, "run"], cwd=tmp_path, capture_output=True, text=True)
        assert made.returncode != 0 and re.search(r"3\.11", made.stdout)
        assert not (tmp_path / ".venv").exists()


@needs_make
def test_make_alone_lists_the_verbs():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for verb in ("run", "test", "lab"):
        assert f"make {verb}" in listed


@pytest.mark.parametrize(
    "command", (["ruff", "format", "--check"], ["ruff", "check"], ["mypy"]), ids=" ".join
)
def test_code_is_clean(command):
    """Format, lint and types, of modules, tests, tools and notebooks."""
    run = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
