"""Poisson numbers of 256 rates, several times as fast as by torch's sampler."""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

_BITS = 31
LEVELS = 255


def counted(levels: Tensor, photons: float, bits: Tensor) -> Tensor:
    """A Poisson number of the rate ``photons * level / 255`` for each level.

    Walker's alias method: probabilities are exact but for some 2⁻³¹.

    Args:
        levels: Whole numbers from 0 to 255, int32.
        photons: The rate at level 255.
        bits: As many random int32 of 31 bits.

    Returns:
        int32.
    """
    shares, aliases, width = _table(photons)
    column = bits >> (_BITS - width)
    places = (levels << width).add_(column).flatten()
    rest = bits & ((1 << (_BITS - width)) - 1)
    is_own = rest.flatten() < shares.index_select(0, places)
    return torch.where(is_own, column.flatten(), aliases.index_select(0, places)).view_as(levels)


@lru_cache(maxsize=16)
def _table(photons: float) -> tuple[Tensor, Tensor, int]:
    """For each level a row of 2ʷ columns, equally likely: a column's number, or its alias.

    Returns:
        The share of each column that is its own, of 2³¹⁻ʷ; its alias; and w. Beyond the numbers of
        columns, counts are rarer than 2⁻³¹.
    """
    width = int(photons + 6.5 * math.sqrt(photons) + 10).bit_length()
    counts = torch.arange(1 << width, dtype=torch.float64)
    rates = photons * torch.arange(LEVELS + 1, dtype=torch.float64)[:, None] / LEVELS
    logs = torch.xlogy(counts, rates) - rates - torch.lgamma(counts + 1)
    left = (logs.exp() * 2**_BITS).round().long().numpy()
    level = np.arange(LEVELS + 1)
    left[level, left.argmax(1)] += 2**_BITS - left.sum(1)

    full = 1 << (_BITS - width)
    queue = np.argsort(left >= full, axis=1, kind="stable")  # those that lack something come first
    aliases = np.tile(np.arange(1 << width), (LEVELS + 1, 1))
    num_lacking = (left < full).sum(1)
    for turn in range(1 << width):  # fill what the next one lacks from the first that has enough
        at = level[turn < num_lacking]
        lacking, giver = queue[at, turn], queue[at, num_lacking[at]]
        aliases[at, lacking] = giver
        left[at, giver] -= full - left[at, lacking]
        num_lacking[at] += left[at, giver] < full
    shares, others = (torch.from_numpy(each.astype(np.int32)).flatten() for each in (left, aliases))
    return shares, others, width
