"""From the first step to now: what the whole page shows; `static/live_chart/moment.js` has it."""

from collections.abc import Sequence
from typing import Any

from .chart import Chart, Rows, Shown, chart_of, marks_since

StepSpan = tuple[int, int, bool]
"""A run's first and newest step, and whether no more is to come."""


def scrubber_chart(shown: Sequence[Shown]) -> Chart:
    """The steps that the runs have, and marks of what was changed while they trained."""
    spec = {"kind": "scrubber", "ids": [each.id for each in shown]}

    def spans() -> list[StepSpan | None]:
        return [
            (each.history.first_step, each.history.step, each.is_over)
            if each.history.start
            else None
            for each in shown
        ]

    def feed(
        cursor: tuple[list[StepSpan | None], list[int]] | None,
    ) -> tuple[dict[str, Any], tuple[list[StepSpan | None], list[int]]]:
        before, seen = cursor or ([None] * len(shown), [0] * len(shown))
        now = spans(), [len(each.history.commands) for each in shown]
        new = [
            [run, *span]
            for run, (span, known) in enumerate(zip(now[0], before, strict=True))
            if span and span != known
        ]
        chunk = {"spans": new, "marks": marks_since(shown, seen)}
        return {name: found for name, found in chunk.items() if found}, now

    known = [span for span in spans() if span]
    reading = "No step yet."
    if known:
        reading = f"From step {min(s[0] for s in known):,} to {max(s[1] for s in known):,}."
    return chart_of(shown, (), spec, feed, reading, lambda: _table(shown))


def _table(shown: Sequence[Shown]) -> Rows:
    return [{"run": each.label, **mark} for each in shown for mark in marks_since([each], [0])]
