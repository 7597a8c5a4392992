"""A sweep's results: lines or a map over its axes, accuracy against cost, a table with badges."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from afn.engine.config import NORM_NAMES
from afn.over_seeds import OverSeeds, difference
from afn.sweep.plan import Point
from afn.sweep.table import Metric
from app.ablations import VARIED
from app.charts.chart import Rows, enumerate_words
from app.charts.heat import LESS, MORE
from app.charts.palette import GREY, NORM_COLORS, run_colors
from app.results import Badge, Layout, Results, badge

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_DASHES = ("solid", "dash", "dot", "dashdot")
_MOST_LINES = 8
_SHIFT = 0.06
"""Between the lines' points, so that whiskers stand beside each other."""
_STYLE = """
<style>
.afn-ablation {overflow-x:auto;}
.afn-ablation table {border-collapse:collapse; width:100%; font-size:.86rem;
  font-variant-numeric:tabular-nums;}
.afn-ablation :is(th, td) {border:0; padding:.3rem .7rem .3rem 0; text-align:left;
  vertical-align:top; font-weight:400;}
.afn-ablation thead th {font-size:.8rem; opacity:.75;}
.afn-ablation tbody tr {border-top:1px solid color-mix(in srgb, currentColor 15%, transparent);}
.afn-ablation :is(td, th).number {text-align:right; white-space:nowrap;}
.afn-ablation small {opacity:.75; margin-inline-start:.3rem;}
.afn-badge {display:inline-block; white-space:nowrap; font-size:.76rem; font-weight:600;
  line-height:1.5; padding:0 .45rem; border-radius:.7rem; border:1px solid var(--hue);
  background:color-mix(in srgb, var(--hue) 16%, transparent);}
.afn-ablation tr.faint .afn-badge {font-weight:400;}
</style>
"""
_BADGES: dict[Badge, tuple[str, str]] = {
    "better": ("↑", MORE),
    "worse": ("↓", LESS),
    "within seed noise": ("≈", GREY),
    "one seed only": ("1", "#6B5CC4"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """What a figure draws: the value or the difference at each point, and how it lies."""

    results: Results
    layout: Layout
    metric: Metric
    is_difference: bool
    figures: Mapping[Point, OverSeeds]
    """The metric itself."""

    @classmethod
    def of(
        cls, results: Results, layout: Layout, metric: Metric, *, is_difference: bool = False
    ) -> "Drawn":
        """From results and how they are looked at."""
        return cls(
            results=results, layout=layout, metric=metric, is_difference=is_difference,
            figures=results.figures(metric),
        )  # fmt: skip

    def gain(self, point: Point) -> OverSeeds | None:
        """The paired difference to the baseline; None for the baseline, or where one is lacking."""
        partner = self.layout.partner(point)
        if partner == point:
            return None
        return difference(self.figures.get(point), self.figures.get(partner))

    def diverged(self, point: Point) -> int:
        """How many of a point's runs diverged."""
        found = [self.results.lines.get(run_id) for run_id in self.results.runs_at(point)]
        return sum(bool(line and line.summary.get("diverged")) for line in found)

    def value(self, point: Point) -> OverSeeds | None:
        """What is drawn."""
        return self.gain(point) if self.is_difference else self.figures.get(point)

    @property
    def unit(self) -> str:
        """What the drawn numbers are."""
        return "points" if self.is_difference and self.metric.unit == "%" else self.metric.unit

    @property
    def title(self) -> str:
        """What is drawn, in words."""
        held = f", minus {self.layout.baseline}" if self.is_difference else ""
        return f"{self.metric.title}{held}"


def lines_figure(drawn: Drawn) -> "Figure":
    """A line for each setting of the other axes; whiskers are 95 % t-intervals over seeds."""
    from plotly.graph_objects import Figure  # not before a page needs it

    layout, axes = drawn.layout, drawn.results.axes
    labels = axes[layout.over]
    figure = Figure()
    lines = layout.lines[:_MOST_LINES]
    for i, (line, color) in enumerate(zip(lines, _colors(lines), strict=True)):
        found = [
            (k, drawn.value(layout.point(line, label, axes))) for k, label in enumerate(labels)
        ]
        known = [(k, each) for k, each in found if each]
        if not known:
            continue
        shift = _SHIFT * (i - (len(lines) - 1) / 2)
        figure.add_scatter(
            x=[k + shift for k, _ in known],
            y=[each.mean for _, each in known],
            name=_line_words(line) or drawn.metric.title,
            mode="markers" if layout.has_names else "lines+markers",
            line={"color": color, "width": 2.5, "dash": _dash(line, lines)},
            marker={"size": 8},
            error_y={
                "array": [each.half_width if each.n > 1 else 0 for _, each in known],
                "thickness": 1.3, "width": 3,
            },
            customdata=[
                [
                    labels[k], _words(each, drawn.unit, signed=drawn.is_difference),
                    drawn.results.points.index(layout.point(line, labels[k], axes)),
                ]
                for k, each in known
            ],
            hovertemplate="%{customdata[0]}: %{customdata[1]}",
        )  # fmt: skip
    span = _span(drawn)
    if span and not drawn.is_difference:
        _mark_diverged(figure, drawn, lines, span[0])
    if drawn.is_difference:
        figure.add_hline(y=0, line={"color": GREY, "width": 1, "dash": "dot"})
    figure.update_layout(
        height=380, margin={"l": 0, "r": 8, "t": 8, "b": 0}, dragmode=False, hovermode="closest",
        showlegend=len(lines) > 1,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": {"text": ""}},
    )  # fmt: skip
    figure.update_xaxes(
        tickvals=list(range(len(labels))), ticktext=[_wrapped(label) for label in labels],
        range=[-0.4, len(labels) - 0.6], title={"text": axis_title(layout.over), "standoff": 8},
        showgrid=False, zeroline=False, fixedrange=True, automargin=True,
    )  # fmt: skip
    figure.update_yaxes(
        title={"text": f"{drawn.title}, {drawn.unit}".rstrip(", ")}, zeroline=False,
        fixedrange=True, automargin=True, nticks=7, range=span,
    )  # fmt: skip
    return figure


def _mark_diverged(figure: "Figure", drawn: Drawn, lines: Sequence[Point], y: float) -> None:
    """A cross on the floor for each point some of whose runs diverged."""
    layout, axes = drawn.layout, drawn.results.axes
    labels = axes[layout.over]
    for i, (line, color) in enumerate(zip(lines, _colors(lines), strict=True)):
        points = [layout.point(line, label, axes) for label in labels]
        lost = [(k, point, n) for k, point in enumerate(points) if (n := drawn.diverged(point))]
        if not lost:
            continue
        shift = _SHIFT * (i - (len(lines) - 1) / 2)
        figure.add_scatter(
            x=[k + shift for k, _, _ in lost], y=[y] * len(lost), mode="markers",
            marker={"symbol": "x", "size": 9, "color": color}, showlegend=False,
            cliponaxis=False,
            customdata=[
                [labels[k], f"{n} of {len(drawn.results.runs_at(point))} diverged",
                 drawn.results.points.index(point)]
                for k, point, n in lost
            ],
            name=_line_words(line), hovertemplate="%{customdata[0]}: %{customdata[1]}",
        )  # fmt: skip


def dots_figure(drawn: Drawn) -> "Figure":
    """Named settings below each other: a dot and its 95 % t-interval over seeds."""
    from plotly.graph_objects import Figure  # not before a page needs it

    points = drawn.results.points
    found = [(k, each) for k, point in enumerate(points) if (each := drawn.value(point))]
    colors = [_color(point) for point in points]
    figure = Figure()
    for k, each in found:
        figure.add_scatter(
            x=[each.mean], y=[k], mode="markers", marker={"size": 11, "color": colors[k]},
            error_x={
                "array": [each.half_width if each.n > 1 else 0], "thickness": 1.5, "width": 4,
            },
            customdata=[
                [points[k][0][1], _words(each, drawn.unit, signed=drawn.is_difference), k]
            ],
            hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
        )  # fmt: skip
    if drawn.is_difference:
        figure.add_vline(x=0, line={"color": GREY, "width": 1, "dash": "dot"})
    figure.update_layout(
        height=90 + 44 * len(points), margin={"l": 0, "r": 12, "t": 8, "b": 0}, dragmode=False,
        showlegend=False, hovermode="closest",
    )  # fmt: skip
    figure.update_xaxes(
        title={"text": f"{drawn.title}, {drawn.unit}".rstrip(", "), "standoff": 8},
        showgrid=True, zeroline=False, fixedrange=True, automargin=True, nticks=6,
    )  # fmt: skip
    figure.update_yaxes(
        range=[len(points) - 0.5, -0.5], tickvals=list(range(len(points))),
        ticktext=[_wrapped(point[0][1]) for point in points], showgrid=False, zeroline=False,
        fixedrange=True, automargin=True,
    )  # fmt: skip
    return figure


def map_figure(drawn: Drawn) -> "Figure":
    """Every point as a cell: along the one axis to the right, all others downwards."""
    from plotly.graph_objects import Figure  # not before a page needs it

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
    figure = Figure()
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
                point_words(point), _words(each, drawn.unit, signed=drawn.is_difference),
                drawn.results.points.index(point),
            ]
            for _, _, point, each in cells
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<extra></extra>", showlegend=False,
    )  # fmt: skip
    figure.update_layout(
        height=110 + 46 * len(layout.lines), margin={"l": 0, "r": 8, "t": 8, "b": 0},
        dragmode=False,
    )  # fmt: skip
    figure.update_xaxes(
        tickvals=list(range(len(labels))), ticktext=[_wrapped(label) for label in labels],
        title={"text": axis_title(layout.over), "standoff": 8}, showgrid=False, zeroline=False,
        fixedrange=True, automargin=True,
    )  # fmt: skip
    figure.update_yaxes(
        tickvals=list(range(len(layout.lines))),
        ticktext=[_line_words(line, with_axis=True) for line in layout.lines],
        autorange="reversed", showgrid=False, zeroline=False, fixedrange=True, automargin=True,
    )  # fmt: skip
    return figure


