"""Settings and results of many runs as parallel axes; what is brushed leaves out all else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log10
from typing import Any

import streamlit as st

from afn.runs.index import Line
from afn.settings.config import SETTINGS
from afn.settings.lambda_init import GREEK, LambdaInit
from afn.settings.norms import NORM_TITLES
from afn.wording import number_words

from ...kit.components.scripts import module_line
from ...kit.draw.palette import NORM_COLORS
from ...kit.view import said

MOST_AXES = 9
_LEFT_OUT = ("seed",)
"""Settings that say nothing of how a run was trained, unless nothing else differs."""
_DECADES = 20.0
"""An axis is logarithmic where its numbers lie further apart than so many times."""
Brushes = Mapping[str, tuple[float, float]]
"""By the axis' name, from where to where: shares of its length, from below."""


@dataclass(frozen=True, slots=True)
class ParallelAxis:
    """One of the axes."""

    name: str
    title: str
    places: dict[str, float]
    """By the run's id, as a share of the length; a run without such a value has none."""
    ticks: list[tuple[float, str]]


def axes_of(lines: Sequence[Line]) -> list[ParallelAxis]:
    """What differs among the runs: settings first, then what came of them."""
    sound = _with_settings(lines)
    names = dict.fromkeys(name for line in sound for name in line.settings if name in SETTINGS)
    found = []
    for name in ["norm", *(each for each in names if each not in ("norm", *_LEFT_OUT))]:
        values = {line.id: _plain(line.setting(name)) for line in sound}
        if name == "norm":
            values = {key: NORM_TITLES[value] for key, value in values.items()}
        if axis := _axis(name, SETTINGS[name].title, values):
            found.append(axis)
    results = [
        axis
        for name, (title, of) in _results().items()
        if (axis := _axis(name, title, {line.id: of(line) for line in sound}))
    ]
    return [*found[: MOST_AXES - len(results)], *results] if results else []


def _with_settings(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if not line.is_damaged and not line.recorded]


def brushed(lines: Sequence[Line], axes: Sequence[ParallelAxis], brushes: Brushes) -> list[Line]:
    """The runs that lie within every brush."""
    active = [(axis.places, brushes[axis.name]) for axis in axes if axis.name in brushes]
    return [
        line
        for line in lines
        if all(
            line.id in places and low <= places[line.id] <= high for places, (low, high) in active
        )
    ]


def _results() -> dict[str, tuple[str, Callable[[Line], Any]]]:
    def ends(name: str) -> Callable[[Line], Any]:
        return lambda line: line.summary.get("lambda_end", {}).get(name)

    return {
        **{f"end:{name}": (f"{GREEK[name]} at the end", ends(name)) for name in ("mu", "sigma")},
        "loss": ("loss at the end", lambda line: (line.curves.get("loss") or [None])[-1]),
        "corrupted": ("accuracy, corrupted", _corrupted),
        "accuracy": ("accuracy, clean", lambda line: line.summary.get("accuracy")),
    }


def _corrupted(line: Line) -> float | None:
    found = [test["accuracy"] for test in line.summary.get("tests", []) if test["corruption"]]
    return sum(found) / len(found) if found else None


def _plain(value: Any) -> Any:
    """A number as it is, all else as text."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, Mapping):
        return LambdaInit.from_json(dict(value)).to_text()
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else f"{value}"


def _axis(name: str, title: str, values: Mapping[str, Any]) -> ParallelAxis | None:
    """None where all are the same."""
    known = {key: value for key, value in values.items() if value is not None}
    if len(set(map(str, known.values()))) < 2:
        return None
    if all(isinstance(value, (int, float)) and isfinite(value) for value in known.values()):
        return _numbers(name, title, known)
    kinds = sorted(set(map(str, known.values())))
    at = {kind: i / (len(kinds) - 1) for i, kind in enumerate(kinds)}
    ticks = [(place, kind) for kind, place in at.items()] if len(kinds) <= 12 else []
    return ParallelAxis(name, title, {key: at[str(value)] for key, value in known.items()}, ticks)


def _numbers(name: str, title: str, values: Mapping[str, float]) -> ParallelAxis:
    low, high = min(values.values()), max(values.values())
    is_log = low > 0 and high / low > _DECADES

    def place(value: float) -> float:
        if is_log:
            return log10(value / low) / log10(high / low)
        return (value - low) / (high - low)

    shown = sorted({low, high, *(values.values() if len(set(values.values())) <= 6 else ())})
    ticks = [(place(value), number_words(value)) for value in shown]
    return ParallelAxis(name, title, {key: place(value) for key, value in values.items()}, ticks)


def parallel(
    lines: Sequence[Line],
    axes: Sequence[ParallelAxis],
    brushes: Brushes,
    *,
    on_brushed: Callable[[dict[str, tuple[float, float]]], None],
    key: str,
) -> None:
    """Draw the axes and a line a run, pale where it is not within the brushes.

    Args:
        lines: The runs.
        axes: From the left to the right.
        brushes: As they are.
        on_brushed: Is told what they have become.
        key: Tells it from others, and its words in the session.
    """
    data = {
        "axes": [{"name": a.name, "title": a.title, "ticks": a.ticks} for a in axes],
        "runs": [
            [NORM_COLORS[line.setting("norm")], [_short(axis.places.get(line.id)) for axis in axes]]
            for line in _with_settings(lines)
        ],
        "brushes": {name: list(ends) for name, ends in brushes.items()},
    }

    def tell() -> None:
        told = said(key).brushed
        on_brushed({name: (float(low), float(high)) for name, (low, high) in (told or {}).items()})

    _component(key=key, data=data, on_brushed_change=tell)


def _short(place: float | None) -> float | None:
    return None if place is None else round(place, 4)


_component = st.components.v2.component(
    "parallel",
    html='<div class="afn-parallel" style="min-height: 22rem"></div>',
    js=module_line("parallel") + "export default async (call) => (await module).default(call);",
    isolate_styles=False,
)
