"""The trained networks that can be tested: which there are, and how they are called."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import streamlit as st

from afn.engine.config import TrainConfig
from afn.grids.subjects import Subject
from afn.lambda_init import LambdaInit
from afn.runs import Run
from afn.work import ENDED
from app import backend, cards
from app.charts.palette import run_colors
from app.comparison import NORM_TITLES, labels

_FIRST = ("bn", "asrnorm", "afn")
_KIND: dict[str, Any] = {
    "norm": "bn", "epochs": 1, "lambda_init": LambdaInit.PAPER, "eval_stats": None,
    "adaptive": True,
}  # fmt: skip
"""What may differ between networks that are shown side by side unasked."""
LISTED = 200
"""So many of the newest runs are offered; a link may name any."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A trained network on offer."""

    id: str
    title: str
    config: TrainConfig


@dataclass(frozen=True, slots=True)
class Chosen:
    """A network on screen: its name and colour are the same in every figure."""

    subject: Subject
    label: str
    color: str
    is_pretrained: bool = False


@st.cache_data(ttl=5, show_spinner=False)
def choices() -> list[Choice]:
    """What can be tested: runs that ended with weights, newest first, and pretrained models."""
    found: list[Choice] = []
    for run in backend.store().list():
        if len(found) == LISTED:
            break
        if run.state().status in ENDED and run.weights():
            found += _of_run(run)
    found += [
        Choice(card.name, f"{card.name} · pretrained", card.config) for card in cards.sound_cards()
    ]
    shared = Counter(choice.title for choice in found)
    return [
        replace(choice, title=f"{choice.title} · {choice.id}")
        if shared[choice.title] > 1
        else choice
        for choice in found
    ]  # a widget tells its options by their titles


def _of_run(run: Run) -> list[Choice]:
    try:
        record, config = run.record(), run.config()
    except (ValueError, OSError):
        return []
    norm, name, when = NORM_TITLES[config.norm], record.get("name"), record.get("created")
    called = name if name and f"{name}".startswith(norm) else norm + (f" {name}" if name else "")
    parts = [called, config.dataset]
    if isinstance(when, int | float):
        parts.append(f"{datetime.fromtimestamp(when):%d %b %H:%M}")
    return [Choice(run.id, " · ".join(parts), config)]


def newest(offered: Sequence[Choice], count: int) -> tuple[str, ...]:
    """The newest network, and beside it the newest of other norms that is else like it."""
    by_norm: dict[str, str] = {}
    for choice in offered:
        if replace(choice.config, **_KIND) == replace(offered[0].config, **_KIND):
            by_norm.setdefault(choice.config.norm, choice.id)
    ranks = [*_FIRST, *sorted(by_norm.keys() - set(_FIRST))]
    return tuple(by_norm[norm] for norm in ranks if norm in by_norm)[:count]


def subject_of(name: str) -> Subject:
    """The network of a run or of a pretrained model.

    Raises:
        ValueError, OSError: It cannot be had; the line says why.
    """
    if name in cards.names():
        return cards.subject_of(cards.card_of(name))
    return Subject.of_run(backend.store().open(name))


def opened(ids: Sequence[str]) -> tuple[list[Chosen], list[str]]:
    """The named networks, and one line for each that cannot be had."""
    subjects, problems = [], []
    for name in ids:
        try:
            subjects.append(subject_of(name))
        except (ValueError, OSError) as error:
            problems.append(f"{error}. It is left out.")
    names = labels(tuple(subject.config for subject in subjects))
    colors = run_colors([subject.config.norm for subject in subjects])
    found = zip(subjects, names, colors, strict=True)
    pretrained = cards.names()
    return [
        Chosen(subject, label, color, subject.id in pretrained) for subject, label, color in found
    ], problems