def picked(selected: Sequence[Mapping[str, Any]], drawn: Drawn) -> Point | None:
    """The point that was clicked on, of what a selection in a figure says; None without one."""
    points = drawn.results.points
    for each in selected:
        data = each.get("customdata")
        if isinstance(data, list) and len(data) == 3 and 0 <= int(data[2]) < len(points):
            return points[int(data[2])]
    return None


def pareto_points(results: Results, metric: Metric) -> list[tuple[Point, float, OverSeeds, bool]]:
    """Each point's cost (ms a training step) and figure, and whether no cheaper one is better."""
    steps = results.metrics.get("step_ms")
    if steps is None:
        return []
    costs, figures = results.figures(steps), results.figures(metric)
    found = [(p, costs[p].mean, figures[p]) for p in results.points if p in costs and p in figures]
    sign = 1 if metric.more_is_better else -1

    def is_beaten(cost: float, figure: OverSeeds) -> bool:
        return any(
            c <= cost and sign * f.mean >= sign * figure.mean
            and (c, f.mean) != (cost, figure.mean)
            for _, c, f in found
        )  # fmt: skip

    return [(point, cost, each, not is_beaten(cost, each)) for point, cost, each in found]


def pareto_figure(results: Results, metric: Metric) -> "Figure":
    """A figure against the time of a training step; what nothing cheaper beats is joined."""
    from plotly.graph_objects import Figure  # not before a page needs it

    points = pareto_points(results, metric)
    figure = Figure()
    front = sorted((cost, each.mean) for _, cost, each, is_front in points if is_front)
    figure.add_scatter(
        x=[cost for cost, _ in front], y=[mean for _, mean in front], mode="lines",
        line={"color": GREY, "width": 1.5, "dash": "dot", "shape": "hv"}, hoverinfo="skip",
    )  # fmt: skip
    colors = [_color(point) for point, *_ in points]
    figure.add_scatter(
        x=[cost for _, cost, _, _ in points], y=[each.mean for _, _, each, _ in points],
        mode="markers",
        marker={
            "color": colors, "size": [11 if is_front else 7 for *_, is_front in points],
            "opacity": [1 if is_front else 0.5 for *_, is_front in points],
        },
        customdata=[
            [point_words(point), _words(each, metric.unit)] for point, _, each, _ in points
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}, %{x:.1f} ms a step<extra></extra>",
    )  # fmt: skip
    figure.update_layout(
        height=300, margin={"l": 0, "r": 8, "t": 8, "b": 0}, dragmode=False, showlegend=False,
        hovermode="closest",
    )  # fmt: skip
    figure.update_xaxes(
        title={"text": "processor time of a training step, ms", "standoff": 8}, fixedrange=True,
        zeroline=False, automargin=True, nticks=6,
    )  # fmt: skip
    figure.update_yaxes(
        title={"text": f"{metric.title}, {metric.unit}"}, fixedrange=True, zeroline=False,
        automargin=True, nticks=6,
    )  # fmt: skip
    return figure


