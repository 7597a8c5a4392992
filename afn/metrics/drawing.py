"""Pairs as lines, and their difference with its interval: one row a comparison."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from afn.metrics.over_methods import Metrics, Paired
from afn.wording import count_words

_ROW = 300
_GREY, _BLUE = "#8a8f98", "#2f7fd6"


def paired_figure(metrics: Metrics, pairs: Sequence[Paired]) -> Any:
    """Draw comparisons, each with its seeds as lines between two columns of dots.

    Args:
        metrics: The values.
        pairs: Some of ``metrics.against(...)``.

    Returns:
        A figure of Plotly's, 300 pixels a row: left the values of each seed, joined; right the
        differences, their mean, its 95 % interval, and 0.

    Raises:
        ImportError: Plotly is not installed.

    Example:
        >>> from afn import Metrics
        >>> from afn.metrics.drawing import paired_figure
        >>> from afn.stats.over_seeds import OverSeeds
        >>> of = lambda *values: OverSeeds(tuple(enumerate(values)))
        >>> found = Metrics(metric="", methods={"bn": of(70, 72, 71), "afn": of(73, 74, 75)})
        >>> figure = paired_figure(found, found.against())
        >>> [trace.name for trace in figure.data][-1]
        'mean and 95 % interval'
    """
    try:
        subplots: Any = import_module("plotly.subplots")
    except ImportError:
        raise ImportError("a figure needs Plotly: pip install plotly") from None
    figure = subplots.make_subplots(
        rows=len(pairs), cols=2, column_widths=[0.6, 0.4], horizontal_spacing=0.16,
        vertical_spacing=0.25 / len(pairs) if len(pairs) > 1 else 0,
    )  # fmt: skip
    for row, pair in enumerate(pairs, 1):
        _values(figure, metrics, pair, row)
        _difference(figure, pair, row)
    figure.update_xaxes(fixedrange=True, zeroline=False, showgrid=False)
    figure.update_yaxes(fixedrange=True, zeroline=False, automargin=True)
    figure.update_layout(
        height=_ROW * len(pairs), margin={"l": 0, "r": 12, "t": 12, "b": 0}, showlegend=False,
        hovermode="closest", dragmode=False,
    )  # fmt: skip
    return figure


def _values(figure: Any, metrics: Metrics, pair: Paired, row: int) -> None:
    theirs, ours = (dict(metrics.methods[name].values) for name in (pair.over, pair.way))
    for seed in pair.difference.seeds:
        figure.add_scatter(
            x=[0, 1], y=[theirs[seed], ours[seed]], mode="lines+markers", row=row, col=1,
            line={"color": _GREY, "width": 1.5}, marker={"color": [_GREY, _BLUE], "size": 10},
            name=f"seed {seed}", hovertemplate=f"seed {seed}: %{{y}}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(
        tickvals=[0, 1], ticktext=[pair.over, pair.way], range=[-0.3, 1.3], row=row, col=1
    )
    figure.update_yaxes(title_text=metrics.metric, row=row, col=1)


def _difference(figure: Any, pair: Paired, row: int) -> None:
    of = pair.difference
    values = [value for _, value in of.values]
    figure.add_scatter(
        x=[-0.15] * of.n, y=values, mode="markers", row=row, col=2, name="each seed",
        marker={"color": _GREY, "size": 7}, text=[f"seed {seed}" for seed in of.seeds],
        hovertemplate="%{text}: %{y}<extra></extra>",
    )  # fmt: skip
    half = of.half_width if of.n > 1 else 0
    figure.add_scatter(
        x=[0.15], y=[of.mean], mode="markers", row=row, col=2, name="mean and 95 % interval",
        marker={"color": _BLUE, "size": 12},
        error_y={"array": [half], "color": _BLUE, "thickness": 3, "width": 10},
    )  # fmt: skip
    figure.add_hline(y=0, line={"color": _GREY, "width": 1.5, "dash": "dot"}, row=row, col=2)
    figure.update_xaxes(
        tickvals=[0], ticktext=[f"difference<br>{count_words(of.n, 'seed')}"],
        range=[-1, 1], row=row, col=2,
    )  # fmt: skip
