"""Several processes that train together: how they meet, what they save, and how torchrun starts them."""

from __future__ import annotations

import gc
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from mnist_helpers.data import batches, load_digits
from mnist_helpers.errors import WalkthroughError
from mnist_helpers.model import CNN, count_parameters, seeded
from mnist_helpers.training import get_device, train_step
from mnist_lessons.speed import synchronize

# Asks Linux to end this process when the one that started it ends, even if that one is killed (1: PR_SET_PDEATHSIG).
END_WITH_PARENT = "import ctypes, sys; sys.platform == 'linux' and ctypes.CDLL(None).prctl(1, 15)"
# torchrun asks the network for this machine's full name, seven times, only to write it down: its short one will do.
SHORT_NAME = "import socket; socket.getfqdn = lambda name='': name or socket.gethostname()"
TORCHRUN = f"{END_WITH_PARENT}; {SHORT_NAME}; from torch.distributed.run import main; main()"


def backend_and_device(backend: str | None = None) -> tuple[str, torch.device]:
    """How this process talks to the others, and where it computes. Raises WalkthroughError where that cannot be had.

    backend: gloo, nccl and so on; if not named, MNIST_BACKEND, or else what suits the accelerator that PyTorch finds.
    """
    if "RANK" not in os.environ:
        raise WalkthroughError("This script is started by torchrun: its first lines say how.")
    device = get_device()
    backend = backend or os.environ.get("MNIST_BACKEND") or dist.get_default_backend_for_device(device)
    if not dist.is_backend_available(backend) or backend == "nccl" and not torch.cuda.is_available():
        raise WalkthroughError(f"The backend {backend} is not available here: use gloo, which needs no GPU.")
    wanted = int(os.environ["LOCAL_WORLD_SIZE"])
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if backend == "gloo" or device.type == "cpu":
        if wanted > cores and os.environ["RANK"] == "0":
            print(f"{wanted} processes take turns on {cores} cores: start {cores} at most, or be patient.")
        return backend, torch.device("cpu")
    if wanted > (there := torch.accelerator.device_count()):
        raise WalkthroughError(
            f"{wanted} processes need a device each, but this machine has {there}: start {there}."
        )
    device = torch.device(device.type, int(os.environ["LOCAL_RANK"]))
    torch.accelerator.set_device_index(device.index)
    return backend, device


@contextmanager
def processes_together(backend: str | None = None) -> Iterator[tuple[int, int, torch.device]]:
    """Meet the processes that torchrun started; yield this one's rank, how many they are, and its device.

    A WalkthroughError, raised here or inside, ends the process with its sentence.
    """
    exec(END_WITH_PARENT)
    try:
        backend, device = backend_and_device(backend)
        dist.init_process_group(backend, timeout=timedelta(minutes=5))
        yield dist.get_rank(), dist.get_world_size(), device
    except WalkthroughError as error:
        sys.exit(str(error))
    finally:
        if dist.is_initialized():
            gc.collect()  # a network that still holds the group would let its threads outlive the interpreter
            dist.destroy_process_group()


def save(path, parts, processes, step):
    """Write a checkpoint whole or not at all: whoever is stopped while writing leaves the one before."""
    state = {name: part.state_dict() for name, part in parts.items()}
    torch.save(state | {"processes": processes, "step": step}, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def resume(path, parts, processes):
    """Bring `parts` to where the checkpoint stands, if there is one; return its step, else 0."""
    if not path.exists():
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["processes"] != processes:
        raise WalkthroughError(
            f"{path.name} is of {state['processes']} processes, and now there are {processes}: start as many, or delete it."
        )
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return state["step"]


def images_a_second(model, split, local_batch_size, steps=20):
    """Images that this process trains on in a second, `local_batch_size` of them a step."""
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    for step, (inputs, labels) in enumerate(
        batches(split[: (steps + 2) * local_batch_size], local_batch_size)
    ):
        if step == 2:  # the first steps are slower
            start = time.perf_counter()
        train_step(model, inputs, labels, optimizer)
    return steps * local_batch_size / (time.perf_counter() - start)


def exchange_seconds(numbers, device, repeats=20):
    """Seconds that averaging so many float32 numbers over the processes takes: the median of a few times."""
    gradient, times = torch.zeros(numbers, device=device), []
    for _ in range(repeats):
        dist.barrier()
        start = time.perf_counter()
        dist.all_reduce(gradient)
        synchronize(device)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def launch(*command, processes=2, restarts=0, port=None):
    """Have torchrun start a script, or `-m` and a module, in so many processes on this machine's CPU.

    Returns a sentence on how they ended, and all that they and torchrun printed. Raises WalkthroughError if `port`,
    where the processes meet, is in use; without one, torchrun finds a free one. Stopped, it stops them all first.
    """
    if port is None:
        # Without an address it looks up the machine's name, for minutes.
        where = ["--standalone", "--local-addr", "127.0.0.1"]
    else:
        where = ["--master-port", port]
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", port)) == 0:
                raise WalkthroughError(f"Port {port} is in use: name another one, or none.")
    settings = ["--nproc-per-node", processes, "--max-restarts", restarts]
    environment = {
        "MNIST_BACKEND": "gloo",
        "OMP_NUM_THREADS": str(max(1, torch.get_num_threads() // processes)),
        # After a restart the processes would else find the addresses of those before them (pytorch #135712).
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
    } | ({"USE_LIBUV": "0"} if sys.platform == "win32" else {})  # pytorch #139990
    torchrun = subprocess.Popen(
        [str(word) for word in (sys.executable, "-c", TORCHRUN, *where, *settings, *command)],
        env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
        start_new_session=True,  # the stop button's signal is for the kernel alone
    )  # fmt: skip
    try:
        printed, _ = torchrun.communicate()
    except BaseException:
        torchrun.terminate()  # it stops its processes, then itself
        torchrun.communicate()
        raise
    failed = re.findall(r"failed \(exitcode: (-?\d+)\) local_rank: (\d+)", printed)
    ends = [
        (rank, "stopped with an error" if int(code) > 0 else f"was killed (signal {-int(code)})")
        for code, rank in failed
    ]
    parts = [f"Process {rank} {end}; torchrun stopped the others." for rank, end in ends]
    parts.append("The job failed." if torchrun.returncode else "All processes came to their end.")
    return " ".join(parts), printed


def measure_cost(processes, device):
    """Images a second of all processes together, by the images that each has a step; and the seconds of an exchange.

    Measured twice: training one network, and each a network of its own without any exchange.
    """
    split = load_digits().train.to(device)
    model = DistributedDataParallel(seeded(CNN, 0).to(device))
    images_a_second(model, split, 256, steps=40)  # a process is slow at first: its memory is new
    rates = {size: processes * images_a_second(model, split, size) for size in (32, 128, 256)}
    apart = {size: processes * images_a_second(model.module, split, size) for size in rates}
    seconds = exchange_seconds(count_parameters(model), device)
    return {"images_a_second": rates, "without_exchange": apart, "exchange_seconds": seconds}


# What training together costs here: torchrun ... -m mnist_lessons.many_processes.cluster FILE
if __name__ == "__main__":
    with processes_together() as (rank, processes, device):
        cost = measure_cost(processes, device)
        if rank == 0:
            Path(sys.argv[1]).write_text(json.dumps(cost), encoding="utf-8")
