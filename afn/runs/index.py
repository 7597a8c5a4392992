"""All runs at a glance: what their folders say, read once and kept, so that thousands are quick.

A run that has its end marker changes no more unless its folder's entries do; what is known of it
is kept in ``.index.jsonl`` beside the runs, by whoever ended it or read it first. The file may be
lost at any time. Needs no torch.
"""

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from afn.corruptions.severities import rule_of
from afn.jsonl import append_line, read_lines
from afn.runs.glance import glance
from afn.runs.recording import RECORDED, Recording, RunKind, has_no_config
from afn.runs.store import Run, RunStore
from afn.settings.config import TrainConfig
from afn.work.folder import ENDED, Status
from afn.work.processes import is_alive

_FILE = ".index.jsonl"
_VERSION = 1
_GLANCING_SECONDS = 0.5
"""Of one look at all runs, for curves of those whose end nobody noted: the others have none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What is known of one run without its events."""

    id: str
    name: str = ""
    """A label for people; empty where it has none."""
    group: str = ""
    created: float = 0.0
    """Seconds since 1970."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Of its configuration, those that are not the defaults."""
    recorded: dict[str, Any] = field(default_factory=dict)
    """Of a run that was recorded in a loop of somebody's own, what its model is; it has no
    configuration."""
    forked_from: dict[str, Any] = field(default_factory=dict)
    """Of a fork, the ``run`` it began in and the ``step``."""
    owner: str | None = None
    """Who started it, on a server that several people share."""
    status: Status = "failed"
    reason: str = ""
    summary: dict[str, Any] = field(default_factory=dict)
    """What its end marker says; empty before the end."""
    tags: list[str] = field(default_factory=list)
    curves: dict[str, list[float]] = field(default_factory=dict)
    """A few points of each, by `afn.runs.glance`; empty before the end."""

    @property
    def is_damaged(self) -> bool:
        """Whether its configuration cannot be read; the reason says why."""
        return not self.created

    @property
    def kind(self) -> RunKind:
        """How it came about."""
        return RECORDED if self.recorded else "trained"

    @property
    def rule(self) -> int | None:
        """By which rule the images of its tests were corrupted; None where none were."""
        rules = {rule_of(test) for test in self.summary.get("tests", [])}
        return min((rule for rule in rules if rule), default=None)

    def config(self) -> TrainConfig:
        """Its configuration.

        Raises:
            ValueError: It has none.
        """
        if self.recorded:
            raise ValueError(has_no_config(self.id))
        return TrainConfig.from_json(self.settings)

    def recording(self) -> Recording:
        """What its model is, of a recorded one."""
        return Recording.from_json(self.recorded)

    def setting(self, name: str) -> Any:
        """One setting, as plain JSON, without building the configuration.

        None of a recorded run, which has none.
        """
        return None if self.recorded else self.settings.get(name, _defaults()[name])


