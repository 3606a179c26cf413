"""The network that lesson 2 builds, and the dense one beside it."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn


class CNN(nn.Module):
    """Two convolutions, each with max pooling and ReLU, then two fully connected layers: 80,202 parameters.

    Takes float (N, 1, 28, 28), normalized; returns logits, float (N, 10).
    """

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=5)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=5)
        self.hidden = nn.Linear(32 * 4 * 4, 128)
        self.output = nn.Linear(128, 10)

    def forward(self, images):
        maps = F.relu(F.max_pool2d(self.conv1(images), 2))
        maps = F.relu(F.max_pool2d(self.conv2(maps), 2))
        features = F.relu(self.hidden(maps.flatten(start_dim=1)))
        return self.output(features)


class Dense(nn.Module):
    """A network without convolutions and with as many parameters as the CNN, within a hundred or so: 80,305.

    Takes float (N, 1, 28, 28), normalized; returns logits, float (N, 10).
    """

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(28 * 28, 101)
        self.output = nn.Linear(101, 10)

    def forward(self, images):
        return self.output(F.relu(self.hidden(images.flatten(start_dim=1))))


def seeded(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Build a network whose first weights depend on `seed` alone; the global random state is left as it was.

    Its weights lie in memory in the order that most processors convolve faster (channels last).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build().to(memory_format=torch.channels_last)


def count_parameters(model):
    """The number of parameters."""
    return sum(parameter.numel() for parameter in model.parameters())
