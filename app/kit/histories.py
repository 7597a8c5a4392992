"""The runs and pretrained models whose histories can be looked at: which there are, and opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from afn.ask.network import Network
from afn.pretrained.cards import Card
from afn.runs.history import History
from afn.runs.origin import ForkedFrom
from afn.settings.config import TrainConfig
from afn.work.folder import ENDED

from . import backend, cards
from .comparison import names_of
from .draw.chart import Shown
from .draw.palette import run_colors
from .offers import Choice, offers

Kind = Literal["live", "cached", "precomputed"]


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

    def network(self) -> Network:
        """It as evaluations see it.

        Raises:
            ValueError: It has no weights yet, or they are not what was shipped.
            OSError: They are missing, or the folder of answers cannot be written.
        """
        if self.card is None:
            return Network.of_run(backend.store().open(self.id))
        return cards.network_of(self.card)


# -- what there is ---------------------------------------------------------------------------------


@st.cache_data(ttl=5, show_spinner=False)
def choices() -> list[Choice]:
    """Runs that have begun, newest first, and behind them pretrained models."""
    return offers(lambda run: run.events_path.exists())


@st.cache_resource(show_spinner=False, max_entries=64)
def _told(name: str, sha256: str) -> History:
    """What a card's events say."""
    return History.of(cards.card_of(name))


# -- opened ----------------------------------------------------------------------------------------


def opened(ids: Sequence[str]) -> tuple[list[Opened], list[str]]:
    """The named runs and pretrained models, and one line for each that cannot be had."""
    found: list[tuple[str, Kind, TrainConfig, History, Card | None, ForkedFrom | None]] = []
    problems, pretrained = [], set(cards.names())
    for name in ids:
        try:
            if name in pretrained:
                card = cards.card_of(name)
                history = _told(name, card.sha256["events"])
                found.append((name, "precomputed", card.config, history, card, None))
            else:
                run = backend.store().open(name)
                is_over = run.state().status in ENDED  # asked first: then nothing is missed
                kind: Kind = "cached" if is_over else "live"
                history = backend.history(name)
                found.append((name, kind, run.config(), history, None, run.origin()))
        except (ValueError, OSError) as error:
            problems.append(f"{' '.join(f'{error}'.split())[:300]}. It is left out.")
    configs, origins = [each[2] for each in found], [each[5] for each in found]
    names = names_of(configs, origins)
    colors = run_colors([config.norm for config in configs])
    return [
        Opened(name, kind, Shown(label, color, config, history, kind != "live", origin), card)
        for (name, kind, config, history, card, origin), label, color in zip(
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
