"""Accuracy corruption by corruption, a dot with its 95 % interval per model."""

from collections.abc import Sequence

from afn.ask.records import Cell, Place
from afn.wording import count_words, percent

from ....kit.draw.axes import Figure, axis, laid_out, new_figure, row_axis
from ....kit.draw.corruptions import CLEAN, group_title
from ....kit.draw.estimates import (
    SEVERITIES,
    Estimate,
    Tested,
    accuracy_over,
    accuracy_words,
    gain_over,
    gain_words,
    is_alike,
    take,
)
from ....kit.draw.grid import in_order
from ....kit.draw.legend import translucent
from ....kit.draw.traces import whiskers

_ROW, _DOT = 16, 7
"""Pixels of a row, and in it of each model."""
_APART = 0.72
"""Share of a row over which its dots are spread."""


def bars_figure(
    tested: Sequence[Tested], corruptions: Sequence[str], severity: int | None
) -> Figure:
    """A row per corruption at a severity, or the mean of the five; clean images on top."""
    rows: list[str | None] = [None, *in_order(corruptions)]
    figure = new_figure()
    shown: list[Estimate] = []
    for number, each in enumerate(tested):
        known = [
            (row, cells) for row, name in enumerate(rows) if (cells := _at(each, name, severity))
        ]
        accuracies = [accuracy_over(cells) for _, cells in known]
        shown += accuracies
        offset = _APART * ((number + 0.5) / len(tested) - 0.5)
        figure.add_scatter(
            x=[100 * accuracy.value for accuracy in accuracies],
            y=[row + offset for row, _ in known],
            error_x=whiskers(
                [accuracy.points for accuracy in accuracies],
                thickness=2, width=0, color=translucent(each.color, 0.45),
            ),
            name=each.label,
            mode="markers",
            marker={"color": each.color, "size": _DOT},
            customdata=[
                [
                    group_title(rows[row]), accuracy_words(accuracy),
                    count_words(cells[0].n, "image"), cells[0].told_source,
                ]
                for (row, cells), accuracy in zip(known, accuracies, strict=True)
            ],
            hovertemplate="%{customdata[0]}<br>%{customdata[1]}, %{customdata[2]}, "
            "%{customdata[3]}",
        )  # fmt: skip
    low = min((accuracy.low for accuracy in shown), default=0.0)
    high = max((accuracy.high for accuracy in shown), default=1.0)
    margin = 0.03 * (high - low)
    span = [100 * max(0, low - margin), 100 * min(1, high + margin) + 0.2]
    height = 60 + len(rows) * (_ROW + (_DOT + 1) * max(0, len(tested) - 1))
    return laid_out(figure, height, axis("accuracy, %", range=span, showgrid=True),
            row_axis(list(map(group_title, rows))), top=4,
            shapes=[_stripe(row) for row in range(0, len(rows), 2)],)  # fmt: skip


def _stripe(row: int) -> dict[str, object]:
    return {
        "type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": row - 0.5, "y1": row + 0.5,
        "fillcolor": "rgba(128, 128, 128, 0.07)", "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def _at(tested: Tested, corruption: str | None, severity: int | None) -> list[Cell]:
    """The cells behind one dot; empty where one of them is not known."""
    places: list[Place] = [(corruption, s) for s in SEVERITIES if severity in (None, s)]
    if corruption is None:
        places = [(None, 0)]
    places = [at for at in places if at not in tested.left_out]
    return take(tested.cells, places) if all(at in tested.cells for at in places) else []


def bars_reading(tested: Sequence[Tested], corruptions: Sequence[str], severity: int | None) -> str:
    """Which corruption is hardest, and under which one the models differ most."""
    names = [
        name for name in in_order(corruptions) if all(_at(each, name, severity) for each in tested)
    ]
    where = f"At severity {severity}" if severity else "On the mean of the five severities"
    if not tested or not names:
        return f"{where}, no corruption is tested in every model yet."

    def accuracy(each: Tested, name: str) -> float:
        return accuracy_over(_at(each, name, severity)).value

    means = {name: sum(accuracy(each, name) for each in tested) / len(tested) for name in names}
    hardest = min(means, key=means.__getitem__)
    average = "" if len(tested) == 1 else " on average"
    words = (
        f"{where}, {group_title(hardest)} is hardest: {percent(means[hardest])}{average}"
        f"{_beside_clean(tested)}."
    )
    spreads = []
    for name in names:
        best = max(tested, key=lambda each: accuracy(each, name))
        worst = min(tested, key=lambda each: accuracy(each, name))
        ours, theirs = (_at(each, name, severity) for each in (best, worst))
        if len(tested) > 1 and all(map(is_alike, ours, theirs)):
            spreads.append((gain_over(ours, theirs), name, best.label, worst.label))
    if not spreads:
        return words
    gain, name, best_label, worst_label = max(spreads, key=lambda spread: spread[0].value)
    if not gain.is_clear:
        return f"{words} Under none do the models differ clearly."
    return (
        f"{words} The models differ most under {group_title(name)}: {best_label} is "
        f"{gain_words(gain)} over {worst_label}."
    )


def _beside_clean(tested: Sequence[Tested]) -> str:
    clean = [cells[0].accuracy for each in tested if (cells := _at(each, None, None))]
    if not tested or len(clean) < len(tested):
        return ""
    return f", beside {percent(sum(clean) / len(clean))} {CLEAN}"
