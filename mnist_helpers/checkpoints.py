"""Files of tensors with notes beside them: what training leaves behind, and what it goes on from after a stop.

The format is safetensors, which holds numbers and text and nothing that could run. A file is written aside and moved
into its place in one step, so what lies there is whole.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from mnist_helpers.files import WalkthroughError


def checkpoint_folder() -> Path:
    """Where the lessons keep networks: beside the notebooks, or in the folder that MNIST_CHECKPOINTS names."""
    return Path(os.environ.get("MNIST_CHECKPOINTS") or "checkpoints")


def write(path: Path, tensors: Mapping[str, Tensor], notes: Mapping[str, Any]) -> Path:
    """Write tensors and notes, in whole or not at all.

    notes: what JSON can hold. Raises WalkthroughError when there is no room or no permission; what lay there stays.
    """
    versions = {"python": platform.python_version(), "torch": torch.__version__.split("+")[0]}
    content = save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()},
        metadata={"notes": json.dumps(dict(notes) | {"versions": versions})},
    )
    aside = path.with_name(f".{path.name}-{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        aside.write_bytes(content)
        os.replace(aside, path)
    except OSError as error:
        raise WalkthroughError(
            f"{path} could not be written ({error}). What lay there before is as it was, and the network is still in "
            "its variable. Make room, or name another folder in MNIST_CHECKPOINTS, and run the cell again."
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    return path


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a file, on the CPU, and its notes.

    Raises WalkthroughError when it is not whole, or is something else; nothing of it is run.
    """
    try:
        content = path.read_bytes()  # at once: another process may put a new file there between two looks
        tensors = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        notes = json.loads(header["__metadata__"]["notes"])
        if not isinstance(notes, dict) or not isinstance(notes.get("history"), dict):
            raise ValueError("its notes are not those of a training")
    except (OSError, SafetensorError, KeyError, ValueError, RecursionError) as error:
        raise WalkthroughError(
            f"{path} is not a whole checkpoint of these lessons ({_reason(path, error)}). Nothing of it was run or "
            "changed. Run lesson 3 to write it anew, or delete it, and the network is trained where it is needed."
        ) from error
    return tensors, notes


def load_weights(
    path: Path, model: nn.Module, tensors: Mapping[str, Tensor], notes: Mapping[str, Any]
) -> None:
    """Copy weights into `model`. Raises WalkthroughError, and changes nothing, unless they are of its architecture."""
    expected = {name: (tensor.shape, tensor.dtype) for name, tensor in model.state_dict().items()}
    found = {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()}
    if notes.get("architecture") != type(model).__name__ or found != expected:
        differing = sorted(
            name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
        )
        raise WalkthroughError(
            f"{path} holds another network ({notes.get('architecture', 'without a name')}) than the "
            f"{type(model).__name__} that is asked for{': they differ in ' + differing[0] if differing else ''}. Nothing "
            "was changed. Run lesson 3 to write it anew, or delete it."
        )
    model.load_state_dict(dict(tensors))


def _remove_leftovers(path: Path) -> None:
    """Delete what was written aside an hour ago or longer, by a process that was killed."""
    for left in path.parent.glob(f".{path.name}-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > 3_600:
                left.unlink()


def _reason(path: Path, error: Exception) -> str:
    """Why a file cannot be read, in words."""
    try:
        with path.open("rb") as file:
            start = file.read(2)
    except OSError as reason:
        return reason.strerror or str(reason)
    if start == b"PK" or start[:1] == b"\x80":
        return "it is a pickle, which may carry a program instead of numbers, so it was not opened"
    if isinstance(error, KeyError):
        return "it carries no notes"
    return f"{type(error).__name__}: {error}"
