"""The worker: ``python -m afn.work.worker RUNS_DIR``, a fork server for runs and evaluations.

It warms up once (torch imported, one real training step done, one thread) and reads JSON lines on
its standard input: ``{"queue": path}`` says where the runs that wait stand in their order
(:mod:`afn.work.queue`), ``{}`` that there are more, ``{"evaluate": evaluation id}``,
``{"inspect": socket}`` for a process that looks into layers, and ``{"kill": id}``. When the input
closes, what runs stops (a run keeps a checkpoint), and it ends.

State lives in the folders; what is here may be lost at any time.
"""

import gc
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path

from afn.ask.evaluation import Evaluation, EvaluationStore
from afn.runs.store import Run, RunStore
from afn.work import inspector as service
from afn.work.folder import ENDED, Work, read_json
from afn.work.lockstep import pace_of
from afn.work.memory import keep_freed_memory
from afn.work.queue import Group, Queue

GRACE_SECONDS = 5.0
"""How long runs may take to stop by themselves once the input has closed."""
_IS_NICE = os.environ.get("AFN_WORKER_NICE", "1") == "1"  # tests wait for what must not yield
_NICENESS, _YIELDING_NICENESS = (10, 19) if _IS_NICE else (0, 0)
_REAP_SECONDS = 0.1


def warm_up() -> None:
    """Load what every run needs and do one training step, so that forks begin at once."""
    import torch

    torch.set_num_threads(1)
    keep_freed_memory()
    import afn.ask.execution
    import afn.ask.inside.bench  # noqa: F401  every fork would load them anew
    from afn.engine.execution import train
    from afn.settings.config import TrainConfig

    for norm in ("afn", "asrnorm", "bn"):
        for event in train(TrainConfig(norm=norm, max_steps=1, corruptions=())):
            if event.kind == "step":
                break


class Worker:
    """Starts comparisons in the queue's order, evaluations as they come; buries their processes.

    A comparison's runs start together, even where they outnumber the cores. The next comparison
    starts when its runs fit on the cores beside those that are running; paused runs do not count,
    nor do those of sweeps: they start one by one while a core has nothing else to do, and yield
    to what comes later by their niceness.
    Evaluations are short and somebody waits: they do not queue behind runs, only behind each other
    where there is one for every core; whose fewest run comes next.

    Args:
        store: The run store.
        can_fork: False starts a fresh interpreter per run instead of a fork.
    """

    def __init__(self, store: RunStore, *, can_fork: bool) -> None:
        self.store = store
        self._evaluated = EvaluationStore.beside(store)
        self._can_fork = can_fork
        self._queue: Queue | None = None
        self._evaluations: list[Evaluation] = []
        self._children: dict[int, Work] = {}
        self._inspectors: set[int] = set()
        self._paused: set[int] = set()
        self._yielding: set[int] = set()
        self._lifeline_read, self._lifeline_write = os.pipe()
        self._news_read, self._news_write = os.pipe()

    def serve(self, descriptor: int) -> None:
        """Read commands from a file descriptor until it closes."""
        buffer = b""
        while True:
            wait = _REAP_SECONDS if self._children or self._inspectors else None
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
            if not _is_over(descriptor):
                self._start_what_fits()

    def close(self) -> None:
        """Have all runs stop; kill those that do not within the grace period."""
        os.close(self._lifeline_write)
        deadline = time.monotonic() + GRACE_SECONDS
        while self._children and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.02)
        for pid in [*self._children, *self._inspectors]:
            os.kill(pid, signal.SIGKILL)
        while self._children or self._inspectors:
            self._reap()
            time.sleep(0.02)

    def _obey(self, command: dict[str, object]) -> None:
        if isinstance(file := command.get("queue"), str):
            self._queue = Queue(self.store.root, Path(file))
        if isinstance(evaluation_id := command.get("evaluate"), str):
            self._evaluations.append(self._evaluated.open(evaluation_id))
        if isinstance(address := command.get("inspect"), str):
            self._inspectors.add(self._inspect(address))
        for pid, work in self._children.items():
            if work.id == command.get("kill"):
                os.kill(pid, signal.SIGKILL)

    def _hear(self) -> None:
        for line in os.read(self._news_read, 65536).split():
            sign, pid = line[:1], int(line[1:])
            (self._paused.add if sign == b"p" else self._paused.discard)(pid)

    def _start_what_fits(self) -> None:
        cores = os.cpu_count() or 1
        evaluating = {
            pid: work for pid, work in self._children.items() if isinstance(work, Evaluation)
        }
        while self._evaluations and len(evaluating) < cores:
            have = Counter(each.owner for each in evaluating.values())
            evaluation = min(self._evaluations, key=lambda each: have[each.owner])
            self._evaluations.remove(evaluation)
            if evaluation.is_unclaimed:
                pid = self._start(evaluation)
                self._children[pid] = evaluating[pid] = evaluation
        if self._queue is None:
            return
        while group := self._queue.first():
            waiting = [run for run in map(self._open, group.ids) if run]
            running = len(self._children.keys() - self._paused - self._yielding - evaluating.keys())
            if waiting and running and running + len(waiting) > cores:
                return
            self._take(self._queue, group)
            for run in waiting:
                self._children[self._start(run, together=[each.id for each in waiting])] = run
        while len(self._children.keys() - self._paused) < cores:
            if not (group := self._queue.first_behind()):
                return
            self._take(self._queue, group)
            for run in filter(None, map(self._open, group.ids)):
                pid = self._start(run, niceness=_YIELDING_NICENESS)
                self._children[pid] = run
                self._yielding.add(pid)

    def _take(self, queue: Queue, group: Group) -> None:
        with suppress(OSError):  # a full disk: what has begun is not begun twice for all that
            queue.began(group)

    def _open(self, run_id: str) -> Run | None:
        with suppress(ValueError, OSError):
            run = self.store.open(run_id)
            if run.state().status not in ENDED:
                return run
        return None

    def _start(
        self, work: Work, niceness: int = _NICENESS, together: Sequence[str] | None = None
    ) -> int:
        if not self._can_fork:
            what = "--evaluate" if isinstance(work, Evaluation) else "--run"
            command = [sys.executable, "-m", "afn.work.worker", str(self.store.root), what, work.id]
            command += ["--nice", f"{niceness}"]
            command += [] if together is None else ["--with", *together]
            return subprocess.Popen(command, stdin=self._lifeline_read).pid
        return self._fork(
            lambda: work_here(
                work, self._lifeline_read, self._news_write, niceness=niceness, together=together
            ),
            lambda reason: work.end("failed", reason),
        )

    def _inspect(self, address: str) -> int:
        if not self._can_fork:
            command = [sys.executable, "-m", "afn.work.worker", str(self.store.root)]
            command += ["--inspect", address]
            return subprocess.Popen(command, stdin=self._lifeline_read).pid
        return self._fork(lambda: service.serve(address, self._lifeline_read))

    def _fork(self, job: Callable[[], None], failed: Callable[[str], None] | None = None) -> int:
        """A copy of this warm process that does a job and ends."""
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            os.close(self._lifeline_write)
            os.close(self._news_read)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            job()
            status = 0
        except BaseException as error:  # nothing may run on in the copy of the parent
            if failed:
                failed(f"{type(error).__name__}: {' '.join(str(error).split())[:400]}")
        finally:
            os._exit(status)

    def _reap(self) -> None:
        for pid in list(self._children):
            with suppress(ChildProcessError):
                done, status = os.waitpid(pid, os.WNOHANG)
                if not done:
                    continue
                work = self._children.pop(pid)
                self._paused.discard(pid)
                self._yielding.discard(pid)
                bury(work, status, pid)
        for pid in list(self._inspectors):
            with suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    self._inspectors.discard(pid)


