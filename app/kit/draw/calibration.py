"""How sure networks are beside how right: the reliability diagram and the calibration error."""

from collections.abc import Sequence
from dataclasses import dataclass

from afn.stats.calibration import BINS, Calibration
from afn.wording import count_words, signed_words

from .axes import LINE, Figure, PlotAxis, axis, kept, laid_out, new_figure, row_axis
from .chart import Rows
from .legend import DASHES, Entry, Stroke
from .palette import GREY
from .traces import whiskers

_FEW = 20
"""Bins of fewer answers are left out of the diagram."""


@dataclass(frozen=True, slots=True)
class Rated:
    """One way of asking a network, and how well it is calibrated there."""

    label: str
    color: str
    calibration: Calibration
    look: Stroke = "line"
    rule: int | None = None
    """Under which the images were corrupted here."""


@kept
def reliability_figure(rated: Sequence[Rated]) -> Figure:
    """Share of right answers over confidence, a line each; on the diagonal they are equal."""
    figure = new_figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": GREY, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )  # fmt: skip
    for each in rated:
        bins = [bin_ for bin_ in each.calibration.bins if bin_.n >= _FEW]
        total = sum(bin_.n for bin_ in each.calibration.bins)
        figure.add_scatter(
            x=[bin_.confidence for bin_ in bins], y=[bin_.accuracy for bin_ in bins],
            mode="lines+markers", name=each.label,
            line={"color": each.color, "width": LINE, "dash": DASHES[each.look]},
            marker={"size": [5 + 22 * (bin_.n / total) ** 0.5 for bin_ in bins], "opacity": 0.7},
            customdata=[[100 * bin_.n / total] for bin_ in bins],
            hovertemplate=f"{each.label}<br>sure %{{x:.0%}}, right %{{y:.0%}}"
            "<br>%{customdata[0]:.1f} % of the answers<extra></extra>",
        )  # fmt: skip
    shown: PlotAxis = {"range": [0, 1.03], "tickformat": ".0%", "nticks": 6}
    return laid_out(figure, 330, axis("confidence", **shown), axis("right", **shown))


@kept
def error_figure(rated: Sequence[Rated]) -> Figure:
    """A row each: the expected calibration error and its interval."""
    figure = new_figure()
    for row, each in enumerate(rated):
        found = each.calibration
        figure.add_scatter(
            x=[found.ece], y=[row], mode="markers", name=each.label,
            error_x=whiskers(
                [(found.ece, found.low, found.high)], thickness=2, width=4, color=each.color
            ),
            marker={"color": each.color, "size": 11},
            hovertemplate=f"{each.label}<br>ECE %{{x:.3f}} ({found.low:.3f} to {found.high:.3f})"
            "<extra></extra>",
        )  # fmt: skip
    across = axis("expected calibration error", rangemode="tozero", nticks=6)
    up = row_axis([each.label for each in rated])
    return laid_out(figure, max(150, 64 + 38 * len(rated)), across, up)


def calibration_legend(rated: Sequence[Rated]) -> list[Entry]:
    """The lines of the diagram, for `legend_html`."""
    return [Entry(each.label, each.color, each.look) for each in rated]


def calibration_reading(rated: Sequence[Rated]) -> str:
    """Who is how far off, and whether networks are too sure or too modest."""
    ordered = sorted(rated, key=lambda each: each.calibration.ece)
    told = [
        f"{each.label} {found.ece:.3f} ({found.low:.3f} to {found.high:.3f})"
        for each in ordered
        for found in [each.calibration]
    ]
    tests = count_words(rated[0].calibration.tests, "corrupted test")
    return (
        f"Expected calibration error ({BINS} bins, mean over {tests}): {'; '.join(told)}. "
        f"{_excess_words(rated)}"
    )


def _excess_words(rated: Sequence[Rated]) -> str:
    excess = [100 * each.calibration.excess for each in rated]
    sure, modest = max(excess), min(excess)
    if modest > 0:
        span = f"{modest:.1f}" if len(excess) == 1 else f"{modest:.1f} to {sure:.1f}"
        return f"Confidence is above the share of right answers, by {span} points on average."
    if sure < 0:
        return f"Confidence is below the share of right answers, by up to {-modest:.1f} points."
    span = f"{signed_words(modest)} to {signed_words(sure)}"
    return f"Confidence less the share of right answers: {span} points."


def calibration_table(rated: Sequence[Rated]) -> Rows:
    """A row per bin."""
    return [
        {
            "model": each.label, "ece": each.calibration.ece, "low95": each.calibration.low,
            "high95": each.calibration.high, "tests": each.calibration.tests,
            "n": each.calibration.n, "seeds": each.calibration.seeds,
            "confidence above": bin_.low, "confidence up to": bin_.high, "answers": bin_.n,
            "mean confidence": bin_.confidence if bin_.n else None,
            "right": bin_.accuracy if bin_.n else None,
        }
        for each in rated
        for bin_ in each.calibration.bins
    ]  # fmt: skip
