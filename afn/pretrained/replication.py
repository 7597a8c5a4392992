"""Which of our tests answers which published row, and what they gave. Needs no torch."""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from afn.corruptions.severities import rule_of
from afn.grids.records import STANDARD, Networks
from afn.intervals import joint_half_width
from afn.over_seeds import OverSeeds
from afn.pretrained.comparison import Verdict, verdict
from afn.pretrained.gains import Gain
from afn.pretrained.noise import Answered, Hits, Place, image_error, mode_of
from afn.pretrained.plan import DIGITS, PACS
from afn.pretrained.published import Norm, Row, Table
from afn.pretrained.results import FILE

Reading = Literal["trains", "tests"]
"""What a column of the first digits table stands for."""
SEVERITIES = (1, 2, 3, 4, 5)
_DOMAINS = {"MNIST": "mnist", "SVHN": "syn", "USPS": "usps", "MNIST-M": "mnistm"}
"""Published domains, and those that take their places here."""
_PACS = {domain: domain.replace("/", "-") for domain in PACS}
"""Domains, and the names of the models that they train."""


class Ask(NamedTuple):
    """One test of one kind of model."""

    trained: str
    """The models' names without norm and seed: `mnist-rgb`, `cifar10`."""
    data: str
    corruption: str = "clean"
    severity: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """A norm, and how it is set when it is asked."""

    norm: Norm
    statistics: Literal["running", "batch", "own"]
    """"own" where the norm has no choice."""
    networks: Networks = "on"
    variant: str = ""
    """Of the training, as the models' names have it behind the norm: "frozen", "learn", "open"."""
    trained: str = ""
    """Other models than the test names."""

    def stem(self, ask: "Ask") -> str:
        """The name, without seed, of the models that are asked."""
        return "-".join(filter(None, [self.trained or ask.trained, self.norm, self.variant]))


