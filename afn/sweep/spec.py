"""What a sweep is: a base configuration, axes, seeds; read from TOML, kept as JSON."""

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

from afn.files import read_named_text
from afn.settings.config import SETTINGS, TrainConfig
from afn.settings.lambda_init import LambdaInit
from afn.settings.setting import as_given

MAX_RUNS = 500
"""So many runs a sweep may have unless it says otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """One place on an axis: its label, and the settings that it stands for."""

    label: str
    settings: Mapping[str, Any]
    """By name, as plain JSON: what `TrainConfig.from_json` takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """Numbers to draw from, in a random sweep."""

    low: float
    high: float
    log: bool = False
    """Whether the logarithm is uniform, not the number."""

    def at(self, share: float) -> float:
        """The number below which that share of the range lies, in four digits."""
        low, high = self.low, self.high
        if self.log:
            low, high = math.log(low), math.log(high)
        value = low + share * (high - low)
        return float(f"{math.exp(value) if self.log else value:.4g}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """What varies: a setting, or a name of its own whose values each change several settings."""

    name: str
    values: tuple[Value, ...] = ()
    range: Range | None = None

    def value_of(self, number: float) -> Value:
        """A number of its range, as a value."""
        made = round(number) if SETTINGS[self.name].kind == "whole" else number
        return value_of(self.name, made)


@dataclass(frozen=True, kw_only=True, slots=True)
class SweepSpec:
    """A sweep: each combination of the axes' values, or some drawn at random, for each seed.

    Raises:
        ValueError: An axis is empty, unknown or named twice; a range without ``samples``.
    """

    name: str = "sweep"
    base: TrainConfig = field(default_factory=TrainConfig)
    axes: tuple[Axis, ...]
    seeds: tuple[int, ...] = (0,)
    samples: int = 0
    """So many combinations are drawn at random; 0: all of the grid."""
    max_runs: int = MAX_RUNS
    """More are refused."""

    VERSION: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if not self.axes:
            raise ValueError("a sweep needs at least one axis, got none: say what is to vary")
        names = [axis.name for axis in self.axes]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the axis {name} is there twice; join their values")
        for axis in self.axes:
            if axis.name == "seed":
                raise ValueError("seeds are no axis: give them as seeds, they make the intervals")
            if not axis.values and axis.range is None:
                raise ValueError(f"the axis {axis.name} is empty: give it one or more values")
            if axis.range is not None and not self.samples:
                raise ValueError(
                    f"the axis {axis.name} is a range, which is drawn from: say samples, or list "
                    f"its values"
                )
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(
                f"seeds must be one or more different numbers, got {as_given(self.seeds)}"
            )
        for name, low in (("samples", 0), ("max_runs", 1)):
            value = getattr(self, name)
            if type(value) is not int or value < low:
                raise ValueError(f"{name} must be a whole number of {low} or more, got {value!r}")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; the inverse of `from_json`."""
        return {
            "version": self.VERSION,
            "name": self.name,
            "base": self.base.changed(),
            "axes": {axis.name: _axis_to_json(axis) for axis in self.axes},
            "seeds": list(self.seeds),
            "samples": self.samples,
            "max_runs": self.max_runs,
        }

    def to_toml(self) -> str:
        """As `read_spec` takes it, and as people write it: what is the default is left out."""
        base = {name: _preset(value) for name, value in self.base.changed().items()}
        axes = {axis.name: _axis_to_toml(axis) for axis in self.axes}
        seeds = len(self.seeds) if self.seeds == tuple(range(len(self.seeds))) else self.seeds
        head: dict[str, Any] = {"name": self.name, "seeds": seeds}
        head |= {"samples": self.samples} if self.samples else {}
        head |= {"max_runs": self.max_runs} if self.max_runs != MAX_RUNS else {}
        parts = [_entries(head)]
        parts += [f"[base]\n{_entries(base)}"] if base else []
        return "\n".join([*parts, f"[axes]\n{_entries(axes)}"])

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "SweepSpec":
        """From plain values, as a TOML file holds them too.

        ``base`` and each axis are written in settings of `TrainConfig`. An axis is a list of
        values, or a table with ``low``, ``high`` and, where it is to be drawn evenly by its
        logarithm, ``log = true``. A value is what the setting takes; a start of λ may also be a
        preset's name or one logit for all four; and a table with ``label`` and several settings
        makes an axis of any name. ``seeds`` is a list, or how many.

        Raises:
            ValueError: One line that says what was expected and what came.
        """
        if not isinstance(record, Mapping):
            raise ValueError(f"a sweep is a table, got {record!r:.60}")
        values = dict(record)
        if (version := values.pop("version", cls.VERSION)) != cls.VERSION:
            raise ValueError(f"sweep version {version!r} is not {cls.VERSION}")
        known = {f.name for f in fields(cls)}
        if unknown := sorted(values.keys() - known):
            raise ValueError(f"unknown entry {unknown[0]!r}; known: {', '.join(sorted(known))}")
        base, axes = values.pop("base", {}), values.pop("axes", {})
        if not isinstance(base, Mapping) or not isinstance(axes, Mapping):
            raise ValueError("base and axes are tables of settings")
        seeds = values.pop("seeds", (0,))
        if type(seeds) is int:
            seeds = range(seeds)
        try:
            return cls(
                base=TrainConfig.from_json(_plain(base)),
                axes=tuple(_axis(name, value) for name, value in axes.items()),
                seeds=tuple(seeds),
                **values,
            )
        except TypeError as error:
            raise ValueError(f"the sweep has a value of the wrong kind: {error}") from error


def read_spec(path: Path) -> SweepSpec:
    """A sweep from a TOML file; see `SweepSpec.from_json`.

    Raises:
        ValueError: There is no such file, or it is no TOML, or no sweep.
    """
    text = read_named_text(path, "a sweep as TOML")
    try:
        return SweepSpec.from_json(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is not TOML: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def value_of(name: str, given: object) -> Value:
    """A value of an axis from what was given for it.

    Raises:
        ValueError: There is no such setting, or the value is not one for it.
    """
    if isinstance(given, Mapping) and "label" in given:
        settings = _plain({key: value for key, value in given.items() if key != "label"})
        TrainConfig.from_json(settings)
        return Value(label=str(given["label"]), settings=settings)
    if name not in SETTINGS:
        raise ValueError(
            f"{name!r} is no setting: its values must be tables with a label and settings, got "
            f"{given!r}; known settings: {', '.join(SETTINGS)}"
        )
    settings = _plain({name: given})
    TrainConfig.from_json(settings)
    return Value(label=_label(given), settings=settings)


def _axis(name: str, given: object) -> Axis:
    if isinstance(given, Mapping):
        return Axis(name=name, range=_range(name, given))
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ValueError(f"the axis {name} is a list of values, or low and high; got {given!r:.60}")
    values = tuple(value_of(name, each) for each in given)
    labels = [value.label for value in values]
    for label in labels:
        if labels.count(label) > 1:
            raise ValueError(f"the axis {name} has {label} twice; leave one out")
    return Axis(name=name, values=values)


def _range(name: str, given: Mapping[str, Any]) -> Range:
    try:
        found = Range(**given)
        is_number = name in SETTINGS and SETTINGS[name].kind in ("whole", "number")
        is_range = is_number and found.low < found.high and (not found.log or found.low > 0)
    except TypeError:
        is_range = False
    if not is_range:
        raise ValueError(
            f"the axis {name} as a range takes low, high and log, of a setting that is a number, "
            f"with low below high (above 0 where log); got {dict(given)!r:.80}"
        )
    for bound in (found.low, found.high):
        TrainConfig.from_json({name: round(bound) if SETTINGS[name].kind == "whole" else bound})
    return found


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON has them; a start of λ by name or as one logit becomes all its values."""
    values = dict(settings)
    if "lambda_init" in values:
        values["lambda_init"] = _lambda_init(values["lambda_init"])
    return values


def _lambda_init(given: object) -> object:
    if isinstance(given, str):
        if given not in LambdaInit.PRESETS:
            raise ValueError(
                f"a start of λ is one of {', '.join(LambdaInit.PRESETS)}, a logit or a table, got "
                f"{given!r}"
            )
        init = LambdaInit.PRESETS[given]
    elif isinstance(given, (int, float)) and not isinstance(given, bool):
        logit = float(given)
        init = LambdaInit(mu=logit, sigma=logit, gamma=logit, beta=logit)
    else:
        return given
    return {name: "-inf" if v == -math.inf else v for name, v in asdict(init).items()}


def _label(given: object) -> str:
    match given:
        case bool():
            return "on" if given else "off"
        case float():
            return f"{given:g}"
        case list() | tuple():
            return ", ".join(map(_label, given))
        case Mapping():
            return json.dumps(given, ensure_ascii=False)
    return str(given)


def _axis_to_json(axis: Axis) -> Any:
    if axis.range is not None:
        return asdict(axis.range)
    return [{"label": value.label, **value.settings} for value in axis.values]


# -- as TOML ---------------------------------------------------------------------------------------


def _entries(values: Mapping[str, Any]) -> str:
    return "".join(f"{_key(name)} = {_toml(value)}\n" for name, value in values.items())


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if is_bare else json.dumps(name, ensure_ascii=False)


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case Mapping():
            pairs = (f"{_key(name)} = {_toml(each)}" for name, each in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case str():
            return json.dumps(value, ensure_ascii=False)
    return repr(value)


def _axis_to_toml(axis: Axis) -> Any:
    if axis.range is not None:
        found = asdict(axis.range)
        return found if axis.range.log else {k: v for k, v in found.items() if k != "log"}
    return [_value_to_toml(axis.name, value) for value in axis.values]


def _value_to_toml(name: str, value: Value) -> Any:
    """The shortest that `value_of` makes the same of."""
    shorts = [value.settings.get(name), value.label]
    with suppress(ValueError):
        shorts.append(float(value.label))
    for short in shorts:
        with suppress(ValueError, TypeError):
            if short is not None and value_of(name, short) == value:
                return short
    return {"label": value.label} | dict(value.settings)


def _preset(value: Any) -> Any:
    """A start of λ by its name, if it has one."""
    names = (name for name in LambdaInit.PRESETS if _lambda_init(name) == value)
    return next(names, value)
