"""The evidence for the paper's mechanisms, from the cards of pretrained models."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Literal

import numpy as np

from afn.ask.records import STANDARD, Cell, Place
from afn.corruptions.severities import rule_words
from afn.pretrained.cards import Card
from afn.runs.history import History

from ...kit.draw.estimates import Estimate, gain_over
from ...kit.draw.legend import short_layer

VARIANTS = {
    "bn": "BN",
    "asrnorm": "ASRNorm",
    "afn": "AFN, paper's start",
    "afn-reference": "AFN, reference start",
    "afn-open": "AFN, λ wide open",
}
"""Trainings that are held against each other, by the end of their models' names."""
STARTS = ("afn", "afn-reference", "afn-open")
"""Those that differ in the start of λ alone."""
_SEVERITIES = (1, 2, 3, 4, 5)
Lambdas = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Moves:
    """How far the networks move one layer's statistics in a training batch."""

    mean: float
    """Mean over channels of |μ̂ − μ| / σ."""
    spread: float
    """Mean over channels of σ̂ / σ."""


@dataclass(frozen=True, slots=True)
class TrainingCourse:
    """How a training went, in what the mechanisms speak of."""

    variant: str
    name: str
    layers: tuple[str, ...]
    """Short names of those that have λ."""
    start: tuple[Lambdas, ...]
    """λ before the first step, by layer."""
    end: tuple[Lambdas, ...]
    steps: tuple[int, ...]
    """Those that were recorded."""
    gradients: tuple[float, ...]
    """Norm of the gradient of all parameters at each."""
    total_steps: int
    last_loss: float
    guessing: float
    """The loss of one who takes all classes for equally likely."""
    better_than_guessing: int | None
    """The first recorded step whose loss is clearly below that; None if there is none."""
    first_moves: tuple[Moves, ...]
    """At the first snapshot, by layer; none where they were not recorded."""
    last_moves: tuple[Moves, ...]
    logit_gradient: float = 0.0
    """Norm of the first gradient of the logits of λ_σ, over layers; 0 where there are none."""

    @property
    def label(self) -> str:
        """As it is called on the page."""
        return VARIANTS[self.variant]

    @property
    def is_over(self) -> bool:
        """Whether it reached its last step; a loss that is not finite ends a training."""
        return bool(self.steps) and self.steps[-1] >= self.total_steps


def course(card: Card, variant: str) -> TrainingCourse:
    """Read a training's course.

    Raises:
        ValueError: The events are damaged.
        FileNotFoundError: They are missing.
    """
    history = History.of(card)
    losses, guessing = history.columns["loss"], log(len(card.inputs.class_names))
    better = np.flatnonzero(losses < 0.95 * guessing)
    try:
        start = history.start or {}
        return TrainingCourse(
            variant=variant,
            name=card.name,
            layers=tuple(map(short_layer, start["adaptive_layers"])),
            start=_by_layer(start["lambdas"]),
            end=_by_layer(history.lambdas[:, :, -1].tolist()),
            steps=tuple(history.steps.tolist()),
            gradients=tuple(history.columns["grad_norm"].tolist()),
            total_steps=start["total_steps"],
            last_loss=float(losses[-1]),
            guessing=guessing,
            better_than_guessing=int(history.steps[better[0]]) if len(better) else None,
            first_moves=_moves(history.snapshots[:1]),
            last_moves=_moves(history.snapshots[-1:]),
            logit_gradient=float(np.linalg.norm(history.lambda_grads[:, 1, 0])),
        )
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{card.name}'s events lack {error}: get them again") from error


def _by_layer(rows: Iterable[Sequence[float]]) -> tuple[Lambdas, ...]:
    return tuple((row[0], row[1], row[2], row[3]) for row in rows)


def _moves(snapshots: Sequence[Mapping[str, Any]]) -> tuple[Moves, ...]:
    layers = snapshots[0]["layers"] if snapshots else []
    return tuple(Moves(*layer["moves"]) for layer in layers if layer.get("moves"))


@dataclass(frozen=True, slots=True)
class Effect:
    """What the networks change in one kind of test."""

    test: str
    """ "own images, clean", "usps, clean", "corrupted, severity 3"."""
    is_shifted: bool
    """Whether its images differ from those of training."""
    tests: int
    n: int
    without: float
    """Accuracy under the control."""
    gain: Estimate
    """What the networks add, with its paired 95 % interval over images."""
    severity: int = 0
    """Of the standard corruptions over which it is a mean; 0 for clean images."""
    control: Literal["frozen", "off"] = "frozen"
    """What adapting networks are held against: frozen ones, or every λ forced to 0."""
    older: str = ""
    """By which rule the images were corrupted, in words, if that is not today's."""


def effects(card: Card) -> list[Effect]:
    """Accuracy with the networks minus without them, on the same images.

    Raises:
        ValueError: The answers are damaged.
        FileNotFoundError: They are missing.
    """
    known: dict[tuple[str, int], dict[str, dict[Place, Cell]]] = {}
    for question, cell in card.answers():
        if question.statistics.startswith("test batch"):
            both = known.setdefault((question.dataset, question.num_images), {})
            both.setdefault(question.networks, {})[cell.place] = cell
    own, found = card.config.dataset.partition("@")[0], []
    for (dataset, _), both in known.items():
        control: Literal["frozen", "off"] = "frozen" if "frozen" in both else "off"
        if not {"on", control} <= both.keys():
            continue
        pair = both["on"], both[control]
        clean = [(None, 0)]
        is_grid = len(both["on"]) > 1
        if is_grid:
            for severity in _SEVERITIES:
                places = [(name, severity) for name in STANDARD]
                test = f"corrupted, severity {severity}"
                found.append(_effect(test, *pair, places, control, severity=severity))
        elif dataset == own:
            found.append(_effect("own images, clean", *pair, clean, control, is_shifted=False))
        else:
            found.append(_effect(f"{dataset}, clean", *pair, clean, control))
    whole = [effect for effect in found if effect]
    return sorted(whole, key=lambda each: (each.is_shifted, each.severity))


def _effect(
    test: str,
    adapting: Mapping[Place, Cell],
    held_against: Mapping[Place, Cell],
    places: Sequence[Place],
    control: Literal["frozen", "off"],
    *,
    is_shifted: bool = True,
    severity: int = 0,
) -> Effect | None:
    if any(place not in cells for cells in (adapting, held_against) for place in places):
        return None
    ours, theirs = ([cells[place] for place in places] for cells in (adapting, held_against))
    return Effect(
        test=test,
        is_shifted=is_shifted,
        tests=len(places),
        n=ours[0].n,
        without=sum(cell.accuracy for cell in theirs) / len(theirs),
        gain=gain_over(ours, theirs),
        severity=severity,
        control=control,
        older=rule_words(ours[0].rule),
    )
