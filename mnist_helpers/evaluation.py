"""Predictions for a whole split, their accuracy, and its 95% interval."""

import torch

from mnist_helpers.data import batches


def predict(model, split):
    """The logits of a whole split: float (N, 10), on the CPU."""
    model.eval()
    with torch.no_grad():
        return torch.cat([model(inputs).cpu() for inputs, _ in batches(split, batch_size=1_000)])


def accuracy(logits, labels):
    """The share of images, 0 to 1, whose largest logit stands at their label. labels: int64 (N,)."""
    return (logits.argmax(dim=1) == labels.cpu()).double().mean().item()


def wilson_interval(correct, total):
    """Wilson's 95% interval for a proportion, `correct` of `total`: low and high, each 0 to 1.

    Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
    """
    from scipy.stats import binomtest  # takes half a second, and few lessons need it

    return tuple(binomtest(int(correct), int(total)).proportion_ci(method="wilson"))
