"""The log of accuracy: what is in the file, and that `make accuracy` goes on where it was stopped."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest
import torch

from mnist_helpers.data import batches, load_digits
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.model import count_parameters
from tools import accuracy
from tools.accuracy import EXPERIMENTS, Experiment, climb, held_out, read_log
from tools.paths import ACCURACY_LOG
from tools.recipes import Hardest

RECORDS = read_log(ACCURACY_LOG)


@dataclass(frozen=True)
class Counted:
    """An experiment that trains nothing: it leaves a mark for each run, and stops while `faulty` lies there."""

    name: str
    folder: Path
    runs: tuple[str, ...] = ("0", "1")
    of: tuple[str, ...] = ()

    def measure(self, run, digits):
        if self.name == "second" and (self.folder / "faulty").exists():
            raise WalkthroughError("Stopped.")
        with (self.folder / "marks").open("a") as marks:
            marks.write(f"{self.name} {run}\n")
        return {"wrong": {"last": [[3, 5]]}}


def test_a_log_that_was_stopped_goes_on_and_repeats_nothing(tmp_path, monkeypatch):
    # Threads start at once, where each process would import PyTorch first.
    monkeypatch.setattr(accuracy, "ProcessPoolExecutor", lambda workers, context: ThreadPoolExecutor(workers))
    lines = [Counted("first", tmp_path), Counted("second", tmp_path, of=("first",))]
    (tmp_path / "faulty").touch()
    with pytest.raises(WalkthroughError):
        climb(lines, tmp_path / "log.jsonl", opened=False)
    kept = (tmp_path / "log.jsonl").read_text()
    assert [json.loads(text)["line"] for text in kept.splitlines()] == ["first", "first"]
    (tmp_path / "faulty").unlink()
    climb(lines, tmp_path / "log.jsonl", opened=False)
    assert (tmp_path / "log.jsonl").read_text().startswith(kept)
    marks = sorted((tmp_path / "marks").read_text().splitlines())
    assert marks == ["first 0", "first 1", "second 0", "second 1"]


def test_after_the_first_epoch_the_hardest_images_are_seen_and_no_others():
    split = load_digits().train[:40]
    worth, source, order = torch.randperm(40).float(), Hardest(split, 0.3), torch.Generator().manual_seed(0)
    assert source.steps(3, 16) == 3 + 1 + 1
    for expected in (range(40), (worth >= 28).nonzero().flatten().tolist()):
        seen = []
        for _, labels in source.batches(16, order):
            losses = worth[source.batch]
            assert source.loss(lambda logits, labels, reduction: logits, losses, labels) == losses.mean()
            seen += source.batch.tolist()
        assert sorted(seen) == list(expected)
    first = next(Hardest(split, 1).batches(16, torch.Generator().manual_seed(5)))
    assert all(map(torch.equal, first, next(batches(split, 16, torch.Generator().manual_seed(5)))))


def test_experiments_can_be_sent_to_processes():
    assert [one.name for one in pickle.loads(pickle.dumps(EXPERIMENTS))] == [one.name for one in EXPERIMENTS]


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_the_file_holds_each_run_of_each_line_and_its_test(experiment):
    those = [record for record in RECORDS if record["line"] == experiment.name]
    assert sorted(r["run"] for r in those if "test" not in r) == sorted(experiment.runs)
    assert sorted(r["run"] for r in those if "test" in r) == sorted(experiment.runs)
    if isinstance(experiment, Experiment):
        assert {r["parameters"] for r in those if "test" not in r} == {count_parameters(experiment.build())}


def test_the_test_images_were_opened_for_a_line_when_all_its_runs_were_there():
    for _, those in groupby(sorted(RECORDS, key=itemgetter("line")), key=itemgetter("line")):
        opened = ["test" in record for record in those]
        assert opened == sorted(opened)


def test_what_is_held_out_is_not_trained_on():
    digits = load_digits()
    if not digits.is_mnist:
        pytest.skip("the parts are those of MNIST's 60,000 images")
    for fold in range(6):
        part = held_out(digits, str(fold))
        assert len(part.train) == 50_000 and len(part.validation) == 10_000
        train, validation = (set(map(bytes, each.images.numpy())) for each in (part.train, part.validation))
        assert train.isdisjoint(validation)
    assert len(held_out(digits, "all 3").train) == 60_000
