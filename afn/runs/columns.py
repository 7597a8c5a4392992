"""Numbers by step, that grow while others look at what is there already."""

import numpy as np
from numpy.typing import NDArray

FIRST_ROOM = 256


class StepTable:
    """A row of numbers for each quantity, a column for each step, and room for more.

    Args:
        rows: How many quantities.
    """

    def __init__(self, rows: int) -> None:
        self.count = 0
        self._steps = np.empty(0, np.int64)
        self._values = np.empty((rows, 0))

    def add(self, step: int, values: list[float]) -> None:
        """Add a column.

        Raises:
            ValueError: It has not one value for each row.
        """
        if len(values) != len(self._values):
            raise ValueError(f"expected {len(self._values)} values, got {len(values)}")
        if self.count == len(self._steps):
            self._make_room(2 * self.count or FIRST_ROOM)
        self._values[:, self.count] = values
        self._steps[self.count] = step
        self.count += 1

    def keep(self, count: int) -> None:
        """Forget all but the first so many; what was shown of the others stays as it was."""
        self.count = count
        self._make_room(max(count, FIRST_ROOM))

    def count_until(self, step: int) -> int:
        """So many columns are of this step or an earlier one."""
        return int((self._steps[: self.count] <= step).sum())

    def shown(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Steps (n,) and values (rows, n), read-only, that no later step changes."""
        steps, values = self._steps[: self.count], self._values[:, : self.count]
        for shown in (steps, values):
            shown.flags.writeable = False
        return steps, values

    def _make_room(self, room: int) -> None:
        kept = self.count
        values, steps = np.empty((len(self._values), room)), np.empty(room, np.int64)
        values[:, :kept], steps[:kept] = self._values[:, :kept], self._steps[:kept]
        self._values, self._steps = values, steps
