"""What the source asks, and what was found: one table for page, README and command. No torch.

Questions, comparisons and rules are those of docs/experiments.md, written before the trainings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from afn.pretrained.claims import claims
from afn.pretrained.comparison import FEWEST_SEEDS
from afn.pretrained.gains import Gain
from afn.pretrained.plan import PLAN
from afn.pretrained.published import TableName
from afn.pretrained.replication import (
    COMPARISONS,
    WAYS,
    Ask,
    Replicated,
    Results,
    Way,
    condition_of,
    corrupted,
    digits,
)
from afn.wording import interval_words, signed_words

WORTH = 0.5
"""Points below which a difference is said to be worth little."""
Page = Literal["domains", "robustness", "ablations"]
"""Of the app, where the networks behind a row can be looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question of the source, and the comparison that decides it."""

    asks: str
    held: str
    """What is held against what."""
    where: str
    """Network, data and tests."""
    section: int
    """Of docs/experiments.md; 0 for the published tables."""
    page: Page
    sides: tuple[Way, Way] | None = None
    """Ours and theirs; None where no pretrained model is planned for it."""
    tests: tuple[Ask, ...] = ()
    command: str = ""
    """That trains what is lacking; empty where it cannot be trained yet."""

    def planned(self) -> int:
        """For how many seeds both sides are planned."""
        if self.sides is None:
            return 0
        seeds = [
            {PLAN[name].config.seed for name in _planned(way.stem(ask))}
            for way in self.sides
            for ask in self.tests[:1]
        ]
        return len(set.intersection(*seeds))


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A row of the table."""

    asks: str
    held: str
    where: str
    figure: str
    """With interval, or "not yet"."""
    seeds: str
    verdict: str
    section: int
    page: Page
    command: str
    """That makes what is lacking; empty where nothing is."""
    gain: Gain | None = None


_HEADLINE = "Is AFN 0.9 to 1.6 points better than earlier norms?"
_ADAPTS = "Encoder-decoder disabled: what does adapting contribute?"
_BATCH = "Is it the statistics of the test batch?"
_STARTS = "Other starts of λ: is the paper's better?"
_LEARN = Way("afn", "batch", variant="learn")
_FROZEN = Way("afn", "batch", variant="frozen")


def _deciding(asks: str, held: str, ours: Way, theirs: Way, *, augmented: bool = False) -> Asked:
    trained = "cifar10-r8-aug" if augmented else "cifar10-r8"
    return Asked(
        asks=asks,
        held=held,
        where=f"ResNet-8{' trained with corruptions' if augmented else ''}, CIFAR-10-C",
        section=1,
        page="robustness",
        sides=(ours, theirs),
        tests=tuple(corrupted(trained, data="cifar10")),
        command="python -m afn pretrained train 'cifar10-r8-*'",
    )


def _from_mnist(asks: str, held: str, section: int, ours: Way, theirs: Way) -> Asked:
    return Asked(
        asks=asks,
        held=held,
        where="ConvNet from MNIST in grey, three other domains",
        section=section,
        page="domains",
        sides=(ours, theirs),
        tests=tuple(digits("grey", trains="mnist")),
        command="python -m afn pretrained train 'mnist-grey-afn*'",
    )


def _sweep(asks: str, held: str, where: str, section: int, name: str) -> Asked:
    return Asked(
        asks=asks,
        held=held,
        where=where,
        section=section,
        page="ablations",
        command=f"python -m afn sweep docs/experiments/{name}.toml",
    )


ASKED: tuple[Asked, ...] = (
    _sweep(
        _HEADLINE, "AFN − ASRNorm, with RSC", "EfficientNet-Lite0 from ImageNet's weights, PACS", 7,
        "pacs-imagenet",
    ),
    _deciding(_HEADLINE, "AFN − ASRNorm", WAYS["afn"], WAYS["asrnorm"]),
    _deciding(_HEADLINE, "AFN whose networks learn − ASRNorm", _LEARN, WAYS["asrnorm"]),
    _deciding(_ADAPTS, "AFN whose networks learn − the same, frozen", _LEARN, _FROZEN),
    _deciding(
        _ADAPTS, "AFN whose networks learn − the same, frozen", _LEARN, _FROZEN, augmented=True
    ),
    _from_mnist(
        _ADAPTS, "AFN − AFN trained without its networks", 4,
        WAYS["afn"], Way("afn", "batch", variant="plain"),
    ),
    _sweep(_ADAPTS, "learning, frozen, disabled", "ResNet-8, CIFAR-10", 4, "encoder-decoder"),
    _deciding(_BATCH, "BN: test batch − running averages", WAYS["bn-batch"], WAYS["bn"]),
    _deciding(_BATCH, "AFN, networks frozen − BN on the test batch", _FROZEN, WAYS["bn-batch"]),
    _deciding(
        "Is augmentation worth more?", "BN trained with corruptions − BN",
        replace(WAYS["bn"], trained="cifar10-r8-aug"), WAYS["bn"],
    ),
    _sweep(
        "Batch sizes: is AFN robust?", "2, 8, 32, 128; BN, ASRNorm, AFN", "ResNet-8, CIFAR-10", 2,
        "batch-size",
    ),
    _from_mnist(
        _STARTS, "λ wide open (0.5) − the paper's start", 3,
        Way("afn", "batch", variant="open"), WAYS["afn"],
    ),
    _from_mnist(
        _STARTS, "the published code's start − the paper's", 3,
        Way("afn", "batch", variant="reference"), WAYS["afn"],
    ),
    _sweep(_STARTS, "sigmoid(−8) to sigmoid(3)", "ResNet-8, CIFAR-10", 3, "lambda-start"),
    _sweep("Do the widths C/2 and C/16 matter?", "six cells", "ConvNet, CIFAR-10", 5, "widths"),
    _sweep(
        "Does the published code as it is do better?", "the code − the equations",
        "CIFAR-10 and digits", 6, "published-code",
    ),
)  # fmt: skip
"""Besides the published tables."""


