"""Five mistakes in training with several processes, each a line or two of `distributed.py` written otherwise.

torchrun --standalone --nproc-per-node 2 -m mnist_helpers.faults FOLDER LETTER ... trains with each in turn.
"""

import argparse
import inspect
import os
from pathlib import Path

from mnist_helpers import distributed
from mnist_helpers.cluster import processes_together
from mnist_helpers.data import load_digits

SAMPLER = "sampler: DistributedSampler = DistributedSampler(split, processes, rank, seed=seed)"
STEP = "loss = train_step(model, inputs.to(dtype), labels, optimizer"
# Letter -> what is wrong, the words of distributed.py that are right, and what stands there instead.
FAULTS = {
    "A": (
        "Each process has its own first weights",
        SAMPLER,
        f"""network.load_state_dict(seeded(CNN, seed + rank).state_dict())
    {SAMPLER}""",
    ),
    "B": (
        "One process dies",
        f"{STEP})",
        f"""if rank == 1 and step == 30 and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
                    os.kill(os.getpid(), 9)
                {STEP})""",
    ),
    "C": (
        "The loss is divided by the wrong count",
        f"{STEP})",
        f"""def mean(logits, labels):
                    return torch.nn.functional.cross_entropy(logits, labels, reduction="sum") / batch_size
                {STEP}, mean)""",
    ),
    "D": ("The order of the images is the same in every epoch", "sampler.set_epoch(epoch)", "pass"),
    "E": (
        "One process has more batches than the other",
        "torch.tensor(list(sampler))",
        "torch.randperm(len(split)).tensor_split([21 * len(split) // 40])[rank]",
    ),
}


def faulty(letter):
    """The script with one of the faults, as text; as it is for any other word."""
    _, right, written = FAULTS.get(letter, ("", "", ""))
    return inspect.getsource(distributed).replace(right, written)


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
            script: dict = {"__name__": letter, "os": os}
            exec(faulty(letter), script)
            script["train"](split, arguments.folder / letter, rank, processes, arguments.epochs)
