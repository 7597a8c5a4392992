"""What a sweep's figures draw: values or differences at its points, their words and colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from afn.settings.norms import NORM_NAMES
from afn.stats.over_seeds import OverSeeds, difference
from afn.sweep.plan import Point
from afn.sweep.table import Metric
from afn.wording import fixed_words, half_width_words, signed_words

from ...kit.draw.legend import DASHES, Stroke
from ...kit.draw.palette import GREY, NORM_COLORS, run_colors
from ...kit.draw.ways import LOOKS_BY_TITLE
from ...kit.results import Layout, SweepResults
from .view import VARIED

_DASHES = ("solid", "dash", "dot", "dashdot")
_UNNAMED = "#6B5CC4"


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnSweep:
    """What a figure draws: the value or the difference at each point, and how it lies."""

    results: SweepResults
    layout: Layout
    metric: Metric
    is_difference: bool
    figures: Mapping[Point, OverSeeds]
    """The metric itself."""

    @classmethod
    def of(
        cls, results: SweepResults, layout: Layout, metric: Metric, *, is_difference: bool = False
    ) -> "DrawnSweep":
        """From results and how they are looked at."""
        return cls(
            results=results, layout=layout, metric=metric, is_difference=is_difference,
            figures=results.figures(metric),
        )  # fmt: skip

    def gain(self, point: Point) -> OverSeeds | None:
        """The paired difference to the baseline; None for the baseline, or where one is lacking."""
        partner = self.layout.partner(point)
        if partner == point:
            return None
        return difference(self.figures.get(point), self.figures.get(partner))

    def diverged(self, point: Point) -> int:
        """How many of a point's runs diverged."""
        found = [self.results.lines.get(run_id) for run_id in self.results.runs_at(point)]
        return sum(bool(line and line.summary.get("diverged")) for line in found)

    def lost(self, point: Point) -> str:
        """How many of a point's runs diverged or learned nothing, in words; "" for none."""
        told = (self.diverged(point), "diverged"), (self.results.at_chance(point), "at chance")
        return ", ".join(f"{count} {what}" for count, what in told if count)

    def value(self, point: Point) -> OverSeeds | None:
        """What is drawn."""
        return self.gain(point) if self.is_difference else self.figures.get(point)

    @property
    def unit(self) -> str:
        """What the drawn numbers are."""
        return "points" if self.is_difference and self.metric.unit == "%" else self.metric.unit

    @property
    def title(self) -> str:
        """What is drawn, in words."""
        held = f", minus {self.layout.baseline}" if self.is_difference else ""
        return f"{self.metric.title}{held}"

    @property
    def limits(self) -> tuple[float, float]:
        """What can be, of what is drawn."""
        if self.metric.unit != "%":
            return -inf, inf
        return (-100.0, 100.0) if self.is_difference else (0.0, 100.0)

    def data(self, point: Point, label: str) -> list[Any]:
        """What a mark at a point says when it is pointed at, and who it is when clicked on."""
        each = self.value(point)
        words = figure_words(each, self.unit, signed=self.is_difference) if each else ""
        return [label, ", ".join(filter(None, [words, self.lost(point)])),
                self.results.points.index(point)]  # fmt: skip


def picked(selected: Sequence[Mapping[str, Any]], drawn: DrawnSweep) -> Point | None:
    """The point that was clicked on, of what a selection in a figure says; None without one."""
    points = drawn.results.points
    for each in selected:
        data = each.get("customdata")
        if isinstance(data, list) and len(data) == 3 and 0 <= int(data[2]) < len(points):
            return points[int(data[2])]
    return None


def point_words(point: Point) -> str:
    """A point within a sentence: names alone, numbers with what they are."""
    return ", ".join(
        label if axis in ("norm", "part") else f"{axis_title(axis)} {label}"
        for axis, label in point
    )


def axis_title(name: str) -> str:
    """An axis as people call it."""
    return VARIED[name].title if name in VARIED else name


def line_words(line: Point, *, with_axis: bool = False) -> str:
    if with_axis and len(line) == 1 and line[0][0] not in ("norm", "part"):
        return line[0][1]
    return point_words(line)


def figure_words(figure: OverSeeds, unit: str, *, signed: bool = False) -> str:
    """ "96.6 ± 1.4 %"; without an interval where one seed was measured."""
    spread = f" ± {half_width_words(figure.half_width, 1 if unit else 4)}" if figure.n > 1 else ""
    return f"{number(figure.mean, unit, signed=signed)}{spread} {unit}".strip()


def number(value: float, unit: str, *, signed: bool = False) -> str:
    """One digit behind the point; four of a λ, which has no unit."""
    return (signed_words if signed else fixed_words)(value, 1 if unit else 4)


def line_colors(lines: Sequence[Point]) -> list[str]:
    """A norm's colour where a line says its norm; else colours by their order."""
    if looks := _looks(lines):
        return [color for color, _ in looks]
    norms = [_norm_of(line) for line in lines]
    if any(norms):
        return run_colors([norm or "none" for norm in norms])
    palette = [color for color in NORM_COLORS.values() if color != GREY]
    return [palette[i % len(palette)] for i in range(len(lines))]


def _looks(lines: Sequence[Point]) -> list[tuple[str, Stroke]]:
    """Of contenders on a stream, which look alike on every page; empty where lines are others."""
    found = [LOOKS_BY_TITLE.get(dict(line).get("part", "")) for line in lines]
    return [look for look in found if look] if all(found) else []


def point_color(point: Point) -> str:
    """Its norm's."""
    return NORM_COLORS.get(_norm_of(point), _UNNAMED)


def _norm_of(line: Point) -> str:
    for _, label in line:
        word = label.replace(",", " ").split()[0] if label.split() else ""
        if word in NORM_NAMES:
            return word
    return ""


def line_dash(line: Point, lines: Sequence[Point]) -> str:
    """Lines of one norm differ in their dash, not by shade alone."""
    if looks := _looks(lines):
        return DASHES[looks[lines.index(line)][1]]
    mates = [each for each in lines if _norm_of(each) == _norm_of(line)]
    return _DASHES[mates.index(line) % len(_DASHES)] if _norm_of(line) else "solid"
