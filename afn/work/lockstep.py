"""Contenders of one comparison advance by common steps: who is ahead waits for who is behind.

Every few steps a run waits until all others of its group have come as far. Each has a file beside
the others' that says its step, and a lock on it for as long as its process lives. Nobody waits for

- one that ended in any way, or whose process was killed: its lock is gone;
- one that waits in the queue and has no file yet, unless it begins now with the others;
- one that is paused: its file says so;
- one that let the others wait for longer than `PATIENCE_SECONDS` (and than twice what they took
  themselves since they last went on), until it has caught up. The run that goes on says so:
  `lockstep` among its events.

So one that was added, or resumed from behind, has that long to catch up. On a cluster, where
contenders begin whenever a worker is free, and on systems without such locks, each goes on alone.
A fork has no group. Commands that say ``at`` take effect at that step everywhere.
"""

import hashlib
import os
import secrets
import struct
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from afn.engine.pace import Free
from afn.runs.store import Run

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

EVERY = 4
"""Steps from one point to the next at which runs wait for each other."""
PATIENCE_SECONDS = 5.0
_PLACE = struct.Struct("<q?")
"""The step, and whether it is paused there."""


class Lockstep:
    """A run's place among those of its group; a `Pace` of its training.

    From its first step on it holds the lock on a file that says where it is; `leave` lets go.

    Args:
        run: Executed by this process.
        group: Of its comparison.
        together: Ids of the runs that begin now: they are waited for before they have a file.

    Attributes:
        without: Ids of those behind that it went on without.

    Raises:
        OSError: The file cannot be made or locked.
    """

    def __init__(self, run: Run, group: str, together: Collection[str]) -> None:
        self.without: tuple[str, ...] = ()
        self._root = run.path.parent
        self._folder = self._root / ".groups" / hashlib.sha256(group.encode()).hexdigest()[:16]
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file = self._folder / run.id
        self._expected = set(together) - {run.id}
        self._told: tuple[int, bool] | None = None
        self._came = self._went = time.monotonic()
        self._is_held = True  # at its first step everywhere
        made = self._folder / f".{secrets.token_hex(6)}"
        self._descriptor = os.open(made, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self._tell(-1, is_paused=False)
        made.rename(self._file)  # only now: a file without a lock is that of a dead process

    def lets(self, step: int) -> bool:
        """Whether it may take this step: always between the points, at one as soon as it may go on.

        It may once all that are waited for have come as far, or patience with the others is over;
        those are then in `without`. Who asks asks again until it may.
        """
        self._tell(step, is_paused=False)
        if not self._is_held:
            if step % EVERY:
                return True
            self._is_held, self._came = True, time.monotonic()
        places = self._places()
        behind = {name for name, (at, is_paused) in places.items() if at < step and not is_paused}
        late = behind.intersection(self.without)
        now = time.monotonic()
        if behind - late:
            if now - self._came < max(PATIENCE_SECONDS, 2 * (self._came - self._went)):
                return False
            late = behind
            self._expected -= late
        self.without = tuple(sorted(late))
        self._is_held, self._went = False, now
        return True

    def rest(self, step: int) -> None:
        """It is paused at this step."""
        self._tell(step, is_paused=True)

    def leave(self) -> None:
        """Nobody is to wait for it any more."""
        if self._descriptor < 0:
            return
        with suppress(OSError):
            if os.fstat(self._descriptor).st_ino == self._file.stat().st_ino:
                self._file.unlink()
        os.close(self._descriptor)
        self._descriptor = -1
        with suppress(OSError):
            self._folder.rmdir()

    def _tell(self, step: int, *, is_paused: bool) -> None:
        if self._told != (step, is_paused):
            self._told = step, is_paused
            os.pwrite(self._descriptor, _PLACE.pack(step, is_paused), 0)

    def _places(self) -> dict[str, tuple[int, bool]]:
        """Where the others are, by their ids; those that are about to come are before all steps."""
        found = {}
        with suppress(OSError):  # the runs folder is being deleted
            for name in os.listdir(self._folder):  # noqa: PTH208 - several times as quick
                if name != self._file.name and not name.startswith("."):
                    place = _place(self._folder / name)
                    if place:
                        found[name] = place
        self._expected -= {
            name for name in self._expected
            if name in found or (self._root / name / "end.json").exists()
        }  # fmt: skip
        return {**dict.fromkeys(self._expected, (-1, False)), **found}


def _place(path: Path) -> tuple[int, bool] | None:
    """What a file says; None where its process is gone, and then the file goes too."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        step, is_paused = _PLACE.unpack(os.pread(descriptor, _PLACE.size, 0))
        return step, is_paused
    else:
        path.unlink(missing_ok=True)
        return None
    finally:
        os.close(descriptor)


def pace_of(run: Run, together: Collection[str] | None) -> Lockstep | Free:
    """The pace of a run that begins in this process; who calls it calls `leave` in the end.

    Args:
        run: What is executed.
        together: Ids of the runs of its comparison that begin now; None where it is of none.
    """
    if together is None or fcntl is None:
        return Free()
    with suppress(OSError, ValueError):
        if group := run.record().get("group"):
            return Lockstep(run, f"{group}", together)
    return Free()
