"""Accuracies and their differences with 95 % intervals, from cells of grids, and in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot

import numpy as np
from numpy.typing import NDArray

from afn import wording
from afn.ask.records import Cell, Place
from afn.corruptions.severities import rule_words
from afn.stats.intervals import mean_interval
from afn.wording import percent, signed_words, statistics_told

from .corruptions import group_title

SEVERITIES = (1, 2, 3, 4, 5)
Cells = Mapping[Place, Cell]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share, or a difference of two, and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval of a difference lies on one side of 0."""
        return self.low > 0 or self.high < 0

    @property
    def points(self) -> tuple[float, float, float]:
        """Value, low and high, in percent or percentage points."""
        return 100 * self.value, 100 * self.low, 100 * self.high


def accuracy_over(cells: Sequence[Cell]) -> Estimate:
    """Accuracy in one cell, or its mean over several cells of the same images.

    The interval of one cell is Wilson's. In a mean over cells the image is the unit.

    Raises:
        ValueError: There are no cells, or their images are not the same.
    """
    if len(cells) == 1:
        return Estimate(cells[0].accuracy, *cells[0].interval)
    shares = _share_by_image(cells)
    low, high = mean_interval(shares)
    return Estimate(float(shares.mean()), max(0.0, low), min(1.0, high))


def gain_over(ours: Sequence[Cell], theirs: Sequence[Cell]) -> Estimate:
    """Mean accuracy above that of others in the same cells, with its paired interval.

    Raises:
        ValueError: There are no cells, or they are not of the same images, one by one.
    """
    if len(ours) == len(theirs) == 1:
        return Estimate(*ours[0].gain_over(theirs[0]))
    if len(ours) != len(theirs) or not all(map(is_alike, ours, theirs)):
        raise ValueError("a paired difference needs the same images, cell by cell")
    differences = _share_by_image(ours) - _share_by_image(theirs)
    low, high = mean_interval(differences)
    return Estimate(float(differences.mean()), max(-1.0, low), min(1.0, high))


def _share_by_image(cells: Sequence[Cell]) -> NDArray[np.float64]:
    if not cells or not all(cell.has_labels_of(cells[0]) for cell in cells):
        raise ValueError("a mean over cells needs one or more cells of the same images")
    shares: NDArray[np.float64] = np.mean([cell.hits for cell in cells], axis=0)
    return shares


def pooled(weighted: Iterable[tuple[float, Estimate]]) -> Estimate:
    """The weighted mean of estimates on different images, which err independently."""
    parts = list(weighted)
    value = sum(weight * each.value for weight, each in parts)
    center = sum(weight * (each.low + each.high) / 2 for weight, each in parts)
    half = hypot(*(weight * (each.high - each.low) / 2 for weight, each in parts))
    return Estimate(value, center - half, center + half)


def is_alike(ours: Cell, theirs: Cell) -> bool:
    """Whether two cells are of the same images, so that they may be compared."""
    return ours.is_alike(theirs)


def common_places(*everyone: Cells) -> list[Place]:
    """Where all have a cell of the same images, in the first one's order."""
    first, *others = everyone
    return [
        place
        for place, cell in first.items()
        if all(place in cells and is_alike(cell, cells[place]) for cells in others)
    ]


def take(cells: Cells, places: Sequence[Place]) -> list[Cell]:
    """The cells at some places, in their order."""
    return [cells[place] for place in places]


def corrupted_places(places: Sequence[Place]) -> list[Place]:
    """All but the clean one."""
    return [place for place in places if place[0] is not None]


def place_title(place: Place) -> str:
    """ "clean", "fog, severity 3"."""
    corruption, severity = place
    return group_title(corruption) + (f", severity {severity}" if corruption else "")


def place_words(place: Place) -> str:
    """The same within a sentence: "clean", "fog at severity 3"."""
    return place_title(place).replace(", ", " at ")


def signed(share: float) -> str:
    """A difference in percentage points with its sign, one digit behind the point."""
    return signed_words(100 * share)


def accuracy_words(accuracy: Estimate) -> str:
    """ "71.2 % (67.1 to 75.0)"."""
    return f"{percent(accuracy.value)} ({interval_words(accuracy)})"


def gain_words(gain: Estimate, difference: str = "") -> str:
    """ "+2.3 points (0.4 to 4.2)"; the difference as it reads where both are shown as well."""
    return f"{difference or signed(gain.value)} points ({interval_words(gain)})"


def interval_words(estimate: Estimate) -> str:
    """ "−0.9 to 1.3"."""
    return wording.interval_words(*estimate.points)


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
    left_out: Mapping[Place, str] = field(default_factory=dict, hash=False)
    """Places that change none of its images and are not tested, and why."""

    @property
    def told_statistics(self) -> str:
        """The statistics with the sizes that the test batches had, where cells are known."""
        sizes = dict.fromkeys(cell.n for cell in self.cells.values())
        told = dict.fromkeys(statistics_told(self.statistics, n) for n in sizes)
        return "; ".join(told) or self.statistics

    @property
    def older(self) -> str:
        """By which older rule its images were corrupted, in words; empty for today's."""
        return next(filter(None, (rule_words(cell.rule) for cell in self.cells.values())), "")
