"""The network that lesson 2 builds, and the dense one beside it."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn


class CNN(nn.Module):
    """Two convolutions, each with max pooling and ReLU, then two fully connected layers: 80,202 parameters.

    Takes float (N, 1, 28, 28), normalised; returns logits, float (N, 10).
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

    Takes float (N, 1, 28, 28), normalised; returns logits, float (N, 10).
    """

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(28 * 28, 101)
        self.output = nn.Linear(101, 10)

    def forward(self, images):
        return self.output(F.relu(self.hidden(images.flatten(start_dim=1))))


class FastCNN(nn.Module):
    """Three convolutions with batch normalization, on maps of half the width: 29,722 parameters for 16 channels.

    Each square of 2×2 pixels becomes one place with four channels (pixel_unshuffle), so no map is larger than 14×14.
    Takes float (N, 1, 28, 28), normalised; returns logits, float (N, 10).
    Source: batch normalization, Ioffe and Szegedy, 2015.
    """

    def __init__(self, channels=16):
        super().__init__()
        self.conv1 = nn.Conv2d(4, channels, kernel_size=3)
        self.conv2 = nn.Conv2d(channels, 2 * channels, kernel_size=3)
        self.conv3 = nn.Conv2d(2 * channels, 4 * channels, kernel_size=3)
        self.norm1, self.norm2, self.norm3 = (nn.BatchNorm2d(factor * channels) for factor in (1, 2, 4))
        self.output = nn.Linear(4 * channels * 3 * 3, 10)

    def forward(self, images):
        maps = F.relu(self.norm1(self.conv1(F.pixel_unshuffle(images, 2))))
        maps = F.relu(self.norm2(F.max_pool2d(self.conv2(maps), 2)))
        maps = F.relu(self.norm3(self.conv3(maps)))
        return self.output(maps.flatten(start_dim=1))


class DeepCNN(nn.Module):
    """The fast network with one more convolution before the pooling: 77,938 parameters for 24 channels.

    Takes float (N, 1, 28, 28), normalised; returns logits, float (N, 10).
    """

    def __init__(self, channels=24):
        super().__init__()
        self.conv1 = nn.Conv2d(4, channels, kernel_size=3)
        self.conv2 = nn.Conv2d(channels, 2 * channels, kernel_size=3)
        self.conv3 = nn.Conv2d(2 * channels, 2 * channels, kernel_size=3)
        self.conv4 = nn.Conv2d(2 * channels, 4 * channels, kernel_size=3)
        self.norm1, self.norm4 = nn.BatchNorm2d(channels), nn.BatchNorm2d(4 * channels)
        self.norm2, self.norm3 = nn.BatchNorm2d(2 * channels), nn.BatchNorm2d(2 * channels)
        self.output = nn.Linear(4 * channels * 2 * 2, 10)

    def forward(self, images):
        maps = F.relu(self.norm1(self.conv1(F.pixel_unshuffle(images, 2))))
        maps = F.relu(self.norm2(self.conv2(maps)))
        maps = F.relu(self.norm3(F.max_pool2d(self.conv3(maps), 2)))
        maps = F.relu(self.norm4(self.conv4(maps)))
        return self.output(maps.flatten(start_dim=1))


def seeded(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Build a network whose first weights depend on `seed` alone; the global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def count_parameters(model):
    """How many numbers training can change."""
    return sum(parameter.numel() for parameter in model.parameters())
