"""Other images of the same digits: turned, zoomed and shifted a little, at random."""

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

    It draws from a generator of its own, seeded by a count of its batches that is saved with the weights.
    """

    def __init__(self, degrees: float = 8, zoom: float = 0.08, shift: float = 1.5):
        super().__init__()
        self.degrees, self.zoom, self.shift = degrees, zoom, shift
        self.register_buffer("batches", torch.randint(2**31, ()))
        self.batches: Tensor

    def grid(self, images: Tensor, generator: torch.Generator) -> Tensor:
        return affine_grid(images, generator, self.degrees, self.zoom, self.shift)

    def forward(self, images: Tensor) -> Tensor:
        if not self.training:
            return images
        self.batches += 1
        return resample(images, self.grid(images, torch.Generator().manual_seed(int(self.batches))))
