"""The figures of lessons: dots with their spread, lines, and images as maps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

from afn.stats.over_seeds import OverSeeds
from afn.wording import number_words

from ...kit.draw.axes import (
    LEGEND_ABOVE,
    LOG,
    Figure,
    axis,
    laid_out,
    named_axis,
    new_figure,
    row_axis,
)
from ...kit.draw.legend import translucent
from ...kit.draw.palette import GREY
from ...kit.draw.table import LESS, MORE
from ...kit.draw.traces import band, whiskers

_ROW = 34
"""Pixels of a row of dots."""
FLOOR = 1e-5
"""Where bars begin on a logarithmic axis, which has no 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dot:
    """One row: a figure and its spread, or all the values behind it."""

    label: str
    color: str
    value: float
    low: float | None = None
    high: float | None = None
    """Of the 95 % interval."""
    each: tuple[float, ...] = ()
    """Single values, drawn small."""
    limit: float | None = None
    """How far it could have gone; drawn as a pale bar."""

    @classmethod
    def of(cls, label: str, color: str, over: OverSeeds | None) -> "Dot":
        """From what seeds gave; without a value where there is none."""
        each = tuple(value for _, value in over.values) if over else ()
        return cls(label=label, color=color, value=over.mean if over else nan, each=each)


def dots_figure(
    dots: Sequence[Dot], title: str, *, mark: float | None = None, is_log: bool = False
) -> Figure:
    """A row for each, from top to bottom; a line stands at the mark."""
    figure = new_figure()
    if any(dot.limit is not None for dot in dots):
        for row, dot in enumerate(dots):
            limit = "" if dot.limit is None else number_words(dot.limit, 2)
            figure.add_scatter(
                x=[FLOOR if is_log else 0, dot.limit], y=[row, row], mode="lines",
                line={"color": translucent(dot.color, 0.28), "width": 14}, cliponaxis=True,
                hovertemplate=f"{dot.label}: at most {limit}<extra></extra>",
            )  # fmt: skip
    for row, dot in enumerate(dots):
        figure.add_scatter(
            x=list(dot.each), y=[row] * len(dot.each), mode="markers",
            marker={"color": translucent(dot.color, 0.55), "size": 7}, hoverinfo="x",
        )  # fmt: skip
        ends = [] if dot.low is None or dot.high is None else [(dot.value, dot.low, dot.high)]
        figure.add_scatter(
            x=[dot.value], y=[row], mode="markers",
            error_x=whiskers(ends, thickness=2, width=4, color=dot.color),
            marker={"color": dot.color, "size": 12, "symbol": "diamond" if dot.each else "circle"},
            name=dot.label, hovertemplate=f"{dot.label}: %{{x:,.3~r}}<extra></extra>",
        )  # fmt: skip
    if mark is not None:
        figure.add_vline(x=mark, line={"color": GREY, "width": 1.5, "dash": "dot"})
    across = axis(title, **(LOG if is_log else {"nticks": 6}), showgrid=True)
    up = row_axis([dot.label for dot in dots])
    return laid_out(figure, 64 + _ROW * len(dots), across, up, top=6)


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """One line."""

    label: str
    color: str
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    """A band about it."""
    dash: str = "solid"


def lines_figure(
    x: Sequence[str], lines: Sequence[Curve], x_title: str, y_title: str, *, is_log: bool = False
) -> Figure:
    """Lines over evenly spaced places."""
    figure = new_figure()
    places = list(range(len(x)))
    for line in lines:
        if line.low:
            figure.add_traces(band(places, line.low, line.high, translucent(line.color, 0.13)))
    for line in lines:
        figure.add_scatter(
            x=places, y=list(line.y), name=line.label,
            mode="lines+markers" if len(x) < 12 else "lines",
            line={"color": line.color, "width": 2.5, "dash": line.dash}, marker={"size": 7},
            customdata=list(x),
            hovertemplate=f"{line.label}, %{{customdata}}: %{{y:,.3~r}}<extra></extra>",
        )  # fmt: skip
    step = 1 if len(x) < 12 else 5
    shown = places[step - 1 :: step]
    across = named_axis(x, x_title, tickvals=shown, ticktext=[x[i] for i in shown])
    up = axis(y_title, **(LOG if is_log else {"nticks": 6}))
    return laid_out(figure, 350, across, up, right=8, showlegend=True, legend=LEGEND_ABOVE)


def table_figure(
    rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float]], *, unit: str
) -> Figure:
    """Numbers in a table, lit where they are not 0."""
    figure = new_figure()
    told = [[number_words(each, 2) + unit if each else "0" for each in row] for row in values]
    figure.add_heatmap(
        z=[[1 if each else 0 for each in row] for row in values], text=told, texttemplate="%{text}",
        colorscale=[[0, translucent(GREY, 0.15)], [1, MORE]], zmin=0, zmax=1, showscale=False,
        xgap=3, ygap=3, hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    across = named_axis(columns, side="top")
    return laid_out(figure, 40 + _ROW * len(rows), across, row_axis(rows))


def maps_figure(
    maps: Mapping[str, Sequence[Sequence[float]]], *, grey: Sequence[str], reach: float
) -> Figure:
    """Images beside each other: grey from 0 to 1, or amber below 0 and teal above, to `reach`."""
    figure = new_figure()
    width = 1 / len(maps)
    for number, (title, rows) in enumerate(maps.items(), start=1):
        which = "" if number == 1 else str(number)
        is_grey = title in grey
        scale = [[0, "#101018"], [1, "#FFFFFF"]]
        figure.add_heatmap(
            z=[list(row) for row in rows], xaxis=f"x{which}", yaxis=f"y{which}",
            colorscale=scale if is_grey else [[0, LESS], [0.5, "#F5F3F0"], [1, MORE]],
            zmin=0 if is_grey else -reach, zmax=1 if is_grey else reach,
            showscale=number == len(maps),
            colorbar={
                "orientation": "h", "thickness": 9, "len": 2 * width, "x": 1 - width, "y": -0.02,
                "yanchor": "top", "title": {"text": "normalized value", "side": "bottom"},
            },
            hovertemplate="row %{y}, column %{x}: %{z:.2f}<extra></extra>",
        )  # fmt: skip
        begin = (number - 1) * width
        sides = {"showgrid": False, "zeroline": False, "showticklabels": False, "fixedrange": True}
        figure.update_layout(
            {
                f"xaxis{which}": {
                    "domain": [begin + 0.01, begin + width - 0.01], "anchor": f"y{which}",
                    "constrain": "domain", "side": "top", "title": {"text": title, "standoff": 4},
                    **sides,
                },
                f"yaxis{which}": {
                    "scaleanchor": f"x{which}", "autorange": "reversed", "constrain": "domain",
                    "anchor": f"x{which}", **sides,
                },
            }
        )  # fmt: skip
    figure.update_layout(height=330, margin={"l": 0, "r": 0, "t": 44, "b": 48}, dragmode=False)
    return figure
