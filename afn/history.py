"""What a run has said so far, in columns: a follower of its events that reads only what is new."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Any, Protocol

from afn.lambda_init import LAMBDAS

STEP_COLUMNS = (
    "loss", "accuracy", "lr", "lambda_lr_factor", "batch_size", "grad_norm", "duration",
    "images_left",
)  # fmt: skip


class EventSource(Protocol):
    """What tells events: a run of the store, or the card of a pretrained model."""

    @property
    def id(self) -> str:
        """What tells it from others."""
        ...

    def events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Events from an offset on, and the offset to go on from."""
        ...


@dataclass(slots=True)
class History:
    """One run's events in columns.

    ``steps`` and each of ``columns`` have one entry a training step. ``lambdas[layer][i]`` and
    ``lambda_grads[layer][i]`` (i as in `LAMBDAS`) have one entry a step too; what λ was before
    the first step stands in ``start["lambdas"]``. A resumption from a checkpoint takes back what
    was recorded after it, and then ``revision`` grows.
    """

    run: EventSource
    offset: int = 0
    revision: int = 0
    start: dict[str, Any] | None = None
    steps: array[int] = field(default_factory=lambda: array("l"))
    columns: dict[str, array[float]] = field(
        default_factory=lambda: {name: array("d") for name in STEP_COLUMNS}
    )
    lambdas: list[list[array[float]]] = field(default_factory=list)
    lambda_grads: list[list[array[float]]] = field(default_factory=list)
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    commands: list[dict[str, Any]] = field(default_factory=list)
    samples: dict[int, dict[str, str]] = field(default_factory=dict)
    is_paused: bool = False
    seconds: float = 0.0

    def update(self) -> None:
        """Read the events that came since the last call."""
        events, self.offset = self.run.events(self.offset)
        for event in events:
            self._add(event)

    @property
    def step(self) -> int:
        """The last recorded step; before the first, where the recording starts."""
        return self.steps[-1] if self.steps else self.first_step

    @property
    def first_step(self) -> int:
        """Where the recording starts: 0, or the step from which a fork went on."""
        return self.start.get("step", 0) if self.start else 0

    @property
    def layers(self) -> list[str]:
        """Names of all norm layers, in the order of the forward pass."""
        return self.start["layers"] if self.start else []

    @property
    def adaptive_layers(self) -> list[str]:
        """Names of the layers that have λ."""
        return self.start["adaptive_layers"] if self.start else []

    def images_per_second(self, window: int = 20) -> float | None:
        """Training speed over the last `window` steps, tests and pauses not counted."""
        duration = sum(self.columns["duration"][-window:])
        return sum(self.columns["batch_size"][-window:]) / duration if duration else None

    def seconds_left(self) -> float | None:
        """Training time left at the wall-clock pace of the run so far."""
        if not self.steps:
            return None
        left = self.columns["images_left"][-1]
        seen = sum(self.columns["batch_size"])
        return self.seconds * left / seen if seen else None

    def latest_accuracy(self) -> dict[str, Any] | None:
        """The newest test on clean images."""
        return next((e for e in reversed(self.evaluations) if e["corruption"] is None), None)

    def latest_by_corruption(self, severity: int) -> dict[str | None, dict[str, Any]]:
        """The newest test of each corruption at a severity; None is clean."""
        newest = {}
        for evaluation in self.evaluations:
            if evaluation["corruption"] is None or evaluation["severity"] == severity:
                newest[evaluation["corruption"]] = evaluation
        return newest

    def _add(self, event: dict[str, Any]) -> None:
        self.seconds = event.get("seconds", self.seconds)
        try:
            match event.get("kind"):
                case "step":
                    self._add_step(event)
                case "start":
                    self._take_back(event.get("step", 0))  # a fork may begin anew
                    self.start = event
                    adaptive = range(len(event["adaptive_layers"]))
                    self.lambdas = [[array("d") for _ in LAMBDAS] for _ in adaptive]
                    self.lambda_grads = [[array("d") for _ in LAMBDAS] for _ in adaptive]
                case "snapshot":
                    self.snapshots.append(event)
                case "evaluation":
                    self.evaluations.append(event)
                case "command":
                    self.commands.append(event)
                case "samples":
                    self.samples[event["severity"]] = event["images"]
                case "state":
                    self.is_paused = event["state"] == "paused"
                case "resume":
                    self._take_back(event["step"])
        except (KeyError, TypeError, ValueError):
            pass  # an event of another version or a damaged line: the others stay readable

    def _add_step(self, event: dict[str, Any]) -> None:
        values = [_number(event[name]) for name in STEP_COLUMNS]
        step, rows, grads = int(event["step"]), event["lambdas"], event["lambda_grads"]
        for name, value in zip(STEP_COLUMNS, values, strict=True):
            self.columns[name].append(value)
        for table, new in ((self.lambdas, rows), (self.lambda_grads, grads)):
            for columns, row in zip(table, new, strict=True):
                for column, value in zip(columns, row, strict=True):
                    column.append(_number(value))
        self.steps.append(step)  # last: who reads `steps` first finds the other columns complete

    def _take_back(self, step: int) -> None:
        """Forget what was recorded after a step from which the run was resumed."""
        self.is_paused = False
        keep = sum(1 for recorded in self.steps if recorded <= step)
        if keep < len(self.steps):
            self.revision += 1
        tables = [c for table in (self.lambdas, self.lambda_grads) for row in table for c in row]
        for column in (*self.columns.values(), *tables):
            del column[keep:]
        del self.steps[keep:]
        for events in (self.snapshots, self.evaluations, self.commands):
            events[:] = [event for event in events if event["step"] <= step]


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
