"""Two runs over the same steps: loss, test accuracy and gradient norm, one panel each."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from afn.runs.equal import equal_tests
from afn.stats.intervals import wilson_interval
from afn.wording import count_words, enumerate_words, number_words, percent

from ...kit import backend
from ...kit.draw.axes import LINE, LOG, Figure, PlotAxis, axis, drawn
from ...kit.draw.chart import Rows, Shown
from ...kit.draw.learning import SMOOTH
from ...kit.draw.legend import translucent
from ...kit.draw.traces import marked
from ...kit.draw.tracks import thinned

PartingQuantity = Literal["loss", "accuracy", "grad_norm"]
TITLES: dict[PartingQuantity, str] = {
    "loss": "Training loss",
    "accuracy": "Test accuracy, clean images",
    "grad_norm": "Gradient norm",
}
UNITS: dict[PartingQuantity, str] = {"loss": "nats", "accuracy": "%", "grad_norm": ""}
DASHES = ("solid", "6px,3px")
"""The second run is dashed: two of one norm are of one hue."""


def parting_figure(
    shown: Sequence[Shown], quantity: PartingQuantity, marks: Sequence[tuple[int, str]]
) -> Figure:
    """One panel. Training curves are thin where they jump and strong where they are averaged."""
    data: list[dict[str, Any]] = []
    for each, dash in zip(shown, DASHES, strict=True):
        data += _traces(each, shown, quantity, dash)
    last = max((each.history.step for each in shown), default=1)
    is_log = quantity == "grad_norm"
    log: PlotAxis = {"type": "log"} if is_log else {}
    if is_log and _decades(shown) > 1:
        log = LOG | {"minor": {"ticks": ""}}
    return drawn(
        data, 250,
        axis(
            "step", showgrid=False, nticks=6, range=[0, 1.03 * max(last, 1)],
            unifiedhovertitle={"text": "step %{x}"},
        ),
        axis(**{"exponentformat": "none", "nticks": 6} | log),
        top=18, hovermode="x unified", **marked(marks),
    )  # fmt: skip


def _traces(
    each: Shown, shown: Sequence[Shown], quantity: PartingQuantity, dash: str
) -> list[dict[str, Any]]:
    common = {"type": "scatter", "name": each.label}
    line = {"color": each.color, "width": LINE, "dash": dash}
    if quantity == "accuracy":
        tests = [e for e in each.history.evaluations if e["corruption"] is None]
        return [
            {
                **common, "mode": "lines+markers", "line": line,
                "marker": {"size": 6, "color": each.color},
                "x": [e["step"] for e in tests], "y": [100 * e["accuracy"] for e in tests],
                "hovertemplate": "%{y:.1f} %",
            }
        ]  # fmt: skip
    steps, values = _curve(each, quantity)
    places = thinned(steps, log=False)
    x = steps[places].astype(np.int32)
    thin = {"color": translucent(each.color, 0.3), "width": 1}
    return [
        {
            **common, "mode": "lines", "line": thin, "hoverinfo": "skip",
            "x": x, "y": values[places].astype("f4"),
        },
        {
            **common, "mode": "lines", "line": line, "hovertemplate": "%{y:.4~g}",
            "x": x, "y": _smooth(each, shown, quantity)[places].astype("f4"),
        },
    ]  # fmt: skip


def _curve(each: Shown, quantity: PartingQuantity) -> tuple[np.ndarray, np.ndarray]:
    values = each.history.columns[quantity]
    told = np.isfinite(values) if each.recording else np.ones(len(values), bool)
    return each.history.steps[told].astype(float), values[told]


def _smooth(each: Shown, shown: Sequence[Shown], quantity: PartingQuantity) -> np.ndarray:
    """At every step the mean of the last `SMOOTH`, or of as many as there are.

    The past of a fork is its parent's: where that is shown, both lines go on from one point.
    """
    past = np.array([])
    for other in shown:
        if each.origin is not None and other.history.run.id == each.origin.run:
            steps, theirs = _curve(other, quantity)
            past = theirs[steps <= each.origin.step]
    values = np.concatenate([past, _curve(each, quantity)[1]])
    sums = np.cumsum(np.nan_to_num(np.concatenate([[0.0], values])))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - SMOOTH)
    return ((sums[ends] - sums[starts]) / (ends - starts))[len(past) :]


def _decades(shown: Sequence[Shown]) -> float:
    values = np.concatenate([_curve(each, "grad_norm")[1] for each in shown])
    values = values[np.isfinite(values) & (values > 0)]
    return float(np.log10(values.max() / values.min())) if len(values) else 0.0


def parting_reading(shown: Sequence[Shown], quantity: PartingQuantity) -> str:
    """What a panel shows, in one sentence."""
    if quantity == "accuracy":
        return _accuracy_reading(shown)
    first, second = shown
    common = {*_curve(first, quantity)[0].astype(int)} & {*_curve(second, quantity)[0].astype(int)}
    if not common:
        return "There is no step yet that both recorded."
    last = max(common)
    means = []
    for each in shown:
        steps, _ = _curve(each, quantity)
        place = int(np.searchsorted(steps, last))
        means.append(float(_smooth(each, shown, quantity)[place]))
    what = "loss" if quantity == "loss" else "gradient norm"
    is_read_rarely = quantity == "grad_norm" and any(each.recording for each in shown)
    counted = "readings" if is_read_rarely else "steps"
    told = [f"{each.label} {number_words(mean)}" for each, mean in zip(shown, means, strict=True)]
    span = f"mean {what} over the last {SMOOTH} {counted}"
    return f"At step {last:,}, the last that both have, the {span} is {enumerate_words(told)}."


def _accuracy_reading(shown: Sequence[Shown]) -> str:
    found = equal_tests([each.history for each in shown])
    tested = [(each, test) for each, test in zip(shown, found.tests, strict=True) if test]
    if not tested:
        return "Neither was tested yet."
    (_, newest), *others = tested
    images = f"on {count_words(newest['n'], 'image')} of {backend.data_words(newest['dataset'])}"
    if found.step is None or not others:
        told = [
            f"{each.label} {percent(test['accuracy'])} at step {test['step']:,}"
            for each, test in tested
        ]
        why = "they were not tested at one step" if others else "the other was not tested yet"
        return f"The newest test {images}: {enumerate_words(told)}; {why}."
    told = [f"{each.label} {percent(test['accuracy'])}" for each, test in tested]
    (_, high), (low, _) = sorted(wilson_interval(test["correct"], test["n"]) for _, test in tested)
    apart = "do not overlap" if high < low else "overlap"
    return (
        f"At step {found.step:,}, the last at which both were tested, {images}: "
        f"{enumerate_words(told)}; their 95 % intervals {apart}."
    )


def parting_table(shown: Sequence[Shown]) -> Rows:
    """Every step of both, in long form; the accuracy of a test stands at its step."""
    rows = []
    for each in shown:
        tests = {
            e["step"]: e["accuracy"] for e in each.history.evaluations if e["corruption"] is None
        }
        for i, step in enumerate(each.history.steps.tolist()):
            columns = {n: each.history.columns[n][i] for n in ("loss", "accuracy", "grad_norm")}
            rows.append(
                {"run": each.label, "id": each.history.run.id, "step": step}
                | columns
                | {"test_accuracy": tests.get(step)}
            )
    return rows
