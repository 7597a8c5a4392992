"""What a run has said so far, in columns: read as it stands, or followed while it goes on."""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from afn.corruptions.severities import rule_of
from afn.runs.columns import FIRST_ROOM, StepTable
from afn.settings.lambda_init import LAMBDAS

Column = NDArray[np.float64]
STEP_COLUMNS = (
    "loss", "accuracy", "lr", "lambda_lr_factor", "batch_size", "grad_norm", "duration",
    "images_left",
)  # fmt: skip
_NEEDED = {
    "snapshot": {"step", "layers"},
    "evaluation": {"step", "corruption", "severity", "accuracy", "correct", "n"},
    "command": {"step"},
    "probes": {"step", "images", "classes", "sheet", "columns", "tile"},
    "lockstep": {"step", "without"},
    "sheet": {"step", "file", "layers", "columns", "tile", "scale"},
    "log": {"step", "values"},
    "note": {"step", "text"},
}
"""Events that are kept as they are, by their kind, and what each has to say."""


class EventSource(Protocol):
    """What tells events: a run of the store, or the card of a pretrained model."""

    @property
    def id(self) -> str:
        """What tells it from others."""
        ...

    def events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Events from an offset on, and the offset to go on from."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class History:
    """One run's events in columns, as they stood at one moment; it never changes.

    ``steps`` and each of ``columns`` have one entry a training step. ``lambdas[layer, i]`` and
    ``lambda_grads[layer, i]`` (i as in `LAMBDAS`) have one at each of ``lambda_steps``: all steps,
    or of a recorded run those at which its layers were read. What λ was before the first step
    stands in ``start["lambdas"]``. A resumption from a checkpoint takes back what was recorded
    after it, and then ``revision`` is another one.
    """

    run: EventSource
    revision: int = 0
    start: dict[str, Any] | None = None
    steps: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    columns: dict[str, Column] = field(
        default_factory=lambda: {name: np.empty(0) for name in STEP_COLUMNS}
    )
    lambda_steps: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    lambdas: Column = field(default_factory=lambda: np.empty((0, len(LAMBDAS), 0)))
    """(layers, 4, steps)"""
    lambda_grads: Column = field(default_factory=lambda: np.empty((0, len(LAMBDAS), 0)))
    """(layers, 4, steps)"""
    snapshots: tuple[dict[str, Any], ...] = ()
    evaluations: tuple[dict[str, Any], ...] = ()
    commands: tuple[dict[str, Any], ...] = ()
    samples: dict[int, dict[str, str]] = field(default_factory=dict)
    probes: tuple[dict[str, Any], ...] = ()
    """The images that answers are about: each from its step on."""
    probe_steps: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    probe_answers: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, 0, 0), np.uint8))
    """(probes, images, classes): 255 times the probability."""
    sheets: tuple[dict[str, Any], ...] = ()
    """Feature maps, by the step."""
    lockstep: tuple[dict[str, Any], ...] = ()
    """Where it went on without others of its comparison, and where they had caught up."""
    logged: tuple[dict[str, Any], ...] = ()
    """Numbers of a recorded loop's own, each with its step."""
    notes: tuple[str, ...] = ()
    """What a recorded run lacks, a line each."""
    is_paused: bool = False
    seconds: float = 0.0
    """So far, without pauses."""
    stepped_at: float = 0.0
    """What `seconds` was behind the first step."""

    @classmethod
    def of(cls, run: EventSource) -> History:
        """All that a run has said by now."""
        return Follower(run).now()

    @property
    def num_steps(self) -> int:
        """So many training steps are recorded."""
        return len(self.steps)

    @property
    def step(self) -> int:
        """The last recorded step; before the first, where the recording starts."""
        return int(self.steps[-1]) if self.num_steps else self.first_step

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

    @property
    def probe_images(self) -> dict[str, Any] | None:
        """What the newest answers are about; None in records that have none."""
        return self.probes[-1] if self.probes else None

    def images_per_second(self, window: int = 20) -> float | None:
        """Training speed over the last `window` steps, tests and pauses not counted."""
        duration = float(self.columns["duration"][-window:].sum())
        return float(self.columns["batch_size"][-window:].sum()) / duration if duration else None

    def seconds_left(self) -> float | None:
        """Training time left at the wall-clock pace since the first step: the start is no pace."""
        left, seen = self.columns["images_left"][-1:], self.columns["batch_size"][1:].sum()
        return float((self.seconds - self.stepped_at) * left[0] / seen) if seen else None

    def share_done(self, epochs: int) -> float:
        """Of the images of so many epochs, those that training has seen: 0 to 1."""
        if not (self.num_steps and self.start):
            return 0.0
        return 1 - float(self.columns["images_left"][-1]) / (self.start["num_train"] * epochs)

    def latest_accuracy(self) -> dict[str, Any] | None:
        """The newest test on clean images."""
        return next((e for e in reversed(self.evaluations) if e["corruption"] is None), None)

    def tests_at(self, severity: int, first: int = 0) -> list[dict[str, Any]]:
        """All tests on clean images and at a severity, from the evaluation `first` on.

        All corrupted under one rule, the newest one.
        """
        told = [e for e in self.evaluations if e["corruption"] is None or e["severity"] == severity]
        rule = max((rule_of(test) or 0 for test in told), default=0)
        return [
            test
            for test in self.evaluations[first:]
            if test["corruption"] is None
            or (test["severity"] == severity and rule_of(test) in (None, rule))
        ]

    def latest_by_corruption(self, severity: int) -> dict[str | None, dict[str, Any]]:
        """The newest test of each corruption at a severity; None is clean."""
        return {test["corruption"]: test for test in self.tests_at(severity)}


