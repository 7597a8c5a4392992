"""The run store: a run is a folder, and the folder is the single truth.

``config.json`` (configuration, name, versions, who submitted it), ``events.jsonl`` (append only),
``control.jsonl`` (commands in), ``checkpoints/*.safetensors``, ``claim.json`` (who executes it;
created exclusively, so that no run is executed twice) and ``end.json``, the end marker.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from afn import __version__
from afn.engine.config import TrainConfig
from afn.engine.control import Command, check_command
from afn.engine.events import Event
from afn.jsonl import append_line, read_lines
from afn.processes import identity, is_alive

Status = Literal["waiting", "running", "finished", "stopped", "failed"]
ENDED: tuple[Status, ...] = ("finished", "stopped", "failed")

_RUN_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CLAIM_BYTES = 4096
_PACKAGES = ("torch", "torchvision", "numpy", "safetensors")


def runs_dir() -> Path:
    """``AFN_RUNS_DIR``, or ``runs`` in the working directory."""
    return Path(os.environ.get("AFN_RUNS_DIR", "runs")).expanduser()


@dataclass(frozen=True, slots=True)
class RunState:
    """How a run stands: its status and, once it ended, why and with what."""

    status: Status
    reason: str = ""
    """One line; empty while all is well."""
    summary: dict[str, Any] | None = None
    """Of an ended run: step, epoch, accuracy, seconds, peak_memory_mb."""


class RunStore:
    """All runs below one folder.

    Args:
        root: The folder; `runs_dir` by default. Created with the first run.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = runs_dir() if root is None else root

    def create(
        self,
        config: TrainConfig,
        *,
        name: str = "",
        group: str = "",
        commands: Iterable[Command] = (),
    ) -> "Run":
        """A new run folder, not yet executed.

        Args:
            config: What to run.
            name: A label for people; the run's id where it is empty.
            group: Runs of one comparison share it.
            commands: Obeyed before the first step, for instance a pause.

        Raises:
            OSError: The folder is full or read-only; the message names it.
        """
        stamp = time.strftime("%Y%m%d-%H%M%S")
        run = Run(self.root / f"{stamp}-{config.norm}-{secrets.token_hex(3)}")
        try:
            run.path.mkdir(parents=True)
            (run.path / "checkpoints").mkdir()
            _write_json(
                run.path / "config.json",
                {
                    "config": config.to_json(),
                    "hash": config.hash(),
                    "name": name,
                    "group": group,
                    "created": time.time(),
                    "submitted_by": identity(),
                    "versions": _versions(),
                },
            )
            for command in commands:
                run.send(command)
        except OSError as error:
            shutil.rmtree(run.path, ignore_errors=True)
            raise OSError(
                f"cannot write a run below {self.root}: {error.strerror or error}; free some space "
                "or point AFN_RUNS_DIR at a folder that can be written"
            ) from error
        return run

    def open(self, run_id: str) -> "Run":
        """An existing run.

        Raises:
            ValueError: `run_id` is not the name of a run (a path, say).
            FileNotFoundError: There is no such run, or its folder was deleted.
        """
        if not _RUN_ID.fullmatch(run_id):
            raise ValueError(
                f"{run_id[:80]!r} is not a run id (lower-case letters, digits, '-' and '_')"
            )
        run = Run(self.root / run_id)
        if not (run.path / "config.json").is_file():
            raise FileNotFoundError(f"there is no run {run_id}; it may have been deleted")
        return run

    def list(self) -> list["Run"]:
        """All runs, newest first."""
        try:
            names = [entry.name for entry in os.scandir(self.root) if entry.is_dir()]
        except OSError:
            return []
        runs = (Run(self.root / name) for name in names if _RUN_ID.fullmatch(name))
        return sorted(
            (run for run in runs if (run.path / "config.json").is_file()),
            key=lambda run: run.id,
            reverse=True,
        )