class RunIndex:
    """The lines of all runs of a store.

    Args:
        store: The runs.
    """

    def __init__(self, store: RunStore) -> None:
        self.store = store
        self._kept: dict[str, tuple[int, Line]] = {}
        """Ended runs by id, with their folder's time of change."""
        self._waiting: dict[str, tuple[int, Line, dict[str, Any]]] = {}
        """Those that waited at the last look, and who submitted them."""
        self._offset = 0
        self._lock = threading.Lock()

    def lines(self) -> list[Line]:
        """Every run, newest first."""
        with self._lock:
            self._read()
            found = list(self._found(self.store.ids()))
            ids = {line.id for line in found}
            for known in (self._kept, self._waiting):
                for run_id in known.keys() - ids:
                    known.pop(run_id)
        return sorted(found, key=lambda line: (line.created, line.id), reverse=True)

    def some(self, run_ids: Iterable[str]) -> dict[str, Line]:
        """Some runs, by their ids; those that are not there are left out."""
        with self._lock:
            self._read()
            return {line.id: line for line in self._found(run_ids)}

    def tidy(self) -> None:
        """Take what is known of runs that were deleted out of the file, too."""
        self.lines()
        with self._lock:
            (self.store.root / _FILE).unlink(missing_ok=True)
            self._offset = 0
            for run_id, (changed, line) in self._kept.items():
                _write(Run(self.store.root / run_id), changed, line)

    def _found(self, run_ids: Iterable[str]) -> Iterator[Line]:
        root, lives = str(self.store.root), cache(lambda key: is_alive(dict(key)))
        until = time.monotonic() + _GLANCING_SECONDS
        for run_id in run_ids:
            try:
                changed = _changed(f"{root}/{run_id}")
            except (FileNotFoundError, NotADirectoryError):
                continue  # no run, or deleted meanwhile
            kept, waiting = self._kept.get(run_id), self._waiting.get(run_id)
            if kept and kept[0] == changed:
                yield kept[1]
            elif waiting and waiting[0] == changed and lives(tuple(waiting[2].items())):
                yield waiting[1]
            else:
                yield self._read_anew(run_id, changed, glances=time.monotonic() < until)

    def _read_anew(self, run_id: str, changed: int, *, glances: bool) -> Line:
        run = Run(self.store.root / run_id)
        line = _line(run)
        if _is_lasting(run, line):
            _, before = self._kept.get(run_id, (0, line))
            is_same = before.curves and before.summary == line.summary
            curves = before.curves if is_same else _curves(run) if glances else {}
            line = replace(line, curves=curves)
        self._waiting.pop(run_id, None)
        if _is_lasting(run, line):
            self._kept[run_id] = changed, line
            _write(run, changed, line)
        elif line.status == "waiting":
            with suppress(OSError, ValueError):
                self._waiting[run_id] = changed, line, run.record().get("submitted_by", {})
        return line

    def _read(self) -> None:
        """What this process or another one has kept since."""
        records, self._offset = read_lines(self.store.root / _FILE, self._offset)
        for record in records:
            try:
                if record.pop("version") == _VERSION:
                    changed = record.pop("changed")
                    self._kept[record["id"]] = changed, Line(**record)
            except (KeyError, TypeError):
                continue


def note(run: Run) -> None:
    """Put a run that has just ended on record, so that nobody need read its folder."""
    with suppress(OSError):
        changed, line = _changed(str(run.path)), _line(run)
        if _is_lasting(run, line):
            _write(run, changed, replace(line, curves=_curves(run)))


def _changed(folder: str) -> int:
    """When an entry of a run's folder, or its configuration, changed last.

    Texts, not paths, since thousands are looked at each time.
    """
    paths = folder, f"{folder}/config.json"
    return max(os.stat(path).st_mtime_ns for path in paths)  # noqa: PTH116


def _is_lasting(run: Run, line: Line) -> bool:
    return line.status in ENDED and not line.is_damaged and (run.path / "end.json").exists()


def _write(run: Run, changed: int, line: Line) -> None:
    record = {name: getattr(line, name) for name in Line.__slots__}
    with suppress(OSError, ValueError):  # it is read anew next time
        append_line(run.path.parent / _FILE, {"version": _VERSION, "changed": changed, **record})


def _curves(run: Run) -> dict[str, list[float]]:
    with suppress(OSError, ValueError, KeyError):  # the list goes on without
        return glance(run)
    return {}


def _line(run: Run) -> Line:
    state = run.state()
    try:
        record = run.record()
        recorded = {} if "config" in record else Recording.from_json(record["recording"]).to_json()
        settings = {} if recorded else TrainConfig.from_json(record["config"]).changed()
        origin = record.get("forked_from")
        return Line(
            id=run.id,
            name=str(record.get("name") or ""),
            group=str(record.get("group") or ""),
            created=float(record["created"]),
            settings=settings,
            recorded=recorded,
            forked_from={name: origin[name] for name in ("run", "step")} if origin else {},
            owner=record.get("owner"),
            status=state.status,
            reason=state.reason,
            summary=state.summary or {},
            tags=[str(tag) for tag in record.get("tags", [])],
        )
    except (ValueError, OSError, TypeError, KeyError) as error:
        return Line(id=run.id, reason=f"its configuration is damaged: {error}")


@cache
def _defaults() -> dict[str, Any]:
    return TrainConfig().to_json()
