"""The light on drops of water, seen from the upper left."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from afn.corruptions.exact import weighted

_MEAN = ((1 / 9,) * 3,) * 3
_SLOPE = ((-2, -1, 0), (-1, 0, 1), (0, 1, 2))
_EMBOSS = ((-2, -1, 0), (-1, 1, 1), (0, 1, 2))
_DEEPEST = 8
"""Beyond so many pixels from the border all is one depth; few drops are deeper."""


def slope_light(liquid: Tensor) -> Tensor:
    """The slope of what the drops are cut from: for drops of a few pixels, which have no depth."""
    slope = weighted(pad(liquid, [1] * 4, mode="replicate"), _SLOPE).clamp_(min=0.0)
    return weighted(pad(slope, [1] * 4, mode="replicate"), _MEAN)


def depth_light(drops: Tensor) -> Tensor:
    """The relief of the equalized distance to the drops' borders, as in the original.

    Deviation: the border is a drop's outermost pixels, not what Canny's detector finds.
    """
    border = drops * (1 - _least_around(drops))
    depth = weighted(_mirrored(_distance(border)), _MEAN).floor_().long()
    relief = weighted(_mirrored(_equalized(depth).to(drops)), _EMBOSS).clamp_(0.0, 255.0)
    return weighted(_mirrored(relief), _MEAN)


def _mirrored(images: Tensor) -> Tensor:
    return pad(images, [1] * 4, mode="reflect")


def _least_around(images: Tensor) -> Tensor:
    """The least of each pixel's four neighbours."""
    around = pad(images, [1] * 4, mode="replicate")
    above, below = around[..., :-2, 1:-1], around[..., 2:, 1:-1]
    left, right = around[..., 1:-1, :-2], around[..., 1:-1, 2:]
    return above.minimum(below).minimum(left.minimum(right))


def _distance(border: Tensor) -> Tensor:
    """To the nearest pixel that is 1, in pixels, at most ``_DEEPEST``."""
    squares = (1 - border) * 2 * _DEEPEST**2
    for axis in (2, 3):
        side = squares.shape[axis]
        ends = [_DEEPEST] * 2
        outside = pad(squares, [0, 0, *ends] if axis == 2 else ends, value=2.0 * _DEEPEST**2)
        for by in range(1, _DEEPEST):
            before, after = (outside.narrow(axis, _DEEPEST + at, side) for at in (-by, by))
            squares = squares.minimum(before.minimum(after).add_(by**2))
    return squares.sqrt_().clamp_(max=_DEEPEST)


def _equalized(depths: Tensor) -> Tensor:
    """Each image's depths, whole numbers, as the share of less deep pixels, 0 to 255."""
    flat = depths.flatten(1)
    counts = torch.zeros(len(flat), _DEEPEST + 1, dtype=torch.int64, device=flat.device)
    counts.scatter_add_(1, flat, torch.ones_like(flat))
    below = counts.cumsum(1)
    least = below.gather(1, flat.amin(1, keepdim=True))
    shares = (below - least).double() / (flat.shape[1] - least).clamp(min=1)
    return shares.mul_(255).round_().gather(1, flat).view_as(depths)
