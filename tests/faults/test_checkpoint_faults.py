"""Checkpoints that are cut, of something else, or made to do harm; and what becomes of one while it is written."""

import json
import os
import pickle
import shutil
import signal
import struct
import time
from contextlib import suppress
from pathlib import Path

import pytest
import torch
import trainee
from machine import READ_ONLY, Machine, mounting
from safetensors.torch import load_file, save_file
from torch import nn

from mnist_helpers.files import WalkthroughError
from mnist_helpers.model import CNN, DeepCNN, Dense
from mnist_helpers.training import save_checkpoint, trained_cnn

READ = "The network was read from the checkpoint that lesson 3 left."
ROOM_FOR_ONE = 'mount -t tmpfs -o size=500k none "$0"'
CUTS = {  # what is left of a checkpoint: size of the header and of the whole file -> bytes
    "nothing": lambda header, size: 0,
    "one byte": lambda header, size: 1,
    "all but one byte of the header's length": lambda header, size: 7,
    "the header's length": lambda header, size: 8,
    "half of the header": lambda header, size: 8 + header // 2,
    "all but one byte of the header": lambda header, size: 8 + header - 1,
    "the header": lambda header, size: 8 + header,
    "the first number": lambda header, size: 8 + header + 4,
    "half of the numbers": lambda header, size: 8 + header + (size - 8 - header) // 2,
    "all but one byte": lambda header, size: size - 1,
}


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """A good checkpoint, where the lessons look for it. Its weights all are 1."""
    monkeypatch.setenv("MNIST_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("MNIST_PRACTICE", "1")
    path = trainee.save(1)
    assert trainee.loaded() == 1
    return path


def refused(checkpoint, *words):
    """Look for the trained network as lessons 4 and 5 do. Returns the sentence with which it is refused, and seconds."""
    content = checkpoint.read_bytes()
    start = time.monotonic()
    with pytest.raises(WalkthroughError) as raised:
        trained_cnn(trainee.few_digits())
    seconds, told = time.monotonic() - start, str(raised.value)
    assert str(checkpoint) in told and all(part in told for part in words), told
    assert "Run lesson 3 to write it anew, or delete it" in told
    assert checkpoint.read_bytes() == content
    return told, seconds


@pytest.mark.parametrize("left", CUTS, ids=lambda left: left.replace(" ", "-"))
def test_cut_checkpoint_is_refused(left, checkpoint, record_fault):
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[: CUTS[left](int.from_bytes(content[:8], "little"), len(content))])
    told, seconds = refused(checkpoint, "is not a whole checkpoint", "Nothing of it was run or changed")
    record_fault(f"a checkpoint cut, {left} left", told, "the file as it is", seconds)


def written(header, numbers=b""):
    """A file with this header, in the format of a checkpoint."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers


def annotated(notes):
    """Other notes for a checkpoint."""

    def annotate(content):
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length]) | {"__metadata__": {"notes": notes}}
        return written(header, content[8 + length :])

    return annotate


TENSOR = {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}
FORGED = {
    "a header that claims 4 exabytes": lambda content: struct.pack("<Q", 2**62) + content[8:],
    "a header that claims 99 megabytes": lambda content: struct.pack("<Q", 99_000_000) + content[8:],
    "a tensor that claims 4 terabytes": lambda content: written({"output.bias": TENSOR}, b"few"),
    "a header that is no JSON": lambda content: written(b"output.bias = 3"),
    "bytes after the end": lambda content: content + b"more",
    "a checkpoint without notes": lambda content: written({}),
    "notes that are no JSON": annotated("trained on a Sunday"),
    "notes that are a number": annotated("3"),
    "notes of a hundred thousand brackets": annotated("[" * 100_000),
    "notes that are a list": annotated("[]"),
    "notes without a history": annotated('{"architecture": "CNN", "digits": "practice digits"}'),
    "notes with a history that is a word": annotated('{"architecture": "CNN", "digits": "practice digits", "history": "long"}'),
    "a web page": lambda content: b"<!DOCTYPE html><title>Please log in</title>",
}  # fmt: skip


@pytest.mark.parametrize("fault", FORGED, ids=lambda fault: fault.replace(" ", "-"))
def test_forged_checkpoint_is_refused(fault, checkpoint, record_fault):
    checkpoint.write_bytes(FORGED[fault](checkpoint.read_bytes()))
    told, seconds = refused(checkpoint)
    record_fault(fault, told, "the file as it is", seconds)


class Harm:
    """Read by pickle, it makes a file; another could delete them all."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def save_in_a_zip(harm, file):
    torch.save({"conv1.weight": harm}, file)


