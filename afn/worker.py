"""The worker process: ``python -m afn.worker RUNS_DIR``, a fork server for runs.

It warms up once (torch imported, one real training step done, one thread) and reads JSON lines on
its standard input: ``{"start": [run ids]}`` for a comparison whose runs begin together, and
``{"kill": run id}``. When the input closes, its runs stop, keep a checkpoint, and it ends.

State lives in the run folders; what is here may be lost at any time.
"""

import gc
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from afn.memory import keep_freed_memory
from afn.runs import ENDED, Run, RunStore

GRACE_SECONDS = 5.0
"""How long runs may take to stop by themselves once the input has closed."""
_NICENESS = 10
_REAP_SECONDS = 0.1


def warm_up() -> None:
    """Load what every run needs and do one training step, so that forks begin at once."""
    import torch

    torch.set_num_threads(1)
    keep_freed_memory()
    from afn.engine.config import TrainConfig
    from afn.engine.execution import train

    for norm in ("afn", "asrnorm", "bn"):
        for event in train(TrainConfig(norm=norm, max_steps=1, corruptions=())):
            if event.kind == "step":
                break


class Worker:
    """Starts comparisons first in, first out, and buries their processes.

    A comparison's runs start together, even where they outnumber the cores. The next comparison
    starts when its runs fit on the cores beside those that are running; paused runs do not count.

    Args:
        store: The run store.
        can_fork: False starts a fresh interpreter per run instead of a fork.
    """

    def __init__(self, store: RunStore, *, can_fork: bool) -> None:
        self.store = store
        self._can_fork = can_fork
        self._queue: deque[list[str]] = deque()
        self._children: dict[int, Run] = {}
        self._paused: set[int] = set()
        self._lifeline_read, self._lifeline_write = os.pipe()
        self._news_read, self._news_write = os.pipe()

    def serve(self, descriptor: int) -> None:
        """Read commands from a file descriptor until it closes."""
        buffer = b""
        while True:
            wait = _REAP_SECONDS if self._children else None
            ready, _, _ = select.select([descriptor, self._news_read], [], [], wait)
            if self._news_read in ready:
                self._hear()
            if descriptor in ready:
                data = os.read(descriptor, 65536)
                if not data:
                    return
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    self._obey(json.loads(line))
            self._reap()
            self._start_what_fits()

    def close(self) -> None:
        """Have all runs stop; kill those that do not within the grace period."""
        os.close(self._lifeline_write)
        deadline = time.monotonic() + GRACE_SECONDS
        while self._children and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.02)
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        while self._children:
            self._reap()
            time.sleep(0.02)

    def _obey(self, command: dict[str, object]) -> None:
        if isinstance(ids := command.get("start"), list):
            self._queue.append(ids)
        for pid, run in self._children.items():
            if run.id == command.get("kill"):
                os.kill(pid, signal.SIGKILL)

    def _hear(self) -> None:
        for line in os.read(self._news_read, 65536).split():
            sign, pid = line[:1], int(line[1:])
            (self._paused.add if sign == b"p" else self._paused.discard)(pid)

    def _start_what_fits(self) -> None:
        while self._queue:
            waiting = [run for run in map(self._open, self._queue[0]) if run]
            running = len(self._children.keys() - self._paused)
            if waiting and running and running + len(waiting) > (os.cpu_count() or 1):
                return
            self._queue.popleft()
            for run in waiting:
                self._children[self._start(run)] = run

    def _open(self, run_id: str) -> Run | None:
        with suppress(ValueError, OSError):
            run = self.store.open(run_id)
            if run.state().status not in ENDED:
                return run
        return None

    def _start(self, run: Run) -> int:
        if not self._can_fork:
            command = [sys.executable, "-m", "afn.worker", str(self.store.root), "--run", run.id]
            return subprocess.Popen(command, stdin=self._lifeline_read).pid
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            os.close(self._lifeline_write)
            os.close(self._news_read)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            run_here(run, self._lifeline_read, self._news_write)
            status = 0
        except BaseException as error:  # nothing may run on in the copy of the parent
            run.end("failed", f"{type(error).__name__}: {' '.join(str(error).split())[:400]}")
        finally:
            os._exit(status)

    def _reap(self) -> None:
        for pid in list(self._children):
            with suppress(ChildProcessError):
                done, status = os.waitpid(pid, os.WNOHANG)
                if not done:
                    continue
                run = self._children.pop(pid)
                self._paused.discard(pid)
                bury(run, status)


def bury(run: Run, status: int) -> None:
    """Write the end marker of a run whose process ended without one.

    A process that ended well has written it; where there is none, the run was reopened since.
    """
    if status == 0:
        return
    with suppress(OSError):
        if run.state().status in ENDED and (run.path / "end.json").exists():
            return
        code = os.waitstatus_to_exitcode(status)
        if code == -signal.SIGKILL:
            reason = "its process was killed (signal 9: by hand, or the machine ran out of memory)"
        elif code < 0:
            reason = f"its process was ended by signal {-code} ({signal.Signals(-code).name})"
        else:
            reason = f"its process ended with exit code {code} before the run was done"
        run.end("failed", reason)


def run_here(run: Run, lifeline: int, news: int | None = None) -> None:
    """Execute one run in this process, niced, on one thread.

    Args:
        run: The run.
        lifeline: A descriptor that closes (reads as ended) when the parent is gone.
        news: Where pauses are told, so that a paused run does not hold up the next comparison.
    """
    import torch

    from afn.engine.execution import execute

    torch.set_num_threads(1)
    keep_freed_memory()
    os.nice(_NICENESS)

    def orphaned() -> bool:
        ready, _, _ = select.select([lifeline], [], [], 0)
        return bool(ready) and not os.read(lifeline, 1)

    for event in execute(run, orphaned=orphaned):
        if event.kind == "state" and news is not None:
            sign = "p" if event.values["state"] == "paused" else "r"
            with suppress(OSError):
                os.write(news, f"{sign}{os.getpid()}\n".encode())


def main(arguments: list[str]) -> None:
    """``RUNS_DIR`` serves; ``RUNS_DIR --run ID`` executes one run in this process."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the app, whose end is our end
    store = RunStore(Path(arguments[0]))
    if arguments[1:2] == ["--run"]:
        run_here(store.open(arguments[2]), lifeline=0)
        return
    can_fork = sys.platform == "linux" and os.environ.get("AFN_WORKER_FORK", "1") == "1"
    if can_fork:
        warm_up()
        gc.freeze()
    worker = Worker(store, can_fork=can_fork)
    try:
        worker.serve(sys.stdin.fileno())
    finally:
        worker.close()


if __name__ == "__main__":
    main(sys.argv[1:])
