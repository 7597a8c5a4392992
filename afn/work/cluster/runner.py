"""Queueing runs and handing them to the workers of a Dask cluster.

A run is handed over only once a worker is free, so that runs begin first in, first out; the claim
file makes sure that none is executed twice, whatever Dask repeats.
"""

import asyncio
import logging
import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from afn.ask.evaluation import Evaluation
from afn.runs.store import Run, RunStore
from afn.work.cluster.connection import CONNECT_SECONDS, Scheduler, unfitness
from afn.work.cluster.worker import carry_out, claim_mark, end_process
from afn.work.folder import Work, read_json
from afn.work.limits import Use, admit, use
from afn.work.queue import Group, Queue
from afn.work.restart import Tenure
from afn.work.runner import LocalRunner, Runner

if TYPE_CHECKING:
    from distributed import Client, Future

GRACE_SECONDS = 5.0
"""How long a worker that was lost may take to end its run by itself: it may be cut off alone."""
_POLL_SECONDS = 0.2
_MAX_ATTEMPTS = 3
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Flight:
    """A run that was handed to Dask."""

    run: Run
    future: "Future"
    workers: frozenset[str]
    """Those that may execute it."""


@dataclass(frozen=True, slots=True)
class _Loss:
    """A run whose worker is gone, or is about to end it."""

    run: Run
    reason: str
    claim: tuple[int, int] | None
    """As `claim_mark` had it; another claim is another execution."""
    deadline: float
    """When it is given up unless it has ended by itself."""

    @property
    def is_settled(self) -> bool:
        return claim_mark(self.run) != self.claim or (self.run.path / "end.json").exists()

    def give_up(self) -> None:
        """Write the end marker of a run that has none."""
        if self.is_settled:
            return
        try:
            # Created exclusively: on a shared file system a marker may be there before it is seen.
            marker = self.run.path / "end.json"
            os.close(os.open(marker, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
        except OSError:
            return
        self.run.end("failed", self.reason)


class ClusterRunner(Runner):
    """Runs on the workers of a Dask cluster; evaluations, which are short, on this machine.

    Args:
        store: Where the runs are; every worker must see the folder under the same path.
        address: The scheduler's, as `Scheduler` takes it, and the PEM files of TLS.
        ca: The authority's certificate.
        cert: This side's certificate.
        key: Its key.

    Raises:
        ValueError: The address or the files are not right.
        ImportError: distributed is not installed.

    Example:
        >>> from afn.work.cluster import ClusterRunner
        >>> from afn.runs.store import RunStore
        >>> runner = ClusterRunner(RunStore("/mnt/runs"), "tcp://10.0.0.1:8786")
        >>> runner.start()  # doctest: +SKIP
    """

    def __init__(
        self, store: RunStore, address: str, *, ca: str = "", cert: str = "", key: str = ""
    ) -> None:
        self.store = store
        self._scheduler = Scheduler(address, ca=ca, cert=cert, key=key)
        self._local = LocalRunner(store)
        self.disk = self._local.disk
        self._client: Client | None = None
        self._lock = threading.Lock()
        """Sessions connect at the same time."""
        self._tenure = Tenure(store.root)
        self._queue = Queue(store.root, self._tenure.file)
        self._in_flight: dict[str, _Flight] = {}
        self._lost: dict[str, _Loss] = {}
        self._attempts: Counter[str] = Counter()
        self._unfitness: dict[str, str] = {}
        """Of the workers that were asked; empty for those that are fit."""
        self._has_workers = True
        self._thread: threading.Thread | None = None
        self._is_closing = threading.Event()

    def start(self) -> None:
        """Connect at the first call, and see that every worker is fit for runs.

        Afterwards a lost scheduler is looked for until it is there again.

        Raises:
            OSError: There is no scheduler, or it has no workers.
            ValueError: Versions differ, or a worker does not see the run store.
        """
        with self._lock:
            if self._thread is not None:
                return
            self._client = self._scheduler.connect()
            try:
                self._scheduler.check(self._client, self.store.root)
            except BaseException:
                self._client.close()
                raise
            self._thread = threading.Thread(target=self._tend_always, name="cluster", daemon=True)
            self._thread.start()

    def submit(self, runs: list[Run]) -> None:
        """Queue the runs of one comparison; each begins when a worker is free.

        Raises:
            OSError: There is no cluster.
        """
        self.start()
        admit(self._queue, runs, self.disk)
        self._queue.add(runs)

    def submit_behind(self, runs: list[Run]) -> None:
        """Queue runs one by one behind everything that somebody waits for, as a sweep's are.

        Raises:
            OSError: There is no cluster.
        """
        self.start()
        admit(self._queue, runs, self.disk, behind=True)
        self._queue.add_behind(runs)

    def position(self, run: Run) -> int:
        """How many comparisons go before this waiting run, itself counted in; 0 if it is none."""
        return self._queue.position(run)

    def use(self) -> dict[str | None, Use]:
        """What each has of what is limited, by owner."""
        return use(self._queue, self.disk)

    def evaluate(self, evaluation: Evaluation) -> None:
        """Start an evaluation on this machine: it is short and somebody waits.

        Raises:
            OSError: No worker process can be started.
        """
        self._local.evaluate(evaluation)

    def inspect(self, address: str) -> None:
        """Start a process on this machine that looks into layers and speaks on a socket.

        Raises:
            OSError: No worker process can be started.
        """
        self._local.inspect(address)

    def stop(self, work: Work) -> None:
        """Have a run stop at its next step, an evaluation after its cell, or not begin at all."""
        self._local.stop(work)

    def kill(self, work: Work) -> None:
        """End the worker process that executes it; the work is then shown as failed.

        The worker's nanny starts another one.
        """
        if isinstance(work, Evaluation):
            self._local.kill(work)
        elif self._is_connected and (claim := read_json(work.path / "claim.json")):
            assert self._client is not None
            self._client.run(end_process, claim, wait=False)

    def close(self) -> None:
        """Stop the runs that it began, which keep a checkpoint, and let go of those that wait."""
        self._local.close()
        if self._thread is None:
            return
        self._is_closing.set()
        self._thread.join()
        self._thread = None
        for _, run in self._waiting():
            _let_go(run)
        for flight in self._in_flight.values():
            flight.future.release()
            if not _let_go(flight.run):
                self._lose(flight, "the program that had it run has ended")
        while self._lost:
            self._bury()
            time.sleep(0.05)
        self._in_flight.clear()
        self._tenure.end()
        if self._client is not None:
            with suppress(OSError):
                self._client.close()

    @property
    def _is_connected(self) -> bool:
        return self._client is not None and self._client.status == "running"

    # -- tending ---------------------------------------------------------------------------------

    def _tend_always(self) -> None:
        was_connected = True
        while not self._is_closing.wait(_POLL_SECONDS):
            try:
                self._tend()
            except (OSError, AttributeError, asyncio.CancelledError) as error:
                # The scheduler was lost in the middle of a call (distributed#5793).
                _logger.debug("%s: %s", self._scheduler.address, error)
            except Exception:  # without this thread every run would wait for ever
                _logger.exception("%s", self._scheduler.address)
            if self._is_connected != was_connected:
                was_connected = self._is_connected
                told = "is there again" if was_connected else "is lost; runs wait until it is back"
                _logger.warning("the scheduler at %s %s", self._scheduler.address, told)

    def _tend(self) -> None:
        """Bury what was lost, and hand over what workers are free for."""
        self._collect()
        self._bury()
        if not self._is_connected:
            self._unfitness.clear()
            if self._client is not None and self._client.status == "closed":
                self._client = self._scheduler.connect()
        elif next(self._waiting(), None) is not None:
            self._hand_over()

    def _hand_over(self) -> None:
        client = self._client
        assert client is not None
        threads = client.nthreads()
        if new := threads.keys() - self._unfitness:
            found = unfitness(client, new, self.store.root)
            self._unfitness |= found
            for problem in filter(None, found.values()):
                _logger.warning("%s", problem)
        fit = frozenset(each for each in threads if self._unfitness.get(each) == "")
        if self._has_workers != bool(fit):
            self._has_workers = bool(fit)
            told = "has workers again" if fit else "has no workers left; runs wait for some"
            _logger.warning("the scheduler at %s %s", self._scheduler.address, told)
        processing = {key for keys in client.processing().values() for key in keys}
        busy = processing | {flight.future.key for flight in self._in_flight.values()}
        free = sum(threads[address] for address in fit) - len(busy)
        for group, run in islice(self._waiting(), max(free, 0)):
            future = client.submit(
                carry_out,
                str(self.store.root.absolute()),
                run.id,
                key=f"{run.id}-{secrets.token_hex(4)}",  # Dask knows the answer of an earlier one
                workers=list(fit),
                allow_other_workers=False,
                retries=0,
                pure=False,
            )
            self._in_flight[run.id] = _Flight(run, future, fit)
            if not group.has_begun:
                self._queue.began(group, stays=True)

    def _collect(self) -> None:
        """Take back what ended or was lost; whether it ended well is for its folder to say."""
        alive = None
        for run_id, flight in list(self._in_flight.items()):
            if flight.future.status == "pending":
                if not self._is_connected:
                    continue
                assert self._client is not None
                alive = self._client.nthreads().keys() if alive is None else alive
                if flight.workers & alive:
                    continue
            reason = self._reason(flight)
            del self._in_flight[run_id]
            flight.future.release()
            if not flight.run.is_unclaimed:
                self._lose(flight, reason)
                continue
            self._attempts[run_id] += 1
            if self._attempts[run_id] >= _MAX_ATTEMPTS:
                with suppress(OSError):
                    if flight.run.claim():
                        flight.run.end("failed", f"{reason}, before it began")

    def _lose(self, flight: _Flight, reason: str) -> None:
        self._lost[flight.run.id] = _Loss(
            run=flight.run,
            reason=reason,
            claim=claim_mark(flight.run),
            deadline=time.monotonic() + GRACE_SECONDS,
        )

    def _bury(self) -> None:
        for run_id, loss in list(self._lost.items()):
            if loss.is_settled or time.monotonic() >= loss.deadline:
                del self._lost[run_id]
                loss.give_up()

    def _reason(self, flight: _Flight) -> str:
        from distributed.scheduler import KilledWorker

        match flight.future.status:
            case "cancelled":
                return f"the scheduler at {self._scheduler.address} was lost while it ran"
            case "error":
                error = flight.future.exception(timeout=CONNECT_SECONDS)
                if isinstance(error, KilledWorker):
                    return (
                        f"its worker {error.last_worker.address} was lost (killed by hand, out of "
                        "memory, or cut off from the scheduler)"
                    )
                return f"{type(error).__name__}: {' '.join(str(error).split())[:400]}"
        return "its worker was lost (killed by hand, out of memory, or cut off from the scheduler)"

    def _waiting(self) -> Iterator[tuple[Group, Run]]:
        """Runs to hand over, in their order."""
        for group, run in self._queue:
            if run.id not in self._in_flight and run.id not in self._lost:
                yield group, run


def _let_go(run: Run) -> bool:
    """End a run that nobody has begun, so that it can be begun from any machine; False if it was.

    Otherwise it would seem to wait: from another machine nobody sees that its program has ended.
    """
    with suppress(OSError):
        if run.claim():
            run.end("stopped", "the program that queued it ended before it began")
            return True
    return False


def runner_for(store: RunStore, address: str = "", *, lasting: bool = False) -> Runner:
    """The cluster at an address, connected; without one (nor in ``AFN_CLUSTER``) this machine.

    Args:
        store: Where the runs are.
        address: The scheduler's.
        lasting: As `LocalRunner` takes it.

    Raises:
        OSError: There is no scheduler, or it has no workers.
        ValueError: The address is wrong, versions differ, or a worker does not see the run store.
        ImportError: distributed is not installed.

    Example:
        >>> from afn.work.cluster import runner_for
        >>> from afn.runs.store import RunStore
        >>> type(runner_for(RunStore("runs"))).__name__  # without an address
        'LocalRunner'
    """
    if not (address := address or os.environ.get("AFN_CLUSTER", "")):
        return LocalRunner(store, lasting=lasting)
    cluster = ClusterRunner(store, address)
    cluster.start()
    return cluster
