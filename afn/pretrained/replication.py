"""Which of our tests answers which published row, and what they gave. Needs no torch."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path
from statistics import fmean
from typing import Literal, NamedTuple

from afn.corruptions.severities import rule_of
from afn.engine.config import SWITCHABLE_NORMS
from afn.grids.records import STANDARD, Networks
from afn.over_seeds import OverSeeds, difference
from afn.pretrained.comparison import Verdict, verdict
from afn.pretrained.plan import DIGITS, PACS, PLAN
from afn.pretrained.published import Norm, Row, Table
from afn.pretrained.results import FILE

Reading = Literal["trains", "tests"]
"""What a column of the first digits table stands for."""
SEVERITIES = (1, 2, 3, 4, 5)
_DOMAINS = {"MNIST": "mnist", "SVHN": "syn", "USPS": "usps", "MNIST-M": "mnistm"}
"""Published domains, and those that take their places here."""


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
LADDER = ("bn", "bn-batch", "afn-off", "afn")
"""From BN to AFN, one change at a time."""


class _Answer(NamedTuple):
    n: int
    percent: float


_Key = tuple[str, str, int, str, str, int | None]
"""Data, corruption, severity, statistics, networks, rule of corruptions."""


class Results:
    """The table of all accuracies, looked up by model and test.

    Args:
        rows: As `afn.pretrained.results.COLUMNS` names them, values as text.
    """

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        self._answers: dict[str, dict[int, dict[_Key, _Answer]]] = {}
        for row in rows:
            seed, statistics = int(row["seed"]), row["statistics"]
            mode = "batch" if statistics.startswith("test batch") else statistics
            if row["norm"] not in SWITCHABLE_NORMS:
                mode = "own"
            place = row["corruption"], int(row["severity"])
            key = (row["test_data"], *place, mode, row["networks"], rule_of(row))
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
                return cls(csv.DictReader(file))
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
        for seed in self._seeds(asks, way):
            answers = [self._answer(ask, way, seed, rule) for ask in asks]
            known = [answer.percent for answer in answers if answer]
            if len(known) == len(asks):
                found[seed] = fmean(known)
        return OverSeeds.of(found)

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
        stems = {f"{ask.trained}-{way.norm}" for ask in asks}
        return {seed for stem in stems for seed in self._answers.get(stem, {})}

    def rule(self, asks: Sequence[Ask]) -> int | None:
        """The rule of corruptions under which most answers to some tests were given.

        Of all norms and seeds, so that none is held against another under a different rule; of two
        the newer one. None where no test is corrupted, or none is answered.
        """
        counts = Counter(
            rule
            for way in WAYS.values()
            for seed in self._seeds(asks, way)
            for ask in asks
            for rule in self._rules
            if ask.severity and self._answer(ask, way, seed, rule)
        )
        return max(counts, key=lambda rule: (counts[rule], rule), default=None)

    @cached_property
    def _rules(self) -> tuple[int, ...]:
        models = (model for seeds in self._answers.values() for model in seeds.values())
        return tuple({rule for model in models for *_, rule in model if rule})

    def _answer(self, ask: Ask, way: Way, seed: int, rule: int | None) -> _Answer | None:
        model = self._answers.get(f"{ask.trained}-{way.norm}", {}).get(seed, {})
        place = ask.corruption, ask.severity
        how = way.statistics, way.networks, rule if ask.severity else None
        return model.get((ask.data, *place, *how))


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
    return [
        Ask(source.replace("/", "-"), target)
        for source in PACS
        for target in PACS
        if source != target
    ]


def corrupted(trained: str, severities: Sequence[int] = SEVERITIES) -> list[Ask]:
    """The fifteen standard corruptions of a model's own test images."""
    return [Ask(trained, trained, name, s) for name in STANDARD for s in severities]


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
            return pacs()
        case "images" if row.name == "CIFAR-10, ResNet-32":
            return [Ask("cifar10", "cifar10")]
    return []


# -- a row, beside ours ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Replicated:
    """A published row beside what was measured here."""

    row: Row
    asks: tuple[Ask, ...]
    measured: Mapping[str, OverSeeds | None]
    """In percent, by the names of `WAYS`."""

    @property
    def note(self) -> str:
        """What is to be known of the row and of ours."""
        return self.row.note or ("Here: SYN." if self.row.name == "SVHN" else "")

    @property
    def is_planned(self) -> bool:
        """Whether it is measured here at all."""
        return bool(self.asks)

    def gain(self, way: str, over: str = "bn") -> OverSeeds | None:
        """Points of one way over another, seed by seed."""
        return difference(self.measured[way], self.measured[over])

    def verdict(self, way: Norm, over: str = "bn") -> Verdict | None:
        """Whether the norm's published gain over BN is found over a way of BN here.

        None where nothing was published to be found.
        """
        published = self.row.gain(way)
        return verdict(published, self.gain(way, over)) if published else None


def replicated(results: Results, table: Table, reading: Reading = "trains") -> list[Replicated]:
    """A table's rows in their order."""
    found = []
    for row in table.rows:
        asks = asks_of(table, row, reading)
        measured = {name: results.over_seeds(asks, way) for name, way in WAYS.items()}
        found.append(Replicated(row, tuple(asks), measured))
    return found


def ladder(results: Results, asks: Sequence[Ask]) -> list[OverSeeds]:
    """Accuracies along `LADDER`, of the seeds that have all of them; none where there are none."""
    found = [results.over_seeds(asks, WAYS[name]) for name in LADDER]
    if any(each is None for each in found):
        return []
    known = [dict(each.values) for each in found if each]
    shared = set.intersection(*(set(each) for each in known))
    rungs = [OverSeeds.of({seed: each[seed] for seed in shared}) for each in known]
    return [rung for rung in rungs if rung]


# -- what is still to be made ----------------------------------------------------------------------


def lacking(results: Results, stems: Iterable[str]) -> list[str]:
    """Planned models without answers, in the plan's order.

    Args:
        stems: Names without seed, such as "cifar10-afn".
    """
    wanted = set(stems)
    return [
        name
        for name, spec in PLAN.items()
        if name.removesuffix(f"-s{spec.config.seed}") in wanted and name not in results.models
    ]


def command(names: Sequence[str]) -> str:
    """The shortest command line that trains these models and no others."""
    return _command(frozenset(names))


@lru_cache(maxsize=64)
def _command(names: frozenset[str]) -> str:
    patterns, left = [], set(names)
    ordered = [name for name in PLAN if name in names]
    options = {pattern: _matched(pattern) for name in ordered for pattern in _patterns(name)}
    allowed = {p: matched for p, matched in options.items() if matched <= names}
    while left:
        best = max(
            allowed, key=lambda p: (len(allowed[p] & left), "*" not in p, p[0] == "*", -len(p), p)
        )
        patterns.append(f"'{best}'" if "*" in best else best)
        left -= allowed[best]
    return f"python -m afn pretrained train {' '.join(patterns)}"


def _matched(pattern: str) -> set[str]:
    return {name for name in PLAN if fnmatchcase(name, pattern)}


def _patterns(name: str) -> set[str]:
    """The name, and with whole words at either end or between first and last replaced by a star."""
    first, *_, last = words = name.split("-")
    cuts = [0, *accumulate(len(word) + 1 for word in words[:-1])]
    heads = {name} | {name[:cut] + "*" for cut in cuts[1:]} | {f"{name}*"}
    tails = {"*-" + head[cut:] for head in heads for cut in cuts[1:] if cut < len(head)}
    return heads | tails | {f"{first}-*-{last}"}