def save_as_before_the_zip(harm, file):
    torch.save({"conv1.weight": harm}, file, _use_new_zipfile_serialization=False)


def save_as_text(harm, file):
    pickle.dump(harm, file, protocol=0)


def load_without_care(file):
    torch.load(file, weights_only=False)


PICKLES = {
    "torch.save": (save_in_a_zip, load_without_care),
    "torch.save as it was before 1.6": (save_as_before_the_zip, load_without_care),
    "pickle": (pickle.dump, pickle.load),
    "pickle's oldest protocol": (save_as_text, pickle.load),
}


@pytest.mark.parametrize("kind", PICKLES, ids=lambda kind: kind.replace(" ", "-"))
def test_pickle_is_not_opened(kind, checkpoint, tmp_path, record_fault):
    made = tmp_path / "made by the pickle"
    dump, load = PICKLES[kind]
    with checkpoint.open("wb") as file:
        dump(Harm(made), file)
    told, seconds = refused(checkpoint, "Nothing of it was run")
    assert ("it is a pickle" in told) == ("oldest" not in kind), "the oldest begins as any text may"
    assert not made.exists()
    with checkpoint.open("rb") as file, suppress(TypeError, AttributeError):  # of what comes after the harm
        load(file)
    assert made.exists(), "it would have done harm"
    record_fault(
        f"a checkpoint that is a malicious pickle, by {kind}", told, "the file; nothing is run", seconds
    )


def renamed(tensors):
    return {f"module.{name}": tensor for name, tensor in tensors.items()}


def complexes(tensors):
    return tensors | {"output.bias": tensors["output.bias"].to(torch.complex64)}


CHANGED = {
    "a checkpoint with one more tensor": (lambda tensors: tensors | {"extra": torch.ones(3)}, "extra"),
    "a checkpoint that lacks a tensor": (lambda tensors: tensors | {"conv2.bias": None}, "conv2.bias"),
    "a checkpoint without tensors": (lambda tensors: {}, "conv1.bias"),
    "a checkpoint with a tensor of another shape": (
        lambda tensors: tensors | {"hidden.bias": torch.ones(127)},
        "hidden.bias",
    ),
    "a checkpoint with other names": (renamed, "conv1.bias"),
    "a checkpoint with complex numbers": (complexes, "output.bias"),
}


def change(checkpoint, tensors):
    """Write other tensors beside the notes of a checkpoint."""
    content = checkpoint.read_bytes()
    notes = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
    save_file({name: tensor for name, tensor in tensors.items() if tensor is not None}, checkpoint, notes)


@pytest.mark.parametrize("fault", CHANGED, ids=lambda fault: fault.replace(" ", "-"))
def test_checkpoint_with_other_tensors_is_refused(fault, checkpoint, record_fault):
    changing, differing = CHANGED[fault]
    change(checkpoint, changing(load_file(checkpoint)))
    told, seconds = refused(checkpoint, f"differ in {differing}", "Nothing was changed")
    record_fault(fault, told, "the file as it is", seconds)


@pytest.mark.parametrize("build", [Dense, DeepCNN])
def test_checkpoint_of_another_architecture_is_refused(build, checkpoint, record_fault):
    _, history, _ = trained_cnn(trainee.few_digits())
    save_checkpoint(build(), history, trainee.few_digits())
    told, seconds = refused(checkpoint, f"holds another network ({build.__name__}) than the CNN")
    record_fault(f"a checkpoint of a {build.__name__}", told, "the file as it is", seconds)


def test_checkpoint_of_another_network_by_the_same_name_is_refused(checkpoint, record_fault):
    model = CNN()
    model.conv2, model.hidden = nn.Conv2d(16, 8, kernel_size=5), nn.Linear(8 * 4 * 4, 128)
    _, history, _ = trained_cnn(trainee.few_digits())
    save_checkpoint(model, history, trainee.few_digits())
    told, seconds = refused(checkpoint, "differ in conv2.bias")
    record_fault("a checkpoint of a CNN with fewer filters", told, "the file as it is", seconds)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """What came of processes that were killed while they wrote, of eight at once, and of one without permission."""
    return Machine(tmp_path_factory.mktemp("written")).train("killed", "eight_at_once:25", "of_another")


