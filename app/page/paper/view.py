"""What the Paper page shows: its settings and their link form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from afn.pretrained.asks import SEVERITIES, Reading, corrupted
from afn.pretrained.measured import Results
from afn.pretrained.published import ARXIV, CLAIMED, LEVELS, TABLES, PublishedNorm, Table
from afn.pretrained.replication import Replicated
from afn.pretrained.ways import WAYS, Ask
from afn.wording import signed_words

from ...kit.view import View, ViewState, in_link
from .words import HELP

READINGS: dict[Reading, str] = {"trains": "that trains", "tests": "that tests"}
"""What a column of the first digits table stands for: the domain …"""
NETWORKS = {
    "cifar10": "CIFAR-10, ResNet-20",
    "mnist-grey": "MNIST, ConvNet",
    "mnist5k": "MNIST 5k, ConvNet",
}
"""Whose training the mechanisms are looked at in: models' names without norm and seed."""
ANY = "any"


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperView(View):
    """The settings."""

    reading: str = in_link("column", "trains", READINGS)
    network: str = in_link("network", ANY, (ANY, *NETWORKS))
    """`ANY` for the first of `NETWORKS` that is there."""


def fits(rows: Mapping[Reading, Sequence[Replicated]]) -> dict[Reading, float]:
    """How far our BN lies from the published one on average, in points, by reading.

    The average, which is the same in all readings, does not count; a reading of which a row is not
    measured yet is left out.
    """
    found: dict[Reading, float] = {}
    for reading, those in rows.items():
        pairs = [
            (each.row.accuracies["bn"], each.measured["bn"])
            for each in those
            if each.row.name != "average"
        ]
        if pairs and all(measured for _, measured in pairs):
            found[reading] = fmean(abs(said - here.mean) for said, here in pairs if here)
    return found


def fit_words(rows: Mapping[Reading, Sequence[Replicated]]) -> list[str]:
    """Which reading our own figures are nearer to, in a sentence; none where one is lacking."""
    found = fits(rows)
    if len(found) < len(READINGS):
        return []
    words = " and ".join(
        f"{points:.1f} points where a column is read as the domain {READINGS[reading]}"
        for reading, points in found.items()
    )
    return [f"Mean distance of BN here from the published figures: {words}."]


def claim_words() -> str:
    """The paper's headline beside its own tables."""
    low, high = (signed_words(points) for points in CLAIMED)
    averages = [row for table in TABLES for row in table.rows if row.name == "average"]
    points = [row.gain("afn", "asrnorm") or 0.0 for row in averages]
    outside = [
        signed_words(each) for each in points if not CLAIMED[0] <= round(each, 1) <= CLAIMED[1]
    ]
    return (
        f"AFN (arXiv {ARXIV['AFN']}) claims {low} to {high} points over earlier norms, in its "
        f"tables ASRNorm (arXiv {ARXIV['ASRNorm']}); of these {' and '.join(outside)} lie outside. "
        "Published figures: AFN's reference repository."
    )


def level_words(table: Table, results: Results) -> list[str]:
    """Whether the levels of CIFAR-10-C are severities or groups of corruptions, by our figures.

    None where one is lacking.
    """
    norms: tuple[PublishedNorm, ...] = ("bn", "asrnorm", "afn")
    severities = [corrupted("cifar10", [severity]) for severity in SEVERITIES]
    groups = [
        [Ask("cifar10", "cifar10", name, severity) for name in level for severity in SEVERITIES]
        for level in LEVELS
    ]
    distances = []
    for levels in (severities, groups):
        pairs = [
            (row.accuracies[norm], results.over_seeds(asks, WAYS[norm]))
            for row, asks in zip(table.rows, levels, strict=False)
            for norm in norms
        ]
        if not all(here for _, here in pairs):
            return []
        distances.append(fmean(abs(said - here.mean) for said, here in pairs if here))
    return [
        f"Mean distance of BN, ASRNorm and AFN here from the published figures: {distances[0]:.1f} "
        f"points where a level is a severity, {distances[1]:.1f} where it is such a group."
    ]


VIEW = ViewState("paper", PaperView, anchor="reading", help=HELP)
