"""How far domains lie apart before and after a norm layer: as points, profiles, and over layers."""

import math
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any, Literal

from afn.ask.spread import LayerSpread, PlanePoint, Side, Spread
from afn.wording import interval_words, number_words

from ...kit.draw.axes import LINE, Figure, axis, kept, laid_out, named_axis, new_figure, span
from ...kit.draw.chart import Rows
from ...kit.draw.domains import Titles, domain_words
from ...kit.draw.legend import short_layer
from ...kit.draw.palette import GREY, Mark, domain_mark
from ...kit.draw.traces import whiskers

Named = tuple[str, str, Spread]
"""A network's label and colour, and what was measured of it."""
Measure = Literal["shift", "separation"]
MEASURE_TITLES: dict[Measure, str] = {
    "shift": "shift between domains, in pixel deviations",
    "separation": "variance between domains ÷ within them",
}
_NAMED_LAYERS = 4
"""With more layers than these, an axis has their numbers."""
_LITTLE, _TELLING = 0.2, 0.25
"""A shift below this share of what it was is little; a separation from here on is not."""


@kept
def spread_figure(layer: LayerSpread, titles: Titles | None = None) -> Figure:
    """Images as small marks and their domains' means as large ones, on axes of one scale.

    The planes of the two panels are not the same: each is that in which the images spread most.
    """
    sides = (layer.before, layer.after)
    everywhere = [p for side in sides for each in (*side.points, side.centers) for p in each]
    figure = _panels(layer, *zip(*everywhere, strict=True))
    for column, side in enumerate(sides, 1):
        marks = list(_marks(layer, titles))
        for (mark, title), points in zip(marks, side.points, strict=True):
            figure.add_scatter(
                x=[x for x, _ in points], y=[y for _, y in points], mode="markers",
                name=title, legendgroup=title, showlegend=False,
                marker={"color": mark.color, "symbol": mark.symbol, "size": 6, "opacity": 0.6},
                hovertemplate=f"an image of {title}: %{{x:.2f}}, %{{y:.2f}}<extra></extra>",
                row=1, col=column,
            )  # fmt: skip
        for (mark, title), (x, y) in zip(marks, side.centers, strict=True):
            figure.add_scatter(
                x=[x], y=[y], mode="markers",
                name=title, legendgroup=title, showlegend=column == 1,
                marker={
                    "color": mark.color, "symbol": mark.symbol, "size": 13,
                    "line": {"color": "#FFFFFF", "width": 1.5},
                },
                hovertemplate=f"mean of {title}: %{{x:.2f}}, %{{y:.2f}}<extra></extra>",
                row=1, col=column,
            )  # fmt: skip
        one, other = (
            f"axis {i} · {100 * share:.0f} %" for i, share in enumerate(side.explained, 1)
        )
        figure.update_xaxes(title={"text": one, "standoff": 4}, row=1, col=column)
        figure.update_yaxes(
            title={"text": other, "standoff": 4}, showticklabels=False, row=1, col=column
        )
    return figure


@kept
def profile_figure(layer: LayerSpread, titles: Titles | None = None) -> Figure:
    """Each channel's mean and standard deviation in every domain; a line joins one channel's.

    In the channel's own pixel deviations, on axes of one scale: short lines are channels in which
    the domains look alike.
    """
    sides = [_in_units(side) for side in (layer.before, layer.after)]
    everywhere = [point for side in sides for channel in side.values() for point in channel]
    figure = _panels(layer, *zip(*everywhere, strict=True))
    for column, side in enumerate(sides, 1):
        joined = [point for channel in side.values() for point in (*channel, (None, None))]
        figure.add_scatter(
            x=[x for x, _ in joined], y=[y for _, y in joined], mode="lines",
            line={"color": GREY, "width": 1}, opacity=0.6, showlegend=False, hoverinfo="skip",
            row=1, col=column,
        )  # fmt: skip
        for domain, (mark, title) in enumerate(_marks(layer, titles)):
            points = [channel[domain] for channel in side.values()]
            figure.add_scatter(
                x=[x for x, _ in points], y=[y for _, y in points], mode="markers",
                name=title, legendgroup=title, showlegend=column == 1,
                marker={"color": mark.color, "symbol": mark.symbol, "size": 8},
                customdata=list(side),
                hovertemplate=f"{title}, channel %{{customdata}}: mean %{{x:.2f}}, "
                "standard deviation %{y:.2f}<extra></extra>",
                row=1, col=column,
            )  # fmt: skip
        figure.update_xaxes(title={"text": "mean", "standoff": 4}, row=1, col=column)
    figure.update_yaxes(title={"text": "standard deviation"}, row=1, col=1)
    return figure


