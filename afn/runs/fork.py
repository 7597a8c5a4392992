"""Forking a run: from a checkpoint on, with something changed, as a run of its own.

Weights, momentum and the order of the data stay what they were; the fork trains to the end of its
epochs, and its record says under ``forked_from`` where it began. With nothing changed it trains as
the uninterrupted run does, bit for bit. Needs no torch: the checkpoint is taken over where the fork
is executed.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from afn.engine.ready import check_ready
from afn.runs.origin import CHECKPOINT, ForkedFrom
from afn.runs.progress import progress_of
from afn.runs.store import Run, RunStore
from afn.settings.commands import Command, check_command
from afn.settings.config import CHANGEABLE, LIVE, TrainConfig
from afn.settings.fitting import check_against_data
from afn.settings.lambda_init import LAMBDAS
from afn.settings.norms import ADAPTIVE_NORMS
from afn.wording import count_words, number_words

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class ForkPlace:
    """A checkpoint, and where in its run it stands."""

    path: Path
    step: int
    epoch: int
    """So many epochs are done."""
    config: TrainConfig
    """The run's, with what was changed while it trained."""

    @property
    def is_end(self) -> bool:
        """Whether no epoch is left of the run's own."""
        return self.epoch >= self.config.epochs


def steps_of(run: Run) -> list[int]:
    """The steps at which a run has checkpoints, in order."""
    return list(_by_step(run))


def place_of(run: Run, step: int | None = None) -> ForkPlace:
    """A run's checkpoint at a step; the newest by default.

    Raises:
        ValueError: There is none at that step, or it is damaged.
        FileNotFoundError: The run was deleted.
    """
    paths = _by_step(run)
    steps = list(paths)
    if not steps:
        raise ValueError(f"run {run.id} has no checkpoint yet: train it for an epoch first")
    step = steps[-1] if step is None else step
    if step not in steps:
        raise ValueError(
            f"there is no checkpoint at step {step} of run {run.id}; there "
            f"{'are those' if len(steps) > 1 else 'is one'} at {_enumerated(steps)}"
        )
    path = paths[step]
    progress = progress_of(path)
    try:
        live = {n: progress[n] for n in (*LIVE, "severity")}
        return ForkPlace(path, step, progress["epoch"], replace(run.config(), **live))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name} of run {run.id} is damaged: {error}") from error


def changed_config(
    place: ForkPlace,
    changes: Mapping[str, Any],
    logits: Mapping[str, float] | None = None,
    *,
    num_train: int | None = None,
) -> TrainConfig:
    """The configuration of a fork.

    λ that are set become its λ start, so that it names them; the others go on from what they had
    become, or where the network had none, from the start that the configuration says.

    Args:
        place: Where it begins.
        changes: Settings to change, of ``CHANGEABLE``.
        logits: λ to set in all layers: mu, sigma, gamma, beta (for a linear gate the λ itself).
        num_train: Training images of the data set, where that is known.

    Raises:
        ValueError: One line about what cannot be.
    """
    if unknown := sorted(changes.keys() - set(CHANGEABLE)):
        raise ValueError(f"a fork cannot change {unknown[0]!r}; it can {', '.join(CHANGEABLE)}")
    config = replace(place.config, **changes)
    if logits:
        starts: dict[str, Any] = dict(logits)
        check_command({"command": "set", "lambda": starts})
        if config.norm not in ADAPTIVE_NORMS:
            raise ValueError(f"{config.norm} has no λ to set: they are of AFN and ASRNorm")
        if not config.adaptive:
            raise ValueError("without the encoder-decoder λ does nothing: enable it or set no λ")
        config = replace(config, lambda_init=replace(config.lambda_init, **starts))
    if place.epoch >= config.epochs:
        raise ValueError(
            f"at step {place.step} all {count_words(config.epochs, 'epoch')} are done: raise the "
            "epochs, or fork "
            f"at an earlier checkpoint"
        )
    if num_train is not None:
        side = 2 ** len(config.widths)  # the images fitted the network before
        check_against_data(config, num_train, side)
    return config


def fork(
    store: RunStore,
    run: Run,
    *,
    step: int | None = None,
    changes: Mapping[str, Any] | None = None,
    lambda_logits: Mapping[str, float] | None = None,
    name: str = "",
    commands: Iterable[Command] = (),
    owner: str | None = None,
) -> Run:
    """A new run that goes on from another one's checkpoint, not yet executed.

    A norm that differs keeps every tensor of the same name and shape, and its momentum; the others
    start fresh. Which those are says the fork's ``start`` event.

    Args:
        store: Where the fork is made.
        run: What is forked; it stays as it is.
        step: Of the checkpoint; the newest by default.
        changes: Settings to change, of ``CHANGEABLE``.
        lambda_logits: λ to set in all layers: mu, sigma, gamma, beta.
        name: A label for people; what was changed by default.
        commands: Obeyed before the first step, for instance a pause.
        owner: Who starts it, on a server that several people share.

    Raises:
        ValueError: There is no checkpoint at that step, or a change does not fit.
        OSError: The folder is full or read-only, or the data set is not on disk any more.
    """
    place = place_of(run, step)
    config = changed_config(place, changes or {}, lambda_logits, num_train=_num_train(run))
    check_ready(config, goes_on=True)
    origin = ForkedFrom(
        run=run.id,
        step=place.step,
        file=place.path.name,
        config=run.config(),
        logits=dict(lambda_logits or {}),
    )
    label = (
        name or f"from step {place.step}: {'; '.join(changes_of(config, origin)) or 'as it was'}"
    )
    forked = store.create(config, name=label[:80], commands=commands, origin=origin, owner=owner)
    try:
        take(place.path, forked.path / CHECKPOINT)
    except OSError:
        forked.delete()
        raise
    return forked


def changes_of(config: TrainConfig, origin: ForkedFrom) -> list[str]:
    """What a fork changed, in a few words each: ``lr 0.05 → 0.01``, ``λ_mu logit 0``."""
    before = origin.config
    words = [
        f"{name} {_text(old)} → {_text(new)}"
        for name in CHANGEABLE
        if (old := getattr(before, name)) != (new := getattr(config, name))
    ]
    greek = dict(zip(LAMBDAS, "μσγβ", strict=True))
    return words + [
        f"λ_{greek[name]} logit {number_words(value)}" for name, value in origin.logits.items()
    ]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return number_words(value) if isinstance(value, float) else f"{value}"


def _by_step(run: Run) -> dict[int, Path]:
    found = {}
    for path in run.checkpoints():
        with suppress(ValueError):  # somebody else's file
            found[int(path.stem.removeprefix("step-"))] = path
    return found


def _num_train(run: Run) -> int | None:
    starts = (event for event in run.events()[0] if event.get("kind") == "start")
    return next((event.get("num_train") for event in starts), None)


def take(source: Path, target: Path) -> None:
    """Have a checkpoint in another folder: never changed, so that a second name of it does."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _enumerated(steps: list[int]) -> str:
    shown = [*steps[: _SHOWN - 1], steps[-1]] if len(steps) > _SHOWN else steps
    words = [*map(str, shown)]
    if len(steps) > _SHOWN:
        words.insert(-1, "…")
    return ", ".join(words)
