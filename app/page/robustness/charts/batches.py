"""What the size and the order of test batches do to accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log2
from typing import Literal

from afn.ask.records import Cell, Order
from afn.wording import count_words

from ....kit.batch_controls import BATCH_SIZES
from ....kit.draw.axes import LINE, Figure, axis, kept, laid_out, new_figure
from ....kit.draw.chart import Rows
from ....kit.draw.estimates import (
    Estimate,
    accuracy_over,
    accuracy_words,
    gain_over,
    gain_words,
    is_alike,
    place_title,
    place_words,
    signed,
)
from ....kit.draw.legend import DASHES, Entry, Stroke, translucent
from ....kit.draw.traces import band

BatchMode = Literal["running", "batch", "per image"]
"""Whose statistics the norms use; only those of a batch depend on what else is in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchPoint:
    """One model's answers at one batch size."""

    label: str
    """The model; the same in all its modes."""
    color: str
    norm: str
    mode: BatchMode
    order: Order
    batch_size: int
    """Without meaning where the mode is not "batch"."""
    cell: Cell


@kept
def batch_figure(points: Sequence[BatchPoint]) -> Figure:
    """A line per model over the batch size, dashed where batches are sorted by class.

    What does not depend on the batch is a thin level line.
    """
    figure = new_figure()
    sizes = sorted({point.batch_size for point in points if point.mode == "batch"})
    ends = [sizes[0], sizes[-1]] if len(sizes) > 1 else [BATCH_SIZES[0], BATCH_SIZES[-1]]
    for line in _lines(points):
        is_level = line[0].mode != "batch"
        xs = ends if is_level else [point.batch_size for point in line]
        drawn = [line[0]] * 2 if is_level else line
        accuracies = [accuracy_over([point.cell]) for point in drawn]
        x = [log2(size) for size in xs]
        values, lows, highs = zip(*(accuracy.points for accuracy in accuracies), strict=True)
        figure.add_traces(
            band(x, lows, highs, translucent(line[0].color, 0.05 if is_level else 0.1))
        )
        figure.add_scatter(
            x=x, y=values, name=_name(line[0]), mode="lines" if is_level else "lines+markers",
            line={
                "color": line[0].color, "width": 1.5 if is_level else LINE,
                "dash": DASHES[_look(line[0])],
            },
            marker={"size": 7, "symbol": "circle" if line[0].order == "mixed" else "circle-open"},
            customdata=[
                [accuracy_words(accuracy), count_words(point.cell.n, "image"), size]
                for accuracy, point, size in zip(accuracies, drawn, xs, strict=True)
            ],
            hovertemplate=f"{_name(line[0])}"
            + ("" if is_level else ", batch %{customdata[2]}")
            + "<br>%{customdata[0]}, %{customdata[1]}<extra></extra>",
        )  # fmt: skip
    across = axis(
        "images in a test batch", range=[log2(ends[0]) - 0.2, log2(ends[1]) + 0.2],
        showgrid=False, tickvals=list(map(log2, BATCH_SIZES)), ticktext=list(map(str, BATCH_SIZES)),
    )  # fmt: skip
    return laid_out(figure, 360, across, axis(ticksuffix=" %", nticks=7))


def batch_legend(points: Sequence[BatchPoint]) -> list[Entry]:
    """The lines of the figure, for `legend_html`."""
    return [Entry(_name(line[0]), line[0].color, _look(line[0])) for line in _lines(points)]


def batch_reading(points: Sequence[BatchPoint]) -> str:
    """From which batch size on a test batch's statistics pay."""
    if not points:
        return "No batch size is tested yet."
    by_label = {label: [p for p in points if p.label == label] for label in _labels(points)}
    sentences = list(filter(None, (_overtaking(*each) for each in by_label.items())))
    if not sentences:
        return "No batch size is tested beside another kind of statistics yet."
    cell = points[0].cell
    return f"On {count_words(cell.n, 'image')}, {place_words(cell.place)}: {' '.join(sentences)}"


def batch_table(points: Sequence[BatchPoint]) -> Rows:
    """A row per point; without a batch size where it has no influence."""
    return [
        {
            "model": point.label, "norm": point.norm, "statistics": point.mode,
            "order": point.order, "batch size": point.batch_size if point.mode == "batch" else None,
            "images": place_title(point.cell.place), "source": point.cell.source,
            "rule": point.cell.rule, "n": point.cell.n, "correct": point.cell.correct,
            "accuracy": accuracy.value, "low95": accuracy.low, "high95": accuracy.high,
        }
        for line in _lines(points)
        for point in line
        for accuracy in [accuracy_over([point.cell])]
    ]  # fmt: skip


def _labels(points: Sequence[BatchPoint]) -> list[str]:
    return list(dict.fromkeys(point.label for point in points))


def _lines(points: Sequence[BatchPoint]) -> list[list[BatchPoint]]:
    """The points that one line joins, by batch size; of what is level, the first point alone."""
    labels, modes = _labels(points), ("batch", "running", "per image")

    def line_of(point: BatchPoint) -> tuple[int, int, bool]:
        is_sorted = point.mode == "batch" and point.order == "by label"
        return labels.index(point.label), modes.index(point.mode), is_sorted

    ordered = sorted(points, key=lambda point: (line_of(point), point.batch_size))
    lines = [list(line) for _, line in groupby(ordered, key=line_of)]
    return [line if line[0].mode == "batch" else line[:1] for line in lines]


def _look(point: BatchPoint) -> Stroke:
    if point.mode != "batch":
        return "thin"
    return "line" if point.order == "mixed" else "dashed"


def _name(point: BatchPoint) -> str:
    if point.mode != "batch":
        return f"{point.label}, {point.mode}"
    return f"{point.label}, test batch" + (" sorted by class" if point.order != "mixed" else "")


def _overtaking(label: str, mine: Sequence[BatchPoint]) -> str:
    """From where on the mixed test batch beats the same model's running statistics."""
    level = next((point.cell for point in mine if point.mode == "running"), None)
    if level is None:
        return ""
    gains: list[tuple[int, Estimate]] = [
        (point.batch_size, gain_over([point.cell], [level]))
        for point in sorted(mine, key=lambda point: point.batch_size)
        if point.mode == "batch" and point.order == "mixed" and is_alike(point.cell, level)
    ]
    if not gains:
        return ""
    better = [i for i, (_, gain) in enumerate(gains) if gain.is_clear and gain.value > 0]
    stays = [i for i in better if all(gain.value > 0 for _, gain in gains[i:])]
    largest, last = gains[-1]
    if stays:
        size, gain = gains[stays[0]]
        then = f"; {signed(last.value)} at {largest}" if largest > size else ""
        return (
            f"{label}: the test batch's statistics overtake running ones from batch {size} on, by "
            f"{gain_words(gain)}{then}."
        )
    are = "are clearly worse" if last.is_clear and last.value < 0 else "make no clear difference"
    return (
        f"{label}: the test batch's statistics do not clearly overtake running ones; at batch "
        f"{largest} they {are}, {gain_words(last)}."
    )