def _in_units(side: Side) -> dict[int, list[PlanePoint]]:
    """By channel, counted from 1, its mean and deviation in each domain; flat ones are left out."""
    channels = zip(zip(*side.mu, strict=True), zip(*side.sigma, strict=True), strict=True)
    return {
        number: [(m / unit, s / unit) for m, s in zip(mu, sigma, strict=True)]
        for number, (mu, sigma) in enumerate(channels, 1)
        if (unit := math.sqrt(fmean(s * s for s in sigma)))
    }


@kept
def separation_figure(spreads: Sequence[Named], measure: Measure = "shift") -> Figure:
    """How far the domains lie apart before (hollow) and after (filled) each layer, per network."""
    figure = new_figure()
    layers = _layers(spreads)
    names = [short_layer(name) for name in layers]
    is_named = len(layers) <= _NAMED_LAYERS
    top = 0.0
    for label, color, spread in spreads:
        places = [layers.index(layer.name) for layer in spread.layers]
        for when in ("before", "after"):
            sides: list[Side] = [getattr(layer, when) for layer in spread.layers]
            values = [getattr(side, measure) for side in sides]
            intervals = [getattr(side, f"{measure}95") for side in sides]
            top = max([top, *(high for _, high in intervals)])
            is_after = when == "after"
            figure.add_scatter(
                x=places, y=values, name=f"{label}, {when}", mode="lines+markers",
                line={"color": color, "width": LINE, "dash": "solid" if is_after else "dot"},
                marker={
                    "size": 8, "color": color, "symbol": "circle" if is_after else "circle-open",
                    "line": {"color": color, "width": 2},
                },
                error_y=whiskers(
                    [(value, *ends) for value, ends in zip(values, intervals, strict=True)],
                    thickness=1, width=0, color=color,
                ),
                customdata=[
                    interval_words(value, *ends, decimals=2)
                    for value, ends in zip(values, intervals, strict=True)
                ],
                hovertemplate="%{y:.2f} (%{customdata})",
            )  # fmt: skip
    shown = names if is_named else [str(i + 1) for i in range(len(layers))]
    over = {"text": "norm layer %{x}"}
    across = named_axis(
        shown, "norm layer", range=[-0.3, len(layers) - 0.7], unifiedhovertitle=over
    )
    up = axis(range=[-0.04 * top, 1.06 * top or 1], nticks=6)
    return laid_out(figure, 300, across, up, hovermode="x unified", **_LEGEND)


_LEGEND: dict[str, Any] = {
    "showlegend": True,
    "legend": {"orientation": "h", "yanchor": "top", "y": -0.2, "x": 0, "title": {"text": ""}},
}


def _panels(layer: LayerSpread, xs: Sequence[float] = (), ys: Sequence[float] = ()) -> Figure:
    """Two panels that show all of these places on axes of one scale."""
    from plotly.subplots import make_subplots  # not before a page needs it

    name = short_layer(layer.name)
    figure = make_subplots(
        rows=1, cols=2, horizontal_spacing=0.1, subplot_titles=[f"before {name}", f"after {name}"]
    )
    laid_out(figure, 330, {}, {}, top=28, right=8, **_LEGEND)
    figure.update_annotations(font={"size": 13})
    common = axis(nticks=6)
    figure.update_xaxes(**common, range=span(xs))
    for column, anchor in enumerate(("x", "x2"), 1):
        figure.update_yaxes(**common, range=span(ys), scaleanchor=anchor, row=1, col=column)
    return figure


