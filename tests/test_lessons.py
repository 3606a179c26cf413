"""The stored lessons, the README and the helper agree with each other."""

import inspect
import re

import lesson_checks
import nbformat
import pytest
from lesson_checks import (
    LESSONS,
    ROOT,
    broken_links,
    definitions,
    different_definitions,
    source_of,
    text_cells,
)  # fmt: skip

from mnist_helpers import cluster, data, evaluation, model, speed, training, visualization
from mnist_helpers.sources import WalkthroughError
from tools import readme

HELPER: dict[str, str] = {}
for module in (data, model, speed, training, cluster, evaluation, visualization):
    HELPER |= definitions(inspect.getsource(module))

# What a lesson shows and the helper holds under the same name.
TAUGHT = {
    "normalize", "batches", "CNN", "Dense", "count_parameters", "predict", "accuracy", "History", "fit",
    "train_step", "FastCNN", "DeepCNN", "whitening_filters", "fix_first_layer", "best_seconds", "matrix_product_rate",
    "memory_copy_rate", "images_a_second", "wilson_interval", "expected_calibration_error", "record", "occlusion_map", "saliency", "grad_cam",
}  # fmt: skip
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def lesson(request):
    return request.param


@pytest.mark.parametrize("check", lesson_checks.CHECKS, ids=lambda check: check.__name__)
def test_lesson_is_stored_as_it_should_be(lesson, check):
    assert check(nbformat.read(lesson, 4)) == []


def test_lesson_defines_what_the_helper_defines(lesson):
    assert different_definitions(nbformat.read(lesson, 4), HELPER) == []


def test_all_that_is_taught_is_shown_in_a_lesson():
    shown = {name for lesson in LESSONS for name in definitions(source_of(nbformat.read(lesson, 4)))}
    assert shown & set(HELPER) >= TAUGHT


def test_loop_of_lesson_3_stays_short():
    tree = definitions(source_of(nbformat.read(LESSONS[2], 4)))["fit"].splitlines()
    assert len(tree) <= 20 and tree[0].count(",") <= 6


def test_lesson_is_made_on_mnist_and_small_enough(lesson):
    assert "MNIST: 55,000 images" in lesson.read_text(encoding="utf-8")
    assert lesson.stat().st_size < 1_000_000


def test_links_lead_somewhere(lesson):
    text = "\n".join(cell.source for cell in text_cells(nbformat.read(lesson, 4)))
    assert broken_links(text, lesson.parent) == []


def test_links_of_the_readme_lead_somewhere():
    assert broken_links(README, ROOT) == []
    assert (
        broken_links((ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8"), ROOT / "benchmarks")
        == []
    )


def test_commands_of_the_readme_exist():
    verbs = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"\bmake ((?:[a-z]+ ?)+)(?=`|\n|  )", README)
    assert named and {verb for line in named for verb in line.split()} <= verbs


def test_readme_names_every_lesson_with_its_time(lesson):
    """The lesson's own 'about N s' and the README's measured seconds, within a half of each other."""
    seconds = float(re.search(rf"{lesson.name}\).*\| (\d+) s \|", README)[1])
    said = float(re.search(r"about (\d+) s on two CPU cores", nbformat.read(lesson, 4).cells[0].source)[1])
    assert 0.5 < said / seconds < 2


def test_numbers_of_the_readme_are_those_of_the_stored_lessons():
    """The same recipe is described in the README and in lesson 4, to a tenth of a point."""
    text = "\n".join(lesson_checks.output_texts(nbformat.read(LESSONS[3], 4)))
    said = float(re.search(r"(\d+\.\d+) ± ", README)[1])
    assert abs(said - float(re.search(r"mean (\d+\.\d+)%", text)[1])) <= 0.1


def test_readme_refuses_numbers_that_are_not_mnists(tmp_path):
    path = tmp_path / "results.json"
    for text in (
        None,
        '{"dataset": "practice", "notebooks": {}}',
        '{"dataset": "mnist", "notebooks": {"01_data": 1}}',
    ):
        if text:
            path.write_text(text)
        with pytest.raises(WalkthroughError, match="results.json"):
            readme.read_results(path)
