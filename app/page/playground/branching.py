"""Another future of a run, from the step of a curve that was clicked or, of λ, dragged."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from afn.runs.branch import branch
from afn.settings.commands import Command
from afn.settings.config import TrainConfig
from afn.settings.lambda_init import LAMBDAS

from ...kit import backend, people
from ...kit.comparison import MAX_CONTENDERS
from ...kit.draw.live_chart import told_by
from . import transport
from . import view as state
from .live import Live

SETS = ("lr", "batch_size")
"""What a branch may change besides λ."""


def offers(live: Live) -> dict[str, Any]:
    """What the drawing has to know: of each run what may be changed there, and what it is now."""
    return {
        "branches": {
            slot.run.id: {
                "lr": slot.config.lr,
                "batch_size": slot.config.batch_size,
                **(dict.fromkeys(LAMBDAS) if slot.config.is_adaptive else {}),
            }
            for slot in live.slots
            if slot.run
        }
    }


def told(key: str) -> Mapping[str, Callable[[], None]]:
    """What a chart's wish to branch calls, for `live_chart`."""
    return {"branch": partial(_branch, key)}


def _branch(key: str) -> None:
    """Make the branch that a chart asked for, and show it as a contender."""
    if not isinstance(asked := told_by(key, "branch"), dict):
        return
    try:
        slot = _slot()
        run = backend.store().open(str(asked["run"]))
        command = command_of(run.config(), str(asked["name"]), float(asked["value"]))
        made = branch(
            backend.store(), run, step=int(asked["step"]), command=command, owner=people.me()
        )
        try:
            backend.ready_runner().submit([made])
        except (ValueError, OSError):
            made.delete()
            raise
    except (KeyError, TypeError, ValueError, OSError) as error:
        state.note_once(f"Nothing was branched: {error}.")
        return
    state.clear_problems()
    state.attach(slot, made)


def _slot() -> int:
    """Where it is shown: behind the others, or where these are full instead of the last branch."""
    slots = state.slots(state.take()[0])
    if len(slots) < MAX_CONTENDERS:
        return len(slots)
    branches = [i for i, slot in enumerate(slots) if slot.origin and slot.origin.script]
    if not branches:
        raise ValueError(f"{MAX_CONTENDERS} contenders are the most: reset one, and branch again")
    transport.stop(branches[-1:])
    return branches[-1]


def command_of(config: TrainConfig, name: str, value: float) -> Command:
    """The change of one setting, or of one λ in all layers, as a command.

    Raises:
        ValueError: There is no such setting, or λ is beyond 0 and 1.
    """
    if name == "batch_size":
        return {"command": "set", name: int(value)}
    if name in SETS:
        return {"command": "set", name: value}
    if name not in LAMBDAS:
        raise ValueError(f"a branch sets {', '.join((*SETS, *LAMBDAS))}, got {name!r}")
    is_share = name in ("mu", "sigma") or config.lambda_init.rescale_gate == "sigmoid"
    if not is_share:
        return {"command": "set", "lambda": {name: value}}
    if not 0 < value < 1:
        raise ValueError(f"λ is set between 0 and 1, both left out, got {value:g}")
    return {"command": "set", "lambda": {name: round(math.log(value / (1 - value)), 6)}}
