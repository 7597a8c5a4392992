"""Commands to several runs that take effect behind one and the same step in all."""

import math
from collections.abc import Sequence

from afn.runs.history import History
from afn.runs.store import Run
from afn.settings.commands import Command
from afn.work.folder import ENDED
from afn.work.lockstep import EVERY

from ...kit import backend

_AHEAD_SECONDS = 0.2
"""So far ahead the step is, that every run reads the command before it."""
_RECENT = 20


def send(runs: Sequence[Run], command: Command) -> None:
    """Send a command; where several train, they all obey it behind the same step.

    What is paused, waits or has ended obeys it as soon as it is that far, too.

    Raises:
        OSError: It cannot be written.
    """
    at = common_step([backend.history(run.id) for run in runs if _trains(run)])
    for run in runs:
        is_over = run.state().status in ENDED
        run.send(command if at is None or is_over else {**command, "at": at})


def common_step(histories: Sequence[History]) -> int | None:
    """The next step that all can still be told of; None where there are not several, or too late.

    A change at a multiple of `EVERY` steps finds those that wait for each other side by side.
    """
    moving = [each for each in histories if not each.is_paused]
    if len(moving) < 2 or len(moving) < len(histories):
        return None
    margin = max(EVERY, *(_steps_in(each, _AHEAD_SECONDS) for each in moving))
    at = math.ceil((max(each.step for each in moving) + margin) / EVERY) * EVERY
    return at if all(at < _last_step(each) for each in moving) else None


def _trains(run: Run) -> bool:
    return run.state().status == "running"


def _steps_in(history: History, seconds: float) -> int:
    recent = history.columns["duration"][-_RECENT:]
    return math.ceil(seconds / max(float(recent.mean()), 1e-3)) if len(recent) else 0


def _last_step(history: History) -> float:
    """The step at its end, as far as can be told."""
    if not history.num_steps:
        return math.inf
    left, size = (float(history.columns[name][-1]) for name in ("images_left", "batch_size"))
    return history.step + left // size
