"""How small an effect an experiment over seeds can see, and how many seeds an effect takes.

An effect counts as seen where the 95 % interval of `afn.stats.intervals.joint_half_width` excludes
0 on the effect's side. Needs no torch.
"""

import math
from functools import lru_cache
from statistics import NormalDist

from afn.stats.intervals import joint_half_width

POWER = 0.8
"""The usual chance with which an effect is to be seen."""
MOST_SEEDS = 1000
"""More are not counted."""
_MIDPOINTS = 120
_ACCURACY = 1e-4
_PHI = NormalDist().cdf


def power(effect: float, spread: float, seeds: int, image_error: float = 0.0) -> float:
    r"""The chance that an effect of this size is seen.

    The mean is normal around the effect with variance :math:`\sigma^2/S + v`, and the spread that
    is measured in place of :math:`\sigma` makes the interval now wider, now narrower:
    :math:`E\,\Phi\bigl((\delta - h(r\sigma)) / \sqrt{\sigma^2/S + v}\bigr)` over
    :math:`r^2 \sim \chi^2_{S-1}/(S-1)`, integrated numerically.

    Args:
        effect: Its size; the sign does not count.
        spread: The true standard deviation between seeds.
        seeds: How many, at least 2.
        image_error: The standard error over images, as `joint_half_width` takes it.

    Raises:
        ValueError: Fewer than two seeds.

    Example:
        >>> from afn.stats.power import power
        >>> round(power(2.0, spread=1.0, seeds=5), 2)  # as a power table of the t-test says
        0.91
    """
    effect, degrees = abs(effect), seeds - 1
    deviation = math.hypot(spread / math.sqrt(seeds), image_error)
    if not deviation:
        return float(effect > 0)
    of_seeds = joint_half_width(spread, seeds, 0.0)
    of_images = joint_half_width(0.0, seeds, image_error)
    return math.fsum(
        weight * _PHI((effect - math.hypot(ratio * of_seeds, of_images)) / deviation)
        for ratio, weight in _spreads(degrees)
    )


@lru_cache(maxsize=256)
def _spreads(degrees: int) -> tuple[tuple[float, float], ...]:
    """Measured spreads over the true one, each with its chance: a grid over their density."""
    end = 1 + 6 / math.sqrt(degrees)
    ratios = [end * (i + 0.5) / _MIDPOINTS for i in range(_MIDPOINTS)]
    densities = [
        math.exp((degrees - 1) * math.log(ratio) - degrees * (ratio**2 - 1) / 2) for ratio in ratios
    ]
    total = math.fsum(densities)
    return tuple(
        (ratio, density / total)
        for ratio, density in zip(ratios, densities, strict=True)
        if density > 1e-12 * total
    )


@lru_cache(maxsize=4096)  # pages tell it of the same figures again and again
def smallest_effect(spread: float, seeds: int, image_error: float = 0.0) -> float:
    """The effect that is seen with a power of 80 %, two-sided at 5 %.

    Args:
        spread: The standard deviation between seeds; a measured one stands for the true one, which
            with three seeds may be half or six times as large.
        seeds: How many, at least 2.
        image_error: The standard error over images.

    Example:
        >>> from afn.stats.power import smallest_effect
        >>> round(smallest_effect(spread=1.0, seeds=3), 1)
        3.3
    """
    low, high = 0.0, max(spread, image_error)
    if not high:
        return 0.0
    while power(high, spread, seeds, image_error) < POWER:
        low, high = high, 2 * high
    while high - low > _ACCURACY * high:
        middle = (low + high) / 2
        if power(middle, spread, seeds, image_error) < POWER:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=4096)
def seeds_needed(effect: float, spread: float, image_error: float = 0.0) -> int | None:
    """How many seeds, at least 3, see an effect with a power of 80 %.

    None where no number up to `MOST_SEEDS` does: more images would be needed too.

    Example:
        >>> from afn.stats.power import seeds_needed
        >>> seeds_needed(1.0, spread=1.0), seeds_needed(1.0, spread=1.0, image_error=0.5)
        (10, None)
    """

    def sees(seeds: int) -> bool:
        return power(effect, spread, seeds, image_error) >= POWER

    few, many = 2, 3
    while not sees(many):
        if many == MOST_SEEDS:
            return None
        few, many = many, min(2 * many, MOST_SEEDS)
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if sees(middle) else (middle, many)
    return many