WAYS = {
    "bn": Way("bn", "running"),
    "bn-batch": Way("bn", "batch"),
    "asrnorm": Way("asrnorm", "own"),
    "bin": Way("bin", "own"),
    "afn-running": Way("afn", "running"),
    "afn": Way("afn", "batch"),
    "afn-frozen": Way("afn", "batch", networks="frozen"),
    "afn-off": Way("afn", "batch", networks="off"),
}
"""Each norm as it is published, and what tells the difference between BN and AFN apart."""
_VARIANTS = ("learn", "frozen", "plain", "open", "reference")
_ALL_WAYS = (*WAYS.values(), *(Way("afn", "batch", variant=each) for each in _VARIANTS))
LADDER = {
    "BN, running": "bn",
    "BN, test batch": "bn-batch",
    "AFN, networks frozen": "afn-frozen",
    "AFN": "afn",
}
"""From BN to AFN, one change at a time: what to call it, and the way."""
_BEFORE_FROZEN = {
    ("AFN, networks off" if way == "afn-frozen" else label): way.replace("frozen", "off")
    for label, way in LADDER.items()
}
"""For models that were asked before networks could be frozen."""


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
        self._rule_of: dict[tuple[Ask, ...], int | None] = {}
        self._answers: dict[str, dict[int, dict[Place, _Answer]]] = {}
        for row in rows:
            seed = int(row["seed"])
            key = Place(
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
        found = {}
        rule = self.rule(asks)
        for seed in self._complete(asks, way, rule):
            answers = [self._answer(ask, way, seed, rule) for ask in asks]
            found[seed] = fmean(answer.percent for answer in answers if answer)
        return OverSeeds.of(found)

    def gain(self, asks: Sequence[Ask], way: Way, over: Way) -> Gain | None:
        """Points of one way over another, of the seeds that have both; None where none has."""
        ours, theirs = self.over_seeds(asks, way), self.over_seeds(asks, over)
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
        rule = self.rule(asks)
        ways = [each for each in (way, over) if each]
        shared = set.intersection(*(self._complete(asks, each, rule) for each in ways))
        if not shared:
            raise ValueError(f"no seed of {way.norm} answered all of {len(asks)} tests")
        seed = min(shared)
        tests = []
        for ask in asks:
            answers = [self._answer(ask, each, seed, rule) for each in ways]
            hits = [self._image_hits(ask, each, rule) for each in ways]
            shares = [(each.percent / 100, each.n) for each in answers if each]
            tests.append(Answered(ask.data, hits[0], hits[1] if over else None, shares))
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

    def rule(self, asks: Sequence[Ask]) -> int | None:
        """The rule of corruptions under which most answers to some tests were given.

        Of all norms and seeds, so that none is held against another under a different rule; of two
        the newer one. None where no test is corrupted, or none is answered.
        """
        key = tuple(asks)
        if key not in self._rule_of:
            self._rule_of[key] = self._most_frequent_rule(key)
        return self._rule_of[key]

    def _most_frequent_rule(self, asks: Sequence[Ask]) -> int | None:
        counts = Counter(
            rule
            for way in _ALL_WAYS
            for seed in self._seeds(asks, way)
            for ask in asks
            for rule in self._rules
            if ask.severity and self._answer(ask, way, seed, rule)
        )
        return max(counts, key=lambda rule: (counts[rule], rule), default=None)

    @cached_property
    def _rules(self) -> tuple[int, ...]:
        models = (model for seeds in self._answers.values() for model in seeds.values())
        return tuple({place.rule for model in models for place in model if place.rule})

    def _answer(self, ask: Ask, way: Way, seed: int, rule: int | None) -> _Answer | None:
        model = self._answers.get(way.stem(ask), {}).get(seed, {})
        return model.get(_place(ask, way, rule))


def _place(ask: Ask, way: Way, rule: int | None) -> Place:
    return Place(
        ask.data, ask.corruption, ask.severity, way.statistics, way.networks,
        rule if ask.severity else None,
    )  # fmt: skip


# -- what answers what -----------------------------------------------------------------------------


def digits(form: str, *, trains: str | None = None, tests: str | None = None) -> list[Ask]:
    """Clean tests on domains that the network has not seen.

    Args:
        form: "grey" or "rgb".
        trains: Only models trained on that domain.
        tests: Only tests on that domain.
    """
    return [
        Ask(f"{source}-{form}", target)
        for source in DIGITS
        for target in DIGITS
        if source != target and trains in (None, source) and tests in (None, target)
    ]


def pacs() -> list[Ask]:
    """Each domain trains, the other three test."""
    return [Ask(_PACS[source], target) for source in PACS for target in PACS if source != target]


def corrupted(trained: str, severities: Sequence[int] = SEVERITIES, data: str = "") -> list[Ask]:
    """The fifteen standard corruptions of a data set's test images, by default of its own name."""
    return [Ask(trained, data or trained, name, s) for name in STANDARD for s in severities]


def asks_of(table: Table, row: Row, reading: Reading = "trains") -> list[Ask]:
    """The tests here that a published row is held against, weighted alike; none: not done here."""
    domain = _DOMAINS.get(row.name)
    match table.name:
        case "digits_single_each":
            return digits("grey", **({reading: domain} if domain else {}))
        case "digits_from_mnist":
            return digits("rgb", trains="mnist", tests=domain)
        case "cifar10c":
            level = row.name.removeprefix("severity ")
            return corrupted("cifar10", [int(level)] if level.isdigit() else SEVERITIES)
        case "pacs_single":
            trains = f"pacs/{row.name}"
            return [ask for ask in pacs() if row.name == "average" or _PACS[trains] == ask.trained]
        case "images" if row.name == "CIFAR-10, ResNet-32":
            return [Ask("cifar10", "cifar10")]
    return []


# -- a row, beside ours ----------------------------------------------------------------------------


class Comparison(NamedTuple):
    """A difference that was published, and how it is taken here."""

    way: Norm
    over: str
    """One of `WAYS`."""
    title: str
    how: str
    """Whose statistics, where there is a choice."""


COMPARISONS = (
    Comparison("afn", "asrnorm", "AFN − ASRNorm", "as published"),
    Comparison("afn", "bn", "AFN − BN", "as published"),
    Comparison("afn", "bn-batch", "AFN − BN", "both on the test batch"),
    Comparison("asrnorm", "bn", "ASRNorm − BN", "as published"),
)
"""The first is the paper's headline."""
_CIFAR10 = "trained on 25,000 of 50,000 images"
"""What every verdict on models of CIFAR-10 says with it."""


@dataclass(frozen=True, slots=True)
class Replicated:
    """A published row beside what was measured here."""

    row: Row
    asks: tuple[Ask, ...]
    measured: Mapping[str, OverSeeds | None]
    """In percent, by the names of `WAYS`."""
    half_widths: Mapping[str, float]
    """Of their 95 % intervals, over seeds and images."""
    gains: Mapping[tuple[str, str], Gain | None]
    """Of the `COMPARISONS`, by way and over which."""
    refusal: str = ""
    """Why nothing measured here can say anything of the row; empty where it can."""

    @property
    def note(self) -> str:
        """What is to be known of the row and of ours."""
        syn = "Here: SYN." if self.row.name == "SVHN" else ""
        return " ".join(filter(None, [self.row.note or syn, self.condition]))

    @property
    def condition(self) -> str:
        """What every verdict on this row says with it; empty where there is nothing."""
        return condition_of(self.asks)

    @property
    def is_planned(self) -> bool:
        """Whether it is measured here at all."""
        return bool(self.asks)

    @property
    def networks(self) -> frozenset[str]:
        """Whose trainings the row rests on: models without norm and seed."""
        return frozenset(ask.trained for ask in self.asks)

    def published(self, way: Norm, over: str = "bn") -> float | None:
        """Published points of one of the `COMPARISONS`; None where a figure is lacking."""
        return self.row.gain(way, WAYS[over].norm)

    def gain(self, way: Norm, over: str = "bn") -> Gain | None:
        """Points here of one of the `COMPARISONS`."""
        return self.gains[way, over]

    def verdict(self, way: Norm, over: str = "bn") -> Verdict | None:
        """Whether a published difference is found here; None where none was published."""
        published = self.published(way, over)
        return verdict(published, self.gain(way, over), self.refusal) if published else None


def condition_of(asks: Iterable[Ask]) -> str:
    """What every verdict on these tests says with it; empty where there is nothing."""
    return _CIFAR10 if any(ask.trained.startswith("cifar10") for ask in asks) else ""


def replicated(results: Results, table: Table, reading: Reading = "trains") -> list[Replicated]:
    """A table's rows in their order."""
    found = []
    for row in table.rows:
        asks = asks_of(table, row, reading)
        measured = {name: results.over_seeds(asks, way) for name, way in WAYS.items()}
        found.append(
            Replicated(
                row=row,
                asks=tuple(asks),
                measured=measured,
                half_widths={name: results.half_width(asks, WAYS[name]) for name in WAYS},
                gains={
                    (each.way, each.over): results.gain(asks, WAYS[each.way], WAYS[each.over])
                    for each in COMPARISONS
                },
                refusal=_refusal(table, results) if asks else "",
            )
        )
    return found


def _refusal(table: Table, results: Results) -> str:
    if table.name != "pacs_single":
        return ""
    found = results.over_seeds(pacs(), WAYS["bn"])
    level = f": BN has {found.mean:.0f} % on average" if found else ""
    return (
        f"Trained from scratch at 64×64{level}, where chance is {100 / 7:.0f} %. What is published "
        "began with ImageNet's weights and was trained with RSC."
    )


@dataclass(frozen=True, slots=True)
class Ladder:
    """From BN to AFN, one change at a time, over the seeds that have all of it."""

    rungs: tuple[tuple[str, OverSeeds], ...]
    """What to call each, and its accuracies."""
    gains: tuple[Gain, ...]
    """Of each rung over the one before."""
    total: Gain
    """Of the last over the first."""


def ladder(results: Results, asks: Sequence[Ask]) -> Ladder | None:
    """The way along `LADDER`; None where no seed has all of it.

    Where more seeds were asked with their networks off than frozen, that step is "networks off".
    """
    found = [each for ways in (LADDER, _BEFORE_FROZEN) if (each := _ladder(results, asks, ways))]
    return max(found, key=lambda each: each.total.n, default=None)


def _ladder(results: Results, asks: Sequence[Ask], ways: Mapping[str, str]) -> Ladder | None:
    known = [results.over_seeds(asks, WAYS[way]) for way in ways.values()]
    seeds = set.intersection(*(set(each.seeds) if each else set[int]() for each in known))
    rungs = [OverSeeds.of({s: v for s, v in each.values if s in seeds}) for each in known if each]
    if not seeds:
        return None

    def gain(below: int, above: int) -> Gain:
        names = list(ways.values())
        error = results.image_error(asks, WAYS[names[above]], WAYS[names[below]])
        found = Gain.of(rungs[above], rungs[below], error)
        assert found is not None, "rungs have the same seeds"
        return found

    last = len(ways) - 1
    return Ladder(
        rungs=tuple((name, rung) for name, rung in zip(ways, rungs, strict=True) if rung),
        gains=tuple(gain(i, i + 1) for i in range(last)),
        total=gain(0, last),
    )
