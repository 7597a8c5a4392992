"""A sweep's results over its axes, as lines, dots or a map."""

from collections.abc import Mapping
from typing import Any

from afn.stats.over_seeds import OverSeeds
from afn.sweep.plan import Point

from ...kit.draw.axes import (
    LEGEND_ABOVE,
    LINE,
    Figure,
    axis,
    laid_out,
    named_axis,
    new_figure,
    row_axis,
)
from ...kit.draw.palette import GREY
from ...kit.draw.table import LESS, MORE
from ...kit.draw.traces import whiskers
from .drawn import (
    DrawnSweep,
    axis_title,
    line_colors,
    line_dash,
    line_words,
    number,
    point_color,
    point_words,
)

_MOST_LINES = 8
_SHIFT = 0.1
"""Between the lines' points, so that whiskers stand beside each other."""
_SPAN = 0.36
"""From the first line's to the last's, at most: what belongs to a name stays beside it."""
_BESIDE = 0.04
"""From a mean to the dots of its seeds."""
_SHAPES = ("circle", "diamond", "square")
"""Of lines of one colour, which names do not join."""


def lines_figure(drawn: DrawnSweep) -> Figure:
    """A line for each setting of the other axes, through its numbers: names stand by themselves.

    Whiskers are 95 % t-intervals, small dots the seeds, crosses runs that diverged; marks are
    hollow where a network does no better than one who guesses.
    """
    layout, axes = drawn.layout, drawn.results.axes
    labels = axes[layout.over]
    figure = new_figure()
    lines, span = layout.lines[:_MOST_LINES], _span(drawn)
    colors = line_colors(lines)
    for i, (line, color) in enumerate(zip(lines, colors, strict=True)):
        shape = _SHAPES[colors[:i].count(color) % len(_SHAPES)]
        points = {label: layout.point(line, label, axes) for label in labels}
        shift = min(_SHIFT, _SPAN / max(len(lines) - 1, 1)) * (i - (len(lines) - 1) / 2)
        places = {label: k + shift for k, label in enumerate(labels)}
        lost = [label for label in labels if drawn.diverged(points[label])]
        if lost and span and not drawn.is_difference:  # a cross on the floor
            figure.add_scatter(
                x=[places[label] for label in lost], y=[span[0]] * len(lost), mode="markers",
                marker={"symbol": "x", "size": 9, "color": color}, showlegend=False,
                cliponaxis=False, name=line_words(line),
                customdata=[
                    [label, f"{drawn.diverged(points[label])} of "
                     f"{len(drawn.results.runs_at(points[label]))} diverged",
                     drawn.results.points.index(points[label])]
                    for label in lost
                ],
                hovertemplate="%{customdata[0]}: %{customdata[1]}",
            )  # fmt: skip
        known = {label: each for label in labels if (each := drawn.value(points[label]))}
        if not known:
            continue
        beside = {points[label]: places[label] + _BESIDE for label in known}
        figure.add_scatter(**_seeds(drawn, beside, color, "x", "y"))
        name = line_words(line) or drawn.metric.title
        stretches = [
            [one for one in stretch if one in known] for stretch in layout.stretches(labels)
        ]
        dash = line_dash(line, lines)
        is_hollow = _symbol(drawn, points[next(iter(known))], shape) != shape
        for part, stretch in enumerate(filter(None, stretches)):
            figure.add_scatter(
                x=[places[label] for label in stretch],
                y=[known[label].mean for label in stretch],
                name=name, legendgroup=name, showlegend=not (part or is_hollow),
                mode="lines+markers" if len(stretch) > 1 else "markers",
                line={"color": color, "width": LINE, "dash": dash},
                marker={
                    "size": 10, "color": color,
                    "symbol": [_symbol(drawn, points[label], shape) for label in stretch],
                },
                error_y=whiskers(
                    [_ends(known[label]) for label in stretch], within=drawn.limits,
                    thickness=1.5, width=4,
                ),
                customdata=[drawn.data(points[label], label) for label in stretch],
                hovertemplate="%{customdata[0]}: %{customdata[1]}",
            )  # fmt: skip
        if is_hollow:  # the legend would show a line by its first mark
            figure.add_scatter(
                x=[None], y=[None], mode="lines+markers", name=name, legendgroup=name,
                line={"color": color, "width": LINE, "dash": dash},
                marker={"size": 10, "color": color, "symbol": shape},
            )  # fmt: skip
    if drawn.is_difference:
        figure.add_hline(y=0, line={"color": GREY, "width": 1, "dash": "dot"})
    across = named_axis(
        list(map(_wrapped, labels)), axis_title(layout.over), range=[-0.5, len(labels) - 0.5]
    )
    up = axis(f"{drawn.title}, {drawn.unit}".rstrip(", "), nticks=7, range=span)
    return laid_out(
        figure, 380, across, up, right=8, showlegend=len(lines) > 1, legend=LEGEND_ABOVE
    )


def _seeds(
    drawn: DrawnSweep, beside: Mapping[Point, float], color: str, along: str, up: str
) -> dict[str, Any]:
    """A small dot for each seed where there are several, as a trace; a click means its point.

    Args:
        drawn: What the dots say.
        beside: Where those of a point are, on the one axis.
        color: Of all.
        along: That axis.
        up: The other one, of the values.
    """
    dots = [
        (place, value, [f"seed {seed}", f"{value:.4g} {drawn.unit}".strip(), number])
        for point, place in beside.items()
        for number in [drawn.results.points.index(point)]
        if (each := drawn.value(point)) and each.n > 1
        for seed, value in each.values
    ]
    return {
        along: [place for place, _, _ in dots], up: [value for _, value, _ in dots],
        "mode": "markers", "marker": {"size": 5, "color": color, "opacity": 0.6}, "name": "seeds",
        "showlegend": False, "customdata": [told for _, _, told in dots],
        "hovertemplate": "%{customdata[0]}: %{customdata[1]}<extra></extra>",
    }  # fmt: skip