class Run:
    """One run's folder. Reads never fail on what a crash left behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Run({self.id!r})"

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def events_path(self) -> Path:
        """The events, one JSON object a line."""
        return self.path / "events.jsonl"

    @property
    def control_path(self) -> Path:
        """The commands, one JSON object a line."""
        return self.path / "control.jsonl"

    def record(self) -> dict[str, Any]:
        """What `config.json` holds.

        Raises:
            ValueError: The file is damaged.
            FileNotFoundError: The run was deleted.
        """
        path = self.path / "config.json"
        try:
            record = json.loads(path.read_bytes())
        except ValueError as error:
            raise ValueError(f"the configuration of run {self.id} is damaged: {error}") from error
        if not isinstance(record, dict) or not isinstance(record.get("config"), dict):
            raise ValueError(f"the configuration of run {self.id} is damaged: no 'config' in it")
        return record

    def config(self) -> TrainConfig:
        """The resolved configuration."""
        return TrainConfig.from_json(self.record()["config"])

    def rename(self, name: str) -> None:
        """Give the run a label of at most 80 characters; an empty one takes it away."""
        _write_json(self.path / "config.json", self.record() | {"name": name.strip()[:80]})

    def delete(self) -> None:
        """Remove the folder; a live run notices and ends."""
        shutil.rmtree(self.path)

    def events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Events from byte `offset` on, and the offset to go on from."""
        return read_lines(self.events_path, offset)

    def send(self, command: Command) -> None:
        """Append a command.

        Raises:
            ValueError: The command is malformed.
            FileNotFoundError: The run was deleted.
        """
        append_line(self.control_path, check_command(command))

    def weights(self) -> Path | None:
        """The newest checkpoint, if there is one."""
        return max((self.path / "checkpoints").glob("*.safetensors"), default=None)

    def require_weights(self) -> Path:
        """The newest checkpoint.

        Raises:
            ValueError: There is none yet.
        """
        weights = self.weights()
        if weights is None:
            raise ValueError(f"run {self.id} has no checkpoint yet: train it for an epoch first")
        return weights

    def state(self) -> RunState:
        """The status, derived from the markers and from who is alive."""
        if end := _read_json(self.path / "end.json"):
            status = end.get("status")
            return RunState(
                status if status in ENDED else "failed", end.get("reason", ""), end.get("summary")
            )
        if (self.path / "claim.json").exists():
            claim = _read_json(self.path / "claim.json")
            if claim is None or is_alive(claim):
                return RunState("running")
            return RunState("failed", "its process is gone (killed, or the machine went down)")
        try:
            submitter = self.record().get("submitted_by", {})
        except (ValueError, OSError):
            return RunState("failed", "its configuration is damaged or deleted")
        if is_alive(submitter):
            return RunState("waiting")
        return RunState("failed", "the server that queued it ended before it began; start it again")

    @property
    def is_unclaimed(self) -> bool:
        """Whether the run is there and nobody has begun or ended it."""
        names = ("claim.json", "end.json")
        return self.path.exists() and not any((self.path / name).exists() for name in names)

    def claim(self) -> bool:
        """Take the run for this process; False if another one has it or had it.

        The file is padded, so that an end marker can be written over it on a full disk.
        """
        text = json.dumps(identity()).encode().ljust(_CLAIM_BYTES)
        try:
            descriptor = os.open(self.path / "claim.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            return False
        try:
            os.write(descriptor, text)
        finally:
            os.close(descriptor)
        return True

    def end(self, status: Status, reason: str = "", summary: dict[str, Any] | None = None) -> None:
        """Write the end marker; on a full disk in the place of the claim."""
        record = {"status": status, "reason": reason, "ended": time.time(), "summary": summary}
        try:
            _write_json(self.path / "end.json", record)
        except FileNotFoundError:
            pass  # deleted while it ran: nobody is left to tell
        except OSError:
            record["summary"], record["reason"] = None, reason[:500]
            with (self.path / "claim.json").open("r+b") as file:
                file.write(json.dumps(record).encode().ljust(_CLAIM_BYTES))
            (self.path / "claim.json").rename(self.path / "end.json")

    def reopen(self) -> bool:
        """Make an ended run claimable again, to go on from its last checkpoint.

        Returns:
            False if it has no checkpoint, is not at an end, or somebody else was faster.
        """
        if self.state().status not in ENDED or self.weights() is None:
            return False
        has_claim = (self.path / "claim.json").exists()
        marker = self.path / ("claim.json" if has_claim else "end.json")
        past = self.path / f".past-{secrets.token_hex(3)}.json"
        try:
            marker.rename(past)  # atomic: of two callers one finds nothing to rename
        except FileNotFoundError:
            return False
        _write_json(self.path / "config.json", self.record() | {"submitted_by": identity()})
        past.unlink()
        (self.path / "end.json").unlink(missing_ok=True)
        return True


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


def _write_json(path: Path, record: dict[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(3)}")
    try:
        temporary.write_text(json.dumps(record, indent=1, ensure_ascii=False))
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


@cache
def _versions() -> dict[str, str]:
    found = {"afn": __version__}
    for package in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