# -- in words --------------------------------------------------------------------------------------


def reading(drawn: Drawn) -> str:
    """Which setting is best, and how many differences to the baseline can be told from noise."""
    known = [(p, drawn.figures[p]) for p in drawn.results.points if p in drawn.figures]
    if not known:
        return "No run has this figure yet."
    sign = 1 if drawn.metric.more_is_better else -1
    best, figure = max(known, key=lambda pair: sign * pair[1].mean)
    superlative = "Highest" if drawn.metric.more_is_better else "Lowest"
    words = [
        f"{superlative} {drawn.metric.title}: {_words(figure, drawn.metric.unit)} with "
        f"{point_words(best)}."
    ]
    gains = [gain for point, _ in known if (gain := drawn.gain(point))]
    badges = Counter(badge(gain, more_is_better=drawn.metric.more_is_better) for gain in gains)
    told = [f"{name} in {badges[name]}" for name in _BADGES if badges[name]]
    if told:
        compared = count_words(len(gains), "setting")
        words.append(f"Against {drawn.layout.baseline}, of {compared}: {enumerate_words(told)}.")
    return " ".join(words)


def pareto_reading(results: Results, metric: Metric) -> str:
    """What nothing cheaper beats."""
    points = pareto_points(results, metric)
    front = sorted((cost, point) for point, cost, _, is_front in points if is_front)
    if not front:
        return "No run has both figures yet."
    best = enumerate_words([point_words(point) for _, point in front[:4]])
    more = f" and {len(front) - 4} more" if len(front) > 4 else ""
    return f"Nothing cheaper is better than {best}{more}."


