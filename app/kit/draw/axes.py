"""What figures share: how they begin, are laid out and kept, and axes that stand still."""

import hashlib
import pickle
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec

from ..letters import lettered_html

PlotAxis = dict[str, Any]
Figure = Any
"""Of Plotly."""
LOG: PlotAxis = {"type": "log", "dtick": 1, "exponentformat": "power"}
"""Of an axis that is logarithmic, with a tick at every power of ten."""
TEXT, SMALL_TEXT, TITLE_TEXT = {"size": 13}, {"size": 12}, {"size": 14}
"""Fonts of figures, in pixels: of numbers and names, of marks, of axes."""
LINE = 3
"""Pixels of a line that is what a figure says."""
LEGEND_ABOVE = {
    "orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": {"text": ""},
    "font": TEXT,
}  # fmt: skip


def axis(title: str = "", /, **more: Any) -> PlotAxis:
    """An axis that cannot be dragged, with room for its labels."""
    titled = (
        {"title": {"text": lettered_html(title), "standoff": 10, "font": TITLE_TEXT}}
        if title
        else {}
    )
    still = {"zeroline": False, "fixedrange": True, "automargin": True, "tickfont": TEXT}
    return {**still, **titled, **more}


def named_axis(names: Sequence[str], title: str = "", /, **more: Any) -> PlotAxis:
    """An axis with a name at 0, 1, 2, ..., and no lines through the figure."""
    shown = {
        "tickvals": list(range(len(names))),
        "ticktext": list(map(lettered_html, names)),
        "showgrid": False,
    }
    return axis(title, **shown | more)


def row_axis(names: Sequence[str], /, **more: Any) -> PlotAxis:
    """The same downwards, as the rows of a table."""
    return named_axis(names, **{"range": [len(names) - 0.5, -0.5], **more})


def span(values: Sequence[float]) -> list[float]:
    """An axis' range that shows all of these, with some room."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    room = 0.08 * (high - low) or 1.0
    return [low - room, high + room]


def _layout(
    height: int,
    x: PlotAxis,
    y: PlotAxis,
    *,
    left: int = 0,
    right: int = 12,
    top: int = 8,
    **more: Any,
) -> dict[str, Any]:
    return {
        "height": height, "margin": {"l": left, "r": right, "t": top, "b": 0}, "xaxis": x,
        "yaxis": y, "showlegend": False, "hovermode": "closest", "dragmode": False, **more,
    }  # fmt: skip


def laid_out(figure: Figure, height: int, x: PlotAxis, y: PlotAxis, **more: Any) -> Figure:
    """The figure with two axes.

    Args:
        figure: Its traces are drawn already.
        height: In pixels.
        x: To the right.
        y: Upwards.
        more: Margins in pixels, at least: `left`, `right`, `top`; all else as Plotly calls it.
    """
    figure.update_layout(_layout(height, x, y, **more))
    for trace in figure.data:
        if told := _signed(getattr(trace, "hovertemplate", None)):
            trace.update(told)
    return figure


def drawn(traces: list[Any], height: int, x: PlotAxis, y: PlotAxis, **more: Any) -> Figure:
    """A figure of traces as dictionaries, which are quicker; else as `laid_out`."""
    signed = [each | (_signed(each.get("hovertemplate")) or {}) for each in traces]
    figure: Figure = new_figure(signed, _layout(height, x, y, **more))
    return figure


_FORMATTED = re.compile(r"%\{([xyz]):([^}]*)\}")


def _signed(template: Any) -> dict[str, Any]:
    """The template with its formats beside it: within, Plotly writes a hyphen for a minus."""
    if not isinstance(template, str):
        return {}
    template = lettered_html(template)
    formats = {f"{axis}hoverformat": form for axis, form in _FORMATTED.findall(template)}
    return {"hovertemplate": _FORMATTED.sub(r"%{\1}", template), **formats}


def new_figure(traces: Sequence[Any] = (), layout: PlotAxis | None = None) -> Figure:
    """A figure; Plotly is loaded with the first one, not before a page needs it."""
    from plotly.graph_objects import Figure

    return Figure({"data": list(traces), "layout": layout or {}}, skip_invalid=True)


Args = ParamSpec("Args")
_MOST = 256
_figures: OrderedDict[bytes, Figure] = OrderedDict()
_lock = Lock()


def kept(draw: Callable[Args, Figure]) -> Callable[Args, Figure]:
    """Have a pure function from records to a figure remember what it drew, by what it is told.

    The arguments are told apart by their content, so that they may be lists and mappings; they are
    to be small. The figure is shared by all who ask for it: to be shown, not to be changed.
    """

    @wraps(draw)
    def drawn(*args: Args.args, **kwargs: Args.kwargs) -> Figure:
        told = pickle.dumps((draw.__module__, draw.__qualname__, args, sorted(kwargs.items())))
        key = hashlib.sha256(told).digest()
        with _lock:
            if key in _figures:
                _figures.move_to_end(key)
                return _figures[key]
        figure = draw(*args, **kwargs)
        with _lock:
            _figures[key] = figure
            while len(_figures) > _MOST:
                _figures.popitem(last=False)
        return figure

    return drawn
