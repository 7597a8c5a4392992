"""Executing a run of the store: claim it, train, write its events and its end marker."""

import math
import resource
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from afn.engine.pace import Cadence
from afn.engine.ready import check_ready
from afn.engine.training import DivergedError, Training
from afn.runs.fork import fork
from afn.runs.index import note
from afn.runs.origin import CHECKPOINT
from afn.runs.store import Run, RunStore
from afn.runs.writer import RunWriter
from afn.settings.commands import FileControls, Scripted, Timed
from afn.settings.config import TrainConfig
from afn.settings.events import Event
from afn.work.folder import Status


def train(
    config: TrainConfig, store: RunStore | None = None, *, script: Sequence[Timed] = ()
) -> Iterator[Event]:
    """Train in this process and yield events as they happen.

    Args:
        config: What to train.
        store: Where to keep the run; without one nothing is written.
        script: Commands by the step before which they are obeyed, such as
            ``(60, {"command": "set", "lr": 0.01})`` behind the 60th: what was changed live.

    Raises:
        ValueError: The configuration does not fit the data set.
        FileNotFoundError: The data set is not on disk.
        DivergedError: The loss is not finite (without a store; a stored run says so at its end).

    Example:
        >>> from afn import TrainConfig, train
        >>> config = TrainConfig(dataset="digits8", epochs=1, corruptions=())
        >>> tests = [event.values for event in train(config) if event.kind == "evaluation"]
        >>> tests[-1]["accuracy"] > 0.5
        True
    """
    if store is None:
        training = Training(config)
        yield from training.events(Scripted(script, lambda: training.step))
    else:
        check_ready(config)
        yield from execute(store.create(config), script=script)


def train_fork(
    run: str,
    *,
    step: int | None = None,
    changes: Mapping[str, Any] | None = None,
    lambda_logits: Mapping[str, float] | None = None,
    script: Sequence[Timed] = (),
    store: RunStore | None = None,
) -> Iterator[Event]:
    """Train on from a checkpoint of a run, as a new run, and yield events as they happen.

    Args:
        run: The id of the run that is forked; it stays as it is.
        step: Of the checkpoint; the newest by default.
        changes: Settings to change.
        lambda_logits: λ to set in all layers: mu, sigma, gamma, beta.
        script: Commands by step, as `train` takes them.
        store: Where the run is, and the fork will be; that of ``AFN_RUNS_DIR`` by default.

    Raises:
        ValueError: There is no checkpoint at that step, or a change does not fit.
        FileNotFoundError: There is no such run, or the data set is not on disk.

    Example:
        >>> from afn import TrainConfig, train_fork, trained
        >>> run = trained(TrainConfig(dataset="digits8", epochs=1, corruptions=()))
        >>> events = train_fork(run.id, changes={"epochs": 2, "lr": 0.01})
        >>> next(event.values["forked_from"]["run"] for event in events) == run.id
        True
    """
    store = store or RunStore()
    made = fork(store, store.open(run), step=step, changes=changes, lambda_logits=lambda_logits)
    yield from execute(made, script=script)


def execute(
    run: Run,
    *,
    orphaned: Callable[[], bool] = lambda: False,
    script: Sequence[Timed] = (),
    pace: Cadence | None = None,
) -> Iterator[Event]:
    """Execute a run that nobody has claimed yet; an already claimed one yields nothing.

    A run that was reopened goes on from its last checkpoint, and a fork that has none of its own
    begins at the other run's; a branch obeys its script. Whatever happens, the run ends with an end
    marker that says finished, stopped or failed with one line.

    Args:
        run: A run of the store.
        orphaned: Asked at every step; once True the run stops and keeps a checkpoint.
        script: Commands by step, as `train` takes them.
        pace: Holds it at steps until others are there; see `afn.work.lockstep`.
    """
    if not run.claim():
        return
    training: Training | None = None
    try:
        writer = RunWriter(run)
    except OSError as error:
        run.end("failed", _one_line(error))
        return
    try:
        training = Training(run.config(), run.path / "checkpoints", run.sheets_path)
        origin = run.origin()
        if weights := run.weights():
            training.restore(weights)
        elif origin and origin.file:
            training.fork(run.path / CHECKPOINT, origin)
        script = sorted([*(origin.script if origin else ()), *script], key=lambda each: each[0])
        trains = training
        from_file = FileControls(
            run.control_path,
            offset=max(training.control_offset, run.record().get("obeyed", 0)),
            orphaned=lambda: orphaned() or not run.path.exists(),
            step=lambda: math.inf if trains.is_complete else trains.step,
        )
        controls = Scripted(script, lambda: trains.step, from_file)
        keeps_last = run.record().get("keeps") == "last"
        for event in training.events(controls, pace):
            writer.write(event)
            if keeps_last and event.kind == "checkpoint":
                run.keep_last_checkpoint()
            yield event
    except DivergedError as error:
        run.end("failed", _one_line(error), {**(_summary(training) or {}), "diverged": True})
    except (ValueError, TypeError, RuntimeError, OSError, MemoryError) as error:
        run.end("failed", _one_line(error), _summary(training))
    except (GeneratorExit, KeyboardInterrupt):
        run.end("stopped", "the program that trained it ended", _summary(training))
        raise
    else:
        status: Status = "stopped" if training.stop_reason else "finished"
        run.end(status, training.stop_reason, _summary(training))
    finally:
        writer.close()
        note(run)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, MemoryError):
        return "out of memory: take smaller batches or a smaller network"
    return text[:500]


def _summary(training: Training | None) -> dict[str, object] | None:
    if training is None:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return {
        **training.summary(),
        "control_offset": training.control_offset,
        "peak_memory_mb": round(peak_mb),
    }
