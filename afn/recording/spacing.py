"""At which steps channels are told, of a training whose length nobody knows."""

_VALUES = 1_500_000
"""So many numbers are told before steps lie twice as far apart, about 12 MB."""
_FEWEST, _MOST = 4, 24
"""Snapshots before steps lie twice as far apart."""


class Spacing:
    """The first step, and then steps ever further apart: so many more with each doubling.

    Args:
        interval: Steps between the first ones.
    """

    def __init__(self, interval: int) -> None:
        self._gap = interval
        self._next = 1
        self._taken = 0

    def is_due(self, step: int) -> bool:
        """Whether channels are told at a step."""
        return step >= self._next

    def taken(self, step: int, num_values: int) -> None:
        """They were told, in so many numbers."""
        self._taken += 1
        most = min(max(_VALUES // max(num_values, 1), _FEWEST), _MOST)
        if self._taken % most == 0:
            self._gap *= 2
        self._next = step + self._gap
