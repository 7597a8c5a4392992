"""Networks before Start: computed once by the worker for whoever looks at the same."""

import threading
import time
from functools import lru_cache

from afn.ask.evaluation import Evaluation
from afn.ask.looks import look_of
from afn.ask.tasks import LookTask
from afn.runs.history import History
from afn.runs.recorded import Recorded
from afn.settings.config import TrainConfig
from afn.work.folder import ENDED

from . import backend

_AGAIN_SECONDS = 30.0
"""What could not be had is tried again so much later: its data may be there by then."""
_lock = threading.Lock()
_asked: dict[str, tuple[Evaluation, float]] = {}
"""What is not there yet, by the look's id: what was started for it, and when (monotonic clock)."""


def first_look(config: TrainConfig) -> History | None:
    """The untrained network of a configuration, as a run's history: probes and maps at step 0.

    None while the worker is at it, and where it cannot be had; who asks again and again, as a chart
    of the feed does, gets it as soon as it is there. It is kept beside the runs.

    Raises:
        OSError: The worker cannot be had, or the folder not be written.
    """
    look = look_of(config, backend.looks())
    if not look.is_there:
        _ask(look, config)
    if not look.is_there:
        return None
    with _lock:
        _asked.pop(look.id, None)
    return _history(look)


@lru_cache(maxsize=64)
def _history(look: Recorded) -> History:
    return History.of(look)


def _ask(look: Recorded, config: TrainConfig) -> None:
    """Have the worker look, unless it is at it or has failed just now."""
    with _lock:
        if look.is_there:
            return
        if look.id in _asked:
            evaluation, at = _asked[look.id]
            is_over = evaluation.state().status in ENDED
            if not is_over or time.monotonic() - at < _AGAIN_SECONDS:
                return
        task = LookTask(config=config, folder=backend.looks())
        started = backend.evaluations().create([task])
        backend.ready_runner().evaluate(started)
        _asked[look.id] = started, time.monotonic()
