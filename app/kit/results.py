"""A sweep's results as the Ablations page looks at them: figures by point, along axes, compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from statistics import fmean

from afn.corruptions.severities import rule_words
from afn.pretrained.comparison import FEWEST_SEEDS
from afn.runs.index import Line
from afn.stats.over_seeds import OverSeeds, difference
from afn.sweep.plan import Planned, Point
from afn.sweep.table import Metric, metrics, over_seeds
from afn.wording import half_width_words, signed_words

from .learned import never_learned


@dataclass(frozen=True, kw_only=True)
class SweepResults:
    """What came out of a sweep, or of as much of it as is done."""

    runs: Sequence[Planned]
    lines: Mapping[str, Line]
    """What is known of the runs, by their ids."""
    provenance: str
    """What these figures are: live, or precomputed where and when."""
    judges_training: bool = True
    """Whether a run that does no better than guessing came to nothing; else it only met a test."""

    @cached_property
    def older(self) -> str:
        """By which older rule their images were corrupted, in words; empty for today's."""
        return next(filter(None, (rule_words(line.rule) for line in self.lines.values())), "")

    @cached_property
    def axes(self) -> dict[str, list[str]]:
        """The labels of each axis, in their order."""
        found: dict[str, dict[str, None]] = {}
        for run in self.runs:
            for name, label in run.point:
                found.setdefault(name, {})[label] = None
        return {name: list(labels) for name, labels in found.items()}

    @cached_property
    def points(self) -> list[Point]:
        """Where the runs lie, in their order."""
        return list(dict.fromkeys(run.point for run in self.runs))

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """The metrics that there are."""
        return metrics([self.lines[run.run_id] for run in self.runs if run.run_id in self.lines])

    def figures(self, metric: Metric) -> dict[Point, OverSeeds]:
        """A metric at every point that has it."""
        if metric.name not in self._figures:
            self._figures[metric.name] = over_seeds(self.runs, self.lines, metric)
        return self._figures[metric.name]

    @cached_property
    def _figures(self) -> dict[str, dict[Point, OverSeeds]]:
        return {}

    def at(self, metric: str, labels: Mapping[str, str]) -> OverSeeds | None:
        """A metric averaged, seed by seed, over all points with these labels on their axes.

        None where it is not known of all of them for any seed.
        """
        found = self.figures(self.metrics[metric]) if metric in self.metrics else {}
        points = [point for point in self.points if labels.items() <= dict(point).items()]
        known = [dict(found[point].values) for point in points if point in found]
        if not points or len(known) < len(points):
            return None
        shared = set.intersection(*(set(each) for each in known))
        return OverSeeds.of({seed: fmean(each[seed] for each in known) for seed in shared})

    def gain(
        self, metric: str, ours: Mapping[str, str], theirs: Mapping[str, str]
    ) -> OverSeeds | None:
        """What one setting has over another, seed by seed."""
        return difference(self.at(metric, ours), self.at(metric, theirs))

    def at_chance(self, point: Point) -> int:
        """How many of a point's runs ended no better than one who guesses, where that is asked."""
        if not self.judges_training:
            return 0
        known = [self.lines[run_id] for run_id in self.runs_at(point)]
        return sum(
            never_learned(line.summary.get("accuracy"), line.setting("dataset"))
            for line in known
            if not line.summary.get("diverged")
        )

    def runs_at(self, point: Point) -> list[str]:
        """The ids of a point's runs that are known."""
        return [run.run_id for run in self.runs if run.point == point and run.run_id in self.lines]


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Which axis is drawn along, and what is compared with what."""

    over: str
    """Along which figures are drawn."""
    compared: str
    """The axis whose labels are held against its baseline."""
    baseline: str
    lines: tuple[Point, ...]
    """What the other axes say, once each: a line, or a row of the map."""

    @classmethod
    def of(cls, axes: Mapping[str, Sequence[str]], over: str = "", baseline: str = "") -> "Layout":
        """From what was asked for; what there is not gives way to a default."""
        if over not in axes:
            over = max(axes, key=lambda name: (name not in _NAMED, len(axes[name])))
        others = [name for name in axes if name != over]
        compared = next((name for name in others if name in _NAMED), next(iter(others), over))
        if baseline not in axes[compared]:
            baseline = _default_baseline(axes[compared])
        lines: list[Point] = [()]
        for name in others:
            lines = [(*line, (name, label)) for line in lines for label in axes[name]]
        return cls(over=over, compared=compared, baseline=baseline, lines=tuple(lines))

    @property
    def has_names(self) -> bool:
        """Whether what is drawn along are names, between which there is nothing to join."""
        return self.over in _NAMED

    def stretches(self, labels: Sequence[str]) -> list[list[str]]:
        """The labels in stretches that a line may join: numbers, and each name by itself."""
        is_joined = [not self.has_names and is_number(label) for label in labels]
        found: list[list[str]] = []
        for i, label in enumerate(labels):
            if i and is_joined[i] and is_joined[i - 1]:
                found[-1].append(label)
            else:
                found.append([label])
        return found

    def point(self, line: Point, label: str, axes: Mapping[str, Sequence[str]]) -> Point:
        """Where a line is at a label of the axis that is drawn along."""
        labels = dict(line) | {self.over: label}
        return tuple((name, labels[name]) for name in axes)

    def partner(self, point: Point) -> Point:
        """What a point is held against."""
        return tuple(
            (name, self.baseline if name == self.compared else label) for name, label in point
        )


_NAMED = ("norm", "part", "backbone", "adaptive", "eval_stats", "formula")
"""Axes whose labels are names, not numbers: rather lines than places along an axis."""


def _default_baseline(labels: Sequence[str]) -> str:
    plain = (label for label in labels if label.lower().startswith("bn") or "paper" in label)
    return next(plain, labels[0])


def is_number(label: str) -> bool:
    """Whether a label stands for a number, and not for something beside the numbers."""
    try:
        return isfinite(float(label.removeprefix("C/").replace("−", "-")))
    except ValueError:
        return False


Badge = str


def badge(gain: OverSeeds | None, *, more_is_better: bool) -> Badge:
    """What is to be said of a paired difference."""
    if gain is None:
        return ""
    if gain.n < FEWEST_SEEDS:
        return "too few seeds"
    if not gain.is_clear:
        return "within seed noise"
    return "better" if (gain.mean > 0) == more_is_better else "worse"


def points(gain: OverSeeds) -> str:
    """A difference with its interval, in percentage points."""
    if all(value == 0 for _, value in gain.values):
        return "not at all"
    spread = f" ± {half_width_words(gain.half_width)}" if gain.n > 1 else ""
    noise = "" if gain.is_clear else " (within seed noise)"
    return f"{signed_words(gain.mean)}{spread} points{noise}"
