"""Pretrained models that differ along axes, all else alike: ablations on CIFAR-10. Needs no torch.

The experiments of docs/experiments.md as the Ablations page has them, and what their comparisons
are made of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from afn.pretrained.asks import corrupted
from afn.pretrained.experiments import BATCH_SIZES, STARTS, WIDTHS
from afn.pretrained.ways import WAYS, Ask, Way
from afn.sweep.plan import Point

LEARN = Way("afn", "batch", variant="learn")
FROZEN = Way("afn", "batch", variant="frozen")
PLAIN = Way("afn", "batch", variant="plain")
CODE = Way("afn", "batch", variant="code")
CORRUPTED = tuple(corrupted("cifar10-r8", data="cifar10"))
CLEAN = Ask("cifar10-r8", "cifar10")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ablation:
    """What varies, and which model is where."""

    title: str
    question: str
    section: int
    """Of docs/experiments.md."""
    arms: Mapping[Point, Way]
    over: str
    """The axis to draw along."""
    figure: str = "lines"


def at_batch_size(way: Way, size: int) -> Way:
    """The same, of models that were trained with batches of that size."""
    return replace(way, trained="cifar10-r8" if size == 128 else f"cifar10-batch{size}")


def from_start(name: str) -> Way:
    """AFN whose λ_μ and λ_σ start elsewhere; empty for the paper's start."""
    return Way("afn", "batch", variant=name, trained="cifar10-start") if name else WAYS["afn"]


def of_widths(stan: int, rescale: int) -> Way:
    """AFN whose networks are as wide as the channels divided by these."""
    return Way("afn", "batch", variant=f"c{stan}-c{rescale}", trained="cifar10-wide")


_PARTS = {
    "bn, running averages": WAYS["bn"],
    "bn, test batch": WAYS["bn-batch"],
    "asrnorm": WAYS["asrnorm"],
    "afn, networks frozen": FROZEN,
    "afn, networks learn": LEARN,
    "afn": WAYS["afn"],
}
ABLATIONS: dict[str, Ablation] = {
    "cifar10-parts": Ablation(
        title="CIFAR-10: which part of AFN",
        question="On CIFAR-10: is it the networks, the statistics of the test batch, or training "
        "with corruptions?",
        section=1,
        arms={
            (("training", training), ("part", part)): replace(way, trained=trained)
            for training, trained in (("clean", "cifar10-r8"), ("corruptions", "cifar10-r8-aug"))
            for part, way in _PARTS.items()
        },
        over="training",
    ),
    "cifar10-batch-size": Ablation(
        title="CIFAR-10: batch size",
        question="On CIFAR-10: at which batch size does AFN differ from BN on the test batch?",
        section=2,
        arms={
            (("part", part), ("batch size", f"{size}")): at_batch_size(way, size)
            for part, way in _PARTS.items()
            for size in (*reversed(BATCH_SIZES), 128)
            if not way.variant
        },
        over="batch size",
    ),
    "cifar10-lambda-start": Ablation(
        title="CIFAR-10: where λ starts",
        question="On CIFAR-10: does any start of λ_μ and λ_σ differ from the paper's, a logit of "
        "−3?",
        section=3,
        arms={
            (("start of λ", f"{logit:g}" + ("" if name else " (paper)")),): from_start(name)
            for logit, name in sorted([(-3.0, ""), *((STARTS[name], name) for name in STARTS)])
        },
        over="start of λ",
    ),
    "cifar10-networks": Ablation(
        title="CIFAR-10: the encoder-decoder",
        question="On CIFAR-10: the encoder-decoder disabled, frozen, learning: what does it "
        "contribute?",
        section=4,
        arms={
            (("part", "disabled"),): PLAIN,
            (("part", "frozen"),): FROZEN,
            (("part", "learning"),): LEARN,
        },
        over="part",
    ),
    "cifar10-widths": Ablation(
        title="CIFAR-10: width of the networks",
        question="On CIFAR-10, with 64 and 128 channels and networks that learn: do the widths C/2 "
        "and C/16 matter?",
        section=5,
        arms={
            (("stan_ratio", f"{stan}"), ("rescale_ratio", f"{rescale}")): of_widths(stan, rescale)
            for stan, rescale in WIDTHS
        },
        over="stan_ratio",
        figure="map",
    ),
    "cifar10-code": Ablation(
        title="CIFAR-10: the published code",
        question="On CIFAR-10: does the published code do better than the paper's equations?",
        section=6,
        arms={(("formula", "paper"),): WAYS["afn"], (("formula", "published code"),): CODE},
        over="formula",
    ),
}
"""In the order of the page."""
