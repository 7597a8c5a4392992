"""Figures of a stream; which batch they show is chosen in the browser, see `moment.js`.

Each is of what was answered when it was made: news and all there is then end at the same batch.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from afn.adapt.plan import StreamPlan
from afn.adapt.task import SHEET_ROWS, SHOWN, SheetsTask

from ...kit.draw.chart import Chart
from ...kit.draw.corruptions import group_title
from ...kit.draw.live_chart import encode
from ...kit.sheets import sheet_address
from .living import (
    Flow,
    Living,
    accuracy_reading,
    answers_reading,
    moves_reading,
    quantity,
    stream_table,
)

Chunk = dict[str, Any]
_LOW = 150
"""Pixels of a plot: all of it is above the timeline on a small screen."""
QUANTITIES = {
    "entropy": ("entropy", " nats"),
    "pull": ("wrongly one class", " %"),
    "moved": ("means moved", " σ"),
    "rescaled": ("γ and β moved", ""),
}
"""What moves: what it is called, and its unit."""


def accuracy_chart(flow: Flow, plan: StreamPlan) -> Chart:
    """Right answers over the stream."""
    living = flow.look()
    least = min((float(each.courses.accuracy.min()) for each in living if each.steps), default=0.0)
    low = 48 if least > 0.5 else -2  # curves that lie close are told apart
    panel = {"title": "Right answers", "y": "% of the last 100 images", "range": [low, 102]}
    reading = accuracy_reading(living)
    return _courses(flow, plan, {"accuracy": panel}, reading, is_told=True, tells_falls=True)


def moves_chart(flow: Flow, plan: StreamPlan) -> Chart:
    """What moves while it flows."""
    panels = {
        name: {"title": title.capitalize().replace("Γ", "γ"), "y": unit.strip()}
        for name, (title, unit) in QUANTITIES.items()
    }
    return _courses(flow, plan, panels, moves_reading(flow.look(), QUANTITIES))


def _courses(
    flow: Flow,
    plan: StreamPlan,
    panels: Mapping[str, dict[str, Any]],
    reading: str,
    *,
    is_told: bool = False,
    tells_falls: bool = False,
) -> Chart:
    """Curves over the batches, a line for each panel and contender."""
    living = flow.look()
    spec = {
        "kind": "curves",
        "panels": list(panels.values()),
        "lines": [
            [place, run, each.dash]
            for run, each in enumerate(living)
            for place in range(len(panels))
        ],
        "columns": min(len(panels), 4),
        "x": "batch",
        "steps": [0.5, plan.num_batches + 0.5],
        "shades": severities(plan),
        "isQuiet": not is_told,
        "height": _LOW,
    }

    def points(run: int, each: Living, since: int) -> list[Any] | None:
        batches = np.arange(since, len(each.steps)) + 1
        values = [quantity(each, name)[since:] for name in panels]
        return [run * len(panels), encode(batches), encode(values)] if len(batches) else None

    def feed(cursor: Any) -> tuple[Chunk, Any]:
        before, seen = cursor or ([0] * len(living), [])
        marks = [*resets(plan), *(_falls(living) if tells_falls else [])]
        new = [each for each in marks if each not in seen]
        chunk = _since(living, before, "pts", points)
        return chunk | ({"marks": new} if new else {}), (_known(living), marks)

    return _chart(flow, spec, feed, reading)


def answers_chart(flow: Flow, plan: StreamPlan) -> Chart:
    """A strip for the truth and one for each contender: which classes are told in each batch."""
    living = flow.look()
    spec = {
        "kind": "strips", "classes": list(flow.classes), "size": plan.size,
        "batches": plan.num_batches, "x": "batch",
    }  # fmt: skip

    def told(run: int, each: Living, since: int) -> list[Any] | None:
        return [run, [step.answers for step in each.steps[since:]]] if each.steps[since:] else None

    def feed(cursor: Any) -> tuple[Chunk, Any]:
        before = cursor or [0] * len(living)
        return _since(living, before, "told", told) | _truth(living, before), _known(living)

    return _chart(flow, spec, feed, answers_reading(living, flow.classes))


def batch_chart(flow: Flow, plan: StreamPlan, sheets: SheetsTask) -> Chart:
    """The first images of a batch, and what each contender answers to them."""
    shown = min(plan.size, SHOWN)
    whole, rest = divmod(plan.images, plan.size)
    height, width, _ = sheets.image_shape
    living, made = flow.look(), sheets.sheets()
    spec = {
        "kind": "batch", "classes": list(flow.classes), "shown": shown, "columns": SHOWN,
        "rows": SHEET_ROWS, "images": whole * shown + min(rest, SHOWN), "tile": [height, width],
        "places": [_place_words(plan.place(batch)) for batch in range(plan.num_batches)],
    }  # fmt: skip

    def told(run: int, each: Living, since: int) -> list[Any] | None:
        new = each.steps[since:]
        answers = [step.answers[:SHOWN] for step in new]
        sure = [[round(100 * share) for share in step.confidences[:SHOWN]] for step in new]
        return [run, answers, sure] if new else None

    def feed(cursor: Any) -> tuple[Chunk, Any]:
        before, had = cursor or ([0] * len(living), 0)
        chunk = _since(living, before, "told", told) | _truth(living, before, SHOWN)
        if len(made) > had:
            chunk["sheets"] = [sheet_address(sheets, name) for name in made]
        return chunk, (_known(living), len(made))

    return _chart(flow, spec, feed, "")


def table_chart(flow: Flow) -> Chart:
    """All numbers at the batch that is shown, a row a contender."""
    living = flow.look()
    spec = {"kind": "ways"}

    def numbers(run: int, each: Living, since: int) -> list[Any] | None:
        of = each.courses
        columns = [
            100 * of.all_accuracy, 100 * of.accuracy, 100 * of.all_confidence, of.all_entropy,
            of.all_moved, of.rescaled,
        ]  # fmt: skip
        return [run, encode(np.array(columns)[:, since:].T)] if each.steps[since:] else None

    def feed(cursor: Any) -> tuple[Chunk, Any]:
        chunk = _since(living, cursor or [0] * len(living), "numbers", numbers)
        falls = {"falls": [each.fall for each in living]} if chunk else {}
        return chunk | falls, _known(living)

    return _chart(flow, spec, feed, "")


def hand_chart(flow: Flow, plan: StreamPlan, stream: str) -> Chart:
    """The batches to go through; `stream` tells it from others, whatever is put back."""
    living, is_over = flow.look(), flow.is_over
    spec = {
        "kind": "scrubber", "ids": [f"{stream} {way}" for way in flow.tasks], "unit": "batch",
        "thing": "stream",
    }  # fmt: skip

    def feed(cursor: Any) -> tuple[Chunk, Any]:
        before, seen = cursor or ([None] * len(flow.tasks), [])
        spans = [(1, len(each.steps), is_over) if each.steps else None for each in living]
        new = [
            [run, *span]
            for run, (span, known) in enumerate(zip(spans, before, strict=True))
            if span and span != known
        ]
        marks = [each for each in [*resets(plan), *_falls(living)] if each not in seen]
        chunk = {"spans": new, "marks": marks}
        return {name: found for name, found in chunk.items() if found}, (spans, [*seen, *marks])

    known = max(len(each.steps) for each in living)
    return _chart(flow, spec, feed, f"Batches 1 to {known}." if known else "No batch yet.")


def severities(plan: StreamPlan) -> list[list[float]]:
    """First and last batch and severity of each stretch; none where it is the same throughout."""
    found: list[list[float]] = []
    for batch in range(plan.num_batches):
        _, severity = plan.place(batch)
        if found and found[-1][2] == severity:
            found[-1][1] = batch + 1.5
        else:
            found.append([batch + 0.5, batch + 1.5, severity])
    return found if len(found) > 1 else []


def resets(plan: StreamPlan) -> list[dict[str, Any]]:
    """Marks where networks were put back."""
    return [{"x": batch + 1, "text": "reset"} for batch in plan.resets]


def _falls(all_living: Sequence[Living]) -> list[dict[str, Any]]:
    """Marks where they collapse."""
    return [
        {"x": each.fall, "text": f"{each.title} has fallen", "run": run}
        for run, each in enumerate(all_living)
        if each.fall
    ]


def _place_words(place: tuple[str | None, int]) -> str:
    corruption, severity = place
    return f"{group_title(corruption)} {severity}" if corruption else "clean"


def _known(all_living: Sequence[Living]) -> list[int]:
    """How many batches each has answered."""
    return [len(each.steps) for each in all_living]


def _since(
    all_living: Sequence[Living],
    known: Sequence[int],
    name: str,
    of: Callable[[int, Living, int], list[Any] | None],
) -> Chunk:
    """What each says of batches behind those known."""
    new = [of(run, *each) for run, each in enumerate(zip(all_living, known, strict=True))]
    found = [each for each in new if each]
    return {name: found} if found else {}


def _truth(all_living: Sequence[Living], known: Sequence[int], most: int | None = None) -> Chunk:
    """The labels of batches that nobody had answered yet."""
    steps = max((each.steps for each in all_living), key=len)
    new = [step.labels[:most] for step in steps[max(known) :]]
    return {"truth": new} if new else {}


def _chart(
    flow: Flow, spec: dict[str, Any], feed: Callable[[Any], tuple[Chunk, Any]], reading: str
) -> Chart:
    subject: Hashable = tuple(task.name for task in flow.tasks.values())
    runs = [{"label": each.title, "color": each.color, "dash": each.dash} for each in flow.look()]
    return Chart(
        subject, {**spec, "runs": runs}, feed, reading, lambda: stream_table(flow.look()),
        flow.is_over,
    )  # fmt: skip
