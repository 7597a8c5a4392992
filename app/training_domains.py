"""The networks that the Domains page needs: which are trained, and training those that are not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import streamlit as st

from afn.engine.config import TrainConfig
from afn.grids.subjects import Subject
from afn.runs import Run
from afn.work import ENDED
from app import backend
from app.domains import config_of, key_of, recipe_of
from app.markdown import plain

Pair = tuple[str, str]
"""Norm and training data."""


@dataclass(slots=True)
class Recipe:
    """One way of training, and the runs that followed it."""

    config: TrainConfig
    done: dict[Pair, Run] = field(default_factory=dict)
    under_way: dict[Pair, Run] = field(default_factory=dict)


def recipes(wanted: Sequence[Pair], *, beside: TrainConfig) -> dict[str, Recipe]:
    """Recipes by key, the one with most of the wanted networks first.

    Args:
        wanted: Networks that a page is about.
        beside: A recipe that is always among them.
    """
    found = {key_of(beside): Recipe(beside)}
    needed = set(wanted)
    for run in backend.store().list():
        described = _described(run)
        if described is None or described[1] not in needed:
            continue
        recipe, pair = described
        known = found.setdefault(key_of(recipe), Recipe(recipe))
        status = run.state().status
        if status == "finished" and run.weights():
            known.done.setdefault(pair, run)
        elif status not in ENDED:
            known.under_way.setdefault(pair, run)
    ranked = sorted(found.items(), key=lambda item: -len(item[1].done | item[1].under_way))
    return dict(ranked)


@lru_cache(maxsize=8192)
def _known(path: str) -> tuple[TrainConfig, Pair] | None:
    run = Run(backend.store().root / path)
    try:
        config = run.config()
    except (ValueError, OSError):
        return None
    return recipe_of(config), (config.norm, config.dataset)


def _described(run: Run) -> tuple[TrainConfig, Pair] | None:
    return _known(run.id)


def subjects_of(recipe: Recipe) -> tuple[dict[Pair, Subject], list[str]]:
    """The trained networks, and one line for each that cannot be opened."""
    subjects, problems = {}, []
    for pair, run in recipe.done.items():
        try:
            subjects[pair] = Subject.of_run(run)
        except (ValueError, OSError) as error:
            problems.append(f"{error}. It is left out.")
    return subjects, problems


def train(recipe: TrainConfig, pairs: Sequence[Pair]) -> None:
    """Queue the networks; as many train at once as there are cores."""
    try:
        for norm, source in pairs:
            config = config_of(recipe, norm, source)
            run = backend.store().create(config, name=f"Domains: {norm} on {source}")
            backend.runner().submit([run])
    except OSError as error:
        st.toast(plain(f"Not all were started: {error}."), icon=":material/error:")


def stop(runs: Sequence[Run]) -> None:
    """End what is under way; what has not begun leaves no trace."""
    for run in reversed(runs):
        has_begun = not run.is_unclaimed
        backend.runner().stop(run)
        if not has_begun:
            run.delete()


def seconds_left(recipe: Recipe, images: dict[str, int]) -> float | None:
    """About how long the rest takes, from the pace of what runs; None before it is known.

    Args:
        recipe: With its runs.
        images: Training images by data set.
    """
    pace, left = 0.0, 0.0
    for (_, source), run in recipe.under_way.items():
        history = backend.history(run.id)
        seen = sum(history.columns["batch_size"])
        left += max(recipe.config.epochs * images.get(source, 0) - seen, 0)
        if seen and run.state().status == "running":
            pace += seen / max(history.seconds, 1e-3)
    return left / pace if pace else None
