"""What figures of tested models are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from afn.ask.records import Cell, Place
from afn.corruptions.severities import rule_words
from afn.wording import statistics_told


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
