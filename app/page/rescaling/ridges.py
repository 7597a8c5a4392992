"""γ̂ and β̂ of a layer's channels as ridgelines: over the steps, or over the layers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from afn.runs.history import History
from afn.wording import fixed_words, number_words, range_words

from ...kit.draw.axes import Figure, axis, drawn, kept, named_axis
from ...kit.draw.chart import Rows, Shown
from ...kit.draw.legend import ramp, short_layer, translucent
from ...kit.draw.palette import GREY
from ...kit.stage import StageNumber

Name = Literal["gamma", "beta"]
SYMBOLS: dict[Name, str] = {"gamma": "γ̂", "beta": "β̂"}
TITLES: dict[Name, str] = {"gamma": "γ̂ · scale", "beta": "β̂ · shift"}
MOST_RIDGES = 12
_GRID = 120
_OVERLAP = 1.7
"""How high a ridge is, in distances between ridges."""
Values = dict[Name, list[float]]
"""γ̂ and β̂ of each channel."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """One distribution over the channels."""

    label: str
    values: Sequence[float]
    color: str = ""
    """Where it has one of its own."""


def beside(shown: Sequence[Shown], layer: str, step: int) -> list[tuple[Shown, str, int, Values]]:
    """Networks in one layer at one step: each with the layer's name, the step, and its values.

    A network without such a layer is shown in the one of the same number; one without a snapshot of
    the step at the nearest that it has. What has neither is left out.
    """
    found = []
    place = shown[0].history.layers.index(layer)
    for each in shown:
        layers = each.history.layers
        name = layer if layer in layers else next(iter(layers[place : place + 1]), "")
        if known := by_step(each.history, name):
            at = min(known, key=lambda one: abs(one - step))
            found.append((each, name, at, known[at]))
    return found


def by_step(history: History, layer: str) -> dict[int, Values]:
    """A layer's γ̂ and β̂ at every snapshot."""
    found: dict[int, Values] = {}
    for snapshot in history.snapshots:
        if values := _values(snapshot, history.layers, layer):
            found[snapshot["step"]] = values
    return found


def by_layer(history: History, step: int) -> dict[str, Values]:
    """All layers' γ̂ and β̂ at one snapshot."""
    for snapshot in history.snapshots:
        if snapshot["step"] == step:
            found = {name: _values(snapshot, history.layers, name) for name in history.layers}
            return {name: values for name, values in found.items() if values}
    return {}


def _values(snapshot: Mapping[str, Any], layers: Sequence[str], layer: str) -> Values | None:
    try:
        mine = snapshot["layers"][layers.index(layer)]
        return {"gamma": list(mine["gamma"]), "beta": list(mine["beta"])}
    except (ValueError, IndexError, KeyError):
        return None  # an older version's, or a damaged one


def thinned_steps(steps: Sequence[int], cursor: int, most: int = MOST_RIDGES) -> list[int]:
    """Some of the steps, evenly, first and last and the cursor's among them."""
    if len(steps) <= most:
        return list(steps)
    places = {round(i * (len(steps) - 1) / (most - 1)) for i in range(most)}
    at = list(steps).index(cursor)
    if at not in places:
        inner = places - {0, len(steps) - 1}
        places -= {min(inner, key=lambda place: abs(place - at))}
    return [steps[place] for place in sorted(places | {at})]


