"""The sweeps of a run store: a folder each, hidden beside the runs, that holds what it asks."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from afn.runs.store import RunStore
from afn.sweep.spec import SweepSpec
from afn.work.folder import read_json, write_json

GROUP = "sweep"
"""The group of runs that a sweep began; one may belong to several sweeps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sweep:
    """A sweep that was begun. Where its runs stand is told by their own folders alone."""

    id: str
    spec: SweepSpec
    created: float
    """Seconds since 1970."""
    owner: str | None = None
    """Who began it, on a server that several people share."""


class SweepStore:
    """The sweeps beside the runs of a store.

    Args:
        runs: The runs.
    """

    def __init__(self, runs: RunStore) -> None:
        self.runs = runs
        self.root = runs.root / ".sweeps"

    def keep(self, spec: SweepSpec, *, owner: str | None = None) -> Sweep:
        """The sweep of a specification, written down if it is new.

        Raises:
            OSError: The folder is full or read-only.
        """
        record = spec.to_json()
        text = json.dumps(record, sort_keys=True)
        sweep_id = hashlib.sha256(text.encode()).hexdigest()[:10]
        path = self._path(sweep_id)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            whose = {} if owner is None else {"owner": owner}
            write_json(path, {"sweep": record, "created": time.time(), **whose})
        return self.open(sweep_id)

    def open(self, sweep_id: str) -> Sweep:
        """A sweep by its id.

        Raises:
            ValueError: It is damaged.
            FileNotFoundError: There is none.
        """
        path = self._path(sweep_id)
        if not sweep_id.isalnum() or not path.exists():
            raise FileNotFoundError(f"there is no sweep {sweep_id[:40]}; it may have been deleted")
        record = read_json(path) or {}
        try:
            spec = SweepSpec.from_json(record["sweep"])
            return Sweep(
                id=sweep_id, spec=spec, created=float(record["created"]), owner=record.get("owner")
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the sweep {sweep_id} is damaged: {error}") from error

    def list(self) -> list[Sweep]:
        """All that can be read, newest first."""
        found = []
        for path in self.root.glob("*.json"):
            try:
                found.append(self.open(path.stem))
            except (ValueError, OSError):
                continue
        return sorted(found, key=lambda sweep: sweep.created, reverse=True)

    def forget(self, sweep_id: str) -> None:
        """Remove a sweep; its runs stay."""
        self._path(sweep_id).unlink(missing_ok=True)

    def _path(self, sweep_id: str) -> Path:
        return self.root / f"{sweep_id}.json"
