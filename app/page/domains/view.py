"""What the Domains page shows: its settings, their link form, who is trained on what, and tests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from afn.ask.network import Network, Stats
from afn.ask.records import Cell, Networks, Place, Question
from afn.ask.tasks import GridTask, SpreadTask
from afn.data import DatasetEntry
from afn.data.derived import parts_of
from afn.data.domains import SETTINGS, ComparisonChannels, leave_one_out, settings_of, single_source
from afn.settings.config import TrainConfig
from afn.wording import statistics_told

from ...kit.batch_controls import BATCH_SIZES
from ...kit.draw.domains import MatrixRow, domain_words, unseen_gain
from ...kit.draw.estimates import gain_words
from ...kit.draw.palette import run_colors
from ...kit.families import DIGITS, title_of
from ...kit.learned import never_learned
from ...kit.offers import recipe_of
from ...kit.view import View, ViewState, in_link
from .words import HELP

PRETRAINED_IMAGES = 2000
"""Of each domain, for the cards of pretrained models."""
HOW = ("single source", "leave one out")
SHOWN = {"accuracy": "", "difference": "bn", "beyond batch": "bn-batch"}
"""What a matrix can show, and the contender that it is then held against."""
IMAGES = (200, 500, 1000, 2000, 5000, 10_000)
AS_PRETRAINED = {"how": "single source", "images": PRETRAINED_IMAGES, "batch_size": 128}
"""How pretrained models were tested."""
SPREAD_IMAGES = 200
"""Of each domain, for the statistics of layers."""
_MAX_SECONDS = 3 * 3600.0
CLEAN: Place = (None, 0)


@dataclass(frozen=True, slots=True)
class Contender:
    """A norm, the statistics that it uses in the test, and whether its networks take part."""

    norm: str
    stats: Stats | None
    label: str
    networks: Networks = "on"


CONTENDERS = {
    "bn": Contender("bn", "running", "BN"),
    "bn-batch": Contender("bn", "batch", "BN, test batch"),
    "asrnorm": Contender("asrnorm", None, "ASRNorm"),
    "afn": Contender("afn", "batch", "AFN"),
    "afn-frozen": Contender("afn", "batch", "AFN, networks frozen", networks="frozen"),
    "afn-off": Contender("afn", "batch", "AFN, networks off", networks="off"),
    "afn-running": Contender("afn", "running", "AFN, running"),
    "bin": Contender("bin", None, "BIN"),
}
LABELS = {name: each.label for name, each in CONTENDERS.items()}
COLORS = dict(zip(CONTENDERS, run_colors([each.norm for each in CONTENDERS.values()]), strict=True))
"""A contender's colour does not depend on who is beside it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainsView(View):
    """Which networks are tested on which domains, and what of it is on screen."""

    family: str = in_link("of", DIGITS)
    """The digits, or the name of an image tree such as "pacs"."""
    setting: ComparisonChannels = in_link("setting", "channels increased", SETTINGS)
    how: str = in_link("how", "single source", HOW)
    contenders: tuple[str, ...] = in_link("norms", ("bn", "bn-batch", "asrnorm", "afn"), CONTENDERS)
    recipe: str = in_link("recipe", "")
    """Key of how the networks were trained; empty for the one with most networks."""
    images: int = in_link("n", PRETRAINED_IMAGES, IMAGES)
    batch_size: int = in_link("batch", 128, BATCH_SIZES)
    shown: str = in_link("show", "accuracy", SHOWN)
    source: str = in_link("source", "")
    """What the network was trained on whose layers are looked at; empty for the first."""
    layer: str = in_link("layer", "")
    looked_at: str = in_link("look", "afn", CONTENDERS)
    """The contender whose layer is drawn."""

    @property
    def in_order(self) -> list[str]:
        """The contenders in their order on the page, whichever was chosen first."""
        return [name for name in CONTENDERS if name in self.contenders]


# -- domains and who is trained on them ------------------------------------------------------------


def setting_of(view: DomainsView, domains: Sequence[DatasetEntry]) -> ComparisonChannels | None:
    """The setting that is meant; None where the domains leave no choice."""
    possible = settings_of(domains)
    mixed = len({entry.image_shape[2] for entry in domains}) > 1
    return (view.setting if view.setting in possible else possible[-1]) if mixed else None


def sources(view: DomainsView, domains: Sequence[DatasetEntry]) -> list[str]:
    """What is trained on: names of data sets."""
    how = single_source if view.how == "single source" else leave_one_out
    return list(how(domains, setting_of(view, domains)))