def density(values: Sequence[float], grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """A Gaussian kernel density at the grid's places, its highest point at 1.

    The bandwidth is Silverman's, and at least a fiftieth of what the grid spans.
    """
    numbers = np.asarray([value for value in values if np.isfinite(value)], dtype=float)
    if not len(numbers):
        return np.zeros_like(grid)
    low, high = np.percentile(numbers, [25, 75])
    spread = min(float(numbers.std()), float(high - low) / 1.34) or float(numbers.std())
    width = max(0.9 * spread * len(numbers) ** -0.2, float(grid[-1] - grid[0]) / 50)
    heights = np.exp(-0.5 * ((grid[:, None] - numbers) / width) ** 2).sum(1)
    return np.asarray(heights / heights.max())


@kept
def ridge_figure(
    ridges: Sequence[Ridge], name: Name, color: str, *, selected: int | None = None
) -> Figure:
    """Ridges from the first, on top, to the last; the selected one stands out."""
    every = np.concatenate([np.asarray(each.values, dtype=float) for each in ridges])
    every = every[np.isfinite(every)]
    low, high = (float(every.min()), float(every.max())) if len(every) else (0.0, 1.0)
    room = max(0.2 * (high - low), 0.02)
    grid = np.linspace(low - room, high + room, _GRID)
    count, data = len(ridges), []
    shades = [ridge.color or shade for ridge, shade in zip(ridges, ramp(color, count), strict=True)]
    for i, ridge in enumerate(ridges):
        base = float(count - 1 - i)
        is_selected = i == selected
        heights = base + _OVERLAP * density(ridge.values, grid)
        share = 0.85 if is_selected else 0.25 if selected is not None else 0.4
        data.append(
            {
                "type": "scatter", "mode": "lines", "hoverinfo": "skip", "fill": "toself",
                # there along the ridge and back along its foot: traces are what takes time
                "x": np.concatenate([grid, grid[[-1, 0]]]).astype("f4"),
                "y": np.concatenate([heights, [base, base]]).astype("f4"),
                "fillcolor": translucent(color if is_selected else shades[i], share),
                "line": {"color": shades[i], "width": 3 if is_selected else 1.2},
            }
        )  # fmt: skip
    for i, ridge in enumerate(ridges):
        if i == selected or selected is None:
            data.append(_ticks(ridge, name, count - 1 - i, ridge.color or color))
    labels = [ridge.label for ridge in ridges]
    if selected is not None:
        labels[selected] = f"<b>{labels[selected]}</b>"
    return drawn(
        data, 76 + 26 * max(count, 4),
        axis(SYMBOLS[name], range=[float(grid[0]), float(grid[-1])], nticks=7),
        named_axis(labels[::-1], range=[-0.5, count - 1 + _OVERLAP + 0.1]),
    )  # fmt: skip


def _ticks(ridge: Ridge, name: Name, base: float, color: str) -> dict[str, Any]:
    """A small stroke for each channel, below the ridge."""
    return {
        "type": "scatter", "mode": "markers",
        "x": list(ridge.values), "y": [base - 0.22] * len(ridge.values),
        "marker": {"symbol": "line-ns", "size": 7, "line": {"width": 1.2, "color": color}},
        "customdata": list(range(1, len(ridge.values) + 1)),
        "hovertemplate": f"{ridge.label}, channel %{{customdata}}: {SYMBOLS[name]} "
        "%{x:.4~g}<extra></extra>",
    }  # fmt: skip


@kept
def channel_figure(
    values: Sequence[float], start: Sequence[float], name: Name, color: str
) -> Figure:
    """A dot per channel, its line from where it was at the first snapshot; outliers numbered."""
    channels = list(range(1, len(values) + 1))
    symbol = SYMBOLS[name]
    stems = [
        (x, y)
        for x, pair in zip(channels, zip(start, values, strict=True), strict=True)
        for y in (*pair, None)
    ]
    found = {each.channel: each for each in outliers(values)}
    data: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines", "hoverinfo": "skip",
            "x": [x for x, _ in stems], "y": [y for _, y in stems],
            "line": {"color": GREY, "width": 1}, "opacity": 0.6,
        },
        {
            "type": "scatter", "mode": "markers", "x": channels, "y": list(values),
            "marker": {
                "color": color, "size": 7 if len(values) <= 64 else 5,
                "symbol": ["diamond" if x in found else "circle" for x in channels],
            },
            "customdata": list(start),
            "hovertemplate": f"channel %{{x}}: {symbol} %{{y:.4~g}} "
            "(at first %{customdata:.4~g})<extra></extra>",
        },
    ]  # fmt: skip
    return drawn(
        data, 230, axis("channel", showgrid=False, range=[0, len(values) + 1]), axis(nticks=6),
        top=16,
        annotations=[
            {
                "x": each.channel, "y": each.value, "text": f"{each.channel}",
                "showarrow": False, "yshift": 11 if each.value > each.median else -11,
                "font": {"size": 12, "color": color},
            }
            for each in found.values()
        ],
    )  # fmt: skip


# -- in words --------------------------------------------------------------------------------------


def spread_words(values: Sequence[float], name: Name) -> str:
    """What one of the two spans."""
    numbers = np.asarray(values, dtype=float)
    if not np.isfinite(numbers).all():
        return f"{SYMBOLS[name]} is not finite"
    low, high, median = numbers.min(), numbers.max(), np.median(numbers)
    if low == high:
        return f"{SYMBOLS[name]} is {number_words(low)} in every channel"
    return f"{SYMBOLS[name]} spans {range_words(low, high)}, median {number_words(median)}"


def large_numbers(
    found: Mapping[int, Values], cursor: int, layer: str, color: str
) -> list[StageNumber]:
    """For the stage: the median of γ̂ and of β̂ at a step, and γ̂ of the channel that moved most."""
    now, first = found[cursor], np.asarray(next(iter(found.values()))["gamma"], dtype=float)
    gamma = np.asarray(now["gamma"], dtype=float)
    place = f"{short_layer(layer)}, step {cursor:,}"
    numbers = [
        StageNumber(f"median {symbol}", number_words(float(np.median(now[name])), 3), color, place)
        for name, symbol in SYMBOLS.items()
        if np.isfinite(now[name]).all()
    ]
    if np.isfinite(gamma).all() and np.isfinite(first).all():
        most = int(np.abs(gamma - first).argmax())
        about = f"moved furthest, from {number_words(float(first[most]), 3)}"
        value = number_words(float(gamma[most]), 3)
        numbers.append(StageNumber(f"γ̂ of channel {most + 1}", value, color, about))
    return numbers


