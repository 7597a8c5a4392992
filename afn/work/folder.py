"""Work in folders: what one process executes, once, and whose end is always told.

A folder holds a record (what is to be done, who submitted it), ``claim.json`` (who executes it;
created exclusively, so that nothing is executed twice) and ``end.json``, the end marker.
"""

import contextlib
import json
import os
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from afn.work.processes import identity, is_alive

Status = Literal["waiting", "running", "finished", "stopped", "failed"]
ENDED: tuple[Status, ...] = ("finished", "stopped", "failed")

_CLAIM_BYTES = 4096
BEAT_SECONDS = 10.0
"""A claim that beats is touched so often, for readers on other machines."""
_SILENT_SECONDS = 120.0
"""After so long without a beat it is gone; clocks of machines differ by seconds."""


@dataclass(frozen=True, slots=True)
class State:
    """How work stands: its status and, once it ended, why and with what."""

    status: Status
    reason: str = ""
    """One line; empty while all is well."""
    summary: dict[str, Any] | None = None
    """Of a run that ended: step, epoch, accuracy, seconds, peak_memory_mb."""


class Work:
    """One folder of work. Reads never fail on what a crash left behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    def record(self) -> dict[str, Any]:
        """What is to be done and, under ``submitted_by``, who wanted it.

        Raises:
            ValueError: The file is damaged.
            FileNotFoundError: The folder was deleted.
        """
        raise NotImplementedError

    def ask_to_stop(self) -> None:
        """Have the process that executes it stop soon."""
        raise NotImplementedError

    def state(self) -> State:
        """The status, derived from the markers and from who is alive."""
        if end := read_json(self.path / "end.json"):
            status = end.get("status")
            return State(
                status if status in ENDED else "failed", end.get("reason", ""), end.get("summary")
            )
        if (self.path / "claim.json").exists():
            claim = read_json(self.path / "claim.json")
            if claim is None or (is_alive(claim) and not self._is_silent(claim)):
                return State("running")
            return State("failed", "its process is gone (killed, or the machine went down)")
        try:
            submitter = self.record().get("submitted_by", {})
        except (ValueError, OSError):
            return State("failed", "its configuration is damaged or deleted")
        if is_alive(submitter):
            return State("waiting")
        return State("failed", "the server that queued it ended before it began; start it again")

    @property
    def is_unclaimed(self) -> bool:
        """Whether it is there and nobody has begun or ended it."""
        names = ("claim.json", "end.json")
        return self.path.exists() and not any((self.path / name).exists() for name in names)

    def claim(self, *, beats: bool = False) -> bool:
        """Take it for this process; False if another one has it or had it.

        The file is padded, so that an end marker can be written over it on a full disk.

        Args:
            beats: Whether this process calls `beat` every `BEAT_SECONDS`, so that other machines
                know when it is gone.
        """
        text = json.dumps(identity() | ({"beats": True} if beats else {})).encode()
        text = text.ljust(_CLAIM_BYTES)
        try:
            descriptor = os.open(self.path / "claim.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            return False
        try:
            os.write(descriptor, text)
        finally:
            os.close(descriptor)
        return True

    def beat(self) -> None:
        """Say that the process that claimed it is there.

        Raises:
            OSError: It was deleted, or cannot be reached.
        """
        os.utime(self.path / "claim.json")

    def _is_silent(self, claim: dict[str, Any]) -> bool:
        """Whether a claim of another machine has not beaten for long."""
        if not claim.get("beats") or claim.get("host") == socket.gethostname():
            return False
        try:
            beaten = (self.path / "claim.json").stat().st_mtime
        except OSError:
            return False
        return time.time() - beaten > _SILENT_SECONDS

    def end(self, status: Status, reason: str = "", summary: dict[str, Any] | None = None) -> None:
        """Write the end marker; on a full disk in the place of the claim."""
        record = {"status": status, "reason": reason, "ended": time.time(), "summary": summary}
        try:
            write_json(self.path / "end.json", record)
        except FileNotFoundError:
            pass  # deleted while it ran: nobody is left to tell
        except OSError:
            record["summary"], record["reason"] = None, reason[:500]
            with (self.path / "claim.json").open("r+b") as file:
                file.write(json.dumps(record).encode().ljust(_CLAIM_BYTES))
            (self.path / "claim.json").rename(self.path / "end.json")


def write_json(path: Path, record: dict[str, Any], *, indent: int | None = 1) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(3)}")
    try:
        temporary.write_text(json.dumps(record, indent=indent, ensure_ascii=False))
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any] | None:
    """A file's JSON object; None where there is no file, or no object in it."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None
