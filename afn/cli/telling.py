"""A run that trains in this process, told line by line as it goes."""

from collections.abc import Callable, Iterable
from typing import Any

from afn.runs.store import Run
from afn.settings.events import Event
from afn.wording import count_words, statistics_told

Say = Callable[[str, dict[str, Any]], None]
"""Says a line to people, or the record to programs."""


def tell(events: Iterable[Event], run: Run | None, say: Say) -> None:
    """Train, and say every test and the end.

    Raises:
        RuntimeError: The run failed; names the reason.
    """
    step_seconds = 0.0
    for event in events:
        record = {"kind": event.kind, "step": event.step, "seconds": event.seconds, **event.values}
        if event.kind == "step":
            step_seconds += event.values["duration"]
        elif event.kind == "start" and (origin := event.values.get("forked_from")):
            say(_taken_over(origin), record)
        elif event.kind == "evaluation":
            shift = event.values["corruption"] or "clean"
            say(
                f"step {event.step:>6}  {shift:<16} {100 * event.values['accuracy']:6.2f} %  "
                f"({count_words(event.values['n'], 'image')}, statistics: {_statistics(event)})",
                record,
            )
        elif event.kind == "domain":
            left_out = event.values.get("left_out", "")
            say(
                f"step {event.step:>6}  on {event.values['dataset']:<13} "
                f"{100 * event.values['accuracy']:6.2f} %  "
                f"({count_words(event.values['n'], 'image')}"
                f"{f', {left_out}' if left_out else ''}, statistics: {_statistics(event)})",
                record,
            )
    if run is None:
        say(f"trained in {step_seconds:.1f} s", {"kind": "end", "train_seconds": step_seconds})
        return
    end = run.state()
    if end.status == "failed":
        raise RuntimeError(f"run {run.id} failed: {end.reason}")
    say(
        f"{end.status}{f' ({end.reason})' if end.reason else ''} after "
        f"{step_seconds:.1f} s of training steps",
        {"kind": "end", "status": end.status, "reason": end.reason, **(end.summary or {})},
    )


def _statistics(event: Event) -> str:
    return statistics_told(event.values["statistics"], event.values["n"])


def _taken_over(origin: dict[str, Any]) -> str:
    line = f"goes on from step {origin['step']} of {origin['run']}"
    for word in ("fresh", "dropped"):
        if names := origin[word]:
            kinds = dict.fromkeys(name.rpartition(".")[2] for name in names)
            line += f"; {word}: {', '.join(kinds)} ({len(names)} tensors)"
    return line
