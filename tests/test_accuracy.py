"""The log of accuracy: what is in the file, and that `make accuracy` goes on where it was stopped."""

import json
from dataclasses import dataclass
from itertools import groupby

import pytest

from mnist_helpers.data import load_digits
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.model import count_parameters
from tools.accuracy import EXPERIMENTS, Experiment, climb, held_out, read_log
from tools.paths import ACCURACY_LOG

RECORDS = read_log(ACCURACY_LOG)


@dataclass(frozen=True)
class Counted:
    """An experiment that trains nothing: it leaves a mark for each run, and stops while `faulty` lies there."""

    name: str
    folder: str
    runs: tuple[str, ...] = ("0", "1")
    of: tuple[str, ...] = ()

    def measure(self, run, digits):
        from pathlib import Path

        if self.name == "second" and (Path(self.folder) / "faulty").exists():
            raise WalkthroughError("Stopped.")
        with (Path(self.folder) / "marks").open("a") as marks:
            marks.write(f"{self.name} {run}\n")
        return {"wrong": {"last": [[3, 5]]}}


def test_a_log_that_was_stopped_goes_on_and_repeats_nothing(tmp_path):
    lines = [Counted("first", str(tmp_path)), Counted("second", str(tmp_path), of=("first",))]
    (tmp_path / "faulty").touch()
    with pytest.raises(WalkthroughError):
        climb(lines, tmp_path / "log.jsonl", opened=False)
    kept = (tmp_path / "log.jsonl").read_text()
    assert [json.loads(text)["line"] for text in kept.splitlines()] == ["first", "first"]
    (tmp_path / "faulty").unlink()
    climb(lines, tmp_path / "log.jsonl", opened=False)
    assert (tmp_path / "log.jsonl").read_text().startswith(kept)
    marks = (tmp_path / "marks").read_text().splitlines()
    assert sorted(marks) == ["first 0", "first 1", "second 0", "second 1"]


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_the_file_holds_each_run_of_each_line_and_its_test(experiment):
    those = [record for record in RECORDS if record["line"] == experiment.name]
    assert sorted(r["run"] for r in those if "test" not in r) == sorted(experiment.runs)
    assert sorted(r["run"] for r in those if "test" in r) == sorted(experiment.runs)
    if isinstance(experiment, Experiment):
        assert {r["parameters"] for r in those if "test" not in r} == {count_parameters(experiment.build())}


def test_the_test_images_were_opened_when_all_runs_were_there():
    for _, those in groupby(RECORDS, key=lambda record: record["date"]):  # the log grew on several days
        opened = ["test" in record for record in those]
        assert opened == sorted(opened)


def test_what_is_held_out_is_not_trained_on():
    digits = load_digits()
    if not digits.is_mnist:
        pytest.skip("the parts are those of MNIST's 60,000 images")
    parts = [held_out(digits, str(fold)) for fold in range(6)]
    assert sum(len(part.validation) for part in parts) == 60_000
    for part in parts:
        assert len(part.train) == 50_000 and len(part.validation) == 10_000
        seen = {image.numpy().tobytes() for image in part.train.images}
        assert not any(image.numpy().tobytes() in seen for image in part.validation.images)
    everything = held_out(digits, "all 3")
    assert len(everything.train) == 60_000
