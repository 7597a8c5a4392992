"""The course of λ over the steps, per layer: of single runs, and of seeds together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from afn.runs.course import Numbers, Quantity, Track, track
from afn.settings.lambda_init import LAMBDAS
from afn.settings.norms import NORM_TITLES
from afn.wording import count_words

from .chart import Rows, Shown
from .palette import NORM_COLORS

MOST_POINTS = 400
"""So many steps of a curve are drawn."""
DASHES = (
    "solid", "8px,4px", "2px,3px", "8px,3px,2px,3px", "14px,4px", "5px,5px", "2px,6px",
    "14px,3px,2px,3px",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Series:
    """Runs that differ by their seed alone, or one run."""

    label: str
    color: str
    dash: str
    """Tells series of one norm apart."""
    members: tuple[Shown, ...]

    @property
    def layers(self) -> list[str]:
        """Names of the layers with λ."""
        return self.members[0].history.adaptive_layers


@dataclass(frozen=True, slots=True)
class Together:
    """Several tracks at the same steps; arrays as in `Track`."""

    steps: Numbers
    mean: Numbers
    low: Numbers
    high: Numbers


def together(tracks: Sequence[Track]) -> Together | None:
    """Tracks over all steps that one of them has; between its own, a track is straight.

    A track ends with its last step: behind it the others are alone.
    """
    if not tracks:
        return None
    if len(tracks) == 1:
        [one] = tracks
        return Together(one.steps, one.values, one.values, one.values)
    steps = np.unique(np.concatenate([each.steps for each in tracks]))
    layers, lambdas = tracks[0].values.shape[:2]
    stacked = np.full((len(tracks), layers, lambdas, len(steps)), np.nan)
    for mine, each in zip(stacked, tracks, strict=True):
        for layer in range(layers):
            for i in range(lambdas):
                mine[layer, i] = np.interp(
                    steps, each.steps, each.values[layer, i], left=np.nan, right=np.nan
                )
    counts = np.isfinite(stacked).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(stacked, axis=0) / counts
    low = np.where(counts, np.nanmin(np.where(np.isnan(stacked), np.inf, stacked), 0), np.nan)
    high = np.where(counts, np.nanmax(np.where(np.isnan(stacked), -np.inf, stacked), 0), np.nan)
    return Together(steps, mean, low, high)


def series_of(shown: Sequence[Shown], keys: Sequence[Any]) -> list[Series]:
    """Runs of one key together, in the order of their first; those without λ are left out."""
    groups: dict[Any, list[Shown]] = {}
    for each, key in zip(shown, keys, strict=True):
        if each.history.adaptive_layers:
            groups.setdefault(key, []).append(each)
    found: list[Series] = []
    norms: list[str] = []
    for members in groups.values():
        norm = members[0].norm
        dash = DASHES[norms.count(norm) % len(DASHES)]
        norms.append(norm)
        found.append(Series(_label(members), NORM_COLORS[norm], dash, tuple(members)))
    return found


def _label(members: Sequence[Shown]) -> str:
    """The traits that all members share, and how many seeds there are."""
    if len(members) == 1:
        return members[0].label
    seeds = len({each.config.seed for each in members})
    count = count_words(len(members), "seed" if seeds == len(members) else "run")
    title = NORM_TITLES[members[0].config.norm]
    traits = [each.label.removeprefix(title).strip().strip("()").split(", ") for each in members]
    common = [text for text in traits[0] if text and all(text in other for other in traits)]
    return f"{title} ({', '.join([*common, count])})"


@dataclass(frozen=True, slots=True)
class Course:
    """What a series says of one quantity."""

    series: Series
    tracks: tuple[tuple[Shown, Track], ...]
    """Of each member that has something to say."""
    all: Together

    @property
    def is_alone(self) -> bool:
        """Whether it is one run."""
        return len(self.series.members) == 1


def courses_of(series: Sequence[Series], quantity: Quantity) -> list[Course]:
    """What series say of a quantity; those that say nothing are left out."""
    found = []
    for one in series:
        told = [(each, track(each.history, each.setup, quantity)) for each in one.members]
        tracks = tuple((each, mine) for each, mine in told if len(mine.steps))
        if whole := together([mine for _, mine in tracks]):
            found.append(Course(one, tracks, whole))
    return found


def thinned(steps: Numbers, *, log: bool, most: int = MOST_POINTS) -> NDArray[np.intp]:
    """Which entries to draw: evenly over the axis, the first and the last among them."""
    if len(steps) <= most:
        return np.arange(len(steps))
    places = np.log(np.maximum(steps, 1.0)) if log else steps
    wanted = np.linspace(places[0], places[-1], most)
    return np.unique(np.searchsorted(places, wanted).clip(max=len(steps) - 1))


def seed_of(shown: Shown) -> int | None:
    """None of a run that was recorded: nobody knows it."""
    return None if shown.recording else shown.config.seed


def table(series: Sequence[Series], quantity: Quantity) -> Rows:
    """Everything that is told of a quantity, in long form."""
    names = ("mu_hat-mu/sigma", "sigma_hat/sigma") if quantity == "move" else LAMBDAS
    return [
        {"run": each.label, "id": each.history.run.id, "seed": seed_of(each), "layer": layer}
        | {"step": step}
        | {f"{quantity}_{name}": float(found.values[k, j, i]) for j, name in enumerate(names)}
        for one in series
        for each in one.members
        for found in [track(each.history, each.setup, quantity)]
        for k, layer in enumerate(one.layers)
        for i, step in enumerate(found.steps.tolist())
    ]
