"""Accuracy over pairs of training and test domain: what it says in words, and as a table.

`app.page.domains.matrix` draws it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from afn.ask.records import Cell
from afn.data.derived import parts_of
from afn.wording import count_words, difference_words, enumerate_words, percent

from .chart import Rows
from .estimates import Estimate, accuracy_over, gain_over, gain_words, is_alike, pooled

Titles = Mapping[str, str]
"""Domains' titles by name; those that it lacks are called by their name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MatrixRow:
    """A network and its answers to the domains."""

    label: str
    """Its contender: networks of one contender, trained on one domain each, have one label."""
    norm: str
    statistics: str
    """Whose statistics its norms use, in words."""
    color: str
    train: str
    """The name of what it was trained on, derived or not; empty where nobody knows."""
    cells: Mapping[str, Cell]
    """What is known, by the test domain's name."""

    def has_seen(self, domain: str) -> bool:
        """Whether it was trained on the domain, in whichever form."""
        return domain in (parts_of(self.train) or [self.train])


def domain_words(name: str, titles: Titles | None = None) -> str:
    """A domain's title, whatever form it is brought to; those of several joined."""
    titles = titles or {}
    plain = parts_of(name) or [name]
    return " + ".join(titles.get(part, part.rpartition("/")[2].replace("_", " ")) for part in plain)


def unseen_gain(
    ours: Sequence[MatrixRow], theirs: Sequence[MatrixRow], domains: Sequence[str]
) -> Estimate | None:
    """Accuracy above another contender's on unseen domains, over all cells that both have.

    Networks that were trained on the same are paired, each with the domains that it has not seen,
    and the value is the plain mean of the cells' differences. For the interval the test image is
    the unit, as in `app.kit.draw.estimates.gain_over`: an image that several pairs of networks were
    asked counts once, with the mean of its differences, since those are not independent. Domains
    are, and weigh by their pairs.

    It says what other images could change. What another training seed could is not in it.

    Returns:
        None where they have no such cell in common.
    """
    pairs = unseen_pairs(ours, theirs, domains)
    return mean_gain(pairs) if pairs else None


CellPair = tuple[str, Cell, Cell]
"""A test domain and two networks' answers to it."""


def unseen_pairs(
    ours: Sequence[MatrixRow], theirs: Sequence[MatrixRow], domains: Sequence[str]
) -> list[CellPair]:
    """The cells that can be compared: the same training, an unseen domain, the same images."""
    return [
        (domain, row.cells[domain], other.cells[domain])
        for row in ours
        if (other := partner_of(row, theirs))
        for domain in domains
        if not row.has_seen(domain)
        and domain in row.cells
        and domain in other.cells
        and is_alike(row.cells[domain], other.cells[domain])
    ]


def mean_gain(pairs: Sequence[CellPair]) -> Estimate:
    """The mean difference over one or more pairs; see `unseen_gain`."""
    by_domain: dict[str, list[tuple[Cell, Cell]]] = {}
    for domain, ours, theirs in pairs:
        by_domain.setdefault(domain, []).append((ours, theirs))
    return pooled(
        (len(cells) / len(pairs), gain_over(*zip(*cells, strict=True)))
        for cells in by_domain.values()
    )


def partner_of(row: MatrixRow, others: Sequence[MatrixRow]) -> MatrixRow | None:
    """The first one that was trained on the same, in the same form."""
    return next((other for other in others if other.train == row.train), None)


