"""What commands say, and how they tell of a run that trains in this process."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from afn.cli.terminal import Bar, bar
from afn.runs.store import Run
from afn.settings.config import TrainConfig
from afn.settings.events import Event
from afn.wording import count_words, statistics_told

Say = Callable[[str, dict[str, Any] | None], None]
"""Says a line to people, if it is not empty, or the record to programs; a line without a record is
for terminals alone."""


def columns(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A line of the titles and one for each row, with what belongs together below each other.

    Args:
        titles: Of the columns; with > before it, what stands there ends at one place.
        rows: As many texts each.

    Example:
        >>> columns(("name", ">images", ""), [("a", "5", "x"), ("bcdef", "12", "")])
        ['name   images', 'a           5  x', 'bcdef      12']
    """
    are_right = [title.startswith(">") for title in titles]
    lines = [[title.removeprefix(">") for title in titles], *rows]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]

    def padded(text: str, width: int, is_right: bool) -> str:
        space = " " * (width - _width(text))
        return space + text if is_right else text + space

    return [
        "  ".join(map(padded, line, widths, are_right)).rstrip() for line in lines
    ]  # fmt: skip


def _width(text: str) -> int:
    """In letters of a terminal: wide ones take two places, marks above others none."""
    return sum(
        0 if unicodedata.combining(letter)
        else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )  # fmt: skip


def tell(events: Iterable[Event], run: Run | None, config: TrainConfig, say: Say) -> None:
    """Train, and say every test and the end.

    Args:
        events: Of the run, as it trains.
        run: None where nothing is kept.
        config: What trains.
        say: Takes each line.

    Raises:
        RuntimeError: The run failed; names the reason.
    """
    with bar("training") as shown:
        step_seconds = _follow(events, config, shown, say)
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


def _follow(events: Iterable[Event], config: TrainConfig, shown: Bar, say: Say) -> float:
    """Say every test; returns the seconds that steps took."""
    step_seconds, before = 0.0, 0
    for event in events:
        record = {"kind": event.kind, "step": event.step, "seconds": event.seconds, **event.values}
        if event.kind == "step":
            step_seconds += event.values["duration"]
            left, batch = event.values["images_left"], event.values["batch_size"]
            before = before or left + batch  # in images: the batch may change on the way
            end = max(0, left - (config.max_steps - event.step) * batch)
            done = before - (left if left >= batch else end)  # less than a batch is left out
            told = f"step {event.step}, loss {event.values['loss']:.3f}"
            shown.reach(done, before - end, told)
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
    return step_seconds


def _statistics(event: Event) -> str:
    return statistics_told(event.values["statistics"], event.values["n"])


def _taken_over(origin: dict[str, Any]) -> str:
    line = f"goes on from step {origin['step']} of {origin['run']}"
    for word in ("fresh", "dropped"):
        if names := origin[word]:
            kinds = dict.fromkeys(name.rpartition(".")[2] for name in names)
            line += f"; {word}: {', '.join(kinds)} ({len(names)} tensors)"
    return line
