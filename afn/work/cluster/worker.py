"""What the workers of a Dask cluster do: they execute runs, and answer about themselves.

Needs no torch until a run is carried out.
"""

import hashlib
import logging
import os
import platform
import signal
import time
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from afn import __version__
from afn.runs.store import Run, RunStore
from afn.work.folder import read_json
from afn.work.memory import keep_freed_memory
from afn.work.processes import identity

_CLAIM_SECONDS = 1.0
"""How often a run looks whether it is still this worker's: a look goes over the network."""
_logger = logging.getLogger("distributed.worker.afn")  # shown with the worker's own lines


class LostClaimError(Exception):
    """A run was given up for lost while this worker executed it; another one may have it now."""


def carry_out(root: str, run_id: str) -> None:
    """Execute one run of the store in this thread, on one torch thread.

    It stops with a checkpoint when the worker closes, or when nobody wants its result any more
    (who submitted it has ended, or the scheduler is gone); it ends without a word when the run was
    given up for lost meanwhile.

    Args:
        root: The run store's folder.
        run_id: The run; one that another process claimed is left alone.
    """
    import torch

    from afn.engine.execution import execute

    torch.set_num_threads(1)
    keep_freed_memory()
    run = RunStore(Path(root)).open(run_id)
    hold = _Hold(run)
    try:
        for _ in execute(run, orphaned=hold.is_over):
            pass
    except LostClaimError:
        _logger.warning("run %s was given up for lost and is left to others", run_id)
    hold.log_memory()


class _Hold:
    """This worker's hold on the run that it executes.

    Args:
        run: Executed in the thread that makes this.
    """

    def __init__(self, run: Run) -> None:
        from distributed import get_worker

        self._run = run
        self._worker = get_worker()
        self._key = self._worker.get_current_task()
        self._mark: tuple[int, int] | None = None
        self._looked = 0.0

    def is_over(self) -> bool:
        """Whether the run is to stop and keep a checkpoint.

        Raises:
            LostClaimError: It is no longer this worker's to end.
        """
        now = time.monotonic()
        if now - self._looked >= _CLAIM_SECONDS:
            self._look()
            self._looked = now
        task = self._worker.state.tasks.get(self._key)
        is_unwanted = task is None or task.state == "cancelled"
        if is_unwanted or self._worker.status.name not in ("running", "paused"):
            self._look()
            return True
        return False

    def log_memory(self) -> None:
        """Say how much the worker takes after the run."""
        megabytes = self._worker.monitor.get_process_memory() / (1 << 20)
        _logger.info("after run %s this worker takes %.0f MB", self._run.id, megabytes)

    def _look(self) -> None:
        mark = claim_mark(self._run)
        if self._mark is None and read_json(self._run.path / "claim.json") == identity():
            self._mark = mark
        if mark is None or mark != self._mark or (self._run.path / "end.json").exists():
            raise LostClaimError


def claim_mark(run: Run) -> tuple[int, int] | None:
    """What tells a run's claim from one made after the run was reopened; None if there is none."""
    try:
        stat = (run.path / "claim.json").stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns


async def end_process(claim: dict[str, Any]) -> None:
    """Kill this worker's process if it is the one that made a claim."""
    if claim == identity():
        os.kill(os.getpid(), signal.SIGKILL)


def survey(token: str = "") -> dict[str, str]:
    """What must be the same on every worker: versions, and the shared folder.

    Args:
        token: A file in the run store that this process should see.
    """
    found = {"Python": platform.python_version().rpartition(".")[0]}
    for package in ("distributed", "torch", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    found["afn"] = f"{__version__} ({_source_digest()})"
    if token:
        path = Path(token)
        found["token"] = ""
        with suppress(OSError):
            found["token"] = path.read_text()
        found["is writable"] = "yes" if os.access(path.parent, os.W_OK) else "no"
    return found


@cache
def _source_digest() -> str:
    """Of the library's source: a copy that was changed keeps its version number."""
    home = Path(__file__).parents[3]
    digest = hashlib.sha256()
    for path in sorted(home.rglob("*.py")):
        digest.update(f"{path.relative_to(home)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:8]
