"""What the Paper page shows: its settings and their link form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean

from afn.pretrained.replication import Ask, Reading, Replicated, corrupted, digits, pacs
from app import links

READINGS: dict[Reading, str] = {"trains": "that trains", "tests": "that tests"}
"""What a column of the first digits table stands for: the domain …"""
NETWORKS = {
    "cifar10": "CIFAR-10, ResNet-20",
    "mnist-grey": "MNIST, ConvNet",
    "mnist5k": "MNIST 5k, ConvNet",
}
"""Whose training the mechanisms are looked at in: models' names without norm and seed."""
ANY = "any"
LADDERS: dict[str, partial[list[Ask]]] = {
    "CIFAR-10 under corruption": partial(corrupted, "cifar10"),
    "Digits from one domain, in RGB": partial(digits, "rgb"),
    "Digits from one domain, in grey": partial(digits, "grey"),
    "PACS from one domain": partial(pacs),
    "MNIST 5k under corruption": partial(corrupted, "mnist5k"),
}
"""Where the way from BN to AFN is walked in steps, and what gives the tests averaged there."""
_URL = {"reading": "column", "network": "network"}


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperView:
    """The settings."""

    reading: str = "trains"
    network: str = ANY
    """`ANY` for the first of `NETWORKS` that is there."""

    def __post_init__(self) -> None:
        for name, known in (("reading", READINGS), ("network", (ANY, *NETWORKS))):
            if (value := getattr(self, name)) not in known:
                raise ValueError(f"{_URL[name]} is one of {', '.join(known)}, not {value[:40]!r}")


def from_url(url: Mapping[str, Sequence[str]]) -> tuple[PaperView, list[str]]:
    """What a link asks for, and one line for each thing in it that cannot be."""
    return links.from_url(PaperView, _URL, url)


def to_url(view: PaperView) -> dict[str, str]:
    """The link's parameters; defaults are left out."""
    return links.to_url(view, _URL)


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
