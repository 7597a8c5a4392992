"""Grids and matrices as Plotly figures, which is loaded when one is drawn."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from afn.ask.crossing import Crossing
from afn.ask.records import Cell

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_SCALE = [[0.0, "#f3efe6"], [0.5, "#7fb0d0"], [1.0, "#144e7c"]]
_ROW = 26  # pixels
_HOVER = (
    "%{y}, %{x}<br>%{customdata[0]:.1%} (95 % interval %{customdata[1]:.1%} to "
    "%{customdata[2]:.1%})<br>%{customdata[3]:,} images, %{customdata[4]}<extra></extra>"
)


def grid_figure(cells: Sequence[Cell], title: str, statistics: str) -> "Figure":
    """Accuracy by corruption (rows) and severity (columns); clean images are the first row."""
    clean = [cell for cell in cells if cell.corruption is None]
    names = list(dict.fromkeys(cell.corruption for cell in cells if cell.corruption))
    severities = sorted({cell.severity for cell in cells if cell.corruption}) or [0]
    found = {cell.place: cell for cell in cells}
    rows: list[list[Cell | None]] = [[cell] * len(severities) for cell in clean[:1]]
    rows += [[found.get((name, severity)) for severity in severities] for name in names]
    labels = ["clean"] * len(clean[:1]) + [name.replace("_", " ") for name in names]
    columns = [f"severity {severity}" if severity else "clean" for severity in severities]
    n = cells[0].n if cells else 0
    told = f"accuracy in %, statistics: {statistics}, {n:,} images"
    return _heatmap(rows, labels, columns, f"{title}<br><sub>{told}</sub>")


def matrix_figure(crossings: Sequence[Crossing]) -> "Figure":
    """Accuracy by model (rows) and domain (columns)."""
    models = list(dict.fromkeys(each.model for each in crossings))
    domains = list(dict.fromkeys(each.question.dataset for each in crossings))
    found = {(each.model, each.question.dataset): each.cell for each in crossings}
    rows = [[found.get((model, domain)) for domain in domains] for model in models]
    told = ", ".join(dict.fromkeys(each.question.statistics for each in crossings))
    return _heatmap(
        rows, models, domains, f"Accuracy by domain<br><sub>in %, statistics: {told}</sub>"
    )


def _heatmap(
    rows: Sequence[Sequence[Cell | None]], labels: Sequence[str], columns: Sequence[str], title: str
) -> "Figure":
    try:
        graphs: Any = import_module("plotly.graph_objects")
    except ImportError as error:
        raise ImportError(f"a figure needs Plotly: pip install plotly ({error})") from None
    values = [[None if cell is None else cell.accuracy for cell in row] for row in rows]
    figure = graphs.Figure(
        graphs.Heatmap(
            z=values, x=list(columns), y=list(labels), zmin=0, zmax=1, colorscale=_SCALE,
            text=[["" if it is None else f"{100 * it:.0f}" for it in row] for row in values],
            texttemplate="%{text}", xgap=1, ygap=1, hoverongaps=False, hovertemplate=_HOVER,
            customdata=[[_told(cell) for cell in row] for row in rows],
            showscale=False,
        )
    )  # fmt: skip
    figure.update_layout(
        title=title, height=_ROW * len(labels) + 150, template="plotly_white",
        yaxis={"autorange": "reversed", "showgrid": False, "automargin": True},
        xaxis={"side": "top", "showgrid": False}, margin={"t": 110, "b": 20, "r": 20},
    )  # fmt: skip
    return figure


def _told(cell: Cell | None) -> list[Any]:
    if cell is None:
        return [None] * 5
    return [cell.accuracy, *cell.interval, cell.n, cell.source]