@pytest.mark.parametrize(
    ("fault", "action", "by"),
    [
        ("between writing and moving", "killed_before_moving", signal.SIGKILL),
        ("in the middle of writing", "killed_while_writing", signal.SIGXFSZ),
    ],
)
def test_killed_while_a_checkpoint_is_written(fault, action, by, played, record_fault):
    outcome = played["killed"][action]
    assert outcome["ended"] == -by and outcome["left"], "it was killed where it should be"
    assert outcome["as_it_was"] and outcome["next"] == 3
    record_fault(
        f"a process killed {fault} a checkpoint",
        f"at the next look: {READ}",
        "the earlier checkpoint, whole; the next one is written as ever",
        outcome["seconds"],
    )


def test_what_killed_processes_left_is_removed(played):
    """Not what was begun just now, which may be another process's."""
    assert played["killed"]["beside"] == [".cnn.safetensors-new"]


def test_eight_processes_write_and_read_one_checkpoint(played, record_fault):
    outcome = played["eight_at_once"]
    assert outcome["ended"] == [0] * 8, "each look found notes and weights that belong together"
    assert None not in outcome["numbers"]
    record_fault(
        "eight processes write and read one checkpoint, 25 times each",
        READ,
        "a whole checkpoint at each of 225 looks",
        outcome["seconds"],
    )


def test_checkpoint_that_may_not_be_read(played, record_fault):
    outcome = played["of_another"]
    assert "Permission denied" in outcome["told"] and "Run lesson 3" in outcome["told"]
    record_fault(
        "a checkpoint without permission to read it", outcome["told"], "the file", outcome["seconds"]
    )


def test_checkpoint_can_be_read_by_a_class(played):
    assert played["of_another"]["mode"] & 0o444 == 0o444


@pytest.fixture(scope="module")
def unwritable(tmp_path_factory):
    """What came of a disk with room for one checkpoint, and of a read-only folder."""
    machine = Machine(tmp_path_factory.mktemp("unwritable"))
    small, read_only = (machine.home / name / "checkpoints" for name in ("small", "read-only"))
    for folder in (small, read_only):
        folder.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_CHECKPOINTS", str(read_only))
        patch.setenv("MNIST_PRACTICE", "1")
        trainee.save(1)
    before = [*mounting(ROOM_FOR_ONE, small), *mounting(READ_ONLY, read_only)]
    outcome = machine.train(f"unwritable:{small}{os.pathsep}{read_only}", before=before)["unwritable"]
    return {"full": outcome[str(small)], "read-only": outcome[str(read_only)]}


@pytest.mark.parametrize(
    ("kind", "words"), [("full", "No space left on device"), ("read-only", "Read-only file system")]
)
def test_checkpoint_that_cannot_be_written(kind, words, unwritable, record_fault):
    outcome = unwritable[kind]
    for told in (outcome["told"], outcome["stop_told"]):
        assert "could not be written" in told and words in told and "MNIST_CHECKPOINTS" in told
    assert outcome["as_it_was"] and outcome["beside"] == []
    where = "on a full disk" if kind == "full" else "in a read-only folder"
    survives = "the earlier checkpoint, and the network in its variable"
    record_fault(f"a checkpoint {where}", outcome["told"], survives, outcome["seconds"])
    assert "Stopped after step 15 of 30" in outcome["stop_told"] and "Going on" in outcome["stop_told"]
    assert outcome["noted"] == 15 and outcome["finite"]
    survives = "the earlier checkpoint; network and history in their variables"
    record_fault(f"the stop button {where}", outcome["stop_told"], survives, outcome["stop_seconds"])


def test_a_file_stands_where_the_folder_of_checkpoints_should(checkpoint, record_fault):
    folder = checkpoint.parent
    shutil.rmtree(folder)
    folder.write_text("not a folder")
    start = time.monotonic()
    with pytest.raises(WalkthroughError, match="could not be written") as raised:
        trainee.save(2)
    seconds = time.monotonic() - start
    assert folder.read_text() == "not a folder"
    record_fault("a file in place of the folder of checkpoints", str(raised.value), "that file", seconds)


def test_a_folder_stands_where_the_checkpoint_should(checkpoint, record_fault):
    checkpoint.unlink()
    checkpoint.mkdir()
    (checkpoint / "mine.txt").write_text("kept")
    start = time.monotonic()
    with pytest.raises(WalkthroughError, match="could not be written") as raised:
        trainee.save(2)
    seconds = time.monotonic() - start
    assert [path.name for path in checkpoint.parent.rglob("*")] == [checkpoint.name, "mine.txt"]
    record_fault("a folder in place of a checkpoint", str(raised.value), "that folder", seconds)
