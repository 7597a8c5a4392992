"""What a server was doing when it ended, for the next one: what waited waits, what ran goes on.

The file of the queue outlasts its server, whose death the lock beside it tells: neither a clock nor
the name of a machine is asked, for a container that is deployed anew has another one.
"""

import contextlib
import os
import secrets
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

from afn.jsonl import append_line, read_lines
from afn.runs.store import Run
from afn.settings.commands import WORKER_ENDED
from afn.work.folder import read_json
from afn.work.processes import is_alive
from afn.work.queue import Queue

_FILE, _LEFT, _LOCK = ".queue.jsonl", ".queue.left.jsonl", ".queue.lock"
_GRACE_SECONDS = 15.0
"""So long runs may take to end behind their server; they stop by themselves at their next step."""
_POLL_SECONDS = 0.1


def is_left(root: Path) -> bool:
    """Whether a server has left something of its queue."""
    return any((root / name).exists() for name in (_FILE, _LEFT))


class Tenure:
    """A runner's hold on the file of its queue.

    Args:
        root: The run store's folder.
        lasting: Whether the file outlasts this process, as long as no other one has it.
    """

    def __init__(self, root: Path, *, lasting: bool = False) -> None:
        self._root = root
        self._lock = _locked(root / _LOCK) if lasting else None
        self.is_lasting = self._lock is not None
        token = f"afn-queue-{secrets.token_hex(8)}.jsonl"
        self.file = root / _FILE if self.is_lasting else Path(tempfile.gettempdir()) / token

    def take_over(self, queue: Queue) -> None:
        """Have what waited wait on, in the same order."""
        left = self._root / _LEFT
        with contextlib.suppress(OSError, ValueError):
            _move(self.file, left)
            before = Queue(self._root, left)
            append_line(self.file, {"served": before.served()})
            for add, groups in (
                (queue.add, before.comparisons()),
                (queue.add_behind, [before.behind()]),
            ):
                for ids in groups:
                    add([run for run in map(self._run, ids) if _waits_on(run)])

    def go_on(self, queue: Queue) -> None:
        """Have what ran go on from its last checkpoint, before all that waits.

        What its owner had stopped or paused stays as it is, and so does what was lost twice at one
        checkpoint.
        """
        left = self._root / _LEFT
        with contextlib.suppress(OSError, ValueError):
            deadline = time.monotonic() + _GRACE_SECONDS
            for record in _kept(left):
                runs = [run for run in map(self._run, record["ids"]) if run.path.exists()]
                if not record["began"]:
                    runs = [run for run in runs if not run.is_unclaimed]
                while any(map(_is_executed, runs)) and time.monotonic() < deadline:
                    time.sleep(_POLL_SECONDS)
                resumed = [run for run in runs if _resume(run)]
                if resumed:
                    how = "behind" if record["behind"] else "add"
                    told = {how: [run.id for run in resumed], "owner": record["owner"]}
                    append_line(queue.file, {**told, "ahead": True})
        left.unlink(missing_ok=True)

    def lost_worker(self) -> None:
        """What ran ended with its worker, not with this server: whoever wants it resumes it."""
        if self.is_lasting:
            with contextlib.suppress(OSError):
                append_line(self.file, {"lost": True})

    def end(self) -> None:
        """Let go of the file."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        elif not self.is_lasting:
            self.file.unlink(missing_ok=True)

    def _run(self, run_id: str) -> Run:
        return Run(self._root / run_id)


def _locked(path: Path) -> int | None:
    """A descriptor of the file, locked for as long as it is open; None where it cannot be had."""
    try:
        import fcntl

        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return file


def _move(source: Path, target: Path) -> None:
    """Behind what is there: a server may have ended before it was through with the last one's."""
    if not source.exists():
        return
    if not target.exists():
        source.rename(target)
        return
    with target.open("ab") as file:
        file.write(b"\n" + source.read_bytes())
    source.unlink()


def _kept(file: Path) -> list[dict[str, Any]]:
    """What may have run to the server's end, each once; last what its worker began just then."""
    found: dict[str, dict[str, Any]] = {}
    for record in read_lines(file)[0]:
        if record.get("lost"):
            found = {name: each for name, each in found.items() if not each["began"]}
        for how in ("add", "behind", "began"):
            ids = record.get(how, [])
            for group in [[name] for name in ids] if how == "behind" else [ids] if ids else []:
                known = found.pop(group[0], {"behind": how == "behind"})
                told = {"ids": group, "owner": record.get("owner"), "began": how == "began"}
                found[group[0]] = known | told
    return sorted(found.values(), key=lambda each: not each["began"])


def _waits_on(run: Run) -> bool:
    try:
        return run.wait_for_this_process()
    except (OSError, ValueError):
        return False


def _is_executed(run: Run) -> bool:
    """Whether a process may still be at it; one on another machine is not seen from here."""
    claim = read_json(run.path / "claim.json")
    return claim is not None and not (run.path / "end.json").exists() and is_alive(claim)


def _resume(run: Run) -> bool:
    """Make a run claimable again that ended with its server."""
    try:
        if run.is_unclaimed:  # it was to begin just then
            return run.wait_for_this_process()
        if not (run.path / "end.json").exists():
            claim = read_json(run.path / "claim.json") or {}
            if claim.get("host") == socket.gethostname() and is_alive(claim):
                return False
            run.end("failed", "its server ended, and its process with it")
        elif run.state().reason != WORKER_ENDED:
            return False
        states = [event for event in run.events()[0] if event.get("kind") == "state"]
        if states and states[-1].get("state") == "paused":
            return False
        return run.reopen(anew=True, restarted=True)
    except (OSError, ValueError):
        return False
