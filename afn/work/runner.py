"""Where runs and evaluations execute. Their folders are the only truth; a runner holds nothing
that matters."""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from afn.ask.evaluation import Evaluation, EvaluationStore
from afn.runs.store import Run, RunStore
from afn.work.folder import Work
from afn.work.limits import Disk, Use, admit, admit_evaluation, use
from afn.work.queue import Queue
from afn.work.restart import Tenure


class Runner(Protocol):
    """Starts, queues and ends runs of a store."""

    disk: Disk
    """What the runs take of it."""

    def start(self) -> None:
        """Be ready for runs; called often, to replace what was lost."""
        ...

    def submit(self, runs: list[Run]) -> None:
        """Queue the runs of one comparison; they start together."""
        ...

    def submit_behind(self, runs: list[Run]) -> None:
        """Queue runs one by one behind everything that somebody waits for, as a sweep's are."""
        ...

    def position(self, run: Run) -> int:
        """How many comparisons go before this waiting run, itself counted in; 0 if it is none."""
        ...

    def use(self) -> dict[str | None, Use]:
        """What each has of what is limited, by owner."""
        ...

    def evaluate(self, evaluation: Evaluation) -> None:
        """Start an evaluation, beside runs and not behind them."""
        ...

    def inspect(self, address: str) -> None:
        """Start a process that looks into layers, see `afn.work.inspector`."""
        ...

    def stop(self, work: Work) -> None:
        """Have a run stop at its next step, an evaluation after its cell, or not begin at all."""
        ...

    def kill(self, work: Work) -> None:
        """End a process at once; its work is then shown as failed."""
        ...

    def close(self) -> None:
        """End what it began; runs keep a checkpoint."""
        ...


class LocalRunner(Runner):
    """Runs on this machine, in forks of one warm worker process.

    Args:
        store: Where the runs are.
        lasting: Whether it takes over what an earlier one was doing when it ended, and the next
            takes over from it, as that of a server does. One at a time can.
    """

    def __init__(self, store: RunStore, *, lasting: bool = False) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.disk = Disk(store)
        self._is_to_last = lasting
        self._tenure = Tenure(store.root)
        self._queue = Queue(store.root, self._tenure.file)
        self._restart: threading.Thread | None = None

    def start(self) -> None:
        """Start the worker if there is none, or if it died.

        The first time, what an earlier one was doing goes on.
        """
        with self._lock:
            self._last()
            self._ensure_worker()

    def submit(self, runs: list[Run]) -> None:
        """Queue the runs of one comparison; they start together.

        Raises:
            OSError: No worker process can be started.
        """
        with self._lock:
            self._last()
            admit(self._queue, runs, self.disk)
            self._queue.add(runs)
            self._tell({})

    def submit_behind(self, runs: list[Run]) -> None:
        """Queue runs one by one behind everything that somebody waits for, as a sweep's are.

        Raises:
            OSError: No worker process can be started.
        """
        with self._lock:
            self._last()
            admit(self._queue, runs, self.disk, behind=True)
            self._queue.add_behind(runs)
            self._tell({})

    def position(self, run: Run) -> int:
        """How many comparisons go before this waiting run, itself counted in; 0 if it is none."""
        return self._queue.position(run)

    def use(self) -> dict[str | None, Use]:
        """What each has of what is limited, by owner."""
        return use(self._queue, self.disk)

    def evaluate(self, evaluation: Evaluation) -> None:
        """Start an evaluation, beside runs and not behind them.

        Raises:
            OSError: No worker process can be started, or its owner has too many.
        """
        admit_evaluation(evaluation, EvaluationStore.beside(self.store))
        with self._lock:
            self._tell({"evaluate": evaluation.id})

    def inspect(self, address: str) -> None:
        """Start a process that looks into layers and speaks on a socket.

        Raises:
            OSError: No worker process can be started.
        """
        with self._lock:
            self._tell({"inspect": address})

    def stop(self, work: Work) -> None:
        """Have a run stop at its next step, an evaluation after its cell, or not begin at all.

        Whoever claims it first has it: what nobody executes yet is claimed here.
        """
        if work.claim():
            work.end("stopped", "stopped before it began")
        else:
            work.ask_to_stop()

    def kill(self, work: Work) -> None:
        """End a process at once; its work is then shown as failed."""
        with self._lock:
            self._tell({"kill": work.id})

    def close(self) -> None:
        """End the worker and its runs, which keep a checkpoint."""
        with self._lock:
            if self._process is not None:
                if self._process.stdin:
                    self._process.stdin.close()
                self._process.wait()
                self._process = None
            self._tenure.end()
            self._queue = Queue(self.store.root, self._tenure.file)

    def _last(self) -> None:
        """Take over from an earlier runner, once; a store without a run is not written for that."""
        if not self._is_to_last or not self.store.root.is_dir():
            return
        self._is_to_last = False
        tenure = Tenure(self.store.root, lasting=True)
        if tenure.is_lasting:
            self._tenure, self._queue = tenure, Queue(self.store.root, tenure.file)
            tenure.take_over(self._queue)
            self._restart = threading.Thread(target=self._go_on, name="restart", daemon=True)
            self._restart.start()

    def _go_on(self) -> None:
        """Have what ran when an earlier runner ended go on; only then what waits begins."""
        self._tenure.go_on(self._queue)
        with self._lock:
            self._restart = None
            if self._process is not None:
                self._tell({"queue": str(self._queue.file)})

    @property
    def worker_pid(self) -> int | None:
        """The worker's process, if it is there."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def _tell(self, message: dict[str, object]) -> None:
        for _ in range(2):
            process = self._ensure_worker()
            if _write_line(process, message):
                return
        raise OSError("the worker process ends as soon as it starts; see the server's log")

    def _ensure_worker(self) -> subprocess.Popen[bytes]:
        """The worker; a new one begins with what the one that died had not begun."""
        if self._process is None or self._process.poll() is not None:
            if self._process is not None and self._process.stdin:
                self._tenure.lost_worker()
                with suppress(BrokenPipeError):
                    self._process.stdin.close()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "afn.work.worker", str(self.store.root.absolute())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                env=_worker_environment(),
            )
            if self._restart is None:
                _write_line(self._process, {"queue": str(self._queue.file)})
        return self._process


def _worker_environment() -> dict[str, str]:
    home = str(Path(__file__).parents[2])  # so that `-m afn.work.worker` is found from any folder
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _write_line(process: subprocess.Popen[bytes], message: dict[str, object]) -> bool:
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        return False
    return True
