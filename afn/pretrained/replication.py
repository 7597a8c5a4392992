"""A published row beside ours: accuracies, differences, verdicts. Needs no torch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from afn.pretrained.asks import (
    Reading,
    asks_of,
    imagenet_multi,
    imagenet_single,
    is_from_imagenet,
    pacs,
)
from afn.pretrained.cards import pretrained_dir
from afn.pretrained.comparison import Verdict, verdict
from afn.pretrained.gains import Gain
from afn.pretrained.measured import Results
from afn.pretrained.published import TABLES, PublishedNorm, PublishedRow, Table
from afn.pretrained.ways import WAYS, Ask
from afn.stats.over_seeds import OverSeeds


class PublishedDifference(NamedTuple):
    """A difference that was published, and how it is taken here."""

    way: PublishedNorm
    over: str
    """One of `WAYS`."""
    title: str
    how: str
    """Whose statistics, where there is a choice."""


COMPARISONS = (
    PublishedDifference("afn", "asrnorm", "AFN − ASRNorm", "as published"),
    PublishedDifference("afn", "bn", "AFN − BN", "as published"),
    PublishedDifference("afn", "bn-batch", "AFN − BN", "both on the test batch"),
    PublishedDifference("asrnorm", "bn", "ASRNorm − BN", "as published"),
)
"""The first is the paper's headline."""
_CIFAR10 = "trained on 25,000 of 50,000 images"
"""What every verdict on models of CIFAR-10 says with it."""
_IMAGENET = (
    "EfficientNet-Lite0 on 64×64 pixels, whose last maps of 2×2 put ASRNorm at a disadvantage"
)
"""Likewise on PACS, where the networks began with ImageNet's weights."""


@dataclass(frozen=True, slots=True)
class Replicated:
    """A published row beside what was measured here."""

    row: PublishedRow
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

    def published(self, way: PublishedNorm, over: str = "bn") -> float | None:
        """Published points of one of the `COMPARISONS`; None where a figure is lacking."""
        return self.row.gain(way, WAYS[over].norm)

    def gain(self, way: PublishedNorm, over: str = "bn") -> Gain | None:
        """Points here of one of the `COMPARISONS`."""
        return self.gains[way, over]

    def verdict(self, way: PublishedNorm, over: str = "bn") -> Verdict | None:
        """Whether a published difference is found here; None where none was published."""
        published = self.published(way, over)
        return verdict(published, self.gain(way, over), self.refusal) if published else None


def condition_of(asks: Iterable[Ask]) -> str:
    """What every verdict on these tests says with it; empty where there is nothing."""
    asks = list(asks)
    if any(map(is_from_imagenet, asks)):
        return _IMAGENET
    return _CIFAR10 if any(ask.trained.startswith("cifar10") for ask in asks) else ""


def replicated(results: Results, table: Table, reading: Reading = "trains") -> list[Replicated]:
    """A table's rows in their order."""
    found = []
    for row in table.rows:
        asks = _from_imagenet(table, row, results) or asks_of(table, row, reading)
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
                refusal=_refusal(table, asks, results),
            )
        )
    return found


class Figure(NamedTuple):
    """A published figure beside ours."""

    name: str
    """Table, row, and norm or difference."""
    published: float
    """In percent, or percentage points."""
    here: float | None
    """The mean over seeds; None where it is not measured."""
    n: int
    """Seeds."""
    verdict: Verdict | None = None
    """Of a difference: whether it is found here."""


def figures(table: str, rows: Iterable[Replicated]) -> Iterator[Figure]:
    """A table's accuracies and differences, row by row; differences where both sides have one."""
    for row in rows:
        for norm, published in row.row.accuracies.items():
            here, name = row.measured[norm], f"{table}, {row.row.name}, {norm}"
            yield Figure(name, published, here.mean if here else None, here.n if here else 0)
        for each in COMPARISONS:
            difference, gain = row.published(each.way, each.over), row.gain(each.way, each.over)
            if difference and gain:
                name = f"{table}, {row.row.name}, {each.title}, {each.how}"
                found = row.verdict(each.way, each.over)
                yield Figure(name, difference, gain.mean, gain.n, found)


def published_and_measured(reading: Reading = "trains") -> Iterator[Figure]:
    """Every published figure of AFN beside what was measured here, differences with a verdict.

    Args:
        reading: What a column of the first table of digits stands for: the domain that "trains", or
            the one that "tests".

    Raises:
        ValueError: ``results.csv``, the table of all results, is damaged.

    Example:
        >>> from afn import published_and_measured
        >>> first = next(published_and_measured())
        >>> first.name, first.published
        ('digits_single_each, MNIST, bn', 74.0)
    """
    results = Results.read(pretrained_dir())
    for table in TABLES:
        yield from figures(table.name, replicated(results, table, reading))


def _from_imagenet(table: Table, row: PublishedRow, results: Results) -> list[Ask]:
    """On PACS, networks that began with ImageNet's weights, once those are there."""
    makes = {"pacs_single": imagenet_single, "pacs_multi": imagenet_multi}
    asks = makes[table.name]() if table.name in makes else []
    if not asks or results.over_seeds(asks, WAYS["bn"]) is None:
        return []
    return [ask for ask in asks if row.name == "average" or row.name in ask.trained]


def _refusal(table: Table, asks: Sequence[Ask], results: Results) -> str:
    if table.name != "pacs_single" or any(is_from_imagenet(ask) for ask in asks):
        return ""
    found = results.over_seeds(pacs(), WAYS["bn"])
    level = f": BN has {found.mean:.0f} % on average" if found else ""
    return (
        f"Trained from scratch at 64×64{level}, where chance is {100 / 7:.0f} %. What is published "
        "began with ImageNet's weights and was trained with RSC."
    )
