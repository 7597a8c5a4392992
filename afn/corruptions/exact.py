"""Sums that come out the same to the bit in batches of any size, on any number of threads.

Both say in which order torch's products, convolutions and means add, and so how they round. Here
numbers are rounded to multiples of 2⁻²⁴, a 65,000th of a grey level: their products and sums are
exact in float64, in every order.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

STEP = 2.0**-24


def in_whole_steps(values: Tensor) -> Tensor:
    """The nearest multiples of ``STEP``, counted in it, float64."""
    return (values.double() / STEP).round_()


def mean_of_pixels(images: Tensor) -> Tensor:
    """Each channel's mean, (N, C, 1, 1)."""
    steps = in_whole_steps(images).sum(dim=(-2, -1), keepdim=True)
    return (steps * STEP / images[0, 0].numel()).to(images)


def weighted(images: Tensor, weights: Sequence[Sequence[float]]) -> Tensor:
    """Every pixel the weighted sum of those around it, whose weights are not 0, term by term.

    Args:
        images: (N, C, H + h - 1, W + w - 1), the border included.
        weights: Of h rows and w columns.

    Returns:
        (N, C, H, W).
    """
    windows = images.unfold(2, len(weights), 1).unfold(3, len(weights[0]), 1)
    total = torch.zeros_like(windows[..., 0, 0])
    for y, row in enumerate(weights):
        for x, weight in enumerate(row):
            if weight:
                total += weight * windows[..., y, x]
    return total
