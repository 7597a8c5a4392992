"""From one model to another in steps: what each of them changes in accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from afn.ask.records import Cell
from afn.wording import count_words, enumerate_words, steps_words

from ....kit.draw.axes import Figure, kept
from ....kit.draw.chart import Rows
from ....kit.draw.estimates import (
    Estimate,
    accuracy_over,
    accuracy_words,
    gain_over,
    gain_words,
    interval_words,
)
from ....kit.draw.palette import GREY
from ....kit.draw.traces import rungs_figure


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


@kept
def steps_figure(steps: Sequence[WayStep]) -> Figure:
    """A row per model; a bar floats from the accuracy of the one before to its own.

    Whiskers are the paired 95 % intervals of the gains; where these include 0, bars are pale.
    """
    levels, gains = _levels(steps), _gains(steps)
    _, changes, _ = steps_words(levels)
    told = [
        f"{step.label}: {accuracy_words(step.accuracy)}<br>{step.change}: "
        f"{gain_words(gain, change)}, {_basis(step)}"
        for step, gain, change in zip(steps[1:], gains, changes, strict=True)
    ]
    first = {
        "x": levels[:1], "y": [0], "mode": "markers",
        "marker": {"color": GREY, "size": 11, "symbol": "diamond"},
        "hovertemplate": f"{steps[0].label}<br>{accuracy_words(steps[0].accuracy)}, "
        f"{_basis(steps[0])}<extra></extra>",
    }  # fmt: skip
    return rungs_figure(
        [step.label for step in steps], levels, [gain.points for gain in gains],
        [gain.is_clear for gain in gains], told, first,
    )  # fmt: skip


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
                "step": step.label, "change": step.change if gain else "", "tests": len(step.cells),
                "n": step.cells[0].n, "accuracy": accuracy.value, "low95": accuracy.low,
                "high95": accuracy.high, "gain": gain.value if gain else None,
                "gain low95": gain.low if gain else None,
                "gain high95": gain.high if gain else None,
            }
        )  # fmt: skip
    return rows