def source_like(source: str, possible: Sequence[str]) -> str:
    """What was trained on the same domains, in another form maybe; else the first one."""
    if source in possible:
        return source
    parts = parts_of(source) or [source]
    alike = (name for name in possible if (parts_of(name) or [name]) == parts)
    return next(alike, possible[0])


def source_words(source: str, domains: Sequence[DatasetEntry]) -> str:
    """What was trained on; where that is all domains but one, that one says it shorter."""
    parts = parts_of(source)
    left = [entry for entry in domains if entry.name not in parts]
    if len(left) == 1 and len(parts) == len(domains) - 1 > 1:
        return f"all but {title_of(left[0])}"
    return domain_words(source, {entry.name: title_of(entry) for entry in domains})


def default_recipe(family: str) -> TrainConfig:
    """What is trained here where nothing is."""
    if family == DIGITS:
        return recipe_of(TrainConfig())
    return recipe_of(TrainConfig(widths=(16, 32, 64), epochs=10))


TrainedNetworks = Mapping[tuple[str, str], Network]
"""Networks of one recipe by norm and by what they were trained on."""


def norms_of(view: DomainsView) -> list[str]:
    """The norms of the contenders."""
    return list(dict.fromkeys(CONTENDERS[name].norm for name in view.in_order))


def wanted(view: DomainsView, trained_on: Iterable[str]) -> list[tuple[str, str]]:
    """The networks that the page is about: norm and training data."""
    return [(norm, source) for source in trained_on for norm in norms_of(view)]


def config_of(recipe: TrainConfig, norm: str, source: str) -> TrainConfig:
    """The configuration that trains such a network."""
    return replace(
        recipe, norm=norm, dataset=source, corruptions=(), evals_per_epoch=1,
        max_seconds=_MAX_SECONDS,
    )  # fmt: skip


# -- tests -----------------------------------------------------------------------------------------


def matrix_tasks(
    view: DomainsView,
    trained: TrainedNetworks,
    trained_on: Sequence[str],
    domains: Sequence[DatasetEntry],
) -> list[GridTask]:
    """Every network on every domain."""
    return [
        GridTask(
            network=network,
            question=question(view, CONTENDERS[name], network, entry),
            places=(CLEAN,),
        )
        for entry in domains
        for source in trained_on
        for name in view.in_order
        if (network := trained.get((CONTENDERS[name].norm, source)))
    ]


def question(
    view: DomainsView, contender: Contender, network: Network, domain: DatasetEntry
) -> Question:
    return network.question(
        dataset=domain.name,
        classes=domain.class_names,
        num_images=view.images,
        stats=contender.stats,
        batch_size=view.batch_size,
        networks=contender.networks,
    )


def matrices(
    view: DomainsView,
    trained: TrainedNetworks,
    trained_on: Sequence[str],
    domains: Sequence[DatasetEntry],
) -> dict[str, list[MatrixRow]]:
    """What is known, by contender; a row for each training domain, trained or not."""
    found: dict[str, list[MatrixRow]] = {}
    for name in view.in_order:
        contender = CONTENDERS[name]
        for source in trained_on:
            cells, statistics = {}, ""
            if network := trained.get((contender.norm, source)):
                for entry in domains:
                    asked = question(view, contender, network, entry)
                    statistics = asked.statistics
                    if cell := network.file(asked).cells().get(CLEAN):
                        cells[entry.name] = cell
            found.setdefault(name, []).append(
                MatrixRow(
                    label=contender.label,
                    norm=contender.norm,
                    statistics=statistics,
                    color=COLORS[name],
                    train=source,
                    cells=cells,
                )
            )
    return found


def asked_of(
    view: DomainsView, trained: TrainedNetworks, domains: Sequence[DatasetEntry]
) -> list[tuple[Network, Question, list[Cell]]]:
    """Every network with what it was asked and what it answered, as protocol cards tell it."""
    asked = [
        (network, question(view, contender, network, entry))
        for entry in domains
        for contender in map(CONTENDERS.__getitem__, view.in_order)
        for (norm, _), network in trained.items()
        if norm == contender.norm
    ]
    return [
        (network, each, [cell])
        for network, each in asked
        if (cell := network.file(each).cells().get(CLEAN))
    ]


MatrixRows = Mapping[str, Sequence[MatrixRow]]
"""Networks and their answers, by contender."""