def count_words(n: int, what: str) -> str:
    """ "1 run", "2 runs"."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def point_words(point: Point) -> str:
    """A point within a sentence: names alone, numbers with what they are."""
    return ", ".join(
        label if axis in ("norm", "part") else f"{axis_title(axis)} {label}"
        for axis, label in point
    )


def axis_title(name: str) -> str:
    """An axis as people call it."""
    return VARIED.get(name, name)


# -- the table -------------------------------------------------------------------------------------


def table_html(drawn: Drawn) -> str:
    """Each point: mean and interval, difference to the baseline, and what is to be said of it."""
    heads = [*(axis_title(name) for name in drawn.results.axes), "seeds", drawn.metric.title]
    heads += [f"minus {drawn.layout.baseline}", ""]
    numbers = {len(drawn.results.axes), len(drawn.results.axes) + 1, len(drawn.results.axes) + 2}
    head = "".join(
        f'<th scope="col"{_numeric(i in numbers)}>{escape(text)}</th>'
        for i, text in enumerate(heads)
    )
    body = "".join(_row_html(drawn, point) for point in drawn.results.points)
    return (
        f'{_STYLE}<div class="afn-ablation"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row_html(drawn: Drawn, point: Point) -> str:
    figure, gain = drawn.figures.get(point), drawn.gain(point)
    said = badge(gain, more_is_better=drawn.metric.more_is_better)
    cells = [f"<td>{escape(label)}</td>" for _, label in point]
    cells.append(f'<td class="number">{figure.n if figure else 0}</td>')
    cells.append(f'<td class="number">{_html(figure, drawn.metric.unit)}</td>')
    cells.append(f'<td class="number">{_html(gain, drawn.metric.unit, signed=True)}</td>')
    lost = drawn.diverged(point)
    diverged = f"<small>{lost} diverged</small>" if lost else ""
    cells.append(f"<td>{_badge_html(said)}{diverged}</td>")
    css = ' class="faint"' if said in ("within seed noise", "one seed only", "") else ""
    return f"<tr{css}>{''.join(cells)}</tr>"


def _badge_html(said: Badge) -> str:
    if not said:
        return ""
    glyph, color = _BADGES[said]
    return (
        f'<span class="afn-badge" style="--hue:{color}"><b aria-hidden="true">{glyph}</b> '
        f"{said}</span>"
    )


def _html(figure: OverSeeds | None, unit: str, *, signed: bool = False) -> str:
    if figure is None:
        return "–"
    spread = f"<small>± {_number(figure.half_width, unit)}</small>" if figure.n > 1 else ""
    return f"{_number(figure.mean, unit, signed=signed)}{spread}"


def _numeric(is_number: bool) -> str:
    return ' class="number"' if is_number else ""


def table(drawn: Drawn) -> Rows:
    """The same for download."""
    rows: Rows = []
    for point in drawn.results.points:
        figure, gain = drawn.figures.get(point), drawn.gain(point)
        has_interval, has_gain = figure and figure.n > 1, gain and gain.n > 1
        rows.append(
            {
                **dict(point),
                "metric": drawn.metric.name,
                "unit": drawn.metric.unit,
                "seeds": figure.n if figure else 0,
                "mean": figure.mean if figure else None,
                "low95": figure.low if figure and has_interval else None,
                "high95": figure.high if figure and has_interval else None,
                "baseline": drawn.layout.baseline,
                "gain": gain.mean if gain else None,
                "gain_low95": gain.low if gain and has_gain else None,
                "gain_high95": gain.high if gain and has_gain else None,
                "badge": badge(gain, more_is_better=drawn.metric.more_is_better),
            }
        )
    return rows


# -- how it looks ----------------------------------------------------------------------------------


def _span(drawn: Drawn) -> list[float] | None:
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


def _colors(lines: Sequence[Point]) -> list[str]:
    """A norm's colour where a line says its norm; else colours by their order."""
    norms = [_norm_of(line) for line in lines]
    if any(norms):
        return run_colors([norm or "none" for norm in norms])
    palette = [color for color in NORM_COLORS.values() if color != GREY]
    return [palette[i % len(palette)] for i in range(len(lines))]


