"""Loss, accuracy, gradient norm and speed over the steps."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from afn.wording import count_words, enumerate_words, number_words, percent

from .chart import (
    HISTORY_BYTES,
    TICK_BYTES,
    Chart,
    Rows,
    Shown,
    all_over,
    legend,
    marks_since,
    subject_of,
)
from .live_chart import curve_points

SMOOTH = 20
"""Points of training curves that the strong line averages."""

Columns = Callable[[Shown, int], list[np.ndarray]]


def learning_chart(shown: Sequence[Shown]) -> Chart:
    """Training loss and accuracy, smoothed, and test accuracy."""
    spec = {
        "kind": "curves",
        "panels": [
            {"title": "Training loss", "y": "nats", "smooth": SMOOTH},
            {"title": "Training accuracy", "y": "%", "smooth": SMOOTH},
            {"title": "Test accuracy, clean images", "y": "%", "markers": True},
        ],
        "runs": legend(shown),
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

    def feed(cursor: tuple[list[int], list[int], list[int]] | None) -> tuple[dict[str, Any], Any]:
        now = _ends(shown)
        steps, evaluations, commands = cursor or ([0] * len(shown),) * 3
        blocks = _step_blocks(shown, steps, 2, columns)
        for run, each in enumerate(shown):
            blocks.append((2 * len(shown) + run, *tests(each, evaluations[run])))
        return _chunk(blocks, marks_since(shown, commands), cursor is None), now

    return Chart(
        subject_of(shown),
        spec,
        feed,
        _learning_reading(shown),
        lambda: _steps(shown),
        all_over(shown),
    )


def gradient_chart(shown: Sequence[Shown]) -> Chart:
    """Gradient norm and images per second."""
    spec = {
        "kind": "curves",
        "panels": [
            {"title": "Gradient norm", "y": "norm", "log": True, "smooth": SMOOTH},
            {"title": "Speed of training", "y": "images/s", "smooth": SMOOTH},
        ],
        "runs": legend(shown),
        "lines": [[panel, run, 0] for run in range(len(shown)) for panel in (0, 1)],
        "columns": 2,
        "x": "step",
    }

    def columns(each: Shown, first: int) -> list[np.ndarray]:
        of = {name: column[first:] for name, column in each.history.columns.items()}
        return [of["grad_norm"], of["batch_size"] / np.maximum(of["duration"], 1e-6)]

    def feed(cursor: tuple[list[int], list[int], list[int]] | None) -> tuple[dict[str, Any], Any]:
        now = _ends(shown)
        steps, _, commands = cursor or ([0] * len(shown),) * 3
        blocks = _step_blocks(shown, steps, 2, columns)
        return _chunk(blocks, marks_since(shown, commands), cursor is None), now

    return Chart(
        subject_of(shown),
        spec,
        feed,
        _gradient_reading(shown),
        lambda: _steps(shown),
        all_over(shown),
    )


def _ends(shown: Sequence[Shown]) -> tuple[list[int], list[int], list[int]]:
    """How much there is of each run: steps, tests, commands."""
    histories = [each.history for each in shown]
    return (
        [len(history.steps) for history in histories],
        [len(history.evaluations) for history in histories],
        [len(history.commands) for history in histories],
    )


def _step_blocks(
    shown: Sequence[Shown], first: list[int], width: int, columns: Columns
) -> list[tuple[int, Any, Any]]:
    return [
        (width * run, each.history.steps[since:], columns(each, since))
        for run, (each, since) in enumerate(zip(shown, first, strict=True))
    ]


def _chunk(blocks: list[Any], marks: list[Any], is_history: bool) -> dict[str, Any]:
    chunk: dict[str, Any] = {}
    room = HISTORY_BYTES if is_history else TICK_BYTES
    if points := curve_points(blocks, most_bytes=room):
        chunk["pts"] = points
    if marks:
        chunk["marks"] = marks
    return chunk


def _learning_reading(shown: Sequence[Shown]) -> str:
    scores = [
        (each.label, latest)
        for each in shown
        if (latest := each.history.latest_accuracy()) is not None
    ]
    if not scores:
        return "No test yet: the first comes a quarter into the first epoch."
    words = [
        f"{label} {percent(score['accuracy'])} (step {score['step']})" for label, score in scores
    ]
    first = scores[0][1]
    images = f"{count_words(first['n'], 'image')} of {first['dataset']}"
    return f"Test accuracy on {images}: {enumerate_words(words)}."


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
