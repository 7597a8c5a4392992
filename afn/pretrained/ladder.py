"""The way from BN to AFN, one change at a time. Needs no torch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from afn.pretrained.asks import corrupted, digits
from afn.pretrained.cards import pretrained_dir
from afn.pretrained.gains import Gain
from afn.pretrained.measured import Results
from afn.pretrained.ways import WAYS, Ask
from afn.stats.over_seeds import OverSeeds

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


LADDERS: dict[str, partial[list[Ask]]] = {
    "CIFAR-10 under corruption": partial(corrupted, "cifar10"),
    "Digits from one domain, in RGB": partial(digits, "rgb"),
    "Digits from one domain, in grey": partial(digits, "grey"),
    "MNIST 5k under corruption": partial(corrupted, "mnist5k"),
}
"""Where the way from BN to AFN is walked in steps, and what gives the tests averaged there."""


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


def bn_to_afn() -> Iterator[tuple[str, str, OverSeeds]]:
    """Accuracies on the way from BN to AFN, one change at a time, in percent and over seeds.

    Yields:
        Each of `LADDERS`, what was changed, and the accuracy.

    Raises:
        ValueError: ``results.csv``, the table of all results, is damaged.

    Example:
        >>> from afn import bn_to_afn
        >>> name, step, accuracy = next(bn_to_afn())
        >>> name, step, accuracy.mean > 50
        ('CIFAR-10 under corruption', 'BN, running', True)
    """
    results = Results.read(pretrained_dir())
    for name, asks in LADDERS.items():
        if found := ladder(results, asks()):
            yield from ((name, step, rung) for step, rung in found.rungs)


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
