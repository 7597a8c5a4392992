"""One figure over several seeds: means, intervals, paired differences. Needs no torch."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, stdev

_T975 = (
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157,
    2.228139,
)  # fmt: skip
_Z975 = 1.959963984540054


def t_quantile(degrees: int) -> float:
    """Student's t below which 97.5 % lie: how many standard errors a 95 % interval reaches.

    Args:
        degrees: Of freedom, at least 1.

    Raises:
        ValueError: Fewer.

    Source: tables to 10 degrees; beyond, the expansion in 1/degrees of Abramowitz and Stegun,
    26.7.5, within 1e-5.
    """
    if degrees < 1:
        raise ValueError(f"t needs at least 1 degree of freedom, got {degrees}")
    if degrees <= len(_T975):
        return _T975[degrees - 1]
    z, n = _Z975, degrees
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4)
    )


class Interval(ABC):
    """A mean, and as much to either side of it."""

    __slots__ = ()

    @property
    @abstractmethod
    def mean(self) -> float:
        """The middle."""

    @property
    @abstractmethod
    def half_width(self) -> float:
        """From the middle to either bound."""

    @property
    def low(self) -> float:
        """The lower bound."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """The upper bound."""
        return self.mean + self.half_width

    @property
    def is_clear(self) -> bool:
        """Whether it lies on one side of 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class OverSeeds(Interval):
    """One figure, such as an accuracy or a difference of two, of each of one or more seeds."""

    values: tuple[tuple[int, float], ...]
    """Seed and figure, by seed."""

    def __post_init__(self) -> None:
        seeds = [seed for seed, _ in self.values]
        if not seeds or seeds != sorted(set(seeds)):
            raise ValueError(f"expected one or more seeds in rising order, got {seeds}")

    @classmethod
    def of(cls, by_seed: Mapping[int, float]) -> "OverSeeds | None":
        """From a mapping; None where it is empty."""
        return cls(tuple(sorted(by_seed.items()))) if by_seed else None

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds."""
        return tuple(seed for seed, _ in self.values)

    @property
    def n(self) -> int:
        """Seeds."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return fmean(value for _, value in self.values)

    @property
    def spread(self) -> float:
        """The sample's standard deviation; infinite with one seed, which says no spread."""
        return stdev(value for _, value in self.values) if self.n > 1 else math.inf

    @property
    def half_width(self) -> float:
        """Of the 95 % t-interval of the mean; infinite with one seed."""
        return t_quantile(self.n - 1) * self.spread / math.sqrt(self.n) if self.n > 1 else math.inf


def difference(ours: OverSeeds | None, theirs: OverSeeds | None) -> OverSeeds | None:
    """Ours minus theirs, seed by seed; None where they have no seed in common.

    A seed fixes the start weights and the order of the images, the same for every norm, so that
    what two networks of one seed share cancels.
    """
    if ours is None or theirs is None:
        return None
    others = dict(theirs.values)
    return OverSeeds.of({seed: v - others[seed] for seed, v in ours.values if seed in others})
