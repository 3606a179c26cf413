#!/bin/sh
# Going through a DataLoader that does not shuffle draws a random number, so to look at the validation images is to train another network.
#
# torch 2.15.0, numpy 2.4.6, Python 3.11: each time a DataLoader is gone through, its iterator draws a seed for worker
# processes from the global generator, also without workers, without shuffling and without a generator of its own. All
# that is drawn afterwards is different: the order of the next epoch, dropout, augmentation. Two trainings from one seed,
# of which one measures its validation loss in between, end in two networks; "we only log more often" changes results.
# A DataLoader with a generator of its own (generator=torch.Generator()) leaves the global one alone.
# Output seen: without a look 0.4963, after a look 0.0885, after a look with its own generator 0.4963;
#   weights of two trainings, with and without a look, differ by up to 0.020, with its own generator by 0
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check torch==2.15.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
images, labels = torch.rand(200, 1, 28, 28), torch.randint(10, (200,))
training, held_out = TensorDataset(images[:150], labels[:150]), TensorDataset(images[150:], labels[150:])


def drawn(loader=None):
    torch.manual_seed(0)
    list(loader or [])
    return torch.rand(1).item()


def trained(loader=None):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        for inputs, truth in DataLoader(training, batch_size=50, shuffle=True):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs), truth).backward()
            optimizer.step()
        with torch.no_grad():
            for inputs, truth in loader or []:
                model(inputs)
    return model[1].weight.detach()


look, own = DataLoader(held_out, batch_size=50), DataLoader(held_out, batch_size=50, generator=torch.Generator())
plain, seen, aside = drawn(), drawn(look), drawn(own)
print(f"without a look {plain:.4f}, after a look {seen:.4f}, after a look with its own generator {aside:.4f};")
apart, together = ((trained() - trained(loader)).abs().max().item() for loader in (look, own))
print(f"  weights of two trainings, with and without a look, differ by up to {apart:.3f}, with its own generator by {together:g}")
sys.exit(not (seen != plain == aside and apart > 0.001 and together == 0))
PYTHON
