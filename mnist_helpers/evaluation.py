"""Intervals, calibration and comparison as lesson 4 writes them."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F


def wilson_interval(correct, total, z=1.96):
    """The interval for a share of which `correct` of `total` were seen: low and high, each 0 to 1.

    z: how many standard errors to either side; 1.96 covers 95 %.
    Source: Wilson, Probable Inference, 1927.
    """
    share = correct / total
    center = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return center - half, center + half


def reliability(logits, labels, bins=15):
    """How often the network is right, by how sure it was: mean confidence, accuracy and count of each filled bin.

    logits: float (N, 10). labels: int64 (N,). Returns three tensors, one entry for each bin that holds an image.
    Source: Guo and others, On Calibration of Modern Neural Networks, 2017.
    """
    confidence, prediction = F.softmax(logits, dim=1).max(dim=1)
    right = (prediction == labels.cpu()).float()
    number = (confidence * bins).long().clamp(max=bins - 1)
    count = torch.bincount(number, minlength=bins)
    filled = count > 0
    mean_confidence = torch.bincount(number, confidence, bins)[filled] / count[filled]
    mean_right = torch.bincount(number, right, bins)[filled] / count[filled]
    return mean_confidence, mean_right, count[filled]


def expected_calibration_error(logits, labels, bins=15):
    """The gap between confidence and accuracy, averaged over the images, 0 to 1. Source: as `reliability`."""
    confidence, right, count = reliability(logits, labels, bins)
    return ((confidence - right).abs() * count).sum().item() / len(labels)


def fit_temperature(logits, labels):
    """The number by which to divide logits so that their cross-entropy is smallest.

    logits: float (N, 10). labels: int64 (N,). Tries 0.5 to 3 in steps of 0.01. Source: as `reliability`.
    """
    temperatures = torch.arange(0.5, 3.0, 0.01)
    losses = torch.stack([F.cross_entropy(logits / t, labels.cpu()) for t in temperatures])
    return temperatures[losses.argmin()].item()
