"""The published claims that rest on networks of their own, each with its verdict. Needs no torch.

One of each published table: its average. The severities of CIFAR-10-C, say, are answered by the
same networks, so that their verdicts are one verdict told five times.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from afn.pretrained.comparison import Verdict
from afn.pretrained.gains import Gain
from afn.pretrained.published import TABLES, TableName
from afn.pretrained.replication import PublishedDifference, Replicated

_ROWS: dict[TableName, str] = {"images": "CIFAR-10, ResNet-32"}
"""Of tables without an average: the row that is measured here."""
_TITLES: dict[TableName, str] = {
    "digits_single_each": "Digits, each domain trains",
    "digits_from_mnist": "Digits, from MNIST",
    "cifar10c": "CIFAR-10-C",
    "pacs_single": "PACS, one domain trains",
    "pacs_multi": "PACS, three domains train",
    "images": "CIFAR-10, clean",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A published difference, and what was measured here of it."""

    table: TableName
    title: str
    comparison: PublishedDifference
    published: float
    replicated: Replicated

    @property
    def gain(self) -> Gain | None:
        """As measured here; None where it is not."""
        return self.replicated.gain(self.comparison.way, self.comparison.over)

    @property
    def verdict(self) -> Verdict | None:
        """None where the claim is not tested here at all."""
        if not self.replicated.is_planned:
            return None
        return self.replicated.verdict(self.comparison.way, self.comparison.over)

    @property
    def trainings(self) -> int:
        """How many networks of each norm it rests on."""
        return len(self.replicated.networks) * (self.gain.n if self.gain else 0)


def claims(
    rows: Mapping[TableName, Sequence[Replicated]], comparison: PublishedDifference
) -> list[Claim]:
    """Those of one comparison, in the tables' order.

    Args:
        rows: Of each table.
        comparison: One of `COMPARISONS`.
    """
    found = []
    for table in TABLES:
        name = _ROWS.get(table.name, "average")
        row = next(each for each in rows[table.name] if each.row.name == name)
        if points := row.published(comparison.way, comparison.over):
            found.append(Claim(table.name, _TITLES[table.name], comparison, points, row))
    return found


def independent(found: Iterable[Claim]) -> list[Claim]:
    """Claims that share no networks: of several on the same ones, the first."""
    kept, known = [], set[str]()
    for claim in found:
        if not claim.replicated.networks & known:
            kept.append(claim)
            known |= claim.replicated.networks
    return kept
