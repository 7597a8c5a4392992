"""A sweep's results over its axes, as lines, dots or a map; and against their cost."""

from afn.stats.over_seeds import OverSeeds
from afn.sweep.plan import Point
from afn.sweep.table import Metric

from ...kit.draw.axes import LEGEND_ABOVE, Figure, axis, laid_out, named_axis, new_figure, row_axis
from ...kit.draw.palette import GREY
from ...kit.draw.table import LESS, MORE
from ...kit.results import SweepResults
from .drawn import (
    DrawnSweep,
    axis_title,
    figure_words,
    line_colors,
    line_dash,
    line_words,
    number,
    point_color,
    point_words,
)

_MOST_LINES = 8
_SHIFT = 0.06
"""Between the lines' points, so that whiskers stand beside each other."""


def lines_figure(drawn: DrawnSweep) -> Figure:
    """A line for each setting of the other axes, 95 % t-intervals, crosses where runs diverged."""
    layout, axes = drawn.layout, drawn.results.axes
    labels = axes[layout.over]
    figure = new_figure()
    lines, span = layout.lines[:_MOST_LINES], _span(drawn)
    for i, (line, color) in enumerate(zip(lines, line_colors(lines), strict=True)):
        points = [layout.point(line, label, axes) for label in labels]
        known = [(k, each) for k, point in enumerate(points) if (each := drawn.value(point))]
        shift = _SHIFT * (i - (len(lines) - 1) / 2)
        lost = [(k, n) for k, point in enumerate(points) if (n := drawn.diverged(point))]
        if lost and span and not drawn.is_difference:  # a cross on the floor
            figure.add_scatter(
                x=[k + shift for k, _ in lost], y=[span[0]] * len(lost), mode="markers",
                marker={"symbol": "x", "size": 9, "color": color}, showlegend=False,
                cliponaxis=False, name=line_words(line),
                customdata=[
                    [labels[k], f"{n} of {len(drawn.results.runs_at(points[k]))} diverged",
                     drawn.results.points.index(points[k])]
                    for k, n in lost
                ],
                hovertemplate="%{customdata[0]}: %{customdata[1]}",
            )  # fmt: skip
        if not known:
            continue
        figure.add_scatter(
            x=[k + shift for k, _ in known],
            y=[each.mean for _, each in known],
            name=line_words(line) or drawn.metric.title,
            mode="markers" if layout.has_names else "lines+markers",
            line={"color": color, "width": 2.5, "dash": line_dash(line, lines)},
            marker={"size": 8},
            error_y={
                "array": [each.half_width if each.n > 1 else 0 for _, each in known],
                "thickness": 1.3, "width": 3,
            },
            customdata=[
                [
                    labels[k], figure_words(each, drawn.unit, signed=drawn.is_difference),
                    drawn.results.points.index(points[k]),
                ]
                for k, each in known
            ],
            hovertemplate="%{customdata[0]}: %{customdata[1]}",
        )  # fmt: skip
    if drawn.is_difference:
        figure.add_hline(y=0, line={"color": GREY, "width": 1, "dash": "dot"})
    across = named_axis(
        list(map(_wrapped, labels)), axis_title(layout.over), range=[-0.4, len(labels) - 0.6]
    )
    up = axis(f"{drawn.title}, {drawn.unit}".rstrip(", "), nticks=7, range=span)
    return laid_out(
        figure, 380, across, up, right=8, showlegend=len(lines) > 1, legend=LEGEND_ABOVE
    )


def dots_figure(drawn: DrawnSweep) -> Figure:
    """Named settings below each other: a dot and its 95 % t-interval over seeds."""
    points = drawn.results.points
    found = [(k, each) for k, point in enumerate(points) if (each := drawn.value(point))]
    colors = [point_color(point) for point in points]
    figure = new_figure()
    for k, each in found:
        figure.add_scatter(
            x=[each.mean], y=[k], mode="markers", marker={"size": 11, "color": colors[k]},
            error_x={
                "array": [each.half_width if each.n > 1 else 0], "thickness": 1.5, "width": 4,
            },
            customdata=[
                [points[k][0][1], figure_words(each, drawn.unit, signed=drawn.is_difference), k]
            ],
            hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
        )  # fmt: skip
    if drawn.is_difference:
        figure.add_vline(x=0, line={"color": GREY, "width": 1, "dash": "dot"})
    across = axis(f"{drawn.title}, {drawn.unit}".rstrip(", "), showgrid=True, nticks=6)
    up = row_axis([_wrapped(point[0][1]) for point in points])
    return laid_out(figure, 90 + 44 * len(points), across, up)


