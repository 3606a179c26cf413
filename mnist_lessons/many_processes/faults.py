"""Five mistakes in training with several processes, each a function in place of one that `distributed.train` calls.

torchrun --standalone --nproc-per-node 2 -m mnist_lessons.many_processes.faults FOLDER LETTER ... trains with each in turn.
"""

import argparse
import os
from itertools import count
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel

from mnist_helpers.data import load_digits
from mnist_helpers.model import CNN, seeded
from mnist_helpers.training import train_step
from mnist_lessons.many_processes import distributed
from mnist_lessons.many_processes.cluster import processes_together

steps = count()


def own_weights(network):
    model = DistributedDataParallel(network)
    network.load_state_dict(seeded(CNN, dist.get_rank()).state_dict())
    return model


def killed(model, inputs, labels, optimizer):
    if next(steps) == 30 and dist.get_rank() == 1 and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
        os.kill(os.getpid(), 9)
    return train_step(model, inputs, labels, optimizer)


def wrong_count(model, inputs, labels, optimizer):
    def mean(logits, labels):
        return F.cross_entropy(logits, labels, reduction="sum") / 256

    return train_step(model, inputs, labels, optimizer, mean)


def same_order(sampler, epoch):
    return torch.tensor(list(sampler))


def uneven(sampler, epoch):
    images = len(sampler.dataset)
    return torch.randperm(images).tensor_split([21 * images // 40])[sampler.rank]


# Letter -> what is wrong, and what `train` is given for it.
FAULTS: dict[str, tuple[str, dict]] = {
    "A": ("Each process has its own first weights", {"wrap": own_weights}),
    "B": ("One process dies", {"train_step": killed}),
    "C": ("The loss is divided by the wrong count", {"train_step": wrong_count}),
    "D": ("The order of the images is the same in every epoch", {"order": same_order}),
    "E": ("One process has more batches than the other", {"order": uneven}),
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("letters", nargs="+", choices=["sound", *FAULTS])
    parser.add_argument("--images", type=int, default=55_000)
    parser.add_argument("--epochs", type=int, default=1)
    arguments = parser.parse_args()
    with processes_together() as (rank, processes, device):
        split = load_digits().train[: arguments.images].to(device)
        for letter in arguments.letters:
            parts = FAULTS[letter][1] if letter in FAULTS else {}
            folder = arguments.folder / letter
            distributed.train(split, folder, rank, processes, arguments.epochs, **parts)
