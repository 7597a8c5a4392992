"""Measured differences of two norms over seeds, with the noise of seeds and images. No torch."""

import math
from dataclasses import dataclass

from afn.stats.intervals import joint_half_width
from afn.stats.over_seeds import Interval, OverSeeds, difference
from afn.stats.power import seeds_needed, smallest_effect
from afn.wording import interval_words


@dataclass(frozen=True, slots=True)
class Gain(Interval):
    """Points of one way over another, of the seeds that both have.

    A seed fixes the start weights and the order of the images, the same for every norm. Where what
    two networks of one seed share makes their difference vary less than networks of different
    seeds would, the interval is that of the paired differences; where it does not, it is built on
    both spreads instead. Taking the narrower of the two costs at most a point of coverage, and that
    only where seeds share nothing (`tests/pretrained/test_gains.py` simulates it).
    """

    ours: OverSeeds
    theirs: OverSeeds
    """Of the same seeds."""
    image_error: float
    """The standard error of the difference over images, in points; see `afn.pretrained.noise`."""

    @classmethod
    def of(
        cls, ours: OverSeeds | None, theirs: OverSeeds | None, image_error: float
    ) -> "Gain | None":
        """Of the seeds that they share; None where there are none."""
        if ours is None or theirs is None:
            return None
        a, b = dict(ours.values), dict(theirs.values)
        mine = OverSeeds.of({seed: a[seed] for seed in a if seed in b})
        other = OverSeeds.of({seed: b[seed] for seed in b if seed in a})
        return cls(mine, other, image_error) if mine and other else None

    @property
    def differences(self) -> OverSeeds:
        """Seed by seed."""
        found = difference(self.ours, self.theirs)
        assert found is not None, "both have the same seeds"
        return found

    @property
    def n(self) -> int:
        """Seeds."""
        return self.ours.n

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return self.differences.mean

    @property
    def is_paired(self) -> bool:
        """Whether pairing by seed reduces the variance; True with one seed, which cannot say."""
        return self.n == 1 or self.differences.spread < self._unpaired

    @property
    def spread(self) -> float:
        """The standard deviation between seeds that the interval is built on."""
        return self.differences.spread if self.is_paired else self._unpaired

    @property
    def _unpaired(self) -> float:
        return math.hypot(self.ours.spread, self.theirs.spread)

    @property
    def half_width(self) -> float:
        """Of the 95 % interval of the mean, over seeds and images; infinite with one seed."""
        if self.n == 1:
            return math.inf
        return joint_half_width(self.spread, self.n, self.image_error)

    @property
    def bounds(self) -> str:
        """ "+0.7 to +3.5": the 95 % interval in words."""
        return interval_words(self.mean, self.low, self.high, of="seed", is_signed=True)

    @property
    def smallest_effect(self) -> float:
        """What it could have seen with a power of 80 %, in points; infinite with one seed."""
        if self.n == 1:
            return math.inf
        return smallest_effect(self.spread, self.n, self.image_error)

    def seeds_for(self, effect: float) -> int | None:
        """How many seeds, at least 3, see an effect with a power of 80 %; None: no number does.

        Raises:
            ValueError: One seed, which says nothing of the spread.
        """
        if self.n == 1:
            raise ValueError("one seed says nothing of the spread: train at least 2")
        return seeds_needed(effect, self.spread, self.image_error)
