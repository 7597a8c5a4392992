"""What was measured of each model, looked up by test and norm. Needs no torch."""

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from afn.corruptions.severities import rule_of
from afn.pretrained.gains import Gain
from afn.pretrained.hits import HitPlace, Hits, mode_of
from afn.pretrained.noise import ImageAnswers, image_error
from afn.pretrained.published import PublishedNorm
from afn.pretrained.results import FILE
from afn.pretrained.ways import WAYS, Ask, Way
from afn.stats.intervals import joint_half_width
from afn.stats.over_seeds import OverSeeds

_NORM_IN_NAME = re.compile(f"-(?:{'|'.join(get_args(PublishedNorm))})(?:-|$)")
"""Between what was trained, and how."""


class _Answer(NamedTuple):
    n: int
    percent: float


class Results:
    """The table of all accuracies, looked up by model and test.

    Args:
        rows: As `afn.pretrained.results.COLUMNS` names them, values as text.
        folder: Of the shipped models, whose answers say how much images matter; None: without.
    """

    def __init__(self, rows: Iterable[Mapping[str, str]], folder: Path | None = None) -> None:
        self._hits = Hits(folder)
        self._answers: dict[str, dict[int, dict[HitPlace, _Answer]]] = {}
        for row in rows:
            seed = int(row["seed"])
            key = HitPlace(
                row["test_data"], row["corruption"], int(row["severity"]),
                mode_of(row["norm"], row["statistics"]), row["networks"], rule_of(row),
            )  # fmt: skip
            answer = _Answer(int(row["n"]), 100 * int(row["correct"]) / int(row["n"]))
            stem = row["model"].removesuffix(f"-s{seed}")
            known = self._answers.setdefault(stem, {}).setdefault(seed, {})
            if key not in known or known[key].n < answer.n:  # of two, that of more images
                known[key] = answer

    @classmethod
    def read(cls, folder: Path) -> "Results":
        """The shipped table; empty where there is none.

        Raises:
            ValueError: It is damaged.
        """
        try:
            with (folder / FILE).open(newline="") as file:
                return cls(csv.DictReader(file), folder)
        except FileNotFoundError:
            return cls([])
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise ValueError(f"{FILE} is damaged ({error!r}): get it again") from error

    @cached_property
    def models(self) -> frozenset[str]:
        """Names of the models that have answers."""
        return frozenset(
            f"{stem}-s{seed}" if seed else stem
            for stem, seeds in self._answers.items()
            for seed in seeds
        )

    def over_seeds(self, asks: Sequence[Ask], way: Way) -> OverSeeds | None:
        """Mean accuracy over some tests in percent, of each seed that has answers to all.

        All of images that were corrupted under one rule, see `rule`.
        """
        return self._over_seeds(asks, way, self.rule(asks, way))

    def _over_seeds(self, asks: Sequence[Ask], way: Way, rule: int | None) -> OverSeeds | None:
        found = {}
        for seed in self._complete(asks, way, rule):
            answers = [self._answer(ask, way, seed, rule) for ask in asks]
            found[seed] = fmean(answer.percent for answer in answers if answer)
        return OverSeeds.of(found)

    def gain(self, asks: Sequence[Ask], way: Way, over: Way) -> Gain | None:
        """Points of one way over another, of the seeds that have both; None where none has."""
        rule = self.rule(asks, way, over)
        ours, theirs = (self._over_seeds(asks, each, rule) for each in (way, over))
        if ours is None or theirs is None or not set(ours.seeds) & set(theirs.seeds):
            return None
        return Gain.of(ours, theirs, self.image_error(asks, way, over))

    def half_width(self, asks: Sequence[Ask], way: Way) -> float:
        """Of the 95 % interval of the mean accuracy, over seeds and images, in percent.

        Infinite with fewer than two seeds.
        """
        found = self.over_seeds(asks, way)
        if found is None or found.n < 2:
            return math.inf
        return joint_half_width(found.spread, found.n, self.image_error(asks, way))

    def image_error(self, asks: Sequence[Ask], way: Way, over: Way | None = None) -> float:
        """The standard error over images of the mean accuracy, or of the gain over another way.

        In percent; see `afn.pretrained.noise`. Of the first seed that has all answers.
        """
        ways = [each for each in (way, over) if each]
        rule = self.rule(asks, *ways)
        shared = set.intersection(*(self._complete(asks, each, rule) for each in ways))
        if not shared:
            raise ValueError(f"no seed of {way.norm} answered all of {len(asks)} tests")
        seed = min(shared)
        tests = []
        for ask in asks:
            answers = [self._answer(ask, each, seed, rule) for each in ways]
            hits = [self._image_hits(ask, each, rule) for each in ways]
            shares = [(each.percent / 100, each.n) for each in answers if each]
            tests.append(ImageAnswers(ask.data, hits[0], hits[1] if over else None, shares))
        return image_error(tests, is_difference=over is not None)

    def _complete(self, asks: Sequence[Ask], way: Way, rule: int | None) -> set[int]:
        return {
            seed
            for seed in self._seeds(asks, way)
            if all(self._answer(ask, way, seed, rule) for ask in asks)
        }

    def _image_hits(self, ask: Ask, way: Way, rule: int | None) -> NDArray[np.bool_] | None:
        return self._hits.of(way.stem(ask)).get(_place(ask, way, rule))

    def images(self, asks: Sequence[Ask]) -> tuple[int, ...]:
        """How many images the tests have, each number once."""
        rule = self.rule(asks)
        answers = (
            self._answer(ask, way, seed, rule)
            for way in WAYS.values()
            for seed in self._seeds(asks, way)
            for ask in asks
        )
        return tuple(sorted({answer.n for answer in answers if answer}))

    def _seeds(self, asks: Sequence[Ask], way: Way) -> set[int]:
        stems = {way.stem(ask) for ask in asks}
        return {seed for stem in stems for seed in self._answers.get(stem, {})}

    def rule(self, asks: Sequence[Ask], *ways: Way) -> int | None:
        """The rule of corruptions under which most answers to some tests were given.

        Of all norms and seeds, so that none is held against another under a different rule, also
        of the models that the ways name; of two the newer one. None where no test is corrupted, or
        none is answered.
        """
        named = {way.trained for way in ways if way.trained}
        counts = Counter[int]()
        for ask in asks:
            for trained in {ask.trained, *named}:
                counts.update(self._rules.get(ask._replace(trained=trained), {}))
        return max(counts, key=lambda rule: (counts[rule], rule), default=None)

    @cached_property
    def _rules(self) -> dict[Ask, Counter[int]]:
        """How many answers to each corrupted test were given under which rule."""
        found: dict[Ask, Counter[int]] = {}
        for stem, seeds in self._answers.items():
            trained = _NORM_IN_NAME.split(stem)[0]
            for place in (place for model in seeds.values() for place in model):
                ask = Ask(trained, place.data, place.corruption, place.severity)
                if place.rule:
                    found.setdefault(ask, Counter())[place.rule] += 1
        return found

    def _answer(self, ask: Ask, way: Way, seed: int, rule: int | None) -> _Answer | None:
        model = self._answers.get(way.stem(ask), {}).get(seed, {})
        return model.get(_place(ask, way, rule))


def _place(ask: Ask, way: Way, rule: int | None) -> HitPlace:
    return HitPlace(
        ask.data, ask.corruption, ask.severity, way.statistics, way.networks,
        rule if ask.severity else None,
    )  # fmt: skip