def widest_numbers(found: Mapping[str, Values], step: int, color: str) -> list[StageNumber]:
    """For the stage: how far the channels' γ̂ are apart, in the layers where that is most."""
    spreads = {layer: float(np.std(values["gamma"])) for layer, values in found.items()}
    finite = [layer for layer, spread in spreads.items() if np.isfinite(spread)]
    widest = sorted(finite, key=spreads.__getitem__)
    about = f"deviation of γ̂, step {step:,}"
    return [
        StageNumber(short_layer(layer), number_words(spreads[layer], 3), color, about)
        for layer in reversed(widest[-3:])
    ]


def beside_reading(found: Sequence[tuple[Shown, str, int, Values]]) -> str:
    """How far each network's channels are apart, in one sentence."""
    told = [
        f"{each.label} γ̂ {_deviation(values['gamma'])}, β̂ {_deviation(values['beta'])}"
        for each, _, _, values in found
    ]
    return f"Standard deviation over the channels: {'; '.join(told)}."


def _deviation(values: Sequence[float]) -> str:
    return number_words(float(np.std(np.asarray(values, dtype=float))))


def steps_reading(layer: str, found: Mapping[int, Values], cursor: int) -> str:
    """How γ̂ and β̂ spread at a step, against the first, and who stands apart."""
    now, first = found[cursor], next(iter(found))
    parts = [spread_words(now[name], name) for name in SYMBOLS]
    text = f"At step {cursor:,} of {short_layer(layer)} {'; '.join(parts)}."
    if cursor != first:
        widths = (number_words(float(np.std(found[at]["gamma"])), 2) for at in (first, cursor))
        text += f" Standard deviation of γ̂ over the channels since step {first}: "
        text += f"{' → '.join(widths)}."
    return f"{text} {outlier_words(now['gamma'], now['beta'])}"


def layers_reading(found: Mapping[str, Values], step: int) -> str:
    """Where γ̂ and β̂ spread most, and in which layers channels stand apart."""
    parts = []
    for name, symbol in SYMBOLS.items():
        widths = {layer: float(np.std(values[name])) for layer, values in found.items()}
        widest = max(widths, key=widths.__getitem__)
        parts.append(f"{symbol} in {short_layer(widest)} ({number_words(widths[widest], 2)})")
    text = f"At step {step:,} the channels differ most: {', '.join(parts)}, as standard deviation."
    apart = []
    for layer, values in found.items():
        if far := {each.channel for name in SYMBOLS for each in outliers(values[name])}:
            channels = [f"{channel}" for channel in sorted(far)[:4]]
            more = ", …" if len(far) > len(channels) else ""
            apart.append(f"{short_layer(layer)} ({', '.join(channels)}{more})")
    if not apart:
        return f"{text} No channel stands apart."
    more = f" and {len(apart) - 5} more layers" if len(apart) > 5 else ""
    return f"{text} Channels that stand apart: {', '.join(apart[:5])}{more}."


def table(history: History) -> Rows:
    """Every snapshot of every layer, in long form; channels counted from 1."""
    return [
        {"layer": layer, "step": step, "channel": i, "gamma": gamma, "beta": beta}
        for layer in history.layers
        for step, values in by_step(history, layer).items()
        for i, (gamma, beta) in enumerate(zip(values["gamma"], values["beta"], strict=True), 1)
    ]


_DEVIATIONS = 3.5
_TO_SIGMA = 1.4826
"""Times the median absolute deviation is the standard deviation, where values are normal."""
_LEAST = 0.05
"""Nearer to the median than this, nothing stands apart."""
_NAMED = 4
"""So many are named in a sentence."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """One channel's value, far from the median."""

    channel: int
    """Counted from 1."""
    value: float
    median: float


def outliers(values: Sequence[float]) -> list[Outlier]:
    """Values further from the median than 3.5 robust standard deviations, the furthest first.

    The robust standard deviation is 1.4826 times the median absolute deviation; what is nearer
    than 0.05 never counts.
    """
    numbers = np.asarray(values, dtype=float)
    if not np.isfinite(numbers).any():
        return []
    median = float(np.nanmedian(numbers))
    distances = np.abs(numbers - median)
    limit = max(_DEVIATIONS * _TO_SIGMA * float(np.nanmedian(distances)), _LEAST)
    found = [
        Outlier(i + 1, float(numbers[i]), median)
        for i in np.flatnonzero(distances > limit).tolist()
    ]
    return sorted(found, key=lambda each: -abs(each.value - median))


def outlier_words(gamma: Sequence[float], beta: Sequence[float]) -> str:
    """The channels that stand apart, by name."""
    found = [("γ̂", each) for each in outliers(gamma)] + [("β̂", each) for each in outliers(beta)]
    if not found:
        return "No channel stands apart."
    parts = [
        f"channel {each.channel}: {symbol} {fixed_words(each.value)} "
        f"(median {fixed_words(each.median)})"
        for symbol, each in found[:_NAMED]
    ]
    if left := len(found) - len(parts):
        parts.append(f"{left} more")
    return f"Apart from the others: {', '.join(parts)}."