def _marks(layer: LayerSpread, titles: Titles | None) -> Iterator[tuple[Mark, str]]:
    for name in layer.domains:
        yield domain_mark(name, layer.domains), domain_words(name, titles)


def _layers(spreads: Sequence[Named]) -> list[str]:
    return list(dict.fromkeys(layer.name for _, _, each in spreads for layer in each.layers))


# -- readings --------------------------------------------------------------------------------------


def spread_reading(layer: LayerSpread) -> str:
    """What the layer does to the distance of the domains, in one or two sentences."""
    before, after = layer.before, layer.after
    text = (
        f"Before {short_layer(layer.name)} the domains lie {_measured(before)} pixel deviations "
        f"from their common mean, after it {_measured(after)}: {_change(before, after)}."
    )
    if after.shift < _LITTLE * before.shift and after.separation >= _TELLING:
        text += (
            f" The images of one domain have moved together as well, so that what little is left "
            f"still tells the domains apart (variance between them ÷ within: "
            f"{number_words(after.separation, 2)})."
        )
    return text


def separation_reading(spreads: Sequence[Named]) -> str:
    """What each network's norm layers do to the shift, on average over them."""
    if not spreads:
        return "Nothing is measured yet."
    moved, left = [], []
    for label, _, spread in spreads:
        before, after = (
            f"{fmean(side.shift for side in sides):.2f}"
            for sides in zip(*((layer.before, layer.after) for layer in spread.layers), strict=True)
        )
        if before == after:
            left.append(f"{label} leaves it at {after}")
        else:
            moved.append(f"{label} brings it from {before} to {after}")
    count = len(_layers(spreads))
    where = f"on average over {count} norm layers" if count > 1 else "at the norm layer"
    return f"The domains' shift {where}: {'; '.join([*moved, *left])}."


def profile_reading(layer: LayerSpread) -> str:
    """In which channel the domains differ most before the layer, and what becomes of it."""
    before, after = (_in_units(side) for side in (layer.before, layer.after))
    gaps = {number: _gap(channel) for number, channel in before.items()}
    if not gaps:
        return f"No channel varies within an image before {short_layer(layer.name)}."
    most = max(gaps, key=gaps.__getitem__)
    flat = "; after it the channel is flat"
    left = f", by {_gap(after[most]):.2f} after it" if most in after else flat
    return (
        f"The domains' means differ most in channel {most}: by {gaps[most]:.2f} pixel deviations "
        f"before {short_layer(layer.name)}{left}."
    )


def _gap(channel: Sequence[PlanePoint]) -> float:
    """Between the two domains whose means in the channel differ most."""
    return max(mu for mu, _ in channel) - min(mu for mu, _ in channel)


def spread_table(spreads: Sequence[Named]) -> Rows:
    """All distances, in long form."""
    return [
        {
            "model": label, "layer": layer.name, "side": when, "domains": " ".join(spread.domains),
            "images": sum(spread.num_images), "batch size": spread.batch_size, "shift": side.shift,
            "shift low95": side.shift95[0], "shift high95": side.shift95[1],
            "scatter": side.scatter, "separation": side.separation,
            "separation low95": side.separation95[0], "separation high95": side.separation95[1],
        }
        for label, _, spread in spreads
        for layer in spread.layers
        for when, side in (("before", layer.before), ("after", layer.after))
    ]  # fmt: skip


def _measured(side: Side) -> str:
    low, high = side.shift95
    return f"{side.shift:.2f} ({interval_words(side.shift, low, high, decimals=2)})"


def _change(before: Side, after: Side) -> str:
    if after.shift95[0] <= before.shift <= after.shift95[1]:
        return "the norm leaves the shift between them as it is"
    if not before.shift:
        return "the norm draws them apart"
    change = after.shift / before.shift - 1
    return f"the norm {'takes away' if change < 0 else 'adds'} {abs(100 * change):.0f} % of it"
