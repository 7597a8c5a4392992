"""Writing a run's events, one line each."""

import os

from afn.runs.store import Run
from afn.settings.events import Event


class RunWriter:
    """The one writer of a run's events: a line is with the operating system once it is written."""

    def __init__(self, run: Run) -> None:
        self._descriptor = os.open(run.events_path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        size = os.fstat(self._descriptor).st_size
        if size and os.pread(self._descriptor, 1, size - 1) != b"\n":
            os.write(self._descriptor, b"\n")  # fence off the line that a crash tore

    def write(self, event: Event) -> None:
        """Append one event."""
        os.write(self._descriptor, event.to_line())

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
