"""Writing a run's events, one line each."""

import errno
import os

from afn.runs.store import Run
from afn.settings.events import Event


class RunWriter:
    """The one writer of a run's events: a line is with the operating system once it is written."""

    def __init__(self, run: Run) -> None:
        self._descriptor = os.open(run.events_path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        size = os.fstat(self._descriptor).st_size
        self._is_torn = size > 0 and os.pread(self._descriptor, 1, size - 1) != b"\n"

    def write(self, *events: Event) -> None:
        """Append events in one go.

        Raises:
            OSError: They could not be written whole. What was torn is fenced off the next line.
        """
        lines = b"\n" * self._is_torn + b"".join(event.to_line() for event in events)
        written = os.write(self._descriptor, lines)
        if written:
            self._is_torn = not lines[:written].endswith(b"\n")
        if written < len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
