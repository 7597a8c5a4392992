"""How γ̂ and β̂ differ between corruptions, domains and images: per channel, and over layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from afn.ask.rescaling import Condition, LayerRescaling, Rescaling

from ...kit.draw.axes import Figure, axis, drawn, kept
from ...kit.draw.chart import Rows
from ...kit.draw.corruptions import group_title
from ...kit.draw.domains import Titles, domain_words
from ...kit.draw.legend import ramp, short_layer, translucent
from ...kit.draw.palette import GREY, domain_mark
from ...kit.draw.traces import band
from .ridges import SYMBOLS, Name

_SPREADS = {"gamma": "gamma_spread", "beta": "beta_spread"}


@dataclass(frozen=True, slots=True)
class ConditionLook:
    """How a condition is called and drawn."""

    title: str
    color: str
    symbol: str
    glyph: str = ""
    """The symbol in text, where it tells."""


def looks(rescaling: Rescaling, color: str, titles: Titles | None = None) -> list[ConditionLook]:
    """Of each condition; severities are shades of the norm's colour, domains have their marks."""
    names = [dataset for dataset, _, _ in rescaling.conditions]
    shades = ramp(color, max(len(names) - 1, 1))
    found = []
    for i, (dataset, corruption, severity) in enumerate(rescaling.conditions):
        if corruption is not None:
            title = f"{group_title(corruption)} {severity}"
            found.append(ConditionLook(title, shades[max(i - 1, 0)], "circle"))
        elif len(set(names)) == 1:
            found.append(ConditionLook("clean", GREY, "circle"))
        else:
            mark = domain_mark(dataset, names)
            found.append(
                ConditionLook(domain_words(dataset, titles), mark.color, mark.symbol, mark.glyph)
            )
    return found


def differences(layer: LayerRescaling, name: Name) -> NDArray[np.float64]:
    """(conditions - 1, channels): each condition's mean less that of the first."""
    values = np.array(getattr(layer, name), dtype=float)
    return np.asarray(values[1:] - values[:1])


def between(layer: LayerRescaling, name: Name) -> NDArray[np.float64]:
    """(channels,): the standard deviation between the images (or batches) of the first."""
    return np.array(getattr(layer, _SPREADS[name])[0], dtype=float)


@kept
def channels_figure(layer: LayerRescaling, looked: Sequence[ConditionLook], name: Name) -> Figure:
    """A mark per channel and condition: how far its mean lies from that of the first.

    The band is one standard deviation between images (or batches) of the first condition.
    """
    found, spread = differences(layer, name), between(layer, name)
    channels = list(range(1, found.shape[1] + 1))
    data: list[dict[str, Any]] = []
    if spread.any():
        data += band(channels, -spread, spread, translucent(GREY, 0.25))
    data += [
        {
            "type": "scatter", "mode": "markers", "name": look.title, "x": channels, "y": values,
            "marker": {"color": look.color, "symbol": look.symbol, "size": 7},
            "hovertemplate": f"{look.title}, channel %{{x}}: %{{y:+.3~g}}<extra></extra>",
        }
        for look, values in zip(looked[1:], found, strict=True)
    ]  # fmt: skip
    return _figure(data, "channel", [0, len(channels) + 1])


@kept
def layers_figure(rescaling: Rescaling, looked: Sequence[ConditionLook], name: Name) -> Figure:
    """For each condition the mean of |difference| over channels, layer by layer."""
    found = np.array(
        [np.abs(differences(layer, name)).mean(1) for layer in rescaling.layers]
    )  # (layers, conditions - 1)
    places = list(range(1, len(rescaling.layers) + 1))
    names = [short_layer(layer.name) for layer in rescaling.layers]
    data: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines+markers", "name": look.title, "x": places,
            "y": values, "line": {"color": look.color, "width": 1.5}, "customdata": names,
            "marker": {"color": look.color, "symbol": look.symbol, "size": 7},
            "hovertemplate": f"{look.title}, %{{customdata}}: %{{y:,.3~r}}<extra></extra>",
        }
        for look, values in zip(looked[1:], found.T, strict=True)
    ]  # fmt: skip
    return _figure(data, "layer, from the input on", [0.6, len(places) + 0.4])


def _figure(data: list[dict[str, Any]], x_title: str, x_range: Sequence[float]) -> Figure:
    every = np.abs(np.concatenate([np.asarray(each["y"], dtype=float) for each in data]))
    up = axis(nticks=6, zeroline=True, exponentformat="none")
    if not every.any():
        up["range"] = [-0.01, 0.01]
    return drawn(data, 260, axis(x_title, showgrid=False, range=list(x_range)), up)


# -- in words --------------------------------------------------------------------------------------


