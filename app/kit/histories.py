"""The runs and pretrained models whose histories can be looked at: which there are, and opened."""

from collections.abc import Iterable, Sequence
from itertools import count

import streamlit as st

from afn.ask.network import Network
from afn.pretrained.cards import Card
from afn.runs.history import History
from afn.runs.origin import ForkedFrom
from afn.runs.recording import Setup
from afn.settings.config import TrainConfig
from afn.wording import distinct
from afn.work.folder import ENDED

from . import backend, cards
from .comparison import names_of
from .draw.chart import Shown
from .draw.palette import run_colors
from .offers import Choice, offers


@st.cache_data(ttl=5, show_spinner=False)
def choices() -> list[Choice]:
    """Runs that have begun, newest first, and behind them pretrained models."""
    return offers(lambda run: run.events_path.exists(), with_recorded=True)


@cards.per_card()
def _told(card: Card) -> History:
    """What a card's events say."""
    return History.of(card)


def opened(ids: Sequence[str]) -> tuple[list[Shown], list[str]]:
    """The named runs and pretrained models, and one line for each that cannot be had."""
    found: list[tuple[Setup, History, bool, ForkedFrom | None]] = []
    recorded: dict[str, str] = {}
    """Of those without a configuration, what they are called."""
    problems, pretrained = [], set(cards.names())
    for name in ids:
        try:
            if name in pretrained:
                card = cards.card_of(name)
                found.append((card.config, _told(card), True, None))
            else:
                run = backend.store().open(name)
                is_over = run.state().status in ENDED  # asked first: then nothing is missed
                setup: Setup | None = run.recording()
                if setup:
                    recorded[name] = run.record().get("name") or run.id
                known = backend.history(name)
                found.append((setup or run.config(), known, is_over, run.origin()))
        except (ValueError, OSError) as error:
            problems.append(f"{' '.join(f'{error}'.split())[:300]}. It is left out.")
    trained = [(each[0], each[3]) for each in found if isinstance(each[0], TrainConfig)]
    names_left = iter(names_of([one for one, _ in trained], [origin for _, origin in trained]))
    names = _distinct(recorded.get(history.run.id) or next(names_left) for _, history, *_ in found)
    colors = run_colors([setup.norm for setup, *_ in found])
    return [
        Shown(label, color, *each) for each, label, color in zip(found, names, colors, strict=True)
    ], problems


def _distinct(names: Iterable[str]) -> list[str]:
    """Of recorded runs people choose the names, so that two may have one."""
    known: list[str] = []
    for name in names:
        numbered = (f"{name} #{number}" for number in count(2))
        known.append(name if name not in known else next(n for n in numbered if n not in known))
    return known


def with_config(shown: Iterable[Shown]) -> list[Shown]:
    """Those of which it is known how they train: none that were recorded."""
    return [each for each in shown if not each.recording]


def network_of(shown: Shown) -> Network:
    """It as evaluations see it.

    Raises:
        ValueError: It has no weights yet, or they are not what was shipped.
        OSError: They are missing, or the folder of answers cannot be written.
    """
    if shown.card is None:
        return Network.of_run(backend.store().open(shown.id))
    return cards.network_of(shown.card)


def provenance(chosen: Sequence[Shown]) -> str:
    """What a figure is: live, cached or precomputed; with data, network, seed and statistics."""
    kinds: dict[str, list[str]] = {}
    for one in chosen:
        kinds.setdefault(one.kind, []).append(one.label)
    how = distinct(one.kind for one in chosen).capitalize()
    if len(kinds) > 1:
        how = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items())
        how = how[0].upper() + how[1:]
    configs = [one.config for one in with_config(chosen)]
    recordings = [one.recording for one in chosen if one.recording]
    ways, models = [each.kind_words for each in recordings], [each.words for each in recordings]
    told = [how, *dict.fromkeys([*ways, *models])]
    if not configs:
        return " · ".join(told)
    return " · ".join(
        [
            *told,
            distinct(config.dataset for config in configs),
            distinct(config.backbone for config in configs),
            f"batch {distinct(config.batch_size for config in configs)}",
            f"lr {distinct(f'{config.lr:g}' for config in configs)}",
            f"seed {distinct(config.seed for config in configs)}",
        ]
    )