def _color(point: Point) -> str:
    return NORM_COLORS.get(_norm_of(point), "#6B5CC4")


def _norm_of(line: Point) -> str:
    for _, label in line:
        word = label.replace(",", " ").split()[0] if label.split() else ""
        if word in NORM_NAMES:
            return word
    return ""


def _dash(line: Point, lines: Sequence[Point]) -> str:
    """Lines of one norm differ in their dash, not by shade alone."""
    mates = [each for each in lines if _norm_of(each) == _norm_of(line)]
    return _DASHES[mates.index(line) % len(_DASHES)] if _norm_of(line) else "solid"


def _line_words(line: Point, *, with_axis: bool = False) -> str:
    if with_axis and len(line) == 1 and line[0][0] not in ("norm", "part"):
        return line[0][1]
    return point_words(line)


def _cell_words(figure: OverSeeds | None, drawn: Drawn) -> str:
    if figure is None:
        return ""
    text = _number(figure.mean, drawn.unit, signed=drawn.is_difference)
    return f"<b>{text}</b>" if drawn.is_difference and figure.is_clear else text


def _words(figure: OverSeeds, unit: str, *, signed: bool = False) -> str:
    spread = f" ± {_number(figure.half_width, unit)}" if figure.n > 1 else ""
    return f"{_number(figure.mean, unit, signed=signed)}{spread} {unit}".strip()


def _number(value: float, unit: str, *, signed: bool = False) -> str:
    text = f"{value:{'+' if signed else ''}.{1 if unit else 4}f}"
    return text.replace("-", "−")


def _wrapped(label: str) -> str:
    """Long labels in two lines."""
    return label.replace(", ", "<br>", 1) if len(label) > 12 else label