def difference_reading(
    label: str,
    rescaling: Rescaling,
    looked: Sequence[ConditionLook],
    layer: LayerRescaling | None = None,
) -> str:
    """How γ̂ and β̂ differ, and by what, in one layer or in all."""
    layers = [layer] if layer else list(rescaling.layers)
    where = f"in {short_layer(layer.name)}" if layer else "in all layers"
    if all(each.varies == "nothing" for each in layers):
        return (
            f"{label}: γ̂ and β̂ {where} are the same for every image, exactly: they follow from "
            "parameters and fixed averages, so nothing differs by construction."
        )
    parts = [_largest(layers, looked, name, says_layer=layer is None) for name in SYMBOLS]
    if not any(differences(each, name).any() for each in layers for name in SYMBOLS):
        why = dead_words(layers) or (
            "Either the rescaling network says the same of all, or λ_γ and λ_β are 0."
        )
        return f"{label}: γ̂ and β̂ {where} do not differ at all. {why}"
    text = f"{label}, against {looked[0].title} images: {'; '.join(parts)}. {_beside(layers)}"
    kind = next(each.varies for each in layers if each.varies != "nothing")
    spreads = [
        f"{symbol} {_decimal(float(np.mean([between(each, name).mean() for each in layers])))}"
        for name, symbol in SYMBOLS.items()
        if any(between(each, name).any() for each in layers)
    ]
    what = "images" if kind == "images" else "batches"
    if spreads:
        text += f" Between {looked[0].title} {what} alone they differ by {' and '.join(spreads)}."
    elif kind == "batches":
        text += " There is one batch, which all images share."
    return f"{text} {dead_words(layers)}".strip()


def dead_words(layers: Sequence[LayerRescaling]) -> str:
    """Where γ̂ or β̂ is flat because all hidden units behind it are dead; empty for nowhere."""
    silent = {
        symbol: sum(0 < each.hidden == each.dead[which] for each in layers)
        for which, symbol in enumerate(SYMBOLS.values())
    }
    told = {symbol: count for symbol, count in silent.items() if count}
    if not told:
        return ""
    where = f" of {len(layers)} layers" if len(layers) > 1 else ""
    parts = [f"{symbol} in {count}{where}" if where else symbol for symbol, count in told.items()]
    return (
        f"Constant: {' and '.join(parts)}, all hidden units behind being dead (0 for all that was "
        "shown)."
    )


def _beside(layers: Sequence[LayerRescaling]) -> str:
    """The differences beside those that channels have among themselves."""
    channels = float(np.mean([np.std(each.gamma[0]) for each in layers]))
    moves = float(np.mean([np.abs(differences(each, "gamma")).mean() for each in layers]))
    text = f"Channels differ from each other in γ̂ by {_decimal(channels)} (standard deviation)"
    return f"{text}, {_round(channels / moves)} × as much." if moves else f"{text}."


def _round(ratio: float) -> str:
    """Two digits that count."""
    return f"{float(f'{ratio:.2g}'):,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def _decimal(value: float, digits: int = 1) -> str:
    """A small number without powers of ten."""
    text = np.format_float_positional(value, precision=digits, fractional=False, trim="-")
    return text if abs(value) >= 1e-7 else f"{value:.1g}"


def _largest(
    layers: Sequence[LayerRescaling],
    looked: Sequence[ConditionLook],
    name: Name,
    *,
    says_layer: bool,
) -> str:
    found = max(layers, key=lambda each: float(np.abs(differences(each, name)).max(initial=0)))
    values = differences(found, name)
    if not values.any():
        return f"{SYMBOLS[name]} does not differ"
    at, channel = divmod(int(np.abs(values).argmax()), values.shape[1])
    mean = float(np.mean([np.abs(differences(each, name)).mean() for each in layers]))
    place = f" in {short_layer(found.name)}" if says_layer else ""
    most = f"{_decimal(values[at, channel], 2)}, at {looked[at + 1].title}"
    return (
        f"{SYMBOLS[name]} differs by {_decimal(mean)} on average and most by {most} in channel "
        f"{channel + 1}{place}"
    )


def condition_words(condition: Condition) -> str:
    """A condition in the CSV."""
    dataset, corruption, severity = condition
    return f"{dataset} {corruption} {severity}" if corruption else dataset


def table(rescaling: Rescaling) -> Rows:
    """Everything that was measured, in long form; channels counted from 1."""
    return [
        {
            "layer": layer.name, "condition": condition_words(condition), "images": n,
            "channel": channel + 1, "gamma": layer.gamma[i][channel],
            "beta": layer.beta[i][channel], "gamma std": layer.gamma_spread[i][channel],
            "beta std": layer.beta_spread[i][channel], "varies with": layer.varies,
        }
        for layer in rescaling.layers
        for i, (condition, n) in enumerate(
            zip(rescaling.conditions, rescaling.num_images, strict=True)
        )
        for channel in range(len(layer.gamma[i]))
    ]  # fmt: skip
