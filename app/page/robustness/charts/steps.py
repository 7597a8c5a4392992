"""From one model to another in steps: what each of them changes in accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from afn.ask.records import Cell
from afn.wording import count_words, enumerate_words, steps_words

from ....kit.draw.axes import axis, laid_out, row_axis
from ....kit.draw.chart import Rows
from ....kit.draw.estimates import (
    Estimate,
    accuracy_over,
    accuracy_words,
    gain_over,
    gain_words,
    interval_words,
)
from ....kit.draw.heat import LESS, MORE
from ....kit.draw.palette import GREY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROW = 42
"""Pixels of a row."""
_MARGIN = 104
"""Pixels to the right, for the numbers."""
_HALF = 0.26
"""Half of a bar's height, of a row's."""


@dataclass(frozen=True, slots=True)
class WayStep:
    """A model on the way, and what changed to get there."""

    label: str
    """ "BN running", "BN test batch", ..."""
    change: str
    """In words that can follow "from": "test-batch statistics"; unused in the first."""
    cells: tuple[Cell, ...]
    """Its answers: of one test or of several, of the same ones in every step."""

    @property
    def accuracy(self) -> Estimate:
        """Over all its tests."""
        return accuracy_over(self.cells)

    def gain_over(self, other: "WayStep") -> Estimate:
        """Over another step.

        Raises:
            ValueError: Their tests are not of the same images.
        """
        return gain_over(self.cells, other.cells)


def _levels(steps: Sequence[WayStep]) -> list[float]:
    """In percent."""
    return [100 * step.accuracy.value for step in steps]


def _gains(steps: Sequence[WayStep]) -> list[Estimate]:
    return [later.gain_over(earlier) for earlier, later in pairwise(steps)]


def steps_figure(steps: Sequence[WayStep]) -> "Figure":
    """A row per model; a bar floats from the accuracy of the one before to its own.

    Whiskers are the paired 95 % intervals of the gains; where these include 0, bars are pale.

    Args:
        steps: One or more.
    """
    from plotly.graph_objects import Figure  # not before a page needs it

    levels, gains = _levels(steps), _gains(steps)
    shown, changes, _ = steps_words(levels)
    figure = Figure()
    for row, level in enumerate(levels[:-1]):  # down to where the next bar starts
        figure.add_scatter(
            x=[level, level],
            y=[row if row == 0 else row + _HALF, row + 1 + _HALF],
            mode="lines",
            line={"color": GREY, "width": 1, "dash": "dot"},
            hoverinfo="skip",
        )
    first = steps[0]
    figure.add_scatter(
        x=levels[:1],
        y=[0],
        mode="markers",
        marker={"color": GREY, "size": 11, "symbol": "diamond"},
        customdata=[[accuracy_words(first.accuracy)]],
        hovertemplate=f"{first.label}<br>%{{customdata[0]}}, {_basis(first)}<extra></extra>",
    )
    figure.add_bar(
        orientation="h",
        y=list(range(1, len(steps))),
        base=levels[:-1],
        x=[100 * gain.value for gain in gains],
        width=2 * _HALF,
        marker={
            "color": [MORE if gain.value > 0 else LESS for gain in gains],
            "opacity": [0.9 if gain.is_clear else 0.35 for gain in gains],
            "line": {"width": 0},
        },
        error_x={
            "array": [100 * (gain.high - gain.value) for gain in gains],
            "arrayminus": [100 * (gain.value - gain.low) for gain in gains],
            "thickness": 1.5,
            "width": 4,
            "color": GREY,
        },
        customdata=[
            [step.label, step.change, gain_words(gain, change), accuracy_words(step.accuracy)]
            for step, gain, change in zip(steps[1:], gains, changes, strict=True)
        ],
        hovertemplate="%{customdata[0]}: %{customdata[3]}<br>%{customdata[1]}: %{customdata[2]}, "
        f"{_basis(first)}<extra></extra>",
    )
    lows = [level + 100 * min(0, gain.low) for level, gain in zip(levels, gains, strict=False)]
    highs = [level + 100 * max(0, gain.high) for level, gain in zip(levels, gains, strict=False)]
    bold = [f"<b>{c}</b>" if g.is_clear else c for c, g in zip(changes, gains, strict=True)]
    for row, (change, reached) in enumerate(zip(["", *bold], shown, strict=True)):
        figure.add_annotation(
            xref="paper", x=1, y=row, text=f"{change}{' → ' if change else ''}{reached}",
            showarrow=False, xanchor="right", xshift=_MARGIN, font={"size": 13},
        )  # fmt: skip
    low, high = min([*lows, *levels]), max([*highs, *levels])
    room = max(high - low, 2.0)
    span = [low - 0.08 * room, high + 0.08 * room]
    across = axis("accuracy, %", range=span, showgrid=True, nticks=5)
    up = row_axis([step.label for step in steps], range=[len(steps) - 0.4, -0.6])
    figure.update_layout(laid_out(70 + _ROW * len(steps), across, up, right=_MARGIN + 4, top=4))
    return figure


def _basis(step: WayStep) -> str:
    tests = f", mean of {len(step.cells)} tests" if len(step.cells) > 1 else ""
    return f"{count_words(step.cells[0].n, 'image')}{tests}"


def steps_reading(steps: Sequence[WayStep]) -> str:
    """What the whole way gains and what each step has of it, in points; no shares of a total."""
    if len(steps) < 2:
        return "The steps are not tested yet."
    total = steps[-1].gain_over(steps[0])
    _, changes, whole = steps_words(_levels(steps))
    gained = gain_words(total, whole)
    first, last = steps[0].label, steps[-1].label
    if not total.is_clear:
        start = f"{last} and {first} are too close to tell: {gained}. Step by step"
    elif total.value > 0:
        start = f"{last} gains {gained} over {first}. Step by step"
    else:
        start = f"{last} loses against {first}: {gained}. Step by step"
    parts = [
        f"{change} from {step.change} ({interval_words(gain)}"
        + ("" if gain.is_clear else ": within noise")
        + ")"
        for step, gain, change in zip(steps[1:], _gains(steps), changes, strict=True)
    ]
    return f"{start}: {enumerate_words(parts)}."


def steps_table(steps: Sequence[WayStep]) -> Rows:
    """A row per step; the gains are over the step before."""
    rows: Rows = []
    for step, gain in zip(steps, [None, *_gains(steps)], strict=True):
        accuracy = step.accuracy
        rows.append(
            {
                "step": step.label,
                "change": step.change if gain else "",
                "tests": len(step.cells),
                "n": step.cells[0].n,
                "accuracy": accuracy.value,
                "low95": accuracy.low,
                "high95": accuracy.high,
                "gain": gain.value if gain else None,
                "gain low95": gain.low if gain else None,
                "gain high95": gain.high if gain else None,
            }
        )
    return rows
