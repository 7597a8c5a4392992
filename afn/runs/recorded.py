"""Events that were recorded once and for all: they are read as a run's are, and never grow."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from afn.runs.store import SHEETS

EVENTS = "events.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Recorded:
    """An `afn.runs.history.EventSource` that is a folder: its events, packed, and its sheets.

    Example:
        >>> from pathlib import Path
        >>> from afn.runs.history import History
        >>> from afn.runs.recorded import Recorded
        >>> History.of(Recorded("nothing", Path("not there"))).num_steps
        0
    """

    id: str
    path: Path

    @property
    def sheets_path(self) -> Path:
        """The folder of pictures that its events name."""
        return self.path / SHEETS

    @property
    def is_there(self) -> bool:
        """Whether it was recorded."""
        return (self.path / EVENTS).is_file()

    def events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """All events, or none from behind them on; none where nothing is recorded."""
        try:
            lines = gzip.decompress((self.path / EVENTS).read_bytes()).splitlines()
        except (OSError, EOFError):
            return [], offset
        return [json.loads(line) for line in lines[offset:]], len(lines)

    def write(self, lines: list[bytes]) -> None:
        """Record events, as `afn.settings.events.Event.to_line` gives them.

        Raises:
            OSError: The folder is not there, or cannot be written.
        """
        (self.path / EVENTS).write_bytes(gzip.compress(b"".join(lines), mtime=0))
