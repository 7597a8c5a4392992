"""What a few lines of NumPy compute while the page waits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from afn.work.folder import read_json, write_json

from ....kit.jobs import Job
from .experiment import Data, Experiment


@dataclass(frozen=True, kw_only=True)
class Arithmetic(Experiment[Data]):
    """A function of its settings, quick enough to need no process of its own."""

    settings: Mapping[str, Any]
    compute: Callable[..., dict[str, Any]]
    """From the settings, as keywords, to a record."""
    parse: Callable[[dict[str, Any]], Data]
    told: str
    """Data, seed and statistics mode, in words."""

    def config(self) -> dict[str, Any]:
        """The settings."""
        return {"kind": "arithmetic", "settings": dict(self.settings)}

    def begin(self, folder: Path) -> str:
        """Compute it."""
        write_json(folder / "record.json", self.compute(**self.settings), indent=None)
        return "record"

    def job(self, folder: Path, work: str) -> Job:
        """It is done as soon as it has begun."""
        if not (folder / "record.json").exists():
            raise ValueError("what was computed is gone")
        return Job(share=1.0, told="done", is_running=False)

    def end(self, folder: Path, work: str) -> None:
        """There is nothing to stop."""

    def record(self, folder: Path, work: str) -> dict[str, Any]:
        """What was computed."""
        return read_json(folder / "record.json") or {}

    def read(self, record: dict[str, Any]) -> Data:
        """What a record says."""
        return self.parse(record)

    def conditions(self, data: Data) -> str:
        """As it was told."""
        return self.told
