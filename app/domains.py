"""What the Domains page shows: its settings, their link form, who is trained on what, and tests."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from afn.data import DatasetEntry
from afn.data.domains import (
    SETTINGS,
    Setting,
    digit_domains,
    leave_one_out,
    settings_of,
    single_source,
    tree_domains,
)
from afn.engine.config import TrainConfig
from afn.grids.records import Place, Question
from afn.grids.subjects import Stats, Subject
from afn.grids.tasks import GridTask, SpreadTask
from app import links
from app.charts.batches import BATCH_SIZES
from app.charts.domains import MatrixRow
from app.charts.palette import run_colors

DIGITS = "digits"
HOW = ("single source", "leave one out")
SHOWN = ("accuracy", "difference")
IMAGES = (200, 500, 1000, 2000, 5000, 10_000)
SPREAD_IMAGES = 200
"""Of each domain, for the statistics of layers."""
_CLEAN: Place = (None, 0)


@dataclass(frozen=True, slots=True)
class Contender:
    """A norm and the statistics that it uses in the test."""

    norm: str
    stats: Stats | None
    label: str


CONTENDERS = {
    "bn": Contender("bn", "running", "BN"),
    "bn-batch": Contender("bn", "batch", "BN, test batch"),
    "asrnorm": Contender("asrnorm", None, "ASRNorm"),
    "afn": Contender("afn", "batch", "AFN"),
    "afn-running": Contender("afn", "running", "AFN, running"),
    "bin": Contender("bin", None, "BIN"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainsView:
    """Which networks are tested on which domains, and what of it is on screen."""

    family: str = DIGITS
    """The digits, or the name of an image tree such as "pacs"."""
    setting: Setting = "channels increased"
    how: str = "single source"
    contenders: tuple[str, ...] = ("bn", "bn-batch", "asrnorm", "afn")
    recipe: str = ""
    """Key of how the networks were trained; empty for the one with most networks."""
    images: int = 500
    batch_size: int = 128
    shown: str = "accuracy"
    source: str = ""
    """What the network was trained on whose layers are looked at; empty for the first."""
    layer: str = ""
    looked_at: str = "afn"
    """The contender whose layer is drawn."""

    def __post_init__(self) -> None:
        for name, known in (
            ("setting", tuple(SETTINGS)),
            ("how", HOW),
            ("images", IMAGES),
            ("batch_size", BATCH_SIZES),
            ("shown", SHOWN),
            ("looked_at", tuple(CONTENDERS)),
        ):
            _check(name, getattr(self, name), known)
        for contender in self.contenders:
            _check("contenders", contender, tuple(CONTENDERS))


def _check(name: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        text = f"{value}"[:40]
        raise ValueError(f"{_URL[name]} is one of {', '.join(map(str, known))}, not {text!r}")


_URL = {
    "family": "of",
    "setting": "setting",
    "how": "how",
    "contenders": "norms",
    "recipe": "recipe",
    "images": "n",
    "batch_size": "batch",
    "shown": "show",
    "source": "source",
    "layer": "layer",
    "looked_at": "look",
}
"""Field -> URL parameter."""


def to_url(view: DomainsView) -> dict[str, str]:
    """Query parameters that reproduce the view; defaults are left out."""
    return links.to_url(view, _URL)


def from_url(url: Mapping[str, Sequence[str]]) -> tuple[DomainsView, list[str]]:
    """The view that a link asks for, and one line for each thing in it that cannot be."""
    return links.from_url(DomainsView, _URL, url)


# -- domains and who is trained on them ------------------------------------------------------------


def families() -> dict[str, list[DatasetEntry]]:
    """The domains that can be loaded now, by the name of what they have in common."""
    return {DIGITS: digit_domains(), **tree_domains()}


def setting_of(view: DomainsView, domains: Sequence[DatasetEntry]) -> Setting | None:
    """The setting that is meant; None where the domains leave no choice."""
    possible = settings_of(domains)
    mixed = len({entry.image_shape[2] for entry in domains}) > 1
    return (view.setting if view.setting in possible else possible[-1]) if mixed else None


def sources(view: DomainsView, domains: Sequence[DatasetEntry]) -> list[str]:
    """What is trained on: names of data sets."""
    how = single_source if view.how == "single source" else leave_one_out
    return list(how(domains, setting_of(view, domains)))


_TRAINING = (
    "backbone", "widths", "batch_size", "lr", "momentum", "lambda_lr_factor", "epochs", "seed",
    "lambda_init", "stan_width", "rescale_width", "stat_dropout", "adaptive", "formula",
)  # fmt: skip
"""What makes a recipe: all that training depends on but norm and data."""


def recipe_of(config: TrainConfig) -> TrainConfig:
    """How a network was trained, whatever its norm and data."""
    return TrainConfig(**{name: getattr(config, name) for name in _TRAINING})


def key_of(recipe: TrainConfig) -> str:
    """A name for links, 8 hexadecimal digits."""
    text = json.dumps(recipe.to_json(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def default_recipe(family: str) -> TrainConfig:
    """What is trained here where nothing is: seconds a network for digits, minutes for photos."""
    if family == DIGITS:
        return recipe_of(TrainConfig())
    return recipe_of(TrainConfig(widths=(16, 32, 64), epochs=10))


def recipe_words(recipe: TrainConfig) -> str:
    """The recipe in a few words."""
    widths = f" {'-'.join(map(str, recipe.widths))}" if recipe.backbone == "convnet" else ""
    parts = [
        f"{recipe.backbone}{widths}",
        f"{recipe.epochs} epochs",
        f"batch {recipe.batch_size}",
        f"lr {recipe.lr:g}",
        f"seed {recipe.seed}",
    ]
    return ", ".join(parts)


Trained = Mapping[tuple[str, str], Subject]
"""Networks of one recipe by norm and by what they were trained on."""


def norms_of(view: DomainsView) -> list[str]:
    """The norms of the contenders."""
    return list(dict.fromkeys(CONTENDERS[name].norm for name in view.contenders))


def wanted(view: DomainsView, trained_on: Iterable[str]) -> list[tuple[str, str]]:
    """The networks that the page is about: norm and training data."""
    return [(norm, source) for source in trained_on for norm in norms_of(view)]


def config_of(recipe: TrainConfig, norm: str, source: str) -> TrainConfig:
    """The configuration that trains such a network."""
    return replace(recipe, norm=norm, dataset=source, corruptions=(), evals_per_epoch=1)


# -- tests -----------------------------------------------------------------------------------------


def matrix_tasks(
    view: DomainsView, trained: Trained, trained_on: Sequence[str], domains: Sequence[DatasetEntry]
) -> list[GridTask]:
    """Every network on every domain."""
    return [
        GridTask(
            subject=subject,
            question=_question(view, CONTENDERS[name], subject, entry.name),
            places=(_CLEAN,),
        )
        for entry in domains
        for source in trained_on
        for name in view.contenders
        if (subject := trained.get((CONTENDERS[name].norm, source)))
    ]


def _question(view: DomainsView, contender: Contender, subject: Subject, dataset: str) -> Question:
    return subject.question(
        dataset=dataset,
        num_images=view.images,
        stats=contender.stats,
        batch_size=view.batch_size,
    )


def matrices(
    view: DomainsView, trained: Trained, trained_on: Sequence[str], domains: Sequence[DatasetEntry]
) -> dict[str, list[MatrixRow]]:
    """What is known, by contender; a row for each training domain, trained or not."""
    colors = run_colors([CONTENDERS[name].norm for name in view.contenders])
    found: dict[str, list[MatrixRow]] = {}
    for name, color in zip(view.contenders, colors, strict=True):
        contender = CONTENDERS[name]
        for source in trained_on:
            cells, statistics = {}, ""
            if subject := trained.get((contender.norm, source)):
                for entry in domains:
                    question = _question(view, contender, subject, entry.name)
                    statistics = question.statistics
                    if cell := subject.file(question).cells().get(_CLEAN):
                        cells[entry.name] = cell
            found.setdefault(name, []).append(
                MatrixRow(
                    label=contender.label,
                    norm=contender.norm,
                    statistics=statistics,
                    color=color,
                    train=source,
                    cells=cells,
                )
            )
    return found


def spread_tasks(
    view: DomainsView, trained: Trained, source: str, domains: Sequence[DatasetEntry]
) -> dict[str, SpreadTask]:
    """The statistics of all domains in the layers of the networks trained on one, by contender."""
    return {
        name: SpreadTask(
            subject=subject,
            question=subject.question(
                num_images=SPREAD_IMAGES,
                stats=CONTENDERS[name].stats,
                batch_size=view.batch_size,
            ),
            domains=tuple(entry.name for entry in domains),
        )
        for name in view.contenders
        if (subject := trained.get((CONTENDERS[name].norm, source)))
    }
