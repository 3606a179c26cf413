"""Networks that deeper notebooks and the benchmark train, faster or deeper than lesson 2's, and what is done to them."""

from __future__ import annotations

from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mnist_helpers.augmentation import RandomAffine


class FastCNN(nn.Module):
    """Three convolutions with batch normalization, on maps of half the width: 29,722 parameters for 16 channels.

    Each square of 2×2 pixels becomes one place with four channels (pixel_unshuffle), so no map is larger than 14×14.
    Takes float (N, 1, 28, 28), normalized; returns logits, float (N, 10).
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

    Takes float (N, 1, 28, 28), normalized; returns logits, float (N, 10).
    """

    def __init__(self, channels=24, dropout=0.0):
        super().__init__()
        self.conv1 = nn.Conv2d(4, channels, kernel_size=3)
        self.conv2 = nn.Conv2d(channels, 2 * channels, kernel_size=3)
        self.conv3 = nn.Conv2d(2 * channels, 2 * channels, kernel_size=3)
        self.conv4 = nn.Conv2d(2 * channels, 4 * channels, kernel_size=3)
        self.norm1, self.norm4 = nn.BatchNorm2d(channels), nn.BatchNorm2d(4 * channels)
        self.norm2, self.norm3 = nn.BatchNorm2d(2 * channels), nn.BatchNorm2d(2 * channels)
        self.unshuffle, self.flatten = nn.PixelUnshuffle(2), nn.Flatten()
        self.output = nn.Linear(4 * channels * 2 * 2, 10)
        self.dropout = nn.Dropout(dropout)

    def forward(self, images):
        maps = F.relu(self.norm1(self.conv1(self.unshuffle(images))))
        maps = F.relu(self.norm2(self.conv2(maps)))
        maps = F.relu(self.norm3(F.max_pool2d(self.conv3(maps), 2)))
        maps = F.relu(self.norm4(self.conv4(maps)))
        return self.output(self.dropout(self.flatten(maps)))


def whitening_filters(images, count):
    """Filters that make the patches which a 3×3 convolution sees uncorrelated and equally strong; half of them negated.

    images: float (N, C, H, W). Returns float (count, C, 3, 3): the strongest count / 2 principal components of the
    patches, each divided by its standard deviation, then the same with the opposite sign, because ReLU cuts one side off.
    """
    patches = F.unfold(images, 3).transpose(1, 2).flatten(0, 1)
    variances, components = torch.linalg.eigh(patches.T.cov())  # the weakest first
    filters = (components / (variances + 0.01).sqrt()).T.flip(0)[: count // 2]
    return torch.cat([filters, -filters]).view(count, -1, 3, 3)


def fix_first_layer(model, images):
    """Let the first layer of a FastCNN or DeepCNN whiten what it sees, once and for all: training leaves it alone.

    images: float (N, 1, 28, 28), normalized; some hundreds are enough. Changes the model in place.
    """
    filters = whitening_filters(F.pixel_unshuffle(images, 2), len(model.conv1.weight))
    model.conv1.weight.data.copy_(filters)
    model.conv1.bias.data.zero_()
    model.conv1.requires_grad_(False)
    model.norm1 = nn.Identity()  # what whitens needs no normalizing


def quantized(model, bits):
    """A copy of the network, each of whose kernels and weight matrices holds at most ``2**bits - 1`` different numbers per output.

    The largest weight of each output channel is one end of an even scale, and every weight moves to the nearest mark.
    Biases and what batch normalization holds stay as they are; so does everything with 32 bits.
    """
    model = deepcopy(model)
    largest = 2 ** (bits - 1) - 1
    for weight in [parameter.data for parameter in model.parameters() if parameter.dim() > 1 and bits < 32]:
        step = weight.abs().amax(dim=tuple(range(1, weight.dim())), keepdim=True) / largest
        weight.copy_((weight / step).round() * step)
    return model


def stored_bytes(model, bits):
    """How much room a network's numbers take: `bits` for each weight, and four bytes for each other and each scale."""
    # What several layers share is stored once.
    values = {value.data_ptr(): value for value in model.state_dict().values()}.values()
    numbers = [value for value in values if value.is_floating_point()]
    weights = [value for value in numbers if value.dim() > 1 and bits < 32]
    scales = sum(len(weight) for weight in weights)
    packed = sum(weight.numel() for weight in weights)
    others = sum(value.numel() for value in numbers) - packed
    return packed * bits // 8 + 4 * (others + scales)


def elastic_grid(images: Tensor, generator: torch.Generator, bend: float, knots: int = 5) -> Tensor:
    """How far each pixel of a bent image strays: float (N, H, W, 2), in half widths.

    A mesh of `knots` by `knots` points is pulled about by `bend` pixels (one standard deviation), smoothly between them.
    Source: Simard, Steinkraus and Platt, Best Practices for Convolutional Neural Networks, 2003, smooth noise instead.
    """
    pulled = bend / (images.shape[-1] / 2) * torch.randn(len(images), 2, knots, knots, generator=generator)
    smooth = F.interpolate(pulled.to(images), size=images.shape[-2:], mode="bicubic", align_corners=True)
    return smooth.permute(0, 2, 3, 1)


class RandomElastic(RandomAffine):
    """`RandomAffine` that also bends what it turns, by `bend` pixels."""

    def __init__(self, degrees: float = 8, zoom: float = 0.08, shift: float = 1.5, bend: float = 1):
        super().__init__(degrees, zoom, shift)
        self.bend = bend

    def grid(self, images: Tensor, generator: torch.Generator) -> Tensor:
        return super().grid(images, generator) + elastic_grid(images, generator, self.bend)
