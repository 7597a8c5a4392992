"""Two runs beside each other: which settings differ, and where their courses part. No torch."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from afn.ask.sources import Source, config_of
from afn.runs.course import history_of
from afn.runs.history import History
from afn.runs.origin import ForkedFrom
from afn.settings.config import TrainConfig
from afn.settings.lambda_init import LAMBDAS
from afn.wording import count_words, enumerate_words

WATCHED = ("loss", "accuracy", "grad_norm")
"""Columns of a history that are compared, and λ with them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that two configurations have otherwise; the values are plain JSON."""

    setting: str
    first: Any
    second: Any


def differences(first: TrainConfig, second: TrainConfig) -> list[Difference]:
    """The settings that differ; of the start of λ each by itself (``lambda_init.mu``)."""
    theirs = dict(_flat(second.to_json()))
    return [
        Difference(name, value, theirs[name])
        for name, value in _flat(first.to_json())
        if value != theirs[name]
    ]


def _flat(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", each) for key, each in value.items())
        else:
            yield name, value


@dataclass(frozen=True, slots=True)
class Parting:
    """Where two courses part."""

    step: int | None
    """The first step that both recorded and that differs; None where none does."""
    what: tuple[str, ...]
    """What differs there: of `WATCHED`, and "lambda"."""
    shared: int
    """So many steps both recorded."""
    has_lambda: bool
    """Whether λ was compared: both have it, in as many layers."""


def parting(first: History, second: History) -> Parting:
    """The first recorded step whose loss, accuracy, gradient norm or λ differs."""
    places = {step: i for i, step in enumerate(second.steps.tolist())}
    pairs = [
        (step, i, places[step]) for i, step in enumerate(first.steps.tolist()) if step in places
    ]
    is_every_step = all(len(each.lambda_steps) == each.num_steps for each in (first, second))
    has_lambda = is_every_step and 0 < len(first.lambdas) == len(second.lambdas)
    ours, theirs = _columns(first, has_lambda), _columns(second, has_lambda)
    for step, i, j in pairs:
        what = [
            name
            for (name, mine), (_, other) in zip(ours, theirs, strict=True)
            if not _is_same(mine[i], other[j])
        ]
        if what:
            return Parting(step, tuple(dict.fromkeys(what)), len(pairs), has_lambda)
    return Parting(None, (), len(pairs), has_lambda)


def _columns(history: History, has_lambda: bool) -> list[tuple[str, Any]]:
    columns: list[tuple[str, Any]] = [(name, history.columns[name]) for name in WATCHED]
    if has_lambda:
        columns += [("lambda", layer[i]) for layer in history.lambdas for i in range(len(LAMBDAS))]
    return columns


def _is_same(first: float, second: float) -> bool:
    return first == second or (math.isnan(first) and math.isnan(second))


@dataclass(frozen=True, slots=True)
class Compared:
    """Two trainings beside each other."""

    differences: list[Difference]
    """The settings that differ."""
    parting: Parting
    """Where their courses part."""


def compare(first: Source, second: Source) -> Compared:
    """Which settings of two runs or pretrained models differ, and where their courses part.

    Example:
        >>> from afn import compare, find
        >>> found = compare(find("mnist5k-bn"), find("mnist5k-afn"))
        >>> [(each.setting, each.first, each.second) for each in found.differences]
        [('norm', 'bn', 'afn')]
        >>> found.parting.step
        1
    """
    return Compared(
        differences(config_of(first), config_of(second)),
        parting(history_of(first), history_of(second)),
    )


@dataclass(frozen=True, slots=True)
class Kinship:
    """How two runs are related by forking."""

    parent: int | None
    """0 or 1 where that one is what the other was forked from; None where both are forks of one."""
    steps: tuple[int, ...]
    """Of the forking: one, or the first's and the second's."""
    ancestor: str
    """The id of the run they come from."""


def kinship(
    first: str, origin: ForkedFrom | None, second: str, other: ForkedFrom | None
) -> Kinship | None:
    """How two runs are related; None where neither was forked from the other, nor both from one.

    Args:
        first: The first run's id.
        origin: Where it was forked from.
        second: The second run's id.
        other: Where that was forked from.
    """
    if other and other.run == first:
        return Kinship(0, (other.step,), first)
    if origin and origin.run == second:
        return Kinship(1, (origin.step,), second)
    if origin and other and origin.run == other.run:
        return Kinship(None, (origin.step, other.step), origin.run)
    return None


def sentence(found: Parting, first: str, second: str) -> str:
    """Where they part, in words.

    Args:
        found: What `parting` gave.
        first: The first run's name.
        second: The second's.
    """
    if not found.shared:
        return f"{first} and {second} have recorded no step in common."
    if found.step is None:
        where = "loss, accuracy, gradient norm and λ" if found.has_lambda else (
            "loss, accuracy and gradient norm"
        )  # fmt: skip
        return (
            f"{first} and {second} never part within the {count_words(found.shared, 'step')} that "
            "both "
            f"recorded: {where} are equal in every digit."
        )
    names = {"loss": "the loss", "accuracy": "the accuracy", "grad_norm": "the gradient norm"}
    words = [names.get(name, "λ") for name in found.what]
    listed = enumerate_words(words)
    verb = "differ" if len(words) > 1 else "differs"
    return (
        f"{first} and {second} part at step {found.step:,}, where {listed} {verb} for the first "
        f"time among the {count_words(found.shared, 'step')} that both recorded."
    )
