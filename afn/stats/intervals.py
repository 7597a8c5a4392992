"""Confidence intervals for measured accuracies."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from afn.stats.over_seeds import t_quantile

_Z95 = 1.959963984540054


def wilson_interval(correct: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share.

    Args:
        correct: Successes, 0 to n.
        n: Trials, at least 1.

    Returns:
        Lower and upper bound, within [0, 1].

    Raises:
        ValueError: Not 0 <= correct <= n with n >= 1.

    Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927).
    """
    if n < 1 or not 0 <= correct <= n:
        raise ValueError(f"expected 0 <= correct <= n and n >= 1, got {correct} of {n}")
    share, z2 = correct / n, _Z95**2
    center = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    return max(0.0, center - half), min(1.0, center + half)


def paired_interval(
    ours: Sequence[bool] | NDArray[np.bool_], theirs: Sequence[bool] | NDArray[np.bool_]
) -> tuple[float, float]:
    """The 95 % interval of a difference of two shares that were measured on the same items.

    Only items on which the two disagree tell them apart. Half an item is added to each of the four
    kinds of agreement, which keeps the interval honest where there are few.

    Args:
        ours: Success on each item.
        theirs: Success on the same items.

    Returns:
        Lower and upper bound of ours minus theirs, within [-1, 1].

    Raises:
        ValueError: There are no items, or not as many of both.

    Source: A. Agresti and Y. Min, Stat. Med. 24 (2005), the adjusted Wald interval.
    """
    if not len(ours) or len(ours) != len(theirs):
        raise ValueError(
            f"expected as many items of both, at least one, got {len(ours)} and {len(theirs)}"
        )
    a, b = np.asarray(ours, np.bool_), np.asarray(theirs, np.bool_)
    gained = 0.5 + int(np.count_nonzero(a & ~b))
    lost = 0.5 + int(np.count_nonzero(b & ~a))
    n = len(a) + 2
    center = (gained - lost) / n
    half = _Z95 * math.sqrt((gained + lost) / n - center**2) / math.sqrt(n)
    return max(-1.0, center - half), min(1.0, center + half)


def mean_interval(values: Sequence[float] | NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % interval of a mean by the normal approximation, mean ± 1.96 · sd / √n.

    Where the same items were measured under several conditions, give each item's mean over the
    conditions: an item's answers depend on each other, so that the item is the unit. For a paired
    difference, give each item's difference.

    Args:
        values: One of each item; the standard deviation is the sample's, over n - 1.

    Returns:
        Lower and upper bound; unbounded for a single item, which says nothing of the spread.

    Raises:
        ValueError: There are no values.
    """
    n = len(values)
    if n < 1:
        raise ValueError("expected at least one value, got none")
    if n == 1:
        return -math.inf, math.inf
    mean = float(np.mean(values))
    half = _Z95 * float(np.std(values, ddof=1)) / math.sqrt(n)
    return mean - half, mean + half


def joint_half_width(spread: float, seeds: int, image_error: float) -> float:
    r"""Half of the 95 % interval of a mean over seeds that were all tested on the same images.

    Of seed :math:`s` and image :math:`i`, what is measured is
    :math:`d_{si} = \delta + a_s + b_i + e_{si}`: the seed's own, the image's own, and the rest. The
    mean over :math:`S` seeds and :math:`n` images has the variance

    .. math:: \frac{\sigma_a^2 + \sigma_e^2/n}{S} + \frac{\sigma_b^2}{n}.

    The first term is what the means of the seeds vary by, :math:`s^2/S`. The second they have in
    common: however many seeds agree, other images would have given another figure. The standard
    error over the images of one seed estimates
    :math:`v = (\sigma_b^2 + \sigma_e^2)/n`, a little more than the second term. Then

    .. math:: h^2 = \left(t_{S-1} \frac{s}{\sqrt S}\right)^2 + (1.96 \sqrt v)^2,

    the two half-widths as the sides of a right angle. It covers 95 % or more whatever the shares
    :math:`w_k` of the terms: the error lies within :math:`h` with the chance
    :math:`E\,F(\sum_k w_k t_k^2 U_k)`, where :math:`F` is the distribution of :math:`\chi^2_1`
    and the :math:`U_k` are the estimated variances over the true ones; :math:`F` is concave, so
    that this is at least :math:`\sum_k w_k\,E\,F(t_k^2 U_k) = 0.95`.

    Args:
        spread: The standard deviation of the seeds' means, over S - 1.
        seeds: How many, at least 2.
        image_error: The standard error over images, in the same unit.

    Raises:
        ValueError: Fewer than two seeds, which say nothing of their spread.

    Source: S. K. Banerjee, Sankhya 23 (1961), for two means with unequal variances.

    Example:
        >>> from afn.stats.intervals import joint_half_width
        >>> round(joint_half_width(spread=0.5, seeds=3, image_error=0.4), 2)
        1.47
    """
    if seeds < 2:
        raise ValueError(f"one seed says nothing of the spread, got {seeds}: train at least 2")
    return math.hypot(t_quantile(seeds - 1) * spread / math.sqrt(seeds), _Z95 * image_error)
