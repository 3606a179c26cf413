"""What `fit` is protected by: the stop button, going on after it, a loss that is no number, too little memory."""

from __future__ import annotations

import copy
import ctypes
import math
import signal
import sys
import threading
import time
import traceback
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mnist_helpers import checkpoints
from mnist_helpers.data import Digits, batches
from mnist_helpers.files import WalkthroughError

# What is said on the CPU when memory runs out, by PyTorch and by oneDNN, which computes convolutions. After the last,
# a thread can compute no convolution of a new shape, however much memory there is.
ONEDNN_FAILED = "could not create a primitive"
OUT_OF_MEMORY = ("allocate memory", "not enough memory", "could not execute a primitive", ONEDNN_FAILED)
# mallopt's M_MMAP_THRESHOLD, M_TRIM_THRESHOLD and M_TOP_PAD, in bytes: to keep what was freed, and as they are at first
KEEP_FREED = {-3: 2**30, -1: 2**31 - 1, -2: 2**26}
GIVE_BACK_FREED = {-3: 2**17, -1: 2**17, -2: 2**17}
HIGHEST_LOSS = 1e6  # beyond it a run is given up; a guess costs ln 10


class StopPressed(Exception):  # noqa: N818
    """The reader pressed the stop button, and the step is finished."""


class Guard:
    """Stands around a training loop: `with guard: ... for batch in guard.watch(batches): ...`.

    The stop button takes effect at the end of a step, so weights, optimizer and history belong together; they are
    written down, and with `resume` a later run of the same recipe goes on from there to the same end. A cell that
    trains again and again ends at the first training after the stop.
    """

    stopped_request: str | None = None  # the cell in which the button was pressed last
    memory_is_short = False  # whether a training of this process ran out of it

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        scheduler: LRScheduler | None,
        generator: torch.Generator,
        history: SimpleNamespace,
        digits: Digits,
        resume: bool,
    ):
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.generator, self.history, self.digits, self.resume = generator, history, digits, resume
        self.batch_size = history.recipe["batch_size"]
        self.batches = math.ceil(len(digits.train) / self.batch_size)  # an epoch has so many
        self.steps = self.batches * history.recipe["epochs"]
        self.epoch_start = generator.get_state()
        self.pressed = self.in_epoch = False
        self.handlers: list = []  # what answered the stop button before, while this one does

    def __enter__(self) -> Guard:
        if (request := _running_request()) and request == Guard.stopped_request:
            raise KeyboardInterrupt
        if not Guard.memory_is_short:
            _keep_freed_memory(True)
        if self.resume:
            self._go_on()
        if threading.current_thread() is threading.main_thread():  # elsewhere no signal arrives
            self.handlers = [signal.signal(signal.SIGINT, self._press)]
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, _) -> bool:
        self._release()
        if self.pressed:  # also in the last step, which ends this training and not the next one
            Guard.stopped_request = _running_request()
        if kind is StopPressed:
            print(self._keep())
            return True
        if error and _is_out_of_memory(error):
            Guard.memory_is_short = True
            _let_go(error)
            raise WalkthroughError(self._what_fits(spoiled=ONEDNN_FAILED in str(error))) from None
        if not error and self.resume:
            interrupted_path().unlink(missing_ok=True)
        return False

    def watch(self, batches: Iterable[tuple[Tensor, Tensor]]) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of an epoch that are still to be trained on; counts the seconds, looks at the loss after each."""
        self.epoch_start = self.generator.get_state()
        done = len(self.history.loss) - self.batches * len(self.history.validation_accuracy)
        start = time.perf_counter()
        self.in_epoch = True
        try:
            for batch in islice(batches, done, None):
                self._stop_if_pressed()
                yield batch
                self._look_at_loss()
            self.in_epoch = False
        finally:
            self.history.seconds += time.perf_counter() - start
        self._stop_if_pressed()

    def _press(self, *_) -> None:
        self.pressed = True
        self._release()  # pressed twice, it stops at once

    def _release(self) -> None:
        if self.handlers:
            handler = self.handlers.pop()
            signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)

    def _stop_if_pressed(self) -> None:
        if self.pressed and len(self.history.loss) < self.steps:
            raise StopPressed

    def _look_at_loss(self) -> None:
        loss, rate = self.history.loss[-1], self.history.learning_rate[-1]
        if not loss < HIGHEST_LOSS:  # also where it is not a number
            raise WalkthroughError(
                f"The loss is {loss:.3g} at step {len(self.history.loss):,} of {self.steps:,}, where the learning rate "
                f"is {rate:.3g}. Most likely the steps were too large, and the weights are of no use now. Build the "
                f"network anew and try a learning_rate of {min(0.01, self.history.recipe['learning_rate'] / 10):.3g}"
                f"{'' if self.scheduler else ', and schedule=True'}."
            )

    def _keep(self) -> str:
        """Write down everything that a later run needs; what to tell the reader."""
        done = f"Stopped after step {len(self.history.loss):,} of {self.steps:,}: network and history are as they were then."
        tensors = {f"weights.{name}": tensor for name, tensor in self.model.state_dict().items()}
        for number, parameter in enumerate(self._parameters()):
            for name, tensor in self.optimizer.state[parameter].items():
                tensors[f"optimizer.{number}.{name}"] = tensor
        tensors["generator"] = self.epoch_start
        notes = {
            "architecture": type(self.model).__name__,
            "digits": self._images(),
            "history": vars(self.history),
            "next_learning_rate": self.optimizer.param_groups[0]["lr"],
        }
        try:
            checkpoints.write(interrupted_path(), tensors, notes)
        except WalkthroughError as error:
            return f"{done} Going on from here later is not possible: {error}"
        return f"{done} Run the cell again to start anew, or with resume=True in `fit` to go on from here."

    def _go_on(self) -> None:
        """Bring everything to where the stopped run was. Raises WalkthroughError when that is not the same run."""
        path = interrupted_path()
        if not path.is_file():
            raise WalkthroughError(
                "There is no stopped training to go on with. Run the cell without resume=True, to start from the beginning."
            )
        tensors, notes = checkpoints.read(path)
        self._compare(notes)
        weights = {
            name.removeprefix("weights."): tensor
            for name, tensor in tensors.items()
            if name.startswith("weights.")
        }
        checkpoints.load_weights(path, self.model, weights, notes)
        for number, parameter in enumerate(self._parameters()):
            prefix = f"optimizer.{number}."
            self.optimizer.state[parameter] = {
                name.removeprefix(prefix): _like(parameter, tensor)
                for name, tensor in tensors.items()
                if name.startswith(prefix)
            }
        self.generator.set_state(tensors["generator"])
        vars(self.history).update(notes["history"])
        if self.scheduler:
            done = len(self.history.loss)
            self.scheduler.load_state_dict({"last_epoch": done, "_step_count": done + 1})
            self.optimizer.param_groups[0]["lr"] = notes["next_learning_rate"]

    def _compare(self, notes: dict) -> None:
        settings = self.history.recipe | {"images": self._images()}
        before = notes["history"]["recipe"] | {"images": notes["digits"]}
        if different := [name for name in settings if settings[name] != before.get(name)]:
            said = ", ".join(f"{name} {before.get(name)} instead of {settings[name]}" for name in different)
            raise WalkthroughError(
                f"The stopped training had other settings: {said}. Use those to go on with it, or run the cell without "
                "resume=True, to start from the beginning."
            )

    def _images(self) -> str:
        """Which images are trained on: a name, how many, and a checksum of them and their labels."""
        checksum = 0
        for tensor in (self.digits.train.images, self.digits.train.labels):
            checksum = zlib.crc32(tensor.cpu().numpy().tobytes(), checksum)
        return f"{len(self.digits.train):,} of {self.digits.name} ({checksum:08x})"

    def _parameters(self) -> list[nn.Parameter]:
        return self.optimizer.param_groups[0]["params"]

    def _what_fits(self, spoiled: bool) -> str:
        """Try two steps with half the images, and half again, on a copy; what to tell the reader.

        spoiled: whether this thread's network can go on in no new batch size, so that the kernel has to be restarted.
        """
        self.optimizer.zero_grad()
        device = self.digits.train.images.device
        elsewhere = "" if device.type == "cpu" else ", or train on the CPU, with device = torch.device('cpu')"
        if not self.in_epoch:
            return (
                f"Step {len(self.history.loss):,} of {self.steps:,} is done, but the memory of the device {device} is too "
                f"small for the validation after it. Close other notebooks, and restart this kernel{elsewhere}."
            )
        tried = self.batch_size // 2
        while tried and not self._fits(tried):
            tried //= 2
        fitting = math.ceil(tried / 2)  # a whole training holds more than two steps do
        advice = (
            f"{fitting:,} fit: {'restart this kernel, and ' if spoiled else ''}set batch_size to {fitting}"
            if fitting
            else "Not even one image fits: close other notebooks, and restart this kernel"
        )
        return f"The memory of the device {device} is too small for batches of {self.batch_size:,} images. {advice}{elsewhere}."

    def _fits(self, images: int) -> bool:
        try:
            with ThreadPoolExecutor(1) as thread:  # one of its own, which a failure may spoil
                thread.submit(self._two_steps, images).result()
        except (RuntimeError, MemoryError) as error:
            if _is_out_of_memory(error):
                return False
            raise
        return True

    def _two_steps(self, images: int) -> None:
        model = copy.deepcopy(self.model)
        for inputs, labels in batches(
            self.digits.train[: 2 * images], images
        ):  # the second beside what the first left
            F.cross_entropy(model(inputs), labels).backward()


def _keep_freed_memory(keep: bool) -> None:
    """Let this process keep what a step frees, because the next step asks for as much again; or no longer.

    The GNU C library hands large pieces back to the system at once, and to be given them anew, page by page, costs up
    to a third of a step. It is told by mallopt(3); where something else allocates, nothing is changed.
    """
    try:
        library = ctypes.CDLL(None)
        for option, size in (KEEP_FREED if keep else GIVE_BACK_FREED).items():
            library.mallopt(option, size)
        if not keep:
            library.malloc_trim(0)
    except (AttributeError, OSError, TypeError):  # another C library, or another system
        return


def _let_go(error: BaseException) -> None:
    """Free what a step that failed had made, and hand it back to the system.

    Kept, it would be in the way of whoever asks the system for memory in another form, as oneDNN does for its code.
    """
    traceback.clear_frames(error.__traceback__)
    for frame, _ in traceback.walk_tb(
        error.__traceback__
    ):  # those that still run, `fit` for one, are not cleared
        for value in frame.f_locals.values():
            if isinstance(value, Tensor) and value.grad_fn:
                value.detach_()  # a loss holds all that its backward pass needs
    _keep_freed_memory(False)


def _running_request() -> str | None:
    """What tells one execution of a cell, or one press of a widget's button, from all others; None outside a kernel."""
    ipython = sys.modules.get("IPython")  # loaded already, where there is a kernel
    kernel = getattr(ipython.get_ipython(), "kernel", None) if ipython else None
    return kernel.get_parent().get("header", {}).get("msg_id") if kernel else None


def interrupted_path() -> Path:
    """Where a stopped run is kept."""
    return checkpoints.checkpoint_folder() / "stopped.safetensors"


def _like(parameter: Tensor, tensor: Tensor) -> Tensor:
    """An optimizer's tensor as it was: on the device and in the memory order of its parameter, unless it counts steps."""
    if tensor.ndim == 0:
        return tensor.to(parameter.device) if parameter.device.type != "cpu" else tensor
    return torch.empty_like(parameter, requires_grad=False).copy_(tensor)


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out; the CPU says it in words only."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in OUT_OF_MEMORY)
    )
