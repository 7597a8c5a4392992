"""What figures draw alike: whiskers, bands, marked steps, and ways that are walked in steps."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf, log10
from typing import Any

from afn.wording import steps_words

from .axes import SMALL_TEXT, Figure, axis, laid_out, new_figure, row_axis
from .palette import GREY
from .table import LESS, MORE

Ends = tuple[float, float, float]
"""A value, and the low and the high end of its interval."""
_HALF = 0.26
"""Half of a bar's height, of a row's."""
_MARGIN = 104
"""Pixels to the right of bars, for the numbers."""


def whiskers(
    values: Iterable[Ends], *, within: tuple[float, float] = (-inf, inf), **style: Any
) -> dict[str, Any]:
    """Intervals, as a trace's ``error_x`` or ``error_y``.

    Args:
        values: With their ends.
        within: What there can be, where whiskers end at the latest: 0 to 100 for percentages, say.
        style: Of the whiskers.
    """
    found = [
        (v, max(low, min(v, within[0])), min(high, max(v, within[1]))) for v, low, high in values
    ]
    return {
        "array": [high - value for value, _, high in found],
        "arrayminus": [value - low for value, low, _ in found],
        **style,
    }


def band(x: Any, low: Any, high: Any, color: str) -> list[dict[str, Any]]:
    """An area behind lines; where an end is not a number there is none."""
    edge = {
        "type": "scatter", "mode": "lines", "hoverinfo": "skip", "line": {"width": 0}, "x": x,
        "showlegend": False,
    }  # fmt: skip
    return [{**edge, "y": low}, {**edge, "y": high, "fill": "tonexty", "fillcolor": color}]


def marked(marks: Sequence[tuple[float, str]], *, is_log: bool = False) -> dict[str, Any]:
    """Labelled steps, for `laid_out`: a dashed line each, its words above the figure."""
    return {
        "shapes": [
            {
                "type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": step, "x1": step,
                "line": {"color": GREY, "width": 1, "dash": "3px,3px"},
            }
            for step, _ in marks
        ],
        "annotations": [
            {
                "x": log10(max(step, 1)) if is_log else step, "yref": "paper", "y": 1,
                "yanchor": "bottom", "xanchor": "right" if i % 2 else "left", "text": text,
                "showarrow": False, "font": SMALL_TEXT,
            }
            for i, (step, text) in enumerate(marks)
        ],
    }  # fmt: skip


def rungs_figure(
    names: Sequence[str],
    levels: Sequence[float],
    gains: Sequence[Ends],
    is_clear: Sequence[bool],
    told: Sequence[str],
    dots: Mapping[str, Any],
) -> Figure:
    """A row per level, in percent: a bar floats from the level before, with its interval.

    Args:
        names: Of the rows.
        levels: What is reached.
        gains: Of each but the first over the one before, in points.
        is_clear: Whether they can be told from chance; bars are pale where not.
        told: What is said of each, when pointed at.
        dots: Further marks, as a trace.
    """
    shown, changes, _ = steps_words(levels)
    figure = new_figure()
    for row, level in enumerate(levels[:-1]):  # down to where the next bar starts
        figure.add_scatter(
            x=[level, level], y=[row if row == 0 else row + _HALF, row + 1 + _HALF], mode="lines",
            line={"color": GREY, "width": 1, "dash": "dot"}, hoverinfo="skip",
        )  # fmt: skip
    figure.add_bar(
        orientation="h", y=list(range(1, len(levels))), base=levels[:-1],
        x=[value for value, _, _ in gains], width=2 * _HALF,
        marker={
            "color": [MORE if value > 0 else LESS for value, _, _ in gains],
            "opacity": [0.9 if clear else 0.35 for clear in is_clear], "line": {"width": 0},
        },
        error_x=whiskers(gains, thickness=1.5, width=4, color=GREY),
        customdata=list(told), hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(**dots)
    bold = [
        f"<b>{c}</b> → " if clear else f"{c} → " for c, clear in zip(changes, is_clear, strict=True)
    ]
    for row, (change, reached) in enumerate(zip(["", *bold], shown, strict=True)):
        figure.add_annotation(
            xref="paper", x=1, y=row, text=f"{change}{reached}", showarrow=False,
            xanchor="right", xshift=_MARGIN, font={"size": 13},
        )  # fmt: skip
    reach = [
        level + end for level, gain in zip(levels, gains, strict=False) for end in (0.0, *gain[1:])
    ]
    low, high = min([*reach, *dots["x"], *levels]), max([*reach, *dots["x"], *levels])
    room = 0.1 * max(high - low, 2.0)
    across = axis("accuracy, %", range=[low - room, high + room], showgrid=True, nticks=5)
    up = row_axis(names, range=[len(names) - 0.4, -0.6])
    return laid_out(figure, 70 + 42 * len(names), across, up, right=_MARGIN + 4, top=4)
