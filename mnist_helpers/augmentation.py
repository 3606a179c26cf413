"""Other images of the same digits: turned, zoomed, shifted and bent a little, at random."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def affine_grid(
    images: Tensor, generator: torch.Generator, degrees: float, zoom: float, shift: float
) -> Tensor:
    """Where each pixel of a turned, zoomed and shifted image comes from: float (N, H, W, 2), in half widths."""

    def between(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=generator)

    count = len(images)
    angle, factor = between(-degrees, degrees, count).deg2rad(), between(1 - zoom, 1 + zoom, count)
    moved = between(-shift, shift, count, 2) / (images.shape[-1] / 2)
    rows = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], dim=1).view(count, 2, 2)
    theta = torch.cat([rows / factor.view(count, 1, 1), moved.view(count, 2, 1)], dim=2).to(images)
    return F.affine_grid(theta, list(images.shape), align_corners=False)


def elastic_grid(images: Tensor, generator: torch.Generator, bend: float, knots: int = 5) -> Tensor:
    """How far each pixel of a bent image strays: float (N, H, W, 2), in half widths.

    A mesh of `knots` by `knots` points is pulled about by `bend` pixels (one standard deviation), smoothly between them.
    Source: Simard, Steinkraus and Platt, Best Practices for Convolutional Neural Networks, 2003, smooth noise instead.
    """
    pulled = bend / (images.shape[-1] / 2) * torch.randn(len(images), 2, knots, knots, generator=generator)
    smooth = F.interpolate(pulled.to(images), size=images.shape[-2:], mode="bicubic", align_corners=True)
    return smooth.permute(0, 2, 3, 1)


def resample(images: Tensor, grid: Tensor) -> Tensor:
    """The images as `grid` moves them; float (N, 1, H, W), whose borders are background."""
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def random_affine(
    images: Tensor, generator: torch.Generator, degrees: float, zoom: float, shift: float
) -> Tensor:
    """Turn each image by up to `degrees`, zoom it by up to `zoom` (0.1 is 10%) and shift it by up to `shift` pixels.

    images: float (N, 1, H, W), whose borders are background. Returns the same shape.
    """
    return resample(images, affine_grid(images, generator, degrees, zoom, shift))


class RandomAffine(nn.Module):
    """`random_affine` as a layer: at work in training, and out of the way in evaluation, as dropout is.

    bend: how far, in pixels, it also bends what it turns. It draws from a generator of its own, seeded by a count of its
    batches that is saved with the weights.
    """

    def __init__(self, degrees: float = 8, zoom: float = 0.08, shift: float = 1.5, bend: float = 0):
        super().__init__()
        self.degrees, self.zoom, self.shift, self.bend = degrees, zoom, shift, bend
        self.register_buffer("batches", torch.randint(2**31, ()))
        self.batches: Tensor

    def forward(self, images: Tensor) -> Tensor:
        if not self.training:
            return images
        self.batches += 1
        generator = torch.Generator().manual_seed(int(self.batches))
        grid = affine_grid(images, generator, self.degrees, self.zoom, self.shift)
        if self.bend:
            grid = grid + elastic_grid(images, generator, self.bend)
        return resample(images, grid)
