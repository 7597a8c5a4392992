"""The networks that the Domains page needs: which are trained, and training those that are not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import streamlit as st

from afn.ask.network import Network
from afn.data import DatasetEntry, dataset_entry
from afn.engine.ready import check_ready
from afn.runs.store import Run
from afn.settings.config import TrainConfig
from afn.wording import count_words
from afn.work import estimate
from afn.work.folder import ENDED

from ...kit import backend, cards, networks, people
from ...kit.jobs import Job
from ...kit.markdown import plain
from ...kit.offers import recipe_of
from .view import DomainsView, config_of, default_recipe, sources, wanted

Pair = tuple[str, str]
"""Norm and training data."""
Entries = Mapping[str, DatasetEntry]
"""Training data by name."""


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


def recipes(pairs: Sequence[Pair], *, beside: TrainConfig) -> dict[str, Recipe]:
    """Recipes by key, the one with most of the wanted networks first; one is always among them."""
    kept = beside.hash()
    found = {kept: Recipe(beside)}
    needed = set(pairs)
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


def fullest(found: Mapping[str, Sequence[DatasetEntry]], view: DomainsView) -> str:
    """The family of which most of the wanted networks are trained; the first where two are even."""

    def share(family: str) -> float:
        pairs = wanted(view, sources(view, found[family]))
        best, *_ = recipes(pairs, beside=default_recipe(family)).values()
        return len(best.done) / max(len(pairs), 1)

    return max(found, key=share)


def trained_networks(recipe: Recipe) -> tuple[dict[Pair, Network], list[str]]:
    """The trained networks, and one line for each that cannot be opened."""
    found, problems = {}, []
    for pair, name in recipe.done.items():
        try:
            found[pair] = networks.network_of(name)
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
            run = backend.store().create(
                config, name=f"Domains: {norm} on {source}", owner=people.me()
            )
            backend.runner().submit([run])
        except (OSError, ValueError) as error:
            problems[f"{error}"] = None
    if problems:
        st.toast(plain(f"Not all were started: {'; '.join(problems)}."), icon=":material/error:")


def stop(runs: Sequence[Run]) -> None:
    """End one's own of what is under way; what has not begun leaves no trace."""
    try:
        for run in reversed(runs):  # the last ones first, so that none begins meanwhile
            if run.state().status in ENDED or not people.may_change(run):
                continue
            has_begun = not run.is_unclaimed
            backend.runner().stop(run)
            if not has_begun:
                run.delete()
    except FileNotFoundError:
        stop([run for run in runs if run.path.exists()])  # one was deleted meanwhile
    except OSError as error:
        st.toast(plain(f"Not all were stopped: {error}."), icon=":material/error:")


def job_of(recipe: Recipe, entries: Entries, expected: Mapping[Pair, float]) -> Job:
    """How far training is, from what the runs have said.

    Args:
        recipe: Its runs.
        entries: What they train on.
        expected: Seconds of each whole run, as `expected_seconds` has them; without, the time left
            is told by the pace of those that run.
    """
    shares = {
        pair: backend.history(run.id).share_done(recipe.config.epochs)
        for pair, run in recipe.under_way.items()
    }
    total = len(recipe.done) + len(shares)
    left = _by_pace(recipe, entries)
    if shares.keys() <= expected.keys():
        left = estimate.together([(1 - done) * expected[pair] for pair, done in shares.items()])
    return Job(
        share=min((len(recipe.done) + sum(shares.values())) / max(total, 1), 1),
        told=f"training: {len(recipe.done)} of {count_words(total, 'network')} done",
        is_running=bool(shares),
        seconds_left=left,
    )


def _by_pace(recipe: Recipe, entries: Entries) -> float | None:
    """The time left at the pace of those that run."""
    pace, left = 0.0, 0.0
    for (_, source), run in recipe.under_way.items():
        history = backend.history(run.id)
        seen = float(history.columns["batch_size"][1:].sum())
        left += max(_images(recipe.config, entries[source]) - seen, 0)
        if seen and run.state().status == "running":
            pace += seen / max(history.seconds - history.stepped_at, 1e-3)
    return left / pace if pace else None


def expected_seconds(recipe: TrainConfig, pairs: Sequence[Pair]) -> dict[Pair, float]:
    """How long each network trains, from those of its kind that this store has trained.

    Those of which nothing can be said are left out.
    """
    configs = {pair: config_of(recipe, *pair) for pair in pairs}
    entry_of = estimate.entries()
    known = estimate.paces(backend.index().lines(), list(configs.values()), entry_of)
    found = {
        pair: estimate.seconds_of(config, known, entry)
        for pair, config in configs.items()
        if (entry := entry_of(config.dataset))
    }
    return {pair: seconds for pair, seconds in found.items() if seconds is not None}


def seconds_needed(recipe: TrainConfig, pairs: Sequence[Pair]) -> float | None:
    """About how long training takes together; None where nothing can be said of one of them."""
    expected = expected_seconds(recipe, pairs)
    return estimate.together(list(expected.values())) if set(pairs) <= expected.keys() else None


def _images(recipe: TrainConfig, entry: DatasetEntry) -> int:
    """How many training images a run goes through."""
    return min(
        recipe.epochs * min(entry.num_train, recipe.train_images),
        recipe.max_steps * recipe.batch_size,
    )
