"""What a recorded run told: its curves, its own numbers, and how far running statistics are off."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from afn.runs.history import History
from afn.wording import count_words, enumerate_words, number_words, percent

from .axes import LINE, LOG, Figure, PlotAxis, axis, drawn
from .chart import Chart, Rows, Shown, chart_of, marks_since
from .corruptions import group_title
from .learning import SMOOTH
from .legend import ramp, short_layer
from .live_chart import curves_chunk
from .tracks import thinned

Numbers = np.ndarray
DRIFTS = {
    "mean": "Mean: |μ − running μ| in running σ",
    "spread": "Spread: σ over running σ",
}
"""What `drift_figure` draws."""


@dataclass(frozen=True, slots=True)
class RecordedLine:
    """One line over the steps."""

    name: str
    steps: Numbers
    values: Numbers


@dataclass(frozen=True, slots=True)
class RecordedPanel:
    """Lines of one kind."""

    title: str
    unit: str
    lines: list[RecordedLine]
    how: dict[str, Any]
    """Of the spec of `app/static/live_chart/curves.js`."""


def learning_panels(history: History) -> list[RecordedPanel]:
    """Loss, accuracy as far as it was told, tests, and the loop's own numbers, each by itself."""
    smooth = {"smooth": SMOOTH}
    panels = [RecordedPanel("Training loss", "", _column(history, "loss"), smooth)]
    if accuracy := _column(history, "accuracy", 100):
        panels.append(RecordedPanel("Training accuracy", "%", accuracy, smooth))
    if tests := _tests(history):
        panels.append(RecordedPanel("Test accuracy", "%", tests, {"markers": True}))
    return [*panels, *_logged(history)]


def gradient_panels(history: History) -> list[RecordedPanel]:
    """The norm of the whole gradient, and the learning rate where that changes."""
    found = [RecordedPanel("Gradient norm", "norm", _column(history, "grad_norm"), {"log": True})]
    rates = _column(history, "lr")
    if rates and np.ptp(rates[0].values):
        found.append(RecordedPanel("Learning rate", "", rates, {}))
    return found


def _column(history: History, name: str, times: float = 1.0) -> list[RecordedLine]:
    values = history.columns[name]
    told = np.isfinite(values)
    return [RecordedLine("", history.steps[told], times * values[told])] if told.any() else []


def _tests(history: History) -> list[RecordedLine]:
    found: dict[str, list[tuple[int, float]]] = {}
    sets = {each["dataset"] for each in history.evaluations}
    for each in history.evaluations:
        corruption = each["corruption"]
        how = "clean" if corruption is None else f"{group_title(corruption)} {each['severity']}"
        name = f"{each['dataset']}, {how}" if len(sets) > 1 else how
        found.setdefault(name, []).append((each["step"], 100 * each["accuracy"]))
    return [
        RecordedLine(name, np.array([at for at, _ in mine]), np.array([is_ for _, is_ in mine]))
        for name, mine in found.items()
    ]


def _logged(history: History) -> list[RecordedPanel]:
    found: dict[str, list[tuple[int, float]]] = {}
    for event in history.logged:
        for name, value in event["values"].items():
            if isinstance(value, (int, float)):
                found.setdefault(str(name)[:60], []).append((event["step"], float(value)))
    return [
        RecordedPanel(
            name, "",
            [RecordedLine("", np.array([at for at, _ in mine]), np.array([v for _, v in mine]))],
            {"markers": len(mine) < 2 * SMOOTH},
        )
        for name, mine in found.items()
    ]  # fmt: skip


def recorded_chart(shown: Shown, panels: Sequence[RecordedPanel], reading: str) -> Chart:
    """Panels of one run as a live chart."""
    lines = [
        [place, 0, at, *([line.name] if line.name else [])]
        for place, panel in enumerate(panels)
        for at, line in enumerate(panel.lines)
    ]
    told = [[line.name for line in panel.lines] for panel in panels]
    spec = {
        "kind": "curves",
        "panels": [{"title": panel.title, "y": panel.unit, **panel.how} for panel in panels],
        "lines": lines,
        "columns": min(len(panels), 3) or 1,
        "x": "step",
        "dashes": next((names for names in told if len(names) > 1), []),
    }
    every = [line for panel in panels for line in panel.lines]

    def feed(cursor: tuple[list[int], int] | None) -> tuple[dict[str, Any], Any]:
        counts, commands = cursor or ([0] * len(every), 0)
        blocks = [
            (i, line.steps[since:], line.values[None, since:])
            for i, (line, since) in enumerate(zip(every, counts, strict=True))
        ]
        now = [len(line.steps) for line in every], len(shown.history.commands)
        marks = marks_since([shown], [commands])
        return curves_chunk(blocks, marks, is_history=cursor is None), now

    view = tuple((panel.title, tuple(line.name for line in panel.lines)) for panel in panels)
    return chart_of([shown], view, spec, feed, reading, partial(recorded_table, shown.history))


