"""Intervals and calibration, as deeper/04_statistics and deeper/04_calibration write them."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F


def wilson_interval(correct, total, z=1.96):
    """The interval for a share of which `correct` of `total` were seen: low and high, each 0 to 1.

    z: how many standard errors to either side; 1.96 gives 95%.
    Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
    """
    share = correct / total
    center = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return center - half, center + half


def reliability(logits, labels, bins=15):
    """How often the network is right, by how sure it was: mean confidence, accuracy and count of each filled bin.

    logits: float (N, 10). labels: int64 (N,). Returns three tensors, an entry for each bin that holds an image.
    Source: Guo and others, On Calibration of Modern Neural Networks, 2017.
    """
    confidence, prediction = logits.double().softmax(dim=1).max(dim=1)
    right = (prediction == labels.cpu()).double()
    number = (confidence * bins).long().clamp(max=bins - 1)
    count = torch.bincount(number, minlength=bins)
    sums = torch.stack([torch.bincount(number, values, bins) for values in (confidence, right)])
    mean_confidence, share_right = sums[:, count > 0] / count[count > 0]
    return mean_confidence, share_right, count[count > 0]


def expected_calibration_error(logits, labels, bins=15):
    """The gap between confidence and accuracy, averaged over the images, 0 to 1. Arguments, source: `reliability`."""
    confidence, share_right, count = reliability(logits, labels, bins)
    return ((confidence - share_right).abs() * count).sum().item() / len(labels)


def fit_temperature(logits, labels):
    """The temperature, 0.5 to 3, by which to divide logits so that their cross-entropy is smallest. As `reliability`."""
    temperatures = [twentieths / 20 for twentieths in range(10, 61)]
    return min(temperatures, key=lambda t: F.cross_entropy(logits / t, labels.cpu()).item())
