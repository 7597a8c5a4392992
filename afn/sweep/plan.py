"""Which runs a sweep makes, and which combinations it leaves out and why."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from afn.settings.config import SETTINGS, TrainConfig
from afn.sweep.spec import Axis, SweepSpec, Value

Point = tuple[tuple[str, str], ...]
"""Axis and label, in the axes' order: where a run lies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """One run of a sweep."""

    point: Point
    config: TrainConfig
    run_id: str
    """Its configuration's, the same in every sweep."""

    @classmethod
    def of(cls, point: Point, config: TrainConfig) -> "Planned":
        """The run of a configuration."""
        return cls(point=point, config=config, run_id=config.run_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """A combination that makes no run."""

    point: Point
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepPlan:
    """What a sweep comes to."""

    spec: SweepSpec
    runs: tuple[Planned, ...]
    skipped: tuple[Skipped, ...]

    @property
    def points(self) -> tuple[Point, ...]:
        """Where the runs lie, each point once for all its seeds."""
        return tuple(dict.fromkeys(run.point for run in self.runs))


def plan(spec: SweepSpec) -> SweepPlan:
    """The runs of a sweep, seed by seed, so that all points soon have a result.

    A combination whose settings contradict each other, that sets what its norm does not heed, or
    that comes to the same as an earlier one, is skipped with its reason.

    Raises:
        ValueError: Nothing is left, or it is more than the sweep's limit.
    """
    points: dict[Point, TrainConfig] = {}
    known: dict[TrainConfig, Point] = {}
    skipped: list[Skipped] = []
    num_combinations = 0
    for values in _combinations(spec):
        num_combinations += 1
        if num_combinations * len(spec.seeds) > 50 * spec.max_runs:
            raise ValueError(_too_many(f"over {50 * spec.max_runs:,}", spec))
        point = tuple(
            (axis.name, value.label) for axis, value in zip(spec.axes, values, strict=True)
        )
        try:
            config = _config(spec.base, values)
        except ValueError as error:
            skipped.append(Skipped(point=point, reason=str(error)))
            continue
        if config in known:
            if known[config] != point:
                reason = f"the same run as {words(known[config])}"
                skipped.append(Skipped(point=point, reason=reason))
            continue
        known[config], points[point] = point, config
    runs = tuple(
        Planned.of(point, replace(config, seed=seed))
        for seed in spec.seeds
        for point, config in points.items()
    )
    if not runs:
        raise ValueError(
            f"all {num_combinations} combinations are contradictory, the first because "
            f"{skipped[0].reason}"
        )
    if len(runs) > spec.max_runs:
        raise ValueError(_too_many(f"{len(runs):,}", spec))
    return SweepPlan(spec=spec, runs=runs, skipped=tuple(skipped))


def words(point: Point) -> str:
    """A point as people read it."""
    return ", ".join(f"{name} {label}" for name, label in point)


def _too_many(count: str, spec: SweepSpec) -> str:
    return (
        f"the sweep comes to {count} runs and its limit is {spec.max_runs}: take fewer values or "
        f"seeds, draw samples, or raise max_runs"
    )


def _combinations(spec: SweepSpec) -> Iterator[tuple[Value, ...]]:
    if not spec.samples:
        yield from product(*(axis.values for axis in spec.axes))
        return
    draw = random.Random(0)  # the same sweep draws the same combinations
    for _ in range(spec.samples):
        yield tuple(_drawn(axis, draw) for axis in spec.axes)


def _drawn(axis: Axis, draw: random.Random) -> Value:
    if axis.range is None:
        return draw.choice(axis.values)
    return axis.value_of(axis.range.at(draw.random()))


def _config(base: TrainConfig, values: tuple[Value, ...]) -> TrainConfig:
    settings: dict[str, object] = {}
    for value in values:
        for name, setting in value.settings.items():
            if name in settings and settings[name] != setting:
                raise ValueError(f"two axes set {name}, to {settings[name]} and {setting}")
            settings[name] = setting
    config = _with(base, settings)
    if unheeded := _unheeded(config, settings):
        raise ValueError(unheeded)
    return config


def _with(config: TrainConfig, settings: Mapping[str, object]) -> TrainConfig:
    return TrainConfig.from_json({**config.to_json(), **settings})


def _unheeded(config: TrainConfig, settings: Mapping[str, object]) -> str:
    """Why a setting that was chosen, and is not its default, has no effect; empty if all have."""
    for name in config.changed():
        if name in settings and (reason := SETTINGS[name].unheeded(config)):
            return f"{reason}: {name} would change nothing"
    return ""
