"""The contenders on screen as they stand at this moment, for all who look at them."""

import time
from collections.abc import Sequence
from functools import cache, cached_property

from afn.runs.history import History
from afn.runs.recorded import Recorded
from afn.work.folder import ENDED

from ...kit import backend
from ...kit.draw.chart import Shown
from . import seeds, transport
from .slot import Slot

_FRESH_SECONDS = 0.2
"""So long one look is good for: the figures of a page ask at the same time."""


def _shown(slot: Slot, name: str, color: str, *, is_over: bool) -> Shown | None:
    if slot.run:
        history, origin = backend.history(slot.run.id), slot.origin
        return Shown(name, color, slot.config, history, is_over=is_over, origin=origin)
    return Shown(name, color, slot.config, _recorded(slot.demo), True) if slot.demo else None


@cache
def _recorded(demo: Recorded) -> History:
    return History.of(demo)


class Live:
    """Slots with their names and colours; what their runs say is read when it is asked for."""

    def __init__(self, slots: Sequence[Slot], names: Sequence[str], colors: Sequence[str]) -> None:
        self.slots, self.names, self.colors = list(slots), list(names), list(colors)
        self._looked_at = float("-inf")
        self._seen: tuple[list[Shown | None], list[str]] = ([], [])

    @property
    def is_recorded(self) -> bool:
        """Whether what is shown of them was recorded beforehand."""
        return any(slot.demo for slot in self.slots)

    @property
    def key(self) -> tuple[tuple[str, str, str], ...]:
        """What is shown, the same for all who look at it."""
        return tuple(
            (slot.shown, name, color)
            for slot, name, color in zip(self.slots, self.names, self.colors, strict=True)
        )

    def look(self) -> tuple[list[Shown | None], list[str]]:
        """Each contender, None where it has not been started, and how it stands."""
        now = time.monotonic()
        if now - self._looked_at > _FRESH_SECONDS:
            statuses = [transport.status(slot) for slot in self.slots]  # first: nothing is missed
            self._seen = (
                [
                    _shown(slot, name, color, is_over=status in ENDED)
                    for slot, name, color, status in zip(
                        self.slots, self.names, self.colors, statuses, strict=True
                    )
                ],
                statuses,
            )
            self._looked_at = now
        return self._seen

    @cached_property
    def past(self) -> list[Shown]:
        """Runs of earlier seeds."""
        return seeds.earlier(self.slots, self.names, self.colors)

    def shown(self) -> list[Shown]:
        """The contenders that were started, or recorded."""
        return [each for each in self.look()[0] if each is not None]

    def turn(self) -> str:
        """Changes where more does than figures and cards: then the page is drawn anew."""
        everyone, statuses = self.look()
        return repr(
            [
                statuses,
                [
                    each
                    and (
                        bool(each.history.start),
                        len(each.history.layers),
                        len(each.history.adaptive_layers),
                        [command.get("error") for command in each.history.commands[-1:]],
                    )
                    for each in everyone
                ],
            ]
        )
