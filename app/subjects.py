"""The trained networks that can be tested: which there are, and how they are called."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from afn.engine.config import TrainConfig
from afn.grids.subjects import Subject
from afn.lambda_init import LambdaInit
from afn.runs import Run
from afn.work import ENDED
from app import backend
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


@st.cache_data(ttl=5, show_spinner=False)
def choices() -> list[Choice]:
    """What can be tested: runs that ended with weights, newest first."""
    found: list[Choice] = []
    for run in backend.store().list():
        if len(found) == LISTED:
            break
        if run.state().status in ENDED and run.weights():
            found += _of_run(run)
    return found


def _of_run(run: Run) -> list[Choice]:
    try:
        record, config = run.record(), run.config()
    except (ValueError, OSError):
        return []
    title = f"{NORM_TITLES[config.norm]} · {config.dataset} · {record.get('name') or run.id}"
    return [Choice(run.id, title, config)]


def newest(offered: Sequence[Choice], count: int) -> tuple[str, ...]:
    """The newest network, and beside it the newest of other norms that is else like it."""
    by_norm: dict[str, str] = {}
    for choice in offered:
        if replace(choice.config, **_KIND) == replace(offered[0].config, **_KIND):
            by_norm.setdefault(choice.config.norm, choice.id)
    ranks = [*_FIRST, *sorted(by_norm.keys() - set(_FIRST))]
    return tuple(by_norm[norm] for norm in ranks if norm in by_norm)[:count]


def opened(ids: Sequence[str]) -> tuple[list[Chosen], list[str]]:
    """The named networks, and one line for each that cannot be had."""
    subjects, problems = [], []
    for name in ids:
        try:
            subjects.append(Subject.of_run(backend.store().open(name)))
        except (ValueError, OSError) as error:
            problems.append(f"{error}. It is left out.")
    names = labels(tuple(subject.config for subject in subjects))
    colors = run_colors([subject.config.norm for subject in subjects])
    found = zip(subjects, names, colors, strict=True)
    return [Chosen(subject, label, color) for subject, label, color in found], problems
