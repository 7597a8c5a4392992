"""What figures of tested models are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from afn.grids.records import Cell, Place


@dataclass(frozen=True, slots=True)
class Tested:
    """A model and its answers so far: its name and colour are the same in every figure.

    Models with equal answers are equal, so that what is drawn of them can be kept.
    """

    label: str
    color: str
    norm: str
    statistics: str
    """Whose statistics its norms use, in words."""
    cells: Mapping[Place, Cell] = field(hash=False)
    """What is known, by corruption and severity; (None, 0) is clean."""
