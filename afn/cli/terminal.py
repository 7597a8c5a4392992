"""What a terminal shows besides lines: colours, and bars with the time that is left.

Whatever is piped gets plain lines, and no bar. Rich is imported where a terminal is.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from functools import cache
from threading import RLock
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

_T = TypeVar("_T")
_STYLES = {
    "share": ("bold", r"[−-]?\d+(?:\.\d+)? %"),
    "aside": ("dim", r"  \(.*\)$|95 % CI [\d.]+ to [\d.]+"),
    "good": ("green", r"\b(?:finished|met|on disk|embedded)\b"),
    "bad": ("bold red", r"\b(?:failed|MISSED|missing|diverged)\b|left out: "),
    "waits": ("yellow", r"\b(?:stopped|interrupted|downloadable)\b"),
    "running": ("cyan", r"\brunning(?= )(?!.*statistics)"),
    "command": ("cyan", r"python -m afn [a-z]+"),
    "run": ("cyan", r"^(?:run )?\d{8}-\d{6}-\S+"),
}
"""What is coloured in a line, by name: its style, and which parts of the line; later ones win."""
_lock = RLock()
"""Lines come from several threads."""
_drawn: list["Progress"] = []
"""The bar that stands on the terminal, if any: lines go above it."""


def is_terminal(stream: TextIO) -> bool:
    """Whether people look at a stream, and it can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def show(line: str, *, is_heading: bool = False) -> None:
    """Print a line on standard output: in colours on a terminal, above the bar that stands there.

    Args:
        line: May hold line breaks.
        is_heading: It names the columns of those below it; said on terminals alone.
    """
    if not is_terminal(sys.stdout):
        if not is_heading:
            print(line, flush=True)
        return
    with _lock, _without_bar():
        if is_heading:
            _console().print(line, style="bold underline", soft_wrap=True, markup=False)
        else:
            _console().print(_coloured(line), soft_wrap=True)
        sys.stdout.flush()


def complain(line: str) -> None:
    """Print a line on standard error, its first word red on a terminal."""
    if is_terminal(sys.stderr):
        from rich.console import Console
        from rich.text import Text

        first, _, rest = line.partition(" ")
        told = Text.assemble((first, "bold red"), f" {rest}")
        Console(stderr=True, highlight=False).print(told, soft_wrap=True)
    else:
        print(line, file=sys.stderr)


class Bar:
    """How far a command is; without a terminal it goes nowhere."""

    def __init__(self, progress: "Progress | None" = None) -> None:
        self._progress = progress

    @property
    def is_drawn(self) -> bool:
        """Whether anybody sees it."""
        return self._progress is not None

    def reach(self, done: float, total: float | None = None, what: str = "") -> None:
        """It is at so much.

        Args:
            done: From 0 to the total.
            total: Another one from here on.
            what: Stands before the bar from here on.
        """
        if self._progress:
            [task] = self._progress.task_ids
            self._progress.update(
                task, completed=done, total=total, description=what or None, visible=True
            )

    def advance(self, by: float = 1) -> None:
        """So much more of it is done."""
        if self._progress:
            self.reach(self._progress.tasks[0].completed + by)


@contextmanager
def bar(what: str, total: float | None = None) -> Iterator[Bar]:
    """A bar on standard error as long as the block lasts, with the time that is left.

    Args:
        what: Stands before it.
        total: What is to be done; None is not known yet, and nothing is drawn until it is.
    """
    if not is_terminal(sys.stderr):
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeLeft(compact=True),
        TextColumn("left"),
        console=Console(stderr=True), transient=True, refresh_per_second=4,
        redirect_stdout=False, redirect_stderr=False, speed_estimate_period=60,
    )  # fmt: skip
    progress.add_task(what, total=total, visible=total is not None)
    progress.start()
    _drawn.append(progress)
    try:
        yield Bar(progress)
    finally:
        _drawn.remove(progress)
        progress.stop()


def tracked(things: Iterable[_T], what: str, total: int | None = None) -> Iterator[_T]:
    """The same things, with a bar of how many are done.

    Args:
        things: What is gone through.
        what: Stands before the bar.
        total: How many; their length where they have one.
    """
    with bar(what, len(things) if isinstance(things, Sized) else total) as shown:
        for thing in things:
            yield thing
            shown.advance()


@contextmanager
def _without_bar() -> Iterator[None]:
    for progress in _drawn:
        progress.stop()
    try:
        yield
    finally:
        for progress in _drawn:
            progress.start()


@cache
def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, emoji=False)


def _coloured(line: str) -> "object":
    from rich.text import Text

    text = Text(line)
    for style, pattern in _STYLES.values():
        for found in re.finditer(pattern, line, re.MULTILINE):
            text.stylize(style, *found.span())
    return text