class Follower:
    """Follows a run's events, and reads only what is new. Threads may share it.

    Steps stand in tables with room for more. What a `History` shows of one is never written again:
    steps are added behind that, and a resumption goes on in another table.

    Args:
        run: What tells the events.
    """

    def __init__(self, run: EventSource) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._offset = 0
        self._known = History(run=run)
        self._start: dict[str, Any] | None = None
        self._num_layers = 0  # with λ
        self._scalars = StepTable(len(STEP_COLUMNS))
        self._lambdas = StepTable(0)  # and their gradients
        self._listed: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _NEEDED}
        self._num_probes = 0
        self._probe_steps = np.empty(0, np.int64)
        self._answers = np.empty((0, 0, 0), np.uint8)  # (room, images, classes)
        self._marks: dict[int, dict[str, int]] = {}
        """Per checkpoint, by its step: how much was recorded before it."""
        self._revision = 0
        self._samples: dict[int, dict[str, str]] = {}
        self._is_paused = False
        self._seconds = 0.0
        self._stepped_at = 0.0

    def now(self) -> History:
        """All that the run has said by now; the same object while there is nothing new."""
        with self._lock:
            events, self._offset = self._run.events(self._offset)
            for event in events:
                self._add(event)
            if events:
                self._known = self._snapshot()
            return self._known

    def _snapshot(self) -> History:
        probe_steps, answers = (
            self._probe_steps[: self._num_probes],
            self._answers[: self._num_probes],
        )
        for shown in (probe_steps, answers):
            shown.flags.writeable = False
        steps, columns = self._scalars.shown()
        lambda_steps, table = self._lambdas.shown()
        lambdas, grads = table.reshape(2, self._num_layers, len(LAMBDAS), len(lambda_steps))
        return History(
            run=self._run,
            revision=self._revision,
            start=self._start,
            steps=steps,
            columns=dict(zip(STEP_COLUMNS, columns, strict=True)),
            lambda_steps=lambda_steps,
            lambdas=lambdas,
            lambda_grads=grads,
            snapshots=tuple(self._listed["snapshot"]),
            evaluations=tuple(self._listed["evaluation"]),
            commands=tuple(self._listed["command"]),
            samples=dict(self._samples),
            probes=tuple(self._listed["probes"]),
            probe_steps=probe_steps,
            probe_answers=answers,
            sheets=tuple(self._listed["sheet"]),
            lockstep=tuple(self._listed["lockstep"]),
            logged=tuple(self._listed["log"]),
            notes=tuple(dict.fromkeys(str(note["text"]) for note in self._listed["note"])),
            is_paused=self._is_paused,
            seconds=self._seconds,
            stepped_at=self._stepped_at,
        )

    def _add(self, event: dict[str, Any]) -> None:
        """Take an event in, whole or not at all."""
        try:
            seconds = float(event.get("seconds", self._seconds))
            match event.get("kind"):
                case "step":
                    self._add_step(event)
                    if self._scalars.count == 1:
                        self._stepped_at = seconds
                case "start":
                    self._begin(event)
                case kind if kind in _NEEDED:
                    if missing := _NEEDED[kind] - event.keys():
                        raise KeyError(*missing)
                    if kind != "probes" or not self._is_known(event):
                        self._listed[kind].append(event)
                    if kind == "probes" and not self._num_probes:
                        shape = len(event["images"]), len(event["classes"])
                        self._make_probe_room(shape, 0)
                case "probe":
                    self._add_probe(event)
                case "checkpoint":
                    self._marks[event["step"]] = self._counts()
                case "resume":
                    self._take_back(event["step"])
                case "samples":
                    self._samples[event["severity"]] = event["images"]
                case "state":
                    self._is_paused = event["state"] == "paused"
            self._seconds = seconds
        except (KeyError, TypeError, ValueError):
            pass  # an event of another version or a damaged line: the others stay readable

    def _begin(self, event: dict[str, Any]) -> None:
        """The run starts, or starts once more: a run without a checkpoint may."""
        layers = len(event["adaptive_layers"])
        if not isinstance(event["layers"], list) or len(event["lambdas"]) != layers:
            raise ValueError("not a start")
        self._keep(dict.fromkeys(self._counts(), 0))
        self._start, self._marks, self._num_layers = event, {}, layers
        self._lambdas = StepTable(2 * layers * len(LAMBDAS))

    def _add_step(self, event: dict[str, Any]) -> None:
        step, values = int(event["step"]), [_number(event[name]) for name in STEP_COLUMNS]
        lambdas = []
        for name in ("lambdas", "lambda_grads"):
            if event[name] is None:  # a recorded run's, which is not read at every step
                continue
            if len(event[name]) != self._num_layers:
                raise ValueError("not as many layers as the start named")
            for row in event[name]:
                lambdas += [_number(value) for _, value in zip(LAMBDAS, row, strict=True)]
        if event["lambdas"] is not None:
            self._lambdas.add(step, lambdas)
        self._scalars.add(step, values)

    def _is_known(self, probes: dict[str, Any]) -> bool:
        """Whether answers are about these images already: a run that goes on says them again."""
        timeless = [
            {name: value for name, value in event.items() if name not in ("step", "seconds")}
            for event in (*self._listed["probes"][-1:], probes)
        ]
        return timeless[0] == timeless[-1] and len(timeless) == 2

    def _add_probe(self, event: dict[str, Any]) -> None:
        """Take answers in; others at the same step are newer, about images of another severity."""
        if not self._listed["probes"]:
            raise ValueError("answers about nothing")
        step, about = int(event["step"]), self._listed["probes"][-1]
        shape = len(about["images"]), len(about["classes"])
        answers = np.frombuffer(base64.b64decode(event["answers"]), np.uint8).reshape(shape)
        count = self._num_probes
        if count and self._answers.shape[1:] != shape:
            raise ValueError("not as many images as before")
        is_again = count > 0 and self._probe_steps[count - 1] == step
        if is_again or count == len(self._answers) or self._answers.shape[1:] != shape:
            self._make_probe_room(shape, 2 * count or FIRST_ROOM)
        at = count - is_again
        self._answers[at], self._probe_steps[at] = answers, step
        self._num_probes = at + 1

    def _make_probe_room(self, shape: tuple[int, int], room: int) -> None:
        """Others that begin as these do; who looks at the old ones still can."""
        kept = self._num_probes
        answers, steps = np.empty((room, *shape), np.uint8), np.empty(room, np.int64)
        if kept:
            answers[:kept], steps[:kept] = self._answers[:kept], self._probe_steps[:kept]
        self._answers, self._probe_steps = answers, steps

    def _take_back(self, step: int) -> None:
        """Forget what was recorded after the checkpoint from which the run was resumed."""
        by_step = {kind: sum(each["step"] <= step for each in listed)
                   for kind, listed in self._listed.items()}  # fmt: skip
        by_step["step"] = self._scalars.count_until(step)
        by_step["lambda"] = self._lambdas.count_until(step)
        by_step["probe"] = int((self._probe_steps[: self._num_probes] <= step).sum())
        self._keep(self._marks.get(step, by_step))
        self._marks = {at: counts for at, counts in self._marks.items() if at <= step}

    def _counts(self) -> dict[str, int]:
        listed = {kind: len(events) for kind, events in self._listed.items()}
        return {
            "step": self._scalars.count,
            "lambda": self._lambdas.count,
            "probe": self._num_probes,
            **listed,
        }

    def _keep(self, counts: dict[str, int]) -> None:
        self._is_paused = False
        if counts == self._counts():
            return
        self._revision += 1
        self._scalars.keep(counts["step"])
        self._lambdas.keep(counts["lambda"])
        self._num_probes = counts["probe"]
        self._make_probe_room(self._answers.shape[1:], max(self._num_probes, FIRST_ROOM))
        for kind, listed in self._listed.items():
            del listed[counts[kind] :]


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