def networks_reading(rows: MatrixRows, domains: Sequence[str]) -> str:
    """What of AFN's gain over BN is the test batch's, and what its networks add; "" if unknown.

    Only networks count that were trained on what all of these contenders were, and tested on all
    domains that they have not seen.
    """
    if not {"bn", "bn-batch", "afn"} <= rows.keys():
        return ""
    control = next((name for name in ("afn-frozen", "afn-off") if name in rows), None)
    way = ["bn", "bn-batch", *([control] if control else []), "afn"]
    common = set.intersection(*(_tested(rows[name], domains) for name in way))
    mine = {name: [row for row in rows[name] if row.train in common] for name in way}
    whole = unseen_gain(mine["afn"], mine["bn"], domains)
    batch = unseen_gain(mine["bn-batch"], mine["bn"], domains)
    rest = unseen_gain(mine["afn"], mine["bn-batch"], domains)
    if whole is None or batch is None or rest is None:
        return ""
    text = (
        f"On unseen domains AFN gives {gain_words(whole)} over BN. The test batch's statistics "
        f"alone, which BN can use as well, give {gain_words(batch)}. AFN's own share, what it "
        f"gives beyond BN with the test batch, is {gain_words(rest)}"
    )
    text += "." if rest.is_clear else ", which may be chance."
    if control and (own := unseen_gain(mine["afn"], mine[control], domains)):
        how = "adapting against frozen" if control == "afn-frozen" else "switched on and off"
        text += (
            f" Of that its networks, {how} in the same weights, are worth "
            f"{gain_words(own)}{'.' if own.is_clear else ', which may be chance.'}"
        )
    return text


def _tested(rows: Sequence[MatrixRow], domains: Sequence[str]) -> set[str]:
    """What those networks were trained on that were tested on all domains they have not seen."""
    return {
        row.train
        for row in rows
        if all(row.has_seen(domain) or domain in row.cells for domain in domains)
    }


def images_words(rows: MatrixRows, domains: Sequence[DatasetEntry], wanted: int) -> str:
    """How many test images there were of each domain."""
    fewer = {
        title_of(entry): cell.n
        for entry in domains
        for mine in rows.values()
        for row in mine
        if (cell := row.cells.get(entry.name)) and cell.n < wanted
    }
    words = f"first {wanted:,} test images of each domain"
    if fewer:
        words += f" ({', '.join(f'{title} has {n:,}' for title, n in fewer.items())})"
    return words


def left_out_words(rows: MatrixRows, domains: Sequence[DatasetEntry]) -> list[str]:
    """One line for each domain that has classes which some networks do not know."""
    titles = {entry.name: title_of(entry) for entry in domains}
    told: dict[tuple[str, str], dict[str, None]] = {}
    for row in (row for mine in rows.values() for row in mine):
        for domain, cell in row.cells.items():
            if cell.left_out:
                sources = told.setdefault((domain, cell.left_out), {})
                sources[source_words(row.train, domains)] = None
    return [
        f"{titles.get(domain, domain)}, to networks trained on {', '.join(sources)}: {words}."
        for (domain, words), sources in told.items()
    ]


def unlearned(rows: MatrixRows, domains: Sequence[DatasetEntry]) -> list[str]:
    """Networks that do no better than guessing on what they were trained on."""
    return [
        f"{row.label} trained on {source_words(row.train, domains)}"
        for mine in rows.values()
        for row in mine
        if any(
            row.has_seen(domain) and never_learned(cell.accuracy, domain)
            for domain, cell in row.cells.items()
        )
    ]


def statistics_words(rows: MatrixRows) -> str:
    """Which contenders used which statistics."""
    by_mode: dict[str, dict[str, None]] = {}
    for mine in rows.values():
        for row in mine:
            sizes = dict.fromkeys(cell.n for cell in row.cells.values())
            told = dict.fromkeys(statistics_told(row.statistics, n) for n in sizes)
            for mode in told or filter(None, [row.statistics]):
                by_mode.setdefault(mode, {})[row.label.partition(",")[0]] = None
    return "; ".join(f"{mode} ({', '.join(labels)})" for mode, labels in by_mode.items())


def spread_tasks(
    view: DomainsView, trained: TrainedNetworks, source: str, domains: Sequence[DatasetEntry]
) -> dict[str, SpreadTask]:
    """The statistics of all domains in the layers of the networks trained on one, by contender."""
    return {
        name: SpreadTask(
            network=network,
            question=network.question(
                num_images=SPREAD_IMAGES,
                stats=CONTENDERS[name].stats,
                batch_size=view.batch_size,
                networks=CONTENDERS[name].networks,
            ),
            domains=tuple(entry.name for entry in domains),
        )
        for name in view.in_order
        if (network := trained.get((CONTENDERS[name].norm, source)))
    }


VIEW = ViewState("domains", DomainsView, anchor="contenders", help=HELP)