def map_figure(drawn: DrawnSweep) -> Figure:
    """Every point as a cell: along the one axis to the right, all others downwards."""
    layout, axes = drawn.layout, drawn.results.axes
    labels = axes[layout.over]
    table = [
        [drawn.value(layout.point(line, label, axes)) for label in labels] for line in layout.lines
    ]
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
        text=[[_cell_words(each, drawn) for each in row] for row in table],
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
            [
                point_words(point), figure_words(each, drawn.unit, signed=drawn.is_difference),
                drawn.results.points.index(point),
            ]
            for _, _, point, each in cells
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<extra></extra>", showlegend=False,
    )  # fmt: skip
    across = named_axis(list(map(_wrapped, labels)), axis_title(layout.over))
    up = named_axis(
        [line_words(line, with_axis=True) for line in layout.lines], autorange="reversed"
    )
    return laid_out(figure, 110 + 46 * len(layout.lines), across, up, right=8)


def pareto_points(
    results: SweepResults, metric: Metric
) -> list[tuple[Point, float, OverSeeds, bool]]:
    """Each point's cost (seconds of training) and figure, and whether no cheaper one is better."""
    cost = results.metrics.get("train_seconds")
    if cost is None:
        return []
    costs, figures = results.figures(cost), results.figures(metric)
    found = [(p, costs[p].mean, figures[p]) for p in results.points if p in costs and p in figures]
    sign = 1 if metric.more_is_better else -1

    def is_beaten(cost: float, figure: OverSeeds) -> bool:
        return any(
            c <= cost and sign * f.mean >= sign * figure.mean
            and (c, f.mean) != (cost, figure.mean)
            for _, c, f in found
        )  # fmt: skip

    return [(point, cost, each, not is_beaten(cost, each)) for point, cost, each in found]


def pareto_figure(results: SweepResults, metric: Metric) -> Figure:
    """A figure against the processor time of training; what nothing cheaper beats is joined."""
    points = pareto_points(results, metric)
    figure = new_figure()
    front = sorted((cost, each.mean) for _, cost, each, is_front in points if is_front)
    figure.add_scatter(
        x=[cost for cost, _ in front], y=[mean for _, mean in front], mode="lines",
        line={"color": GREY, "width": 1.5, "dash": "dot", "shape": "hv"}, hoverinfo="skip",
    )  # fmt: skip
    colors = [point_color(point) for point, *_ in points]
    figure.add_scatter(
        x=[cost for _, cost, _, _ in points], y=[each.mean for _, _, each, _ in points],
        mode="markers",
        marker={
            "color": colors, "size": [11 if is_front else 7 for *_, is_front in points],
            "opacity": [1 if is_front else 0.5 for *_, is_front in points],
        },
        customdata=[
            [point_words(point), figure_words(each, metric.unit)] for point, _, each, _ in points
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}, %{x:.1f} s of training<extra></extra>",
    )  # fmt: skip
    across = axis("processor time of the training, s", nticks=6)
    up = axis(f"{metric.title}, {metric.unit}", nticks=6)
    return laid_out(figure, 300, across, up, right=8)


def _span(drawn: DrawnSweep) -> list[float] | None:
    """Of the axis of a percentage, which no whisker makes wider than it can be."""
    known = [each for point in drawn.results.points if (each := drawn.value(point))]
    if drawn.metric.unit != "%" or not known:
        return None
    limits = (-100.0, 100.0) if drawn.is_difference else (0.0, 100.0)
    reach = [(each.half_width if each.n > 1 else 0.0) for each in known]
    low = min(max(limits[0], each.mean - half) for each, half in zip(known, reach, strict=True))
    high = max(min(limits[1], each.mean + half) for each, half in zip(known, reach, strict=True))
    room = 0.06 * max(high - low, 1.0)
    return [low - room, high + room]


def _cell_words(figure: OverSeeds | None, drawn: DrawnSweep) -> str:
    if figure is None:
        return ""
    text = number(figure.mean, drawn.unit, signed=drawn.is_difference)
    return f"<b>{text}</b>" if drawn.is_difference and figure.is_clear else text


def _wrapped(label: str) -> str:
    """Long labels in two lines."""
    return label.replace(", ", "<br>", 1) if len(label) > 12 else label
