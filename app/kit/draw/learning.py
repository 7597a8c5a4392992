"""Loss, accuracy, gradient norm and speed over the steps."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from afn.runs.equal import equal_tests
from afn.wording import count_words, enumerate_words, number_words, percent

from .chart import Chart, Rows, Shown, chart_of, marks_since
from .live_chart import curves_chunk

SMOOTH = 20
"""Points of training curves that the strong line averages."""

Columns = Callable[[Shown, int], list[np.ndarray]]
Tests = Callable[[Shown, int], tuple[list[int], list[list[float]]]]


def learning_chart(shown: Sequence[Shown]) -> Chart:
    """Training loss and accuracy, smoothed, and test accuracy."""
    spec = {
        "kind": "curves",
        "panels": [
            {"title": "Training loss", "y": "nats", "smooth": SMOOTH},
            {"title": "Training accuracy", "y": "%", "smooth": SMOOTH},
            {"title": "Test accuracy, clean images", "y": "%", "markers": True},
        ],
        "lines": [
            *([panel, run, 0] for run in range(len(shown)) for panel in (0, 1)),
            *([2, run, 0] for run in range(len(shown))),
        ],
        "columns": 3,
        "x": "step",
    }

    def columns(each: Shown, first: int) -> list[np.ndarray]:
        loss, accuracy = (each.history.columns[name][first:] for name in ("loss", "accuracy"))
        return [loss, 100 * accuracy]

    def tests(each: Shown, first: int) -> tuple[list[int], list[list[float]]]:
        clean = [e for e in each.history.evaluations[first:] if e["corruption"] is None]
        return [e["step"] for e in clean], [[100 * e["accuracy"] for e in clean]]

    reading = _learning_reading(shown)
    return chart_of(shown, (), spec, _feed(shown, columns, tests), reading, lambda: _steps(shown))


def gradient_chart(shown: Sequence[Shown]) -> Chart:
    """Gradient norm and images per second."""
    spec = {
        "kind": "curves",
        "panels": [
            {"title": "Gradient norm", "y": "norm", "log": True, "smooth": SMOOTH},
            {"title": "Speed of training", "y": "images/s", "smooth": SMOOTH},
        ],
        "lines": [[panel, run, 0] for run in range(len(shown)) for panel in (0, 1)],
        "columns": 2,
        "x": "step",
    }

    def columns(each: Shown, first: int) -> list[np.ndarray]:
        of = {name: column[first:] for name, column in each.history.columns.items()}
        return [of["grad_norm"], of["batch_size"] / np.maximum(of["duration"], 1e-6)]

    reading = _gradient_reading(shown)
    return chart_of(shown, (), spec, _feed(shown, columns), reading, lambda: _steps(shown))


def _feed(
    shown: Sequence[Shown], columns: Columns, tests: Tests | None = None
) -> Callable[[Any], tuple[dict[str, Any], Any]]:
    """Two lines a run over the steps and, behind all of those, one over its tests."""

    def feed(cursor: tuple[list[int], list[int], list[int]] | None) -> tuple[dict[str, Any], Any]:
        histories = [each.history for each in shown]
        now = (
            [len(history.steps) for history in histories],
            [len(history.evaluations) for history in histories],
            [len(history.commands) for history in histories],
        )
        steps, evaluations, commands = cursor or ([0] * len(shown),) * 3
        blocks: list[tuple[int, Any, Any]] = [
            (2 * run, each.history.steps[since:], columns(each, since))
            for run, (each, since) in enumerate(zip(shown, steps, strict=True))
        ]
        if tests:
            blocks += [
                (2 * len(shown) + run, *tests(each, evaluations[run]))
                for run, each in enumerate(shown)
            ]
        marks = marks_since(shown, commands)
        return curves_chunk(blocks, marks, is_history=cursor is None), now

    return feed


def _learning_reading(shown: Sequence[Shown]) -> str:
    found = equal_tests([each.history for each in shown])
    first = next((test for test in found.tests if test), None)
    if first is None:
        return "No test yet: the first comes a quarter into the first epoch."
    words = [
        f"{each.label} {percent(test['accuracy'])}"
        + ("" if found.is_equal(run) else f" (at step {test['step']:,})")
        for run, (each, test) in enumerate(zip(shown, found.tests, strict=True))
        if test
    ]
    images = f"{count_words(first['n'], 'image')} of {first['dataset']}"
    at = "" if found.step is None else f" at step {found.step:,}"
    return f"Test accuracy on {images}{at}: {enumerate_words(words)}."


def _gradient_reading(shown: Sequence[Shown]) -> str:
    words = []
    for each in shown:
        norms = each.history.columns["grad_norm"]
        if len(norms):
            peak = int(np.argmax(norms))
            step = each.history.steps[peak]
            words.append(f"{each.label} {number_words(norms[peak], 2)} at step {step}")
    return f"Largest gradient norm so far: {enumerate_words(words)}." if words else "No step yet."


def _steps(shown: Sequence[Shown]) -> Rows:
    return [
        {"run": each.label, "step": step}
        | {name: column[i] for name, column in each.history.columns.items()}
        for each in shown
        for i, step in enumerate(each.history.steps.tolist())
    ]
