"""The stored lessons, the README and the helper agree with each other."""

import inspect
import json
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
)

from mnist_helpers import data, evaluation, model, training, visualization
from tools import readme

HELPER: dict[str, str] = {}
for module in (data, model, training, evaluation, visualization):
    HELPER |= definitions(inspect.getsource(module))

TAUGHT = {
    "normalize", "batches", "CNN", "Dense", "FastCNN", "count_parameters", "predict", "accuracy", "fit", "wilson_interval",
    "reliability", "expected_calibration_error", "fit_temperature", "record", "occlusion_map", "saliency", "grad_cam",
}  # fmt: skip


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
    assert shown & set(HELPER) == TAUGHT


def test_lesson_is_made_on_mnist_and_small_enough(lesson):
    assert "MNIST: 55,000 images" in lesson.read_text(encoding="utf-8")
    assert lesson.stat().st_size < 1_000_000


def test_links_lead_somewhere(lesson):
    text = "\n".join(cell.source for cell in text_cells(nbformat.read(lesson, 4)))
    assert broken_links(text, lesson.parent) == []


README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_links_of_the_readme_lead_somewhere():
    assert broken_links(README, ROOT) == []


def test_commands_of_the_readme_exist():
    """Verbs against the Makefile, files and names against the project; the rest is named, or this fails."""
    verbs = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    blocks = re.findall(r"^```\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    commands = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    commands = [
        re.sub(r"^\w+=\S+ ", "", line)
        for line in commands
        if line and not re.match(r"[\w.]+[./ ]\s{2,}", line)
    ]
    seen = [line for line in commands if re.match(r"(make|conda|jupyter|pip) ", line)]
    for command in seen:
        if match := re.match(r"make ([a-z ]+)$", command):
            assert set(match[1].split()) <= verbs, command
        elif match := re.match(r"conda env create -f (\S+)$", command):
            assert (ROOT / match[1]).is_file()
        elif match := re.match(r"conda activate (\S+)$", command):
            assert f"name: {match[1]}\n" in (ROOT / "environment.yml").read_text()
        else:
            assert command == "jupyter lab notebooks", command
    assert {"make run", "make lab"} <= set(seen) and len(seen) >= 6
    for verb in re.findall(r"`make ([a-z ]+)`", README):
        assert set(verb.split()) <= verbs


def test_table_of_the_readme_names_every_lesson(lesson):
    assert f"(notebooks/{lesson.name})" in README


def seconds_in_readme(lesson):
    return float(re.search(rf"{lesson.name}\).*\| (\d+) s \|", README)[1])


def test_opening_of_a_lesson_gives_the_measured_time(lesson):
    """The lesson's own 'about N s' and the README's measured seconds, within a half of each other."""
    opening = nbformat.read(lesson, 4).cells[0].source
    said = float(re.search(r"about (\d+) s on two CPU cores", opening)[1])
    assert 0.5 < said / seconds_in_readme(lesson) < 2


def test_numbers_of_the_readme_are_those_of_the_stored_lessons():
    """The same network is described in the README and in the outputs of lesson 4, to a tenth of a point."""
    stored = LESSONS[3].read_text(encoding="utf-8")
    said = float(re.search(r"\*\*([\d.]+)%\*\* of MNIST's test images", README)[1])
    found = float(re.search(r"10,000 right: ([\d.]+)%", stored)[1])
    assert abs(said - found) <= 0.1
    mean = float(re.search(r"mean ([\d.]+)%", README)[1])
    assert abs(mean - float(re.search(r"mean ([\d.]+)%, standard deviation", stored)[1])) <= 0.1


def test_numbers_of_the_readme_are_those_of_the_last_run(tmp_path):
    """Where a whole run on MNIST lies in build/, the README says what it found, within machine and clock."""
    path = ROOT / "build" / "results.json"
    if not path.is_file() or json.loads(path.read_text())["dataset"] != "mnist":
        pytest.skip("there is no run on MNIST in build/")
    results = readme.read_results(path)
    assert abs(100 * results["test_accuracy"] - float(re.search(r"\*\*([\d.]+)%\*\*", README)[1])) <= 0.2
    assert f"{results['parameters']:,} parameters" in README


def test_readme_refuses_numbers_that_are_not_mnists(tmp_path):
    path = tmp_path / "results.json"
    for text in (
        None,
        '{"dataset": "practice", "notebooks": {}}',
        '{"dataset": "mnist", "notebooks": {"01_data": 1}}',
    ):
        if text:
            path.write_text(text)
        with pytest.raises(data.WalkthroughError, match="results.json"):
            readme.read_results(path)
