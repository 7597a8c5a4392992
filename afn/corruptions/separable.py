"""Linear maps that treat rows and columns apart."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from afn.corruptions.borders import Border, bordered
from afn.corruptions.exact import STEP, in_whole_steps


def smoothed(
    images: Tensor, sigma: float, *, radius: int | None = None, border: Border = "replicate"
) -> Tensor:
    """Convolution with a normal density cut at a radius, by default of four ``sigma``."""
    radius = int(4 * sigma + 0.5) if radius is None else radius
    if radius > min(images.shape[2:]) / 4:  # then fewer products than taps
        return separable(images, lambda side: _matrix(side, sigma, radius, border))
    outwards = _weights(sigma, radius)[radius:].tolist()
    return convolved(convolved(bordered(images, radius, border), outwards, 2), outwards, 3)


def convolved(images: Tensor, outwards: list[float], axis: int) -> Tensor:
    """Convolution of one axis with a symmetric kernel, term by term.

    Args:
        images: (N, C, H, W), longer along the axis by the kernel's reach at both ends.
        outwards: The kernel from its centre to one end.
        axis: 2 or 3.
    """
    reach = len(outwards) - 1
    side = images.shape[axis] - 2 * reach
    total = images.narrow(axis, reach, side) * outwards[0]
    pair = torch.empty_like(total)
    for by, weight in enumerate(outwards[1:], 1):
        before, after = (images.narrow(axis, reach + there, side) for there in (-by, by))
        # In two steps: whether torch rounds once or twice in one depends on the number's place.
        total += torch.add(before, after, out=pair).mul_(weight)
    return total


def separable(images: Tensor, matrix: Callable[[int], Tensor]) -> Tensor:
    """Both axes mapped by the matrix that is made for their side; row i holds output i.

    Sums are exact, up to absolute ones of 32, but for rounding to 2⁻²⁴ after each axis.
    """
    rows, columns = (in_whole_steps(matrix(side).to(images)) for side in images.shape[-2:])
    half = (in_whole_steps(images) @ columns.mT).mul_(STEP).round_()
    return (rows @ half).mul_(STEP**2).to(images)


def zoomed(images: Tensor, factor: float) -> Tensor:
    """The middle enlarged by ``factor``, linearly, and cut to the sides that it had.

    Sides grow by whole pixels, as in the original.
    """
    sides = images.shape[2:]
    parts = [math.ceil(side / factor) for side in sides]
    enlarged = [round(part * factor) for part in parts]
    for axis, (side, part) in enumerate(zip(sides, parts, strict=True), 2):
        images = images.narrow(axis, (side - part) // 2, part)
    images = interpolate(images, size=enlarged, mode="bilinear", align_corners=True)
    for axis, (side, large) in enumerate(zip(sides, enlarged, strict=True), 2):
        images = images.narrow(axis, (large - side) // 2, side)
    return images


def _weights(sigma: float, radius: int) -> Tensor:
    return torch.softmax(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2, dim=0)


def _matrix(side: int, sigma: float, radius: int, border: Border) -> Tensor:
    """The smoothing of one axis: what it makes of every unit vector, border included."""
    places = bordered(torch.arange(1.0 * side).expand(1, 1, side, side), radius, border)
    taps = places[0, 0, 0].long().unfold(0, side, 1).T  # (side, 2 * radius + 1)
    weights = _weights(sigma, radius).expand(side, -1)
    return torch.zeros(side, side).scatter_add_(1, taps, weights)