def _is_over(descriptor: int) -> bool:
    """Whether nobody is left to write: what was said before has come too late to be begun."""
    look = select.poll()
    look.register(descriptor, 0)
    return any(event & select.POLLHUP for _, event in look.poll(0))


def bury(work: Work, status: int, pid: int) -> None:
    """Mark work as failed whose process ended badly and left no end marker; the reason says how.

    Left alone are work whose process ended well (it has written the marker; where there is none,
    the run was reopened since), work that has one, and what another process has claimed since.
    Work that nobody claimed fails, too: its process died before it could.

    Args:
        work: What the process was forked for.
        status: As `os.waitpid` says it.
        pid: The process's.
    """
    if status == 0:
        return
    with suppress(OSError):
        if work.state().status in ENDED and (work.path / "end.json").exists():
            return
        claim = read_json(work.path / "claim.json")
        if claim and claim.get("pid") != pid:
            return
        code = os.waitstatus_to_exitcode(status)
        if code == -signal.SIGKILL:
            reason = "its process was killed (signal 9: by hand, or the machine ran out of memory)"
        elif code < 0:
            reason = f"its process was ended by signal {-code} ({signal.Signals(-code).name})"
        else:
            reason = f"its process ended with exit code {code} before it was done"
        work.end("failed", reason)


def work_here(
    work: Work,
    lifeline: int,
    news: int | None = None,
    *,
    niceness: int = _NICENESS,
    together: Collection[str] | None = None,
) -> None:
    """Execute one run or evaluation in this process, niced, on one thread.

    Args:
        work: The run or evaluation.
        lifeline: A descriptor that closes (reads as ended) when the parent is gone.
        news: Where pauses are told, so that a paused run does not hold up the next comparison.
        niceness: Added to the process's.
        together: Ids of the runs of a comparison that begin now, this one's among them.
    """
    pace = pace_of(work, together) if isinstance(work, Run) else None
    import torch

    from afn.ask.execution import carry_out
    from afn.engine.execution import execute

    torch.set_num_threads(1)
    keep_freed_memory()
    os.nice(niceness)

    def orphaned() -> bool:
        ready, _, _ = select.select([lifeline], [], [], 0)
        return bool(ready) and not os.read(lifeline, 1)

    if isinstance(work, Evaluation):
        carry_out(work, orphaned=orphaned)
        return
    assert isinstance(work, Run)
    assert pace is not None
    try:
        for event in execute(work, orphaned=orphaned, pace=pace):
            if event.kind == "state" and news is not None:
                sign = "p" if event.values["state"] == "paused" else "r"
                with suppress(OSError):
                    os.write(news, f"{sign}{os.getpid()}\n".encode())
    finally:
        pace.leave()


def main(arguments: list[str]) -> None:
    """``RUNS_DIR`` serves; ``RUNS_DIR --run|--evaluate ID --nice N`` does that in this process, a
    run in step with those that ``--with`` names behind that.

    ``RUNS_DIR --inspect SOCKET`` looks into layers.
    """
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the app, whose end is our end
    store = RunStore(Path(arguments[0]))
    if arguments[1:2] == ["--inspect"]:
        service.serve(arguments[2], lifeline=0)
        return
    if len(arguments) > 1:
        _, what, work_id, _, niceness, *rest = arguments
        where: RunStore | EvaluationStore = store
        if what == "--evaluate":
            where = EvaluationStore.beside(store)
        together = rest[1:] if rest else None
        work_here(where.open(work_id), lifeline=0, niceness=int(niceness), together=together)
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