def learning_reading(history: History) -> str:
    """How far the loss came, and the newest tests."""
    loss = history.columns["loss"]
    finite = loss[np.isfinite(loss)]
    if not len(finite):
        return "No loss was told yet."
    recent = float(finite[-SMOOTH:].mean())
    text = (
        f"Loss {number_words(float(finite[0]))} → {number_words(recent)} (mean of the last "
        f"{min(SMOOTH, len(finite))}) over {count_words(history.num_steps, 'step')}."
    )
    newest = {line.name: (int(line.steps[-1]), line.values[-1] / 100) for line in _tests(history)}
    tests = [f"{name} {percent(share)} at step {at:,}" for name, (at, share) in newest.items()]
    return f"{text} Tested: {enumerate_words(tests)}." if tests else text


def gradient_reading(history: History) -> str:
    """Where the gradient was largest."""
    norms = history.columns["grad_norm"]
    if not np.isfinite(norms).any():
        return "No gradient was read yet."
    peak = int(np.nanargmax(norms))
    text = (
        f"Largest gradient norm so far: {number_words(float(norms[peak]), 2)} at step "
        f"{history.steps[peak]:,}."
    )
    rates = history.columns["lr"]
    rate = float(rates[-1])
    return f"{text} Learning rate {number_words(rate)}." if np.isfinite(rate) else text


def recorded_table(history: History) -> Rows:
    """A row for each step, with the loop's own numbers and the tests that stand there."""
    beside: dict[int, dict[str, Any]] = {}
    for event in history.logged:
        beside.setdefault(event["step"], {}).update(event["values"])
    for test in history.evaluations:
        how = test["corruption"] or "clean"
        name = f"test accuracy, {test['dataset']}, {how}"
        beside.setdefault(test["step"], {})[name] = test["accuracy"]
    names = list(dict.fromkeys(name for mine in beside.values() for name in mine))
    told = {name: column for name, column in history.columns.items() if np.isfinite(column).any()}
    return [
        {"step": step}
        | {name: column[i] for name, column in told.items()}
        | {name: beside.get(step, {}).get(name) for name in names}
        for i, step in enumerate(history.steps.tolist())
    ]


# -- batch against running statistics --------------------------------------------------------------


def drifts(history: History) -> dict[str, tuple[Numbers, Numbers]]:
    """Of each layer with running statistics: steps, and (2, steps): of mean and spread."""
    found: dict[str, tuple[list[int], list[list[float]]]] = {}
    for snapshot in history.snapshots:
        for name, layer in zip(history.layers, snapshot["layers"], strict=False):
            drift = layer.get("drift")
            if isinstance(drift, list) and len(drift) == 2 and None not in drift:
                steps, values = found.setdefault(name, ([], []))
                steps.append(snapshot["step"])
                values.append(drift)
    return {name: (np.array(steps), np.array(values).T) for name, (steps, values) in found.items()}


def drift_figure(shown: Shown, what: str) -> Figure:
    """A line for each layer, light at the input and dark at the output."""
    found = drifts(shown.history)
    place = list(DRIFTS).index(what)
    data = []
    for (name, (steps, values)), color in zip(
        found.items(), ramp(shown.color, len(found)), strict=True
    ):
        kept = thinned(steps.astype(float), log=False)
        data.append(
            {
                "type": "scatter", "mode": "lines+markers" if len(steps) < 8 else "lines",
                "name": short_layer(name), "x": steps[kept].astype(np.int32),
                "y": values[place][kept].astype("f4"), "marker": {"size": 5},
                "line": {"color": color, "width": LINE},
                "hovertemplate": f"{short_layer(name)}, step %{{x}}: %{{y:.3~g}}<extra></extra>",
            }
        )  # fmt: skip
    every = np.concatenate([values[place] for _, values in found.values()] or [np.ones(1)])
    low, high = float(every.min()), float(every.max())
    log: PlotAxis = LOG if low > 0 and high > 20 * low else {"nticks": 6}
    return drawn(data, 270, axis("step", showgrid=False, nticks=6), axis(**log))


def drift_reading(history: History) -> str:
    """Which layers are furthest off at the newest snapshot."""
    found = drifts(history)
    if not found:
        return "No layer has running statistics."
    name, (steps, values) = max(found.items(), key=lambda each: each[1][1][0, -1])
    text = (
        f"At step {steps[-1]:,} the batch's mean is furthest from the running one in "
        f"{short_layer(name)}: {number_words(values[0, -1])} running σ on average over its channels"
    )
    wide = max(found, key=lambda each: abs(np.log(max(found[each][1][1, -1], 1e-12))))
    return (
        f"{text}; the spread in {short_layer(wide)}, {number_words(found[wide][1][1, -1])} times."
    )


def drift_table(history: History) -> Rows:
    """All that `drift_figure` draws, in long form."""
    return [
        {"layer": name, "step": int(step), "mean": float(mean), "spread": float(spread)}
        for name, (steps, values) in drifts(history).items()
        for step, mean, spread in zip(steps, *values, strict=True)
    ]
