"""Channels that stand apart from the others of their layer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_DEVIATIONS = 3.5
_TO_SIGMA = 1.4826
"""Times the median absolute deviation is the standard deviation, where values are normal."""
_LEAST = 0.05
"""Nearer to the median than this, nothing stands apart."""
_NAMED = 4
"""So many are named in a sentence."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """One channel's value, far from the median."""

    channel: int
    """Counted from 1."""
    value: float
    median: float


def outliers(values: Sequence[float]) -> list[Outlier]:
    """Values further from the median than 3.5 robust standard deviations, the furthest first.

    The robust standard deviation is 1.4826 times the median absolute deviation; what is nearer
    than 0.05 never counts.
    """
    numbers = np.asarray(values, dtype=float)
    if not np.isfinite(numbers).any():
        return []
    median = float(np.nanmedian(numbers))
    distances = np.abs(numbers - median)
    limit = max(_DEVIATIONS * _TO_SIGMA * float(np.nanmedian(distances)), _LEAST)
    found = [
        Outlier(i + 1, float(numbers[i]), median)
        for i in np.flatnonzero(distances > limit).tolist()
    ]
    return sorted(found, key=lambda each: -abs(each.value - median))


def outlier_words(gamma: Sequence[float], beta: Sequence[float]) -> str:
    """The channels that stand apart, by name."""
    found = [("γ̂", each) for each in outliers(gamma)] + [("β̂", each) for each in outliers(beta)]
    if not found:
        return "No channel stands apart."
    parts = [
        f"channel {each.channel}: {symbol} {each.value:.2f} (median {each.median:.2f})"
        for symbol, each in found[:_NAMED]
    ]
    if left := len(found) - len(parts):
        parts.append(f"{left} more")
    return f"Apart from the others: {', '.join(parts)}."
