"""What it costs that a test batch holds few classes: figure, reading and table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from afn.stats.intervals import wilson_interval
from afn.wording import enumerate_words

from ....kit.draw.axes import LINE, Figure, axis, kept, laid_out, new_figure
from ....kit.draw.chart import Rows
from ....kit.draw.estimates import Estimate, accuracy_words
from ....kit.draw.legend import DASHES, Entry, Stroke, translucent
from ....kit.draw.traces import band

ShiftMode = Literal["batch", "frozen", "running", "per image"]
_MODES: dict[ShiftMode, str] = {
    "batch": "test batch", "frozen": "test batch, networks frozen", "running": "running",
    "per image": "per image",
}  # fmt: skip
_OF_BATCH = ("batch", "frozen")
"""Where the batch matters."""
_LOOKS: dict[ShiftMode, Stroke] = {
    "batch": "line", "frozen": "dashed", "running": "thin", "per image": "thin",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class ShiftPoint:
    """One model's accuracy on clean images, in batches of so many classes."""

    mode: ShiftMode
    """Whose statistics its norms use; frozen: the test batch's, but its networks see averages."""
    classes: float
    """In each batch; of sorted images the mean over batches; 0 where the batch changes nothing."""
    batch_size: int
    """At most so many images in a batch."""
    n: int
    correct: int
    is_sorted: bool = False
    """Whether the images come sorted by class, in batches of one or a few classes each."""

    @property
    def accuracy(self) -> float:
        """0 to 1."""
        return self.correct / self.n

    @property
    def estimate(self) -> Estimate:
        """The same with its 95 % Wilson interval."""
        return Estimate(self.accuracy, *wilson_interval(self.correct, self.n))


@dataclass(frozen=True, kw_only=True, slots=True)
class Shifted:
    """A model and its points."""

    label: str
    color: str
    norm: str
    points: tuple[ShiftPoint, ...]

    def of(self, mode: ShiftMode) -> list[ShiftPoint]:
        """Those of one mode, by the number of classes; without the sorted images' one."""
        those = [p for p in self.points if p.mode == mode and not p.is_sorted]
        return sorted(those, key=lambda p: p.classes)

    @property
    def of_sorted(self) -> ShiftPoint | None:
        """That of images which come sorted by class."""
        return next((p for p in self.points if p.is_sorted), None)


@kept
def shift_figure(models: Sequence[Shifted]) -> Figure:
    """Accuracy over the classes in a batch; what does not depend on the batch is a level line."""
    figure = new_figure()
    ends = _ends(models)
    for model, mode in _lines(models):
        points = model.of(mode)
        is_level = mode not in _OF_BATCH
        drawn = [points[0]] * 2 if is_level else points
        x = ends if is_level else [point.classes for point in points]
        values, lows, highs = zip(*(point.estimate.points for point in drawn), strict=True)
        figure.add_traces(
            band(x, lows, highs, translucent(model.color, 0.05 if is_level else 0.12))
        )
        figure.add_scatter(
            x=x, y=values, name=_name(model, mode),
            mode="lines" if is_level else "lines+markers",
            line={
                "color": model.color, "width": 1.5 if is_level else LINE,
                "dash": DASHES[_LOOKS[mode]],
            },
            marker={"size": 7},
            customdata=[[_told(point), point.n] for point in drawn],
            hovertemplate=f"{_name(model, mode)}"
            + ("" if is_level else ", %{x} classes a batch")
            + "<br>%{customdata[0]}, %{customdata[1]} images<extra></extra>",
        )  # fmt: skip
    for model in models:
        if point := model.of_sorted:
            figure.add_scatter(
                x=[point.classes], y=[100 * point.accuracy], mode="markers",
                marker={
                    "symbol": "diamond-open", "size": 12, "color": model.color, "line": {"width": 2}
                },
                hovertemplate=f"{model.label}, test batch, sorted by class<br>%{{x:.2~r}} classes "
                f"a batch on average<br>{_told(point)}, {point.n} images<extra></extra>",
            )  # fmt: skip
    span = [ends[0] - 0.2, ends[1] + 0.2]
    across = axis("classes in a test batch", range=span, dtick=1, showgrid=False)
    return laid_out(figure, 320, across, axis(ticksuffix=" %", range=[0, 102], nticks=6))


def shift_legend(models: Sequence[Shifted]) -> list[Entry]:
    """The lines of the figure, for `legend_html`."""
    return [Entry(_name(model, mode), model.color, _LOOKS[mode]) for model, mode in _lines(models)]


def shift_reading(models: Sequence[Shifted]) -> str:
    """From what to what accuracy falls, and what does not fall."""
    falls, level = [], []
    for model, mode in _lines(models):
        points = model.of(mode)
        if mode in _OF_BATCH:
            few, many = points[0], points[-1]
            falls.append(
                f"{_name(model, mode)} {_told(many)} with {_count(many.classes)} a batch and "
                f"{_told(few)} with {_count(few.classes)}"
                + "".join(f", {_told(point)} sorted by class" for point in _sorted(model, mode))
            )
        else:
            level.append(f"{_name(model, mode)} {_told(points[0])}")
    parts = [f"{'; '.join(falls)}."] if falls else []
    if level:
        parts.append(f"Whatever the batch: {enumerate_words(level)}.")
    return " ".join(parts)


def shift_table(models: Sequence[Shifted]) -> Rows:
    """A row per point; without classes where the batch has no influence."""
    return [
        {
            "model": model.label, "norm": model.norm, "statistics": mode,
            "classes in a batch": point.classes or None, "sorted by class": point.is_sorted,
            "batch size at most": point.batch_size if mode in _OF_BATCH else None,
            "n": point.n, "correct": point.correct, "accuracy": point.accuracy,
            "low95": point.estimate.low, "high95": point.estimate.high,
        }
        for model, mode in _lines(models)
        for point in [
            *model.of(mode),
            *_sorted(model, mode),
        ]
    ]  # fmt: skip


def _sorted(model: Shifted, mode: ShiftMode) -> list[ShiftPoint]:
    """Of images sorted by class, which frozen networks are not asked about."""
    return [model.of_sorted] if mode == "batch" and model.of_sorted else []


def _lines(models: Sequence[Shifted]) -> list[tuple[Shifted, ShiftMode]]:
    return [(model, mode) for model in models for mode in _MODES if model.of(mode)]


def _ends(models: Sequence[Shifted]) -> list[float]:
    counts = [p.classes for model in models for p in model.points if p.classes]
    return [1, max(counts, default=10)]


def _name(model: Shifted, mode: ShiftMode) -> str:
    return f"{model.label}, {_MODES[mode]}"


def _told(point: ShiftPoint) -> str:
    return accuracy_words(point.estimate)


def _count(classes: float) -> str:
    return "1 class" if classes == 1 else f"{classes:g} classes"
