"""The runs and pretrained models whose histories can be looked at: which there are, and opened."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import streamlit as st

from afn.engine.config import TrainConfig
from afn.grids.subjects import Subject
from afn.history import History
from afn.pretrained.cards import Card
from afn.runs import Run
from afn.work import ENDED
from app import backend, cards
from app.charts.chart import Shown
from app.charts.palette import run_colors
from app.comparison import NORM_TITLES, labels
from app.domains import recipe_of
from app.subjects import LISTED

Kind = Literal["live", "cached", "precomputed"]
_RANKS = ("afn", "asrnorm", "bn")


@dataclass(frozen=True, slots=True)
class Choice:
    """A run or a pretrained model on offer."""

    id: str
    title: str
    config: TrainConfig


@dataclass(frozen=True, slots=True)
class Opened:
    """A run or pretrained model on screen: its name and colour are the same in every figure."""

    id: str
    kind: Kind
    shown: Shown
    card: Card | None = None
    """Where it is pretrained."""

    @property
    def config(self) -> TrainConfig:
        """What was trained."""
        return self.shown.config

    @property
    def is_live(self) -> bool:
        """Whether it still trains."""
        return self.kind == "live"

    def subject(self) -> Subject:
        """It as evaluations see it.

        Raises:
            ValueError: It has no weights yet, or they are not what was shipped.
            OSError: They are missing, or the folder of answers cannot be written.
        """
        if self.card is None:
            return Subject.of_run(backend.store().open(self.id))
        return cards.subject_of(self.card)


# -- what there is ---------------------------------------------------------------------------------


@st.cache_data(ttl=5, show_spinner=False)
def choices() -> list[Choice]:
    """Runs that have begun, newest first, and behind them pretrained models."""
    found: list[Choice] = []
    for run in backend.store().list():
        if len(found) == LISTED:
            break
        if choice := _of_run(run):
            found.append(choice)
    found += [
        Choice(card.name, f"{card.name} · pretrained", card.config) for card in cards.sound_cards()
    ]
    shared = Counter(choice.title for choice in found)
    return [
        replace(each, title=f"{each.title} · {each.id}") if shared[each.title] > 1 else each
        for each in found
    ]  # a widget tells its options by their titles


def _of_run(run: Run) -> Choice | None:
    try:
        record, config = run.record(), run.config()
    except (ValueError, OSError):
        return None
    if not run.events_path.exists():
        return None
    name, norm = f"{record.get('name') or ''}", NORM_TITLES[config.norm]
    parts = [name if name.startswith(norm) else f"{norm} {name}".strip(), config.dataset]
    parts.append(f"seed {config.seed}")
    if isinstance(when := record.get("created"), int | float):
        parts.append(f"{datetime.fromtimestamp(when):%d %b %H:%M}")
    if run.state().status not in ENDED:
        parts.append("running")
    return Choice(run.id, " · ".join(parts), config)


@st.cache_resource(show_spinner=False, max_entries=64)
def _told(name: str, sha256: str) -> History:
    """What a card's events say."""
    history = History(cards.card_of(name))
    history.update()
    return history


def newest(
    offered: Sequence[Choice], count: int, has: Callable[[TrainConfig], bool] = lambda config: True
) -> tuple[str, ...]:
    """The newest of the wanted kind, and beside it those of other norms that are else like it."""
    wanted = [choice for choice in offered if has(choice.config)] or list(offered)
    by_norm: dict[str, str] = {}
    for choice in wanted:
        if alike(choice.config) == alike(wanted[0].config):
            by_norm.setdefault(choice.config.norm, choice.id)
    ranks = [*_RANKS, *sorted(by_norm.keys() - set(_RANKS))]
    return tuple(by_norm[norm] for norm in ranks if norm in by_norm)[:count]


def alike(config: TrainConfig) -> TrainConfig:
    """What networks have in common that differ in norm, seed and tests alone."""
    return replace(
        recipe_of(config), dataset=config.dataset, seed=0, max_steps=TrainConfig().max_steps
    )


# -- opened ----------------------------------------------------------------------------------------


def opened(ids: Sequence[str]) -> tuple[list[Opened], list[str]]:
    """The named runs and pretrained models, and one line for each that cannot be had."""
    found: list[tuple[str, Kind, TrainConfig, History, Card | None]] = []
    problems, pretrained = [], set(cards.names())
    for name in ids:
        try:
            if name in pretrained:
                card = cards.card_of(name)
                history = _told(name, card.sha256["events"])
                found.append((name, "precomputed", card.config, history, card))
            else:
                run = backend.store().open(name)
                is_over = run.state().status in ENDED  # asked first: then nothing is missed
                kind: Kind = "cached" if is_over else "live"
                found.append((name, kind, run.config(), backend.history(name), None))
        except (ValueError, OSError) as error:
            problems.append(f"{' '.join(f'{error}'.split())[:300]}. It is left out.")
    names = labels(tuple(config for _, _, config, _, _ in found))
    colors = run_colors([config.norm for _, _, config, _, _ in found])
    return [
        Opened(name, kind, Shown(label, color, config, history, kind != "live"), card)
        for (name, kind, config, history, card), label, color in zip(
            found, names, colors, strict=True
        )
    ], problems


def provenance(chosen: Sequence[Opened]) -> str:
    """What a figure is: live, cached or precomputed; with data, network, seed and statistics."""

    def each(values: Sequence[Any]) -> str:
        return " / ".join(dict.fromkeys(map(str, values)))

    kinds: dict[Kind, list[str]] = {}
    for one in chosen:
        kinds.setdefault(one.kind, []).append(one.shown.label)
    how = each([one.kind for one in chosen]).capitalize()
    if len(kinds) > 1:
        how = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items())
        how = how[0].upper() + how[1:]
    configs = [one.config for one in chosen]
    return " · ".join(
        [
            how,
            each([config.dataset for config in configs]),
            each([config.backbone for config in configs]),
            f"batch {each([config.batch_size for config in configs])}",
            f"lr {each([f'{config.lr:g}' for config in configs])}",
            f"seed {each([config.seed for config in configs])}",
        ]
    )
