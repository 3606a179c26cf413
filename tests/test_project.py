"""That the project's own files agree: packages, lessons and helper, what is stored and how."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

from mnist_helpers import data, evaluation, model, training, visualization

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
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
    assert conda["dependencies"][-1] == {"pip": ["--no-deps -e ."]}


def test_constraints_lie_within_the_bounds():
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    tested = dict(line.split("==") for line in lines if "==" in line)
    for text in project["dependencies"] + project["optional-dependencies"]["test"]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(tested[requirement.name]), text


def definitions(source):
    """name -> definition, without its docstring, as text."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for part in ast.walk(node):
                if isinstance(part, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(part) is not None:
                    part.body = part.body[1:]
            found[node.name] = ast.unparse(node)
    return found


def code_of(lesson):
    return "\n".join(cell.source for cell in nbformat.read(lesson, 4).cells if cell.cell_type == "code")


def test_lessons_and_helper_define_the_same():
    helper = {}
    for module in (data, model, training, evaluation, visualization):
        helper |= definitions(inspect.getsource(module))
    shown = {
        name: text
        for lesson in LESSONS
        for name, text in definitions(code_of(lesson)).items()
        if name in helper
    }
    assert shown == {name: helper[name] for name in shown}
    assert {
        "normalize", "batches", "CNN", "Dense", "count_parameters", "predict", "accuracy", "fit", "wilson_interval",
        "reliability", "expected_calibration_error", "fit_temperature", "record", "occlusion_map", "saliency", "grad_cam",
    } == set(shown)  # fmt: skip


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_lesson_is_stored_as_it_should_be(lesson):
    notebook = nbformat.read(lesson, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not [
        output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"
    ]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert pictures and all(len(output.metadata["image/png"]["alt"]) > 20 for output in pictures)
    assert lesson.stat().st_size < 1_000_000
    assert "MNIST: 55,000 images" in str(outputs), "stored outputs are made on MNIST"


def test_an_arrow_points_down_only():
    order = ["data", "model", "training", "evaluation", "visualization", "figures"]
    for number, name in enumerate(order):
        source = (ROOT / "mnist_helpers" / f"{name}.py").read_text()
        imported = set(re.findall(r"from mnist_helpers\.(\w+) import", source))
        assert imported <= set(order[:number]), f"{name} imports {imported}"


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


def test_make_alone_lists_the_verbs():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for verb in ("run", "test", "lab"):
        assert f"make {verb}" in listed


DEAD_KERNEL = """
import os
os._exit(1)
"""


def test_a_dead_kernel_is_noticed_at_once(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(DEAD_KERNEL, execution_count=1)])
    nbformat.write(notebook, tmp_path / "dies.ipynb")
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "--nbval-cell-timeout",
        "300",
        "dies.ipynb",
    ]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=90)
    assert "The kernel died in this cell." in run.stdout and "1 failed" in run.stdout
