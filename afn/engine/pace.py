"""Whether a training may take its next step yet: one that others train beside may have to wait."""

from typing import Protocol


class Cadence(Protocol):
    """Holds a training at a step until those that train beside it are there."""

    without: tuple[str, ...]
    """Runs that it no longer waits for: they did not come in time, and have not caught up since."""

    def lets(self, step: int) -> bool:
        """Whether the step behind this one may begin; asked again and again until it may."""
        ...

    def rest(self, step: int) -> None:
        """It is paused here: nobody is to wait for it."""
        ...


class Free:
    """The pace of a run that nobody waits for."""

    without: tuple[str, ...] = ()

    def lets(self, step: int) -> bool:
        """Always."""
        return True

    def rest(self, step: int) -> None:
        """Nobody waits."""

    def leave(self) -> None:
        """Nobody waits."""
