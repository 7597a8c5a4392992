"""A bar with the time left, drawn by rich, which is loaded when one is wanted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

Advance = Callable[[str, int], None]
"""What is being done, and how much of it was done just now."""


@contextmanager
def shown_progress(is_shown: bool, total: int) -> Iterator[Advance]:
    """A bar on standard error for a while; what comes is told to `Advance`.

    Args:
        is_shown: False shows nothing.
        total: How much there is to do.

    Raises:
        ImportError: It is to be shown and rich is not installed.
    """
    if not is_shown:
        yield lambda what, done: None
        return
    try:
        bars: Any = import_module("rich.progress")
        console = import_module("rich.console").Console(stderr=True)
    except ImportError as error:
        raise ImportError(f"a progress bar needs rich: pip install rich ({error})") from None
    columns = (
        bars.TextColumn("{task.description:<22}"), bars.BarColumn(), bars.TaskProgressColumn(),
        bars.TimeRemainingColumn(),
    )  # fmt: skip
    with bars.Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=total)

        def advance(what: str, done: int) -> None:
            bar.update(task, advance=done, description=what.replace("_", " "))

        yield advance
