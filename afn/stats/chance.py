"""Whether a network is better than one who guesses."""

_LEARNED = 0.05
"""Of the way from guessing to always right: what is nearer to guessing has learned nothing."""


def is_at_chance(accuracy: float, num_classes: int) -> bool:
    """Whether an accuracy on the images that a network was trained for is as good as guessing.

    Args:
        accuracy: A share, from 0 to 1.
        num_classes: Taken for equally frequent.

    Example:
        >>> is_at_chance(0.114, 10), is_at_chance(0.3, 10)
        (True, False)
    """
    guessing = 1 / num_classes
    return accuracy < guessing + _LEARNED * (1 - guessing)
