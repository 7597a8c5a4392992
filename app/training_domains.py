"""The networks that the Domains page needs: which are trained, and training those that are not."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import prod
from statistics import median

import streamlit as st

from afn.data import DatasetEntry, dataset_entry
from afn.engine.config import TrainConfig
from afn.engine.ready import check_ready
from afn.grids.subjects import Subject
from afn.runs import Run
from afn.work import ENDED
from app import backend, cards, subjects
from app.domains import config_of
from app.markdown import plain
from app.recipes import recipe_of

Pair = tuple[str, str]
"""Norm and training data."""
Entries = Mapping[str, DatasetEntry]
"""Training data by name."""
_LOOKED_AT = 200
"""So many of the newest runs tell how fast this machine trains."""

_BESIDE = 1000
"""What an image costs beside its pixels, in pixels: 28×28 takes 1.7 times as long as 8×8."""


@dataclass(slots=True)
class Recipe:
    """One way of training, and the runs that followed it."""

    config: TrainConfig
    done: dict[Pair, str] = field(default_factory=dict)
    """Ids of runs and of pretrained models."""
    under_way: dict[Pair, Run] = field(default_factory=dict)
    failed: dict[Pair, str] = field(default_factory=dict)
    """Why the newest run failed, where no other one is done or under way."""

    @property
    def size(self) -> int:
        """How many networks are trained or under way."""
        return len(self.done.keys() | self.under_way.keys())

    @property
    def is_pretrained(self) -> bool:
        """Whether all that is done came along with the program."""
        return bool(self.done) and set(self.done.values()) <= set(cards.names())


def recipes(wanted: Sequence[Pair], *, beside: TrainConfig) -> dict[str, Recipe]:
    """Recipes by key, the one with most of the wanted networks first.

    Args:
        wanted: Networks that a page is about.
        beside: A recipe that is always among them.
    """
    kept = beside.hash()
    found = {kept: Recipe(beside)}
    needed = set(wanted)
    for line in backend.lines():
        pair = line.setting("norm"), line.setting("dataset")
        if line.is_damaged or pair not in needed:
            continue
        config, run = recipe_of(line.config()), backend.run(line.id)
        known = found.setdefault(config.hash(), Recipe(config))
        if line.status == "finished" and run.weights():
            known.done.setdefault(pair, run.id)
        elif line.status not in ENDED:
            known.under_way.setdefault(pair, run)
        elif line.status == "failed" or "limit" in line.reason:
            known.failed.setdefault(pair, line.reason)
    for card in cards.sound_cards():
        pair = card.config.norm, card.config.dataset
        if pair in needed:
            config = recipe_of(card.config)
            found.setdefault(config.hash(), Recipe(config)).done.setdefault(pair, card.id)
    for recipe in found.values():
        there = recipe.done.keys() | recipe.under_way.keys()
        recipe.under_way = {p: run for p, run in recipe.under_way.items() if p not in recipe.done}
        recipe.failed = {p: reason for p, reason in recipe.failed.items() if p not in there}
    useful = {k: r for k, r in found.items() if k == kept or r.done or r.under_way}
    return dict(
        sorted(useful.items(), key=lambda it: -len(it[1].done.keys() | it[1].under_way.keys()))
    )


def subjects_of(recipe: Recipe) -> tuple[dict[Pair, Subject], list[str]]:
    """The trained networks, and one line for each that cannot be opened."""
    found, problems = {}, []
    for pair, name in recipe.done.items():
        try:
            found[pair] = subjects.subject_of(name)
        except (ValueError, OSError) as error:
            problems.append(f"{error}. It is left out.")
    return found, problems


def train(recipe: TrainConfig, pairs: Sequence[Pair]) -> None:
    """Queue the networks; as many train at once as there are cores. What cannot begin is told."""
    entry_of = cache(dataset_entry)
    problems: dict[str, None] = {}
    for norm, source in pairs:
        config = config_of(recipe, norm, source)
        try:
            check_ready(config, entry_of)
            run = backend.store().create(config, name=f"Domains: {norm} on {source}")
            backend.runner().submit([run])
        except (OSError, ValueError) as error:
            problems[f"{error}"] = None
    if problems:
        st.toast(plain(f"Not all were started: {'; '.join(problems)}."), icon=":material/error:")


def stop(runs: Sequence[Run]) -> None:
    """End what is under way; what has not begun leaves no trace."""
    try:
        for run in reversed(runs):  # the last ones first, so that none begins meanwhile
            if run.state().status in ENDED:
                continue
            has_begun = not run.is_unclaimed
            backend.runner().stop(run)
            if not has_begun:
                run.delete()
    except FileNotFoundError:
        stop([run for run in runs if run.path.exists()])  # one was deleted meanwhile
    except OSError as error:
        st.toast(plain(f"Not all were stopped: {error}."), icon=":material/error:")


# -- how long it takes -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How far training is."""

    share: float
    seconds_left: float | None
    """None before it is known."""


def progress_of(recipe: Recipe, entries: Entries) -> Progress:
    """From what the runs have said; the time left from the pace of those that run."""
    pace, left, share = 0.0, 0.0, float(len(recipe.done))
    for (_, source), run in recipe.under_way.items():
        history = backend.history(run.id)
        seen = float(history.columns["batch_size"].sum())
        everything = _images(recipe.config, entries[source])
        left += max(everything - seen, 0)
        share += min(seen / max(everything, 1), 1)
        if seen and run.state().status == "running":
            pace += seen / max(history.seconds, 1e-3)
    total = max(len(recipe.done) + len(recipe.under_way), 1)
    return Progress(min(share / total, 1), left / pace if pace else None)


def seconds_needed(recipe: TrainConfig, pairs: Sequence[Pair]) -> float | None:
    """About how long training will take, from networks of this size that this store has trained.

    Returns:
        None where there is none, so that nothing can be said.
    """
    entries = _Entries()
    paces: dict[str, list[float]] = {}
    for line in backend.index().lines()[:_LOOKED_AT]:
        seconds = line.summary.get("seconds")
        if line.status != "finished" or not seconds:
            continue
        config = line.config()
        if _size(config) == _size(recipe) and (entry := entries[config.dataset]):
            paces.setdefault(config.norm, []).append(seconds / _work(config, entry))
    if not paces:
        return None
    anywhere = median(pace for each in paces.values() for pace in each)
    each = [
        _work(recipe, entry) * (median(paces[norm]) if norm in paces else anywhere)
        for norm, source in pairs
        if (entry := entries[source])
    ]
    return max(sum(each) / (os.cpu_count() or 1), *each, 0)


class _Entries(dict[str, DatasetEntry | None]):
    """Catalogue entries by name, each looked up once; None where there is none any more."""

    def __missing__(self, name: str) -> DatasetEntry | None:
        try:
            self[name] = dataset_entry(name)
        except ValueError:
            self[name] = None
        return self[name]


def _size(recipe: TrainConfig) -> tuple[object, ...]:
    return recipe.backbone, recipe.widths, recipe.batch_size


def _images(recipe: TrainConfig, entry: DatasetEntry) -> int:
    """How many training images a run goes through."""
    return min(
        recipe.epochs * min(entry.num_train, recipe.train_images),
        recipe.max_steps * recipe.batch_size,
    )


def _work(recipe: TrainConfig, entry: DatasetEntry) -> int:
    """Pixels that a run goes through, and what goes on beside them."""
    return _images(recipe, entry) * (prod(entry.image_shape[:2]) + _BESIDE)
