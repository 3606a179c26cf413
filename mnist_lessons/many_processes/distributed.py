"""Train the lessons' CNN in several processes, each of which takes its part of every batch.

torchrun --standalone --nproc-per-node 2 -m mnist_lessons.many_processes.distributed FOLDER
"""

import argparse
import math
from pathlib import Path

import torch
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DistributedSampler

from mnist_helpers.data import batches, load_digits
from mnist_helpers.model import CNN, seeded
from mnist_helpers.training import ADAM, CYCLE, train_step
from mnist_lessons.many_processes.cluster import processes_together, resume, save


def order(sampler, epoch):
    """This process's images of an epoch, in their order."""
    sampler.set_epoch(epoch)
    return torch.tensor(list(sampler))


def train(
    split,
    folder,
    rank=0,
    processes=1,
    epochs=1,
    batch_size=256,
    seed=0,
    dtype=torch.float32,
    wrap=DistributedDataParallel,
    order=order,
    train_step=train_step,
):
    """Train a CNN, `batch_size` images a step over all processes; FOLDER holds losses and checkpoint. Return it."""
    folder.mkdir(parents=True, exist_ok=True)
    network = seeded(CNN, seed).to(split.images.device, dtype)
    model = wrap(network) if processes > 1 else network
    sampler: DistributedSampler = DistributedSampler(split, processes, rank, seed=seed)
    local_batch_size = batch_size // processes
    steps = math.ceil(len(sampler) / local_batch_size)  # of an epoch
    optimizer = torch.optim.Adam(model.parameters(), **ADAM)
    scheduler = OneCycleLR(optimizer, 0.01, epochs * steps, **CYCLE)
    parts = {"network": network, "optimizer": optimizer, "scheduler": scheduler}
    step = resume(folder / "checkpoint.pt", parts, processes)
    seen = step % steps * local_batch_size  # images of its epoch that came before the checkpoint
    with (folder / f"{rank}.txt").open("a") as log:
        for epoch in range(step // steps, epochs):
            images, seen = order(sampler, epoch)[seen:], 0
            for inputs, labels in batches(split[images], local_batch_size):
                loss = train_step(model, inputs.to(dtype), labels, optimizer)
                scheduler.step()
                step += 1
                print(step, loss, file=log, flush=True)
                if rank == 0 and step % 20 == 0:
                    save(folder / "checkpoint.pt", parts, processes, step)
    return network


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for losses and checkpoint")
    parser.add_argument("--images", type=int, default=55_000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--dtype", type=lambda name: getattr(torch, name), default="float32")
    parser.add_argument("--backend", help="nccl on GPUs, else gloo")
    arguments = parser.parse_args()
    with processes_together(arguments.backend) as (rank, processes, device):
        split = load_digits().train[: arguments.images].to(device)
        train(split, arguments.folder, rank, processes, arguments.epochs, dtype=arguments.dtype)
