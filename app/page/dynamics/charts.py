"""λ over the steps, full size: a panel per λ with layers as shades, or a panel per layer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np

from afn.runs.course import Quantity
from afn.settings.lambda_init import LAMBDAS

from ...kit.draw.axes import LINE, LOG, Figure, axis, drawn
from ...kit.draw.chart import marks_since
from ...kit.draw.lambdas import TITLES
from ...kit.draw.legend import ramp, short_layer, translucent
from ...kit.draw.traces import band, marked, whiskers
from ...kit.draw.tracks import MOST_POINTS, Course, Series, Together, thinned

MOVE_TITLES = {"mu": "|μ̂ − μ| / σ · how far the mean is moved", "sigma": "σ̂ / σ · the spread"}
UNITS: dict[Quantity, str] = {
    "lambda": "",
    "logit": "logit",
    "change": "change since the start",
    "gradient": "size of the loss's gradient on its logit",
    "move": "",
}
"""What the numbers are, where the title of a panel does not say it."""
_LOG_TICKS = [base * 10**power for power in range(7) for base in (1, 3)]
_ALL_POINTS, _FEWEST_POINTS = 6_000, 120
"""About so many steps are drawn in a panel, fewer of each line where there are many."""
_FEW = 6
"""Up to so many lines are read off together at one step."""


@dataclass(frozen=True, slots=True)
class Panel:
    """What is drawn in one place: one λ in some layers."""

    title: str
    which: str
    layer: str | None = None
    """None for all layers, each in its shade."""


def panels_of(series: Sequence[Series], quantity: Quantity, which: Sequence[str],
              by: str) -> list[Panel]:  # fmt: skip
    """The panels of a view, in reading order."""
    titles = MOVE_TITLES if quantity == "move" else TITLES
    if by == "layer":
        return [Panel(short_layer(name), which[0], name) for name in layer_names(series)]
    return [Panel(titles[name], name) for name in which]


def layer_names(series: Sequence[Series]) -> list[str]:
    """The layers with λ, of all series."""
    return list(dict.fromkeys(name for each in series for name in each.layers))


def dynamics_figure(
    panel: Panel,
    courses: Sequence[Course],
    quantity: Quantity,
    *,
    seeds: str = "band",
    log: bool = False,
    height: int = 260,
) -> Figure:
    """One panel.

    Args:
        panel: Which λ in which layers.
        courses: What is drawn; seeds of one series as a band around their mean, or as lines.
        quantity: What they are of, see `app.kit.draw.tracks.track`.
        seeds: "band" or "lines".
        log: Whether the axis of steps is logarithmic; step 0 is then left out.
        height: In pixels.
    """
    lines = list(_lines(panel, courses, seeds))
    alike = list(_lines(replace(panel, layer=None), courses, seeds))  # layers share their scale
    most = max(_FEWEST_POINTS, min(MOST_POINTS, _ALL_POINTS // max(len(lines), 1)))
    data: list[dict[str, Any]] = []
    for line in lines:
        data += _traces(line, most=most, log=log, is_log=quantity == "gradient")
    marks = [(mark["x"], mark["text"]) for course in courses for mark in _marks(course)]
    return drawn(
        data, height,
        axis(
            "step", showgrid=False, unifiedhovertitle={"text": "step %{x}"},
            **({"type": "log", "tickvals": _LOG_TICKS} if log else {"nticks": 6}),
        ),
        axis(
            **{
                "zeroline": quantity == "change", "exponentformat": "none", "nticks": 6,
                **_y_axis(lines if panel.layer is None else alike, quantity),
            }
        ),
        hovermode="x unified" if len(lines) <= _FEW else "closest", top=18 if marks else 8,
        **marked(marks, is_log=log),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    color: str
    dash: str
    width: float
    steps: np.ndarray
    mean: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None


def _lines(panel: Panel, courses: Sequence[Course], seeds: str) -> Iterator[_Line]:
    which = LAMBDAS.index(panel.which)
    for course in courses:
        one = course.series
        shades = ramp(one.color, len(one.layers))
        for k, name in enumerate(one.layers):
            if panel.layer not in (None, name):
                continue
            color = shades[k] if panel.layer is None else one.color
            title = f"{one.label} · {short_layer(name)}" if panel.layer is None else one.label
            if seeds == "band" and not course.is_alone:
                yield _band(title, color, one.dash, course.all, k, which)
                continue
            for each, track in course.tracks:
                label = title if course.is_alone else f"{title} · seed {each.config.seed}"
                width = LINE if course.is_alone else 1.5
                yield _Line(label, color, one.dash, width, track.steps, track.values[k, which])


def _band(title: str, color: str, dash: str, found: Together, k: int, which: int) -> _Line:
    mean, low, high = found.mean[k, which], found.low[k, which], found.high[k, which]
    return _Line(f"{title} · mean", color, dash, LINE, found.steps, mean, low, high)


def _traces(line: _Line, *, most: int, log: bool, is_log: bool) -> Iterator[dict[str, Any]]:
    steps = line.steps
    first = int(log and len(steps) > 0 and steps[0] <= 0)  # a logarithm knows no step 0
    places = thinned(steps[first:], log=log, most=most) + first
    x = steps[places].astype(np.int32)

    def y(values: np.ndarray) -> np.ndarray:
        some = values[places]
        return np.where(some > 0, some, np.nan).astype("f4") if is_log else some.astype("f4")

    if line.low is not None and line.high is not None:
        yield from band(x, y(line.low), y(line.high), translucent(line.color, 0.22))
    yield {
        "type": "scatter",
        "mode": "lines+markers" if len(x) < 3 else "lines",
        "name": line.name,
        "x": x,
        "y": y(line.mean),
        "line": {"color": line.color, "width": line.width, "dash": line.dash},
        "marker": {"color": line.color, "size": 7},
        "hovertemplate": "%{y:.4~g}",
    }


def _y_axis(lines: Sequence[_Line], quantity: Quantity) -> dict[str, Any]:
    """Logarithmic for gradients; where hardly anything moves, not a magnified rounding error."""
    every = [each for line in lines for each in (line.mean, line.low, line.high)]
    values = np.concatenate([each for each in every if each is not None] or [np.zeros(1)])
    is_log = quantity == "gradient"
    values = values[np.isfinite(values) & ((values > 0) | (not is_log))]
    shape = {"type": "log", "exponentformat": "power", "dtick": 1} if is_log else {}
    if not len(values):
        return shape
    if is_log:
        low, high = float(np.log10(values.min())), float(np.log10(values.max()))
        return {**shape, "range": [low - 0.1, high + 0.1]}
    low, high = float(values.min()), float(values.max())
    least = max(0.002 * max(abs(low), abs(high)), 1e-5)
    room = max(0.06 * (high - low), (least - (high - low)) / 2)
    return {"range": [low - room, high + room]}


def _marks(course: Course) -> list[dict[str, Any]]:
    """The changes made while its members trained."""
    members = course.series.members
    return marks_since(members, [0] * len(members))


# -- over the depth --------------------------------------------------------------------------------


def depth_figure(panel: Panel, courses: Sequence[Course], quantity: Quantity) -> Figure:
    """Where a λ began (hollow) and ended (filled) in every layer; whiskers span the seeds."""
    which = LAMBDAS.index(panel.which)
    deepest = max(len(course.series.layers) for course in courses)
    data: list[dict[str, Any]] = []
    for course in courses:
        one, found = course.series, course.all
        places = list(range(1, len(one.layers) + 1))
        first, last = found.mean[:, which, 0], found.mean[:, which, -1]
        low, high = found.low[:, which, -1], found.high[:, which, -1]
        floor = -inf  # what is 0 or less has no place on a logarithmic axis
        if quantity == "gradient":
            floor = min((float(value) for value in [*first, *last, *low] if value > 0), default=1.0)
        common = {
            "type": "scatter",
            "x": places,
            "customdata": [short_layer(name) for name in one.layers],
        }
        line = {"color": one.color, "dash": one.dash}
        data.append(
            {
                **common, "mode": "markers", "y": first,
                "name": f"{one.label}, start", "hovertemplate": "%{y:.4~g} (%{customdata})",
                "marker": {
                    "size": 6, "symbol": "circle-open", "color": one.color, "opacity": 0.7
                },
            }
        )  # fmt: skip
        data.append(
            {
                **common, "mode": "lines+markers", "y": last,
                "name": f"{one.label}, end", "hovertemplate": "%{y:.4~g} (%{customdata})",
                "line": {**line, "width": 1.5}, "marker": {"size": 9, "color": one.color},
                "error_y": whiskers(
                    zip(last, low, high, strict=True), within=(floor, inf), width=0, thickness=1.5,
                    visible=len(one.members) > 1,
                ),
            }
        )  # fmt: skip
    return drawn(
        data, 220,
        axis(
            "layer, from the input on", showgrid=False, dtick=1 if deepest < 8 else 3, tick0=1,
            range=[0.6, deepest + 0.4], unifiedhovertitle={"text": "layer %{x}"},
        ),
        axis(nticks=5, **(LOG if quantity == "gradient" else {"exponentformat": "none"})),
        hovermode="x unified",
    )  # fmt: skip
