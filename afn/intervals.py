"""Confidence intervals for measured accuracies."""

import math

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
