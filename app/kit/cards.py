"""The pretrained models' cards, each read once."""

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path

import streamlit as st

from afn.ask.network import Network
from afn.ask.records import Question
from afn.pretrained.cards import Card, pretrained_dir, pretrained_names, read_card
from afn.pretrained.plan import PLAN

from . import backend


def names() -> list[str]:
    """The shipped models, in the order of the plan; others behind."""
    ranks = {name: rank for rank, name in enumerate(PLAN)}
    return sorted(pretrained_names(), key=lambda name: (ranks.get(name, len(ranks)), name))


def card_of(name: str) -> Card:
    """A model's card.

    Raises:
        ValueError: There is none of that name, or it is damaged.
    """
    path = pretrained_dir() / f"{name}.json"
    if modified := written(path):
        return _card(path, modified)
    return read_card(name)  # says what there is instead


def find(name: str) -> Card | None:
    """The same; None where there is none, or it is damaged."""
    try:
        return card_of(name)
    except (ValueError, OSError):
        return None  # whoever asks for it by name is told


def written(path: Path) -> int:
    """When a file was written, in ns; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def sound_cards() -> list[Card]:
    """All cards that can be read."""
    return [card for card in map(find, names()) if card]


def network_of(card: Card) -> Network:
    """The model as evaluations see it, what it was asked for its card known already.

    Raises:
        ValueError: A file of it is not what was shipped.
        FileNotFoundError: A file of it is missing.
        OSError: The folder of answers cannot be written.
    """
    folder = (backend.store().root / ".pretrained" / card.name).absolute()
    _unpack(card.folder / card.name, card.sha256["cells"], folder)
    return card.network(folder)


per_card = partial(
    st.cache_resource, show_spinner=False, max_entries=256,
    hash_funcs={Card: lambda card: sorted(card.sha256.items())},
)  # fmt: skip
"""Has a function of cards remember what it gave for the same files."""


@per_card()
def questions(card: Card) -> Mapping[Question, int]:
    """What a model was asked for its card, and in how many places.

    Raises:
        ValueError, OSError: Its answers cannot be read.
    """
    return Counter(question for question, _ in card.answers())


@st.cache_resource(show_spinner=False, max_entries=256)
def _unpack(path: Path, sha256: str, folder: Path) -> None:
    card = read_card(path.name, path.parent)
    card.read("weights")
    card.unpack_answers(folder)


@lru_cache(maxsize=256)
def _card(path: Path, modified: int) -> Card:
    return read_card(path.stem, path.parent)