def _symbol(drawn: DrawnSweep, point: Point, shape: str = "circle") -> str:
    return f"{shape}-open" if drawn.results.at_chance(point) else shape


def _ends(each: OverSeeds) -> tuple[float, float, float]:
    half = each.half_width if each.n > 1 else 0.0
    return each.mean, each.mean - half, each.mean + half


def dots_figure(drawn: DrawnSweep) -> Figure:
    """Named settings below each other: a dot, its 95 % t-interval, and below it the seeds."""
    points = drawn.results.points
    found = [(k, each) for k, point in enumerate(points) if (each := drawn.value(point))]
    colors = [point_color(point) for point in points]
    figure = new_figure()
    for k, each in found:
        figure.add_scatter(**_seeds(drawn, {points[k]: k + 0.26}, colors[k], "y", "x"))
        figure.add_scatter(
            x=[each.mean], y=[k], mode="markers",
            marker={"size": 13, "color": colors[k], "symbol": _symbol(drawn, points[k])},
            error_x=whiskers([_ends(each)], within=drawn.limits, thickness=2, width=5),
            customdata=[drawn.data(points[k], points[k][0][1])],
            hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
        )  # fmt: skip
    if drawn.is_difference:
        figure.add_vline(x=0, line={"color": GREY, "width": 1, "dash": "dot"})
    across = axis(f"{drawn.title}, {drawn.unit}".rstrip(", "), showgrid=True, nticks=6)
    up = row_axis([_wrapped(point[0][1]) for point in points])
    return laid_out(figure, 72 + 34 * len(points), across, up)


def map_figure(drawn: DrawnSweep) -> Figure:
    """Every point as a cell: along the one axis to the right, all others downwards."""
    layout, axes = drawn.layout, drawn.results.axes
    labels = axes[layout.over]
    places = [[layout.point(line, label, axes) for label in labels] for line in layout.lines]
    table = [[drawn.value(point) for point in row] for row in places]
    values = [[each.mean if each else None for each in row] for row in table]
    known = [value for row in values for value in row if value is not None]
    span = max((abs(value) for value in known), default=1.0) or 1.0
    is_good = drawn.metric.more_is_better
    low, high = (LESS, MORE) if is_good else (MORE, LESS)
    scale = (
        [[0, low], [0.5, "rgba(138,138,138,0.15)"], [1, high]]
        if drawn.is_difference
        else [[0, "rgba(107,92,196,0.05)"], [1, "rgba(107,92,196,0.75)"]]
    )
    bounds = {"zmin": -span, "zmax": span} if drawn.is_difference else {}
    figure = new_figure()
    figure.add_heatmap(
        z=values, x=list(range(len(labels))), y=list(range(len(layout.lines))),
        text=[[_cell_words(point, drawn) for point in row] for row in places],
        texttemplate="%{text}", colorscale=scale, showscale=False, xgap=3, ygap=3, **bounds,
        hoverinfo="skip", hoverongaps=False,
    )  # fmt: skip
    # A map's cells cannot be selected: invisible marks over them can.
    cells = [
        (row, k, layout.point(line, labels[k], axes), each)
        for row, (line, found) in enumerate(zip(layout.lines, table, strict=True))
        for k, each in enumerate(found)
        if each
    ]
    figure.add_scatter(
        x=[k for _, k, _, _ in cells], y=[row for row, _, _, _ in cells], mode="markers",
        marker={"symbol": "square", "size": 44, "opacity": 0},
        unselected={"marker": {"opacity": 0}},
        customdata=[
            drawn.data(point, point_words(point)) for _, _, point, _ in cells
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<extra></extra>", showlegend=False,
    )  # fmt: skip
    across = named_axis(list(map(_wrapped, labels)), axis_title(layout.over))
    up = named_axis(
        [line_words(line, with_axis=True) for line in layout.lines], autorange="reversed"
    )
    return laid_out(figure, 110 + 46 * len(layout.lines), across, up, right=8)


def _span(drawn: DrawnSweep) -> list[float] | None:
    """Of the axis of a percentage, which no whisker makes wider than it can be."""
    known = [_ends(each) for point in drawn.results.points if (each := drawn.value(point))]
    if drawn.metric.unit != "%" or not known:
        return None
    least, most = drawn.limits
    low = min(max(least, end) for _, end, _ in known)
    high = max(min(most, end) for _, _, end in known)
    room = 0.06 * max(high - low, 1.0)
    return [low - room, high + room]


def _cell_words(point: Point, drawn: DrawnSweep) -> str:
    figure = drawn.value(point)
    if figure is None:
        return ""
    text = number(figure.mean, drawn.unit, signed=drawn.is_difference)
    text += " ○" if drawn.results.at_chance(point) else ""
    return f"<b>{text}</b>" if drawn.is_difference and figure.is_clear else text


def _wrapped(label: str) -> str:
    """Long labels in two lines."""
    return label.replace(", ", "<br>", 1) if len(label) > 12 else label
