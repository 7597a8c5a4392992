"""From BN to AFN one change at a time, over seeds: drawn and read."""

from typing import TYPE_CHECKING

from afn.pretrained.comparison import FEWEST_SEEDS
from afn.pretrained.gains import Gain
from afn.pretrained.ladder import Ladder
from afn.wording import count_words, enumerate_words, steps_words

from ....kit.draw.axes import axis, laid_out, row_axis
from ....kit.draw.chart import Rows
from ....kit.draw.heat import LESS, MORE
from ....kit.draw.palette import GREY

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CHANGES = {
    "BN, test batch": "the test batch's statistics",
    "AFN, networks frozen": "AFN's weights",
    "AFN, networks off": "AFN's weights without networks",
    "AFN": "the networks' adapting",
}
"""What is gained at each rung over the one below."""
_ROW, _HALF = 46, 0.26
_MARGIN = 104
"""Pixels to the right, for the numbers."""


def ladder_figure(ladder: Ladder) -> "Figure":
    """A row per rung: a bar floats from the mean of the one before, a dot stands for each seed.

    Whiskers are 95 % intervals of the gains, over seeds and images; bars are pale where these
    include 0, and below three seeds, where there are none.
    """
    from plotly.graph_objects import Figure  # not before a page needs it

    names, rungs = zip(*ladder.rungs, strict=True)
    gains, means = ladder.gains, [rung.mean for rung in rungs]
    levels, changes, _ = steps_words(means)
    figure = Figure()
    for row, level in enumerate(means[:-1]):
        figure.add_scatter(
            x=[level, level], y=[row if row == 0 else row + _HALF, row + 1 + _HALF], mode="lines",
            line={"color": GREY, "width": 1, "dash": "dot"}, hoverinfo="skip",
        )  # fmt: skip
    figure.add_bar(
        orientation="h", y=list(range(1, len(rungs))), base=means[:-1],
        x=[gain.mean for gain in gains], width=2 * _HALF,
        marker={
            "color": [MORE if gain.mean > 0 else LESS for gain in gains],
            "opacity": [0.9 if _is_clear(gain) else 0.35 for gain in gains],
            "line": {"width": 0},
        },
        error_x={
            "array": [gain.half_width if gain.n >= FEWEST_SEEDS else 0.0 for gain in gains],
            "thickness": 1.5, "width": 4, "color": GREY,
        },
        customdata=[
            [name, CHANGES[name], _words(gain, change)]
            for name, gain, change in zip(names[1:], gains, changes, strict=True)
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}: %{customdata[2]}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[value for rung in rungs for _, value in rung.values],
        y=[row for row, rung in enumerate(rungs) for _ in rung.values],
        mode="markers",
        marker={"color": GREY, "size": 8, "symbol": "diamond", "line": {"width": 1}},
        customdata=[[names[row], seed] for row, rung in enumerate(rungs) for seed in rung.seeds],
        hovertemplate="%{customdata[0]}, seed %{customdata[1]}: %{x:.2f} %<extra></extra>",
    )
    for row, shown in enumerate(levels):
        change = f"{_bold(changes[row - 1], gains[row - 1])} → " if row else ""
        figure.add_annotation(
            xref="paper", x=1, y=row, text=f"{change}{shown}", showarrow=False,
            xanchor="right", xshift=_MARGIN, font={"size": 13},
        )  # fmt: skip
    values = [value for rung in rungs for _, value in rung.values]
    low, high = min(values), max(values)
    room = max(high - low, 2.0)
    span = [low - 0.15 * room, high + 0.15 * room]
    across = axis("accuracy, %", range=span, showgrid=True, nticks=5)
    up = row_axis(names, range=[len(rungs) - 0.4, -0.6])
    figure.update_layout(laid_out(64 + _ROW * len(rungs), across, up, right=_MARGIN + 4, top=4))
    return figure


def ladder_reading(ladder: Ladder) -> str:
    """What AFN gains over BN and what each change has of it."""
    total = ladder.total
    verb = "gains" if total.mean > 0 else "loses"
    _, changes, whole = steps_words([rung.mean for _, rung in ladder.rungs])
    parts = [
        f"{_words(gain, shown)} from {CHANGES[name]}"
        for (name, _), gain, shown in zip(ladder.rungs[1:], ladder.gains, changes, strict=True)
    ]
    few = ""
    if total.n < FEWEST_SEEDS:
        few = f" No verdict from {count_words(total.n, 'seed')}."
    return f"AFN {verb} {_words(total, whole)} points over BN: {enumerate_words(parts)}.{few}"


def ladder_table(name: str, ladder: Ladder) -> Rows:
    """A row per rung; gains are over the one before."""
    rows: Rows = []
    for (step, rung), gain in zip(ladder.rungs, (None, *ladder.gains), strict=True):
        has_interval = gain is not None and gain.n >= FEWEST_SEEDS
        rows.append(
            {
                "benchmark": name, "step": step, "seeds": rung.n, "accuracy": rung.mean,
                "gain": gain.mean if gain else None,
                "gain low95": gain.low if gain and has_interval else None,
                "gain high95": gain.high if gain and has_interval else None,
            }
        )  # fmt: skip
    return rows


def _is_clear(gain: Gain) -> bool:
    return gain.n >= FEWEST_SEEDS and gain.is_clear


def _bold(change: str, gain: Gain) -> str:
    return f"<b>{change}</b>" if _is_clear(gain) else change


def _words(gain: Gain, change: str) -> str:
    if gain.n < FEWEST_SEEDS:
        return change
    noise = "" if gain.is_clear else ": within noise"
    return f"{change} ({gain.bounds}{noise})"
