"""What a loop says, kept for a moment and then written: a full disk ends no training."""

import math
import time
import warnings
from typing import Any

from torch import Tensor

from afn.engine.snapshots import short
from afn.runs.store import Run
from afn.runs.writer import RunWriter
from afn.settings.events import Event

_FLUSH_SECONDS = 0.5


class Journal:
    """The events of a run that is recorded.

    Tensors among their values are read when they are written, so that no step waits for a GPU.

    Args:
        run: Whose, claimed.

    Raises:
        OSError: Its folder cannot be written.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._writer = RunWriter(run)
        self._pending: list[Event] = []
        self._began = self._flushed = time.perf_counter()
        self._num_lost = 0
        self._problem = ""
        self.step = 0
        """So many are done."""
        self.notes: list[str] = []
        """What the recording lacks, a line each."""
        self.paused_seconds = 0.0
        self.not_finite: int | None = None
        """The first step whose loss was not."""
        self.has_start = False

    @property
    def seconds(self) -> float:
        """Since it began, without pauses."""
        return time.perf_counter() - self._began - self.paused_seconds

    @property
    def lost(self) -> str:
        """How much is missing, and why; empty where nothing is."""
        if not self._num_lost:
            return ""
        return f"{self._num_lost:,} of its events are missing: {self._problem}"

    def add(self, kind: str, **values: Any) -> None:
        """Something happened behind the present step."""
        self._pending.append(Event(kind, self.step, self.seconds, values))

    def start(self, **values: Any) -> None:
        """What stands before all else; nothing is written before it is known."""
        self.has_start = True
        self._pending.insert(0, Event("start", 0, 0.0, values))

    def note(self, text: str) -> None:
        """Say once what the recording lacks."""
        if text not in self.notes:
            self.notes.append(text)
            self.add("note", text=text)
            warnings.warn(f"recording: {text}", stacklevel=4)

    def flush(self, *, is_urgent: bool = True) -> None:
        """Write what is pending, or where that is not urgent only from time to time."""
        now = time.perf_counter()
        if not self.has_start or not (is_urgent or now - self._flushed > _FLUSH_SECONDS):
            return
        self._flushed = now
        events, self._pending = [self._read(each) for each in self._pending], []
        if not events:
            return
        try:
            if not self._run.events_path.exists():
                raise OSError("the run's folder was deleted")
            self._writer.write(*events)
        except OSError as error:
            self._num_lost += len(events)
            if not self._problem:
                self._problem = error.strerror or str(error)
                warnings.warn(
                    f"recording: it cannot be written ({self._problem}); training goes on",
                    stacklevel=4,
                )

    def close(self) -> None:
        """Write no more."""
        self._writer.close()

    def _read(self, event: Event) -> Event:
        values = {name: _plain(value) for name, value in event.values.items()}
        if event.kind == "log":
            values["values"] = {name: _plain(each) for name, each in values["values"].items()}
        loss = values.get("loss") if event.kind == "step" else None
        if loss is not None and not math.isfinite(loss) and self.not_finite is None:
            self.not_finite = event.step
        return Event(event.kind, event.step, event.seconds, values)


def number(name: str, value: Any) -> Any:
    """A number, or a tensor of one that is read later.

    Raises:
        TypeError: It is neither.
    """
    if value is None:
        return None
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise TypeError(f"{name} must be one number, got a tensor of {tuple(value.shape)}")
        return value.detach().clone()
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be one number, got {value!r:.80}") from None


def in_one_line(error: BaseException) -> str:
    """What went wrong in a loop: the error's class and its text."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:500].rstrip(": ")


def _plain(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return value
    number = float(value)
    return short(number) if math.isfinite(number) else number
