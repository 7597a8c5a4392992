"""What the source asks, and what was found: one table for page, docs and command. No torch.

Questions, comparisons and rules are those of docs/experiments.md, written before the trainings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from afn.pretrained.ablations import (
    CODE,
    CORRUPTED,
    FROZEN,
    LEARN,
    PLAIN,
    at_batch_size,
    from_start,
    of_widths,
)
from afn.pretrained.asks import corrupted, digits, imagenet_multi, imagenet_single
from afn.pretrained.claims import claims
from afn.pretrained.comparison import FEWEST_SEEDS
from afn.pretrained.experiments import STARTS, WIDTHS
from afn.pretrained.gains import Gain
from afn.pretrained.measured import Results
from afn.pretrained.plan import PLAN
from afn.pretrained.published import TableName
from afn.pretrained.replication import COMPARISONS, Replicated, condition_of
from afn.pretrained.ways import WAYS, Ask, Way
from afn.wording import number_words, signed_words

WORTH = 0.5
"""Points below which a difference is said to be worth little."""
_TRAINS = {
    1: "'cifar10-r8-*'",
    2: "'cifar10-batch*' 'cifar10-r8-*'",
    3: "'cifar10-start-*' 'cifar10-r8-afn*' 'mnist-grey-afn*'",
    4: "'cifar10-r8-afn*' 'mnist-grey-afn*'",
    5: "'cifar10-wide-*'",
    6: "'cifar10-r8-afn*' 'mnist-grey-afn*'",
    7: "'imagenet-*'",
}
"""The models of each section of docs/experiments.md."""
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
    sides: tuple[Way, Way]
    """Ours and theirs."""
    tests: tuple[Ask, ...]

    @property
    def command(self) -> str:
        """That trains what is lacking."""
        return f"python -m afn pretrained train {_TRAINS[self.section]}"

    def planned(self) -> int:
        """For how many seeds both sides are planned."""
        stems = {way.stem(ask) for way in self.sides for ask in self.tests}
        seeds = {stem: set[int]() for stem in stems}
        for spec in PLAN.values():
            if spec.stem in stems:
                seeds[spec.stem].add(spec.config.seed)
        return len(set.intersection(*seeds.values()))


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

    def is_of(self, section: int) -> bool:
        """Whether it is one of the comparisons on CIFAR-10 of a section of docs/experiments.md."""
        return self.section == section and "CIFAR-10-C" in self.where


_HEADLINE = "Is AFN 0.9 to 1.6 points better than earlier norms?"
_ADAPTS = "Encoder-decoder disabled: what does adapting contribute?"
_BATCH = "Is it the statistics of the test batch?"
_STARTS = "Other starts of λ: is the paper's better?"
_WIDTHS = "Do the widths C/2 and C/16 matter?"
_CODE = "Does the published code as it is do better?"
_RESNET = "ResNet-8, CIFAR-10-C"
_CONVNET = "ConvNet of 64 and 128 channels, networks learn, CIFAR-10-C"


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
    )


def _ablation(
    asks: str, held: str, section: int, ours: Way, theirs: Way, *, where: str = _RESNET
) -> Asked:
    return Asked(
        asks=asks,
        held=held,
        where=where,
        section=section,
        page="ablations",
        sides=(ours, theirs),
        tests=CORRUPTED,
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
    )


def _imagenet(how: str, tests: Sequence[Ask]) -> Asked:
    return Asked(
        asks=_HEADLINE,
        held=f"AFN − ASRNorm, {how}",
        where="PACS from ImageNet's weights with RSC",
        section=7,
        page="domains",
        sides=(WAYS["afn"], WAYS["asrnorm"]),
        tests=tuple(tests),
    )


ASKED: tuple[Asked, ...] = (
    _imagenet("one domain trains", imagenet_single()),
    _imagenet("three domains train", imagenet_multi()),
    _deciding(_HEADLINE, "AFN − ASRNorm", WAYS["afn"], WAYS["asrnorm"]),
    _deciding(_HEADLINE, "AFN whose networks learn − ASRNorm", LEARN, WAYS["asrnorm"]),
    _deciding(_ADAPTS, "AFN whose networks learn − the same, frozen", LEARN, FROZEN),
    _deciding(
        _ADAPTS, "AFN whose networks learn − the same, frozen", LEARN, FROZEN, augmented=True
    ),
    _ablation(_ADAPTS, "AFN whose networks learn − disabled", 4, LEARN, PLAIN),
    _ablation(_ADAPTS, "AFN, networks frozen − disabled", 4, FROZEN, PLAIN),
    _from_mnist(_ADAPTS, "AFN − AFN trained without its networks", 4, WAYS["afn"], PLAIN),
    _deciding(_BATCH, "BN: test batch − running averages", WAYS["bn-batch"], WAYS["bn"]),
    _deciding(_BATCH, "AFN, networks frozen − BN on the test batch", FROZEN, WAYS["bn-batch"]),
    _deciding(
        "Is augmentation worth more?", "BN trained with corruptions − BN",
        replace(WAYS["bn"], trained="cifar10-r8-aug"), WAYS["bn"],
    ),
    *(
        _ablation(
            "Batch sizes: is AFN robust?", f"AFN − BN on the test batch, trained in batches of {n}",
            2, at_batch_size(WAYS["afn"], n), at_batch_size(WAYS["bn-batch"], n),
        )
        for n in (2, 8, 32, 128)
    ),
    _from_mnist(
        _STARTS, "λ wide open (0.5) − the paper's start", 3,
        Way("afn", "batch", variant="open"), WAYS["afn"],
    ),
    _from_mnist(
        _STARTS, "the published code's start − the paper's", 3,
        Way("afn", "batch", variant="reference"), WAYS["afn"],
    ),
    *(
        _ablation(
            _STARTS, f"λ_μ, λ_σ from sigmoid({number_words(logit)}) − the paper's sigmoid(−3)",
            3, from_start(name), from_start(""),
        )
        for name, logit in STARTS.items()
    ),
    *(
        _ablation(
            _WIDTHS, f"C/{stan} and C/{rescale} − the paper's C/2 and C/16", 5,
            of_widths(stan, rescale), of_widths(*WIDTHS[0]), where=_CONVNET,
        )
        for stan, rescale in WIDTHS[1:]
    ),
    _ablation(_CODE, "the published code − the equations", 6, CODE, WAYS["afn"]),
    _from_mnist(_CODE, "the published code − the equations", 6, CODE, WAYS["afn"]),
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
    gain = results.gain(asked.tests, *asked.sides)
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
        command="" if made >= planned else asked.command,
        gain=gain,
    )


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
    return f"{signed_words(gain.mean)} ({gain.bounds})"


def markdown(found: Sequence[Found]) -> list[str]:
    """The table as Markdown, for a file in docs/; equal questions and commands stand once."""
    lines = [
        "| What the source asks | Held against each other | Found, points | Seeds | Verdict | |",
        "|---|---|---|---|---|---|",
    ]
    asks = command = ""
    for row in found:
        link = f"[§{row.section}](experiments.md)" if row.section else "[tables](#the-paper)"
        cells = (
            row.asks if row.asks != asks else "", f"{row.held}: {row.where}", row.figure or "–",
            row.seeds,
            row.verdict if row.command in ("", command) else f"{row.verdict}: `{row.command}`",
            link,
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
        asks, command = row.asks, row.command
    return lines
