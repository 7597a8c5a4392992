"""Commands to a live run: what may be said, and how it is read from the run's control file."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from afn.jsonl import read_placed_lines
from afn.settings.config import LIVE, SETTINGS
from afn.settings.lambda_init import GREEK, LAMBDAS
from afn.wording import number_words

Command = dict[str, Any]
WORKER_ENDED = "its worker process ended"
Timed = tuple[int, Command]
"""A command, and the step before whose successor it is obeyed: 0 is before the first one."""


def check_command(command: Command) -> Command:
    """The command itself, if it is well formed.

    ``{"command": name}`` with name pause, resume, step, stop; ``evaluate`` with ``severity``; or
    ``set`` with exactly one of `LIVE`, or ``lambda``: the logits to put
    (mu, sigma, gamma, beta; for a linear gate the λ itself). With a schedule, lr is its base.
    With ``at`` it takes effect behind that step, or where that is past, at once.

    Raises:
        ValueError: One line that says what was expected and what came.
    """
    known = ("command", "reason", "at")
    values = {key: value for key, value in command.items() if key not in known}
    at = command.get("at", 0)
    if not isinstance(at, int) or isinstance(at, bool) or at < 0:
        raise ValueError(f"at must be a step, 0 or more, got {at!r}")
    match command.get("command"):
        case "pause" | "resume" | "step" | "stop" if not values:
            pass
        case "evaluate" if values.keys() == {"severity"}:
            SETTINGS["severity"].check(values["severity"])
        case "set" if len(values) == 1 and (name := next(iter(values))) in LIVE:
            SETTINGS[name].check(values[name])
        case "set" if values.keys() == {"lambda"}:
            _check_logits(values["lambda"])
        case _:
            raise ValueError(
                "a command is pause, resume, step, stop, evaluate (severity) or set (one of "
                f"{', '.join(LIVE)}, lambda), got {command!r}"
            )
    return command


def _check_logits(logits: object) -> None:
    if not isinstance(logits, dict) or not logits or not logits.keys() <= set(LAMBDAS):
        raise ValueError(f"lambda takes one or more of {', '.join(LAMBDAS)}, got {logits!r}")
    for name, value in logits.items():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or abs(value) > 50:
            raise ValueError(f"the logit of λ_{name} must be a number in [-50, 50], got {value!r}")


def change_words(command: Command) -> str:
    """What a command sets, as its mark says: "lr 0.01"; empty where it sets nothing."""
    if command.get("command") != "set" or "error" in command:
        return ""
    names = {"lr": "lr", "batch_size": "batch", "lambda_lr_factor": "λ lr ×"}
    for key, name in names.items():
        if key in command:
            return f"{name} {number_words(command[key])}"
    logits = command.get("lambda", {})
    return ", ".join(f"{GREEK[key]} logit {number_words(value)}" for key, value in logits.items())


class Controls(Protocol):
    """Where a training loop gets its commands from."""

    def poll(self) -> list[Command]:
        """Commands that came since the last call, in order; must cost next to nothing."""
        ...


class NoControls:
    """A run that nobody steers."""

    def poll(self) -> list[Command]:
        """Nothing, ever."""
        return []


class FileControls:
    """Commands appended to a file, one JSON object a line, obeyed in their order.

    One that says ``at`` which step it takes effect holds up those behind it until then, but a stop.

    Args:
        path: The run's control file; it need not exist.
        offset: Where to begin reading, in bytes: a resumed run has obeyed what came before.
        orphaned: Asked at every poll; once it says True, the run is told to stop.
        step: Tells how many steps are done; by default so many that nothing has to wait.
    """

    def __init__(
        self,
        path: Path,
        *,
        offset: int = 0,
        orphaned: Callable[[], bool] | None = None,
        step: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self._path = path
        self._offset = self._read_to = offset
        self._orphaned = orphaned
        self._step = step
        self._held: deque[tuple[Command, int]] = deque()

    @property
    def offset(self) -> int:
        """Up to where the file has been obeyed, in bytes."""
        return self._offset

    def poll(self) -> list[Command]:
        """Read what was appended since the last call; what is due by now."""
        if self._orphaned is not None and self._orphaned():
            return [{"command": "stop", "reason": WORKER_ENDED}]
        self._read()
        step, due = self._step(), list[Command]()
        is_told_to_stop = any(
            command.get("command") == "stop" and _step_of(command) <= step
            for command, _ in self._held
        )
        while self._held and (is_told_to_stop or _step_of(self._held[0][0]) <= step):
            command, self._offset = self._held.popleft()
            due.append(command)
        return due

    def _read(self) -> None:
        try:
            if self._path.stat().st_size <= self._read_to:
                return
        except FileNotFoundError:
            return
        placed, self._read_to = read_placed_lines(self._path, self._read_to)
        self._held.extend(placed)
        if not self._held:
            self._offset = self._read_to


def _step_of(command: Command) -> int:
    """Behind which step it takes effect; one that is malformed is answered at once."""
    at = command.get("at", 0)
    return at if isinstance(at, int) else 0


class Scripted:
    """Commands at steps that are known beforehand: what was changed live, once more.

    Args:
        script: Commands by step, in the order of their steps.
        step: Tells how many steps are done.
        others: Asked as well, for commands that come while it runs.

    Raises:
        ValueError: A command is malformed, or the steps are out of order.
    """

    def __init__(
        self, script: Sequence[Timed], step: Callable[[], int], others: Controls | None = None
    ) -> None:
        steps = [at for at, _ in script]
        if steps != sorted(steps) or any(at < 0 for at in steps):
            raise ValueError(f"a script's steps are 0 or more and ascend, got {steps}")
        for _, command in script:
            check_command(command)
        self._step, self._others = step, others or NoControls()
        self._left = [each for each in script if each[0] >= step()]  # a resumed run obeyed the rest

    @property
    def offset(self) -> int:
        """How far the others' file has been read, in bytes."""
        return getattr(self._others, "offset", 0)

    def poll(self) -> list[Command]:
        """What is due, and what else came."""
        due = []
        while self._left and self._left[0][0] <= self._step():
            due.append(self._left.pop(0)[1])
        return [*due, *self._others.poll()]
