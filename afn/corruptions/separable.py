"""Linear maps that treat rows and columns apart, each axis by a matrix."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from afn.corruptions.exact import STEP, in_whole_steps


def separable(images: Tensor, matrix: Callable[[int], Tensor]) -> Tensor:
    """Both axes mapped by the matrix that is made for their side; row i holds output i.

    Sums are exact, up to absolute ones of 32, but for rounding to 2⁻²⁴ after each axis.
    """
    rows, columns = (in_whole_steps(matrix(side).to(images)) for side in images.shape[-2:])
    half = (in_whole_steps(images) @ columns.mT).mul_(STEP).round_()
    return (rows @ half).mul_(STEP**2).to(images)


def gaussian_matrix(
    side: int, sigma: float, *, radius: int | None = None, mirrors: bool = False
) -> Tensor:
    """Convolution with a normal density cut at a radius, by default of four ``sigma``.

    Outside, the border values go on, or the axis is mirrored at its edge.
    """
    radius = int(4 * sigma + 0.5) if radius is None else radius
    offsets = torch.arange(-radius, radius + 1)
    weights = torch.softmax(-0.5 * (offsets / sigma) ** 2, dim=0)
    taps = torch.arange(side)[:, None] + offsets
    if mirrors:
        taps = taps.remainder(2 * side)
        taps = torch.minimum(taps, 2 * side - 1 - taps)
    taps = taps.clamp(0, side - 1)
    return torch.zeros(side, side).scatter_add_(1, taps, weights.expand(side, -1))


def zoom_matrix(side: int, factor: float) -> Tensor:
    """The middle enlarged by ``factor``, linearly, and cut to the side that it had."""
    part = math.ceil(side / factor)
    enlarged = round(part * factor)
    seen = torch.arange(side) + (enlarged - side) // 2
    taps = (side - part) // 2 + seen * ((part - 1) / (enlarged - 1))
    return (1 - (taps[:, None] - torch.arange(side)).abs()).clamp(min=0.0)