def matrix_reading(
    rows: Sequence[MatrixRow], domains: Sequence[str], *, baseline: str | None = None
) -> str:
    """Which contender does best on domains that it has not seen, and by how much.

    Only cells that all contenders have count. They are held against the baseline, by its label;
    unless said the first one with batch norm.
    """
    cut = _comparable(rows, domains)
    if not cut:
        return "No domain that a network has not seen is tested for all of them yet."
    means = _means(cut)
    if baseline is None:
        baseline = next((row.label for row in rows if row.norm == "bn"), None)
    ranked = sorted(means, key=lambda label: -means[label])
    best = ranked[0]
    count = sum(len(row.cells) for row in next(iter(cut.values())))
    pairs = f"over {count_words(count, 'pair')} of training and test domain"

    def gain(ours: str, theirs: str) -> Estimate:
        return mean_gain(unseen_pairs(cut[ours], cut[theirs], domains))

    if len(ranked) == 1:
        text = [
            f"On domains that it has not seen, {best} is right in {percent(means[best])}, the mean "
            f"{pairs}."
        ]
    elif gain(best, ranked[1]).is_clear:
        text = [
            f"On domains that it has not seen, {best} is right most often: {percent(means[best])}, "
            f"the mean {pairs}."
        ]
    else:
        own, other, _ = difference_words(means[best], means[ranked[1]])
        text = [
            f"On domains that they have not seen, {best} and {ranked[1]} are too close to tell "
            f"which is better: {own} and {other}, means {pairs}."
        ]
    others = [label for label in ranked if label != baseline]
    if baseline in means and others:
        gains = {label: gain(label, baseline) for label in others}
        words = enumerate_words(
            [
                f"{label} {gain_words(each, difference_words(means[label], means[baseline])[2])}"
                for label, each in gains.items()
            ]
        )
        text.append(f"Beside {baseline}, image by image: {words}.")
    return " ".join(text)


def unseen_means(rows: Sequence[MatrixRow], domains: Sequence[str]) -> dict[str, float]:
    """How many each contender reads right on domains it has not seen, best first; by its label.

    The mean over the cells that all contenders have; empty where there is none.
    """
    means = _means(_comparable(rows, domains))
    return dict(sorted(means.items(), key=lambda pair: -pair[1]))


def _means(cut: Mapping[str, Sequence[MatrixRow]]) -> dict[str, float]:
    return {
        label: fmean(cell.accuracy for row in mine for cell in row.cells.values())
        for label, mine in cut.items()
    }


def _comparable(rows: Sequence[MatrixRow], domains: Sequence[str]) -> dict[str, list[MatrixRow]]:
    """The contenders with the unseen cells that all of them have; empty where there is none."""
    contenders: dict[str, list[MatrixRow]] = {}
    for row in rows:
        contenders.setdefault(row.label, []).append(row)
    places = _common_places(list(contenders.values()), domains)
    return _cut(contenders, places) if places else {}


def _common_places(
    contenders: Sequence[Sequence[MatrixRow]], domains: Sequence[str]
) -> dict[str, list[str]]:
    """The unseen domains that every contender's network was tested on, by what it trained on."""
    found: dict[str, list[str]] = {}
    for row in contenders[0] if contenders else ():
        partners = [partner_of(row, mine) for mine in contenders]
        tested = [
            domain
            for domain in domains
            if not row.has_seen(domain)
            and all(
                other and domain in other.cells and is_alike(row.cells[domain], other.cells[domain])
                for other in partners
            )
        ]
        if tested:
            found[row.train] = tested
    return found


def _cut(
    contenders: Mapping[str, Sequence[MatrixRow]], places: Mapping[str, Sequence[str]]
) -> dict[str, list[MatrixRow]]:
    """The contenders with nothing but the cells of these places."""
    return {
        label: [
            replace(row, cells={domain: row.cells[domain] for domain in places[row.train]})
            for row in mine
            if row.train in places
        ]
        for label, mine in contenders.items()
    }


def matrix_table(rows: Sequence[MatrixRow], domains: Sequence[str]) -> Rows:
    """All cells that are known, in long form."""
    return [
        {
            "model": row.label, "norm": row.norm, "statistics": row.statistics,
            "train domain": row.train, "test domain": domain, "n": cell.n, "correct": cell.correct,
            "accuracy": cell.accuracy, "low95": accuracy.low, "high95": accuracy.high,
            "source": cell.source,
        }
        for row in rows
        for domain in domains
        if (cell := row.cells.get(domain))
        for accuracy in [accuracy_over([cell])]
    ]  # fmt: skip