def table_of(results: Results, rows: Mapping[TableName, Sequence[Replicated]]) -> list[Found]:
    """All rows, the headline's published tables first.

    Args:
        results: The table of all accuracies.
        rows: Of every published table, from these results.
    """
    return [*_of_tables(rows), *(_found(asked, results) for asked in ASKED)]


def _of_tables(rows: Mapping[TableName, Sequence[Replicated]]) -> Iterator[Found]:
    for claim in claims(rows, COMPARISONS[0]):
        if not claim.replicated.is_planned or claim.table == "images":
            continue
        gain, row = claim.gain, claim.replicated
        yield Found(
            asks=_HEADLINE,
            held="AFN − ASRNorm",
            where=", ".join(filter(None, [claim.title, row.condition])),
            figure=figure_words(gain),
            seeds=f"{gain.n if gain else 0}",
            verdict=f"{claim.verdict}; published {signed_words(claim.published)}",
            section=7 if claim.table == "pacs_single" else 0,
            page="robustness" if claim.table == "cifar10c" else "domains",
            command="",
            gain=gain,
        )


def _found(asked: Asked, results: Results) -> Found:
    gain = results.gain(asked.tests, *asked.sides) if asked.sides else None
    planned, made = asked.planned(), gain.n if gain else 0
    return Found(
        asks=asked.asks,
        held=asked.held,
        where=", ".join(filter(None, [asked.where, condition_of(asked.tests)])),
        figure=figure_words(gain),
        seeds=f"{made} of {planned}" if made < planned else f"{made}" if made else "",
        verdict=settled(gain) + (", interim" if FEWEST_SEEDS <= made < planned else ""),
        section=asked.section,
        page=asked.page,
        command="" if planned and made >= planned else asked.command,
        gain=gain,
    )


def _planned(stem: str) -> list[str]:
    return [
        name for name, spec in PLAN.items() if name.removesuffix(f"-s{spec.config.seed}") == stem
    ]


def settled(gain: Gain | None) -> str:
    """Whether the first of two is better, by the rules of docs/experiments.md."""
    if gain is None:
        return "not yet"
    if gain.n < FEWEST_SEEDS:
        return "too few seeds"
    little = f", by less than {WORTH:g} points" if gain.low > -WORTH and gain.high < WORTH else ""
    if gain.is_clear:
        return f"{'holds' if gain.mean > 0 else 'the other way round'}{little}"
    if little:
        return f"worth less than {WORTH:g} points"
    return f"open; ±{gain.smallest_effect:.1f} would have been seen"


def figure_words(gain: Gain | None) -> str:
    """ "+0.5 (−0.2 to +1.2)"; "+0.5" below three seeds; empty where there is none."""
    if gain is None:
        return ""
    if gain.n < FEWEST_SEEDS:
        return signed_words(gain.mean)
    bounds = interval_words(gain.mean, gain.low, gain.high, of="seed", is_signed=True)
    return f"{signed_words(gain.mean)} ({bounds})"


def markdown(found: Sequence[Found]) -> list[str]:
    """The table as lines of Markdown, for the README; equal questions stand once."""
    lines = [
        "| What the source asks | Held against each other | Found, points | Seeds | Verdict | |",
        "|---|---|---|---|---|---|",
    ]
    asks = ""
    for row in found:
        link = f"[§{row.section}](docs/experiments.md)" if row.section else "[tables](#the-paper)"
        cells = (
            row.asks if row.asks != asks else "", f"{row.held}: {row.where}", row.figure or "–",
            row.seeds, f"{row.verdict}: `{row.command}`" if row.command else row.verdict, link,
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
        asks = row.asks
    return lines
