"""A metric of several methods over seeds, and whether two of them differ."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from afn.stats.over_seeds import OverSeeds, difference
from afn.stats.power import MOST_SEEDS, seeds_needed, smallest_effect
from afn.wording import count_words, fixed_words, interval_words, signed_words

FEWEST_SEEDS = 3
"""With fewer pairs there is a difference, and no verdict."""
PairVerdict = Literal["real", "not shown", "too few seeds"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Paired:
    """One method against another, seed by seed."""

    way: str
    over: str
    difference: OverSeeds
    """Of each seed that both have: the first method's value minus the second's."""
    unpaired: int = 0
    """Values of either whose seed the other lacks: they are left out."""

    @property
    def verdict(self) -> PairVerdict:
        """ "real" where the 95 % interval over seeds excludes 0; none with fewer than three pairs.

        The interval is Student's t of the paired differences: it holds what seeds change (start,
        order of images, augmentation), and of the test images only what they change from seed to
        seed. Where all seeds were tested on one set, it says nothing of another set.
        """
        if self.difference.n < FEWEST_SEEDS:
            return "too few seeds"
        return "real" if self.difference.is_clear else "not shown"

    @property
    def smallest_effect(self) -> float | None:
        """What so many seeds would see with a chance of 80 %; None with one pair."""
        return smallest_effect(self.difference.spread, self.difference.n) if self._spreads else None

    @property
    def seeds_needed(self) -> int | None:
        """To see a difference as large as this one; None where none of up to 1,000 seeds do."""
        mean = self.difference.mean
        return seeds_needed(abs(mean), self.difference.spread) if self._spreads and mean else None

    @property
    def _spreads(self) -> bool:
        return self.difference.n > 1

    @property
    def sentence(self) -> str:
        """What is found, in words."""
        of, decimals = self.difference, self._decimals
        found = f"{self.way} − {self.over}: {signed_words(of.mean, decimals)}"
        if self._spreads:
            bounds = interval_words(
                of.mean, of.low, of.high, of="seed", decimals=decimals, is_signed=True
            )
            found += f", {bounds if 'same' in bounds else f'95 % interval {bounds}'}"
        found += f", over {count_words(of.n, 'seed')}. "
        match self.verdict:
            case "too few seeds":
                found += f"No verdict: it takes {FEWEST_SEEDS} seeds that both have."
            case "real":
                is_more = of.mean > 0
                found += f"The difference is real: {self.way} is {'above' if is_more else 'below'}."
            case "not shown":
                found += f"Not shown: the interval holds 0. {self._what_it_takes}"
        if self.unpaired:
            found += f" {count_words(self.unpaired, 'value')} without a partner left out."
        return found

    @property
    def _what_it_takes(self) -> str:
        seen = fixed_words(self.smallest_effect or 0, self._decimals)
        told = f"So many seeds see ±{seen} with 80 % chance"
        needed = self.seeds_needed
        if not self.difference.mean:
            return f"{told}."
        more = f"{needed:,} seeds" if needed else f"more than {MOST_SEEDS:,} seeds"
        return f"{told}; one as small as this takes {more}."

    @property
    def _decimals(self) -> int:
        """Digits behind the point: two that count of the interval, else of the difference."""
        of = self.difference
        size = of.half_width if self._spreads else abs(of.mean)
        if size <= 1e-9 * abs(of.mean):  # what rounding leaves of differences that are the same
            size = abs(of.mean)
        return min(8, max(0, 1 - math.floor(math.log10(size)))) if size else 1

    def to_json(self) -> dict[str, Any]:
        """A flat record."""
        of = self.difference
        return {
            "kind": "paired", "way": self.way, "over": self.over, "verdict": self.verdict,
            "difference": of.mean, "low95": of.low if self._spreads else None,
            "high95": of.high if self._spreads else None, "seeds": list(of.seeds),
            "differences": [value for _, value in of.values], "unpaired": self.unpaired,
            "smallest_effect": self.smallest_effect, "seeds_needed": self.seeds_needed,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Metrics:
    """One metric of several methods, over seeds.

    Example:
        >>> from afn import Metrics
        >>> from afn.stats.over_seeds import OverSeeds
        >>> of = lambda *values: OverSeeds(tuple(enumerate(values)))
        >>> found = Metrics(metric="accuracy", methods={"bn": of(70, 72), "afn": of(73, 75)})
        >>> [each.sentence for each in found.against("bn")]
        ['afn − bn: +3.0, the same for every seed, over 2 seeds. No verdict: it takes 3 seeds that both have.']
    """  # noqa: E501

    metric: str
    """What it is called; empty where nobody said."""
    methods: Mapping[str, OverSeeds]
    """By name, in the order of the source."""

    def __post_init__(self) -> None:
        if len(self.methods) < 2:
            raise ValueError(
                f"a difference takes two methods, got {', '.join(self.methods) or 'none'}: rule in "
                "`python -m afn import --help`"
            )

    def against(self, baseline: str | None = None) -> list[Paired]:
        """Every other method against one, paired by seed.

        Args:
            baseline: Its name; the first one by default.

        Raises:
            ValueError: There is no such method, or it has no seed in common with another one.
        """
        baseline = next(iter(self.methods)) if baseline is None else baseline
        if baseline not in self.methods:
            raise ValueError(f"no method {baseline!r}; there are {', '.join(self.methods)}")
        theirs, found = self.methods[baseline], []
        for name, ours in self.methods.items():
            if name == baseline:
                continue
            of = difference(ours, theirs)
            if of is None:
                raise ValueError(f"{name} and {baseline} have no seed in common: nothing to pair")
            unpaired = ours.n + theirs.n - 2 * of.n
            found.append(Paired(way=name, over=baseline, difference=of, unpaired=unpaired))
        return found
