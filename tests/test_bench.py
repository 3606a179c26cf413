"""What the bench makes of its measurements, the numbers that were kept, and a quick run of it."""

import json
import subprocess
import sys

import pytest
from lesson_checks import ROOT

from mnist_helpers import data
from mnist_helpers.figures import render
from mnist_helpers.recipes import RECIPES
from tools import readme
from tools.bench import DeepDense, UsualCNN, count_parameters, draw_benchmark, seconds_to, table_row

KEPT = sorted((ROOT / "benchmarks").glob("*.json"))
KEYS = {"name", "seeds", "accuracy_mean", "accuracy_std", "seconds", "seconds_to", "peak_memory_mb"}


def test_rivals_have_the_size_that_is_said():
    assert count_parameters(UsualCNN()) == 1_199_882 and count_parameters(DeepDense()) == 569_226


def test_seconds_to_a_level_are_a_median_and_need_the_mean_too():
    runs = [[(1.0, 0.98), (2.0, 0.991)], [(1.0, 0.99), (2.0, 0.992)], [(1.0, 0.98), (2.2, 0.993)]]
    assert seconds_to(0.99, runs) == 2.0 and seconds_to(0.98, runs) == 1.0
    assert seconds_to(0.993, runs) is None
    assert seconds_to(0.99, [[(1.0, 0.99)], [(1.0, 0.99)], [(1.0, 0.97)]]) is None


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_kept_numbers_are_whole_and_of_mnist(path):
    result = json.loads(path.read_text())
    assert result["dataset"] == "mnist" and "tools.bench" in result["command"] and result["machine"]["torch"]
    assert {recipe.name for recipe in RECIPES} <= {recipe["name"] for recipe in result["recipes"]}
    for recipe in result["recipes"]:
        assert recipe.keys() >= KEYS
        assert recipe["seeds"] == len(recipe["accuracy"]) and 0.9 < recipe["accuracy_mean"] < 1
    png, alt = render(draw_benchmark(result))
    assert png and all(recipe["name"] in alt for recipe in result["recipes"])


def test_readme_has_the_numbers_that_were_kept():
    assert KEPT and readme.benchmark(readme.kept_benchmarks()) in (ROOT / "README.md").read_text(
        encoding="utf-8"
    )


def test_a_quick_bench_runs_and_writes_what_it_found(tmp_path, monkeypatch):
    """On practice digits and into a folder of its own, so that no kept number can come of it."""
    monkeypatch.setenv("MNIST_PRACTICE", "1")
    run = subprocess.run(
        [sys.executable, "-m", "tools.bench", "--quick", "--into", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    result = json.loads((tmp_path / "benchmark.json").read_text())
    assert result["dataset"] == "practice" and (tmp_path / "benchmark.png").stat().st_size > 10_000
    quick = [recipe for recipe in RECIPES if recipe.quick]
    assert [recipe["name"] for recipe in result["recipes"]] == [recipe.name for recipe in quick]
    for recipe in result["recipes"]:
        assert recipe["seeds"] == 2 and recipe["seconds"] > 0 and recipe["gflops"] > 1
        assert table_row(recipe) in run.stdout
    assert result["growth"]["number of images"]["exponent"] > 0.5
    assert result["images_per_second"]["tensors"] > result["images_per_second"]["loader"] > 0


def test_a_name_that_is_a_path_is_refused():
    run = subprocess.run(
        [sys.executable, "-m", "tools.bench", "--keep", "../mine"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 1 and "small letters" in run.stderr


def test_practice_digits_are_not_kept(monkeypatch):
    monkeypatch.setenv("MNIST_PRACTICE", "1")
    run = subprocess.run(
        [sys.executable, "-m", "tools.bench", "--quick", "--keep", "mine"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1 and "on MNIST" in run.stderr
    assert data.load_digits().is_mnist is False
