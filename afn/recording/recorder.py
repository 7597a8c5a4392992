"""The recorder: what a training loop of somebody's own says, as a run of the store."""

import math
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from afn.engine.snapshots import short
from afn.recording.evaluating import TestData, evaluations
from afn.recording.journal import Journal, in_one_line, number
from afn.recording.layers import NormLayers
from afn.recording.spacing import Spacing
from afn.recording.steering import Control, Steering, is_first, shared
from afn.runs.index import note
from afn.runs.recording import steer
from afn.runs.store import Run, RunStore
from afn.settings.commands import FileControls
from afn.settings.lambda_init import LAMBDAS
from afn.work.folder import BEAT_SECONDS, Status

INTERVAL = 10
"""λ and gradients are read every so many steps."""
_PAUSE_POLL = 0.1
Number = float | int | Tensor


class Recorder:
    """What `record` gives: a context in which a loop tells of itself.

    Only the first of several processes records; in the others everything does nothing, so that all
    run one program. A disk that fills, or a folder that is deleted, ends no training: what is
    missing is told at the end.
    """

    def __init__(
        self,
        model: nn.Module,
        name: str = "",
        *,
        optimizer: torch.optim.Optimizer | None = None,
        interval: int = INTERVAL,
        store: RunStore | Path | str | None = None,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(f"record takes a torch model (nn.Module), got {type(model).__name__}")
        if not isinstance(interval, int) or interval < 1:
            raise ValueError(f"interval must be a number of steps, 1 or more, got {interval!r}")
        self.step_count = 0
        self._layers = NormLayers(model)
        self._name, self._optimizer, self._interval = name, optimizer, interval
        if not isinstance(store, RunStore):
            store = RunStore(None if store is None else Path(store))
        self._store = store
        self._is_first = is_first()
        self._run: Run | None = None
        self._journal: Journal | None = None
        self._steering: Steering | None = None
        self._spacing = Spacing(interval)
        self._first_lambdas: dict[str, list[float]] = {}
        self._has_ended = False
        self._tests: dict[tuple[str, str | None], dict[str, Any]] = {}
        self._still = threading.Event()
        self._began = self._marked = 0.0

    # -- begin and end -----------------------------------------------------------------------------

    @property
    def run(self) -> Run:
        """Its run in the store.

        Raises:
            ValueError: It has not begun, or another process records.
        """
        if self._run is None:
            raise ValueError("nothing is recorded by this process yet: it begins with `with`")
        return self._run

    @property
    def is_open(self) -> bool:
        """Whether it has begun and not ended."""
        return bool(self._began) and not self._has_ended

    def __enter__(self) -> "Recorder":
        return self.begin()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.end()
        elif isinstance(error, Exception):
            self.end("failed", in_one_line(error))
        else:
            self.end("stopped", "the program that trained it ended")

    def begin(self) -> "Recorder":
        """What ``with`` does first; for loops in which no block can stand.

        Raises:
            OSError: No run can be written; the message names the folder.
        """
        if self._began:
            raise ValueError("this recording has begun already: record(...) anew for another run")
        self._began = self._marked = time.perf_counter()
        if not self._is_first:
            return self
        adaptive = self._layers.adaptive
        self._first_lambdas = dict(zip(adaptive, self._layers.lambdas(), strict=True))
        recording = self._layers.recording(self._interval)
        self._run = self._store.create_recorded(recording, name=self._name)
        self._run.claim(beats=True)
        self._journal = Journal(self._run)
        threading.Thread(target=_beat, args=(self._run, self._still), daemon=True).start()
        self._layers.watch()
        if not recording.norms:
            self._journal.note(
                "the model has no normalization layer: its loss is told all the same"
            )
        return self

    def end(self, status: Status = "finished", reason: str = "") -> None:
        """What the end of ``with`` does; again it does nothing.

        Args:
            status: Finished, stopped or failed.
            reason: Why, in one line.
        """
        if self._has_ended:
            return
        self._has_ended = True
        self._still.set()
        self._layers.unwatch()
        if self._run is None or self._journal is None:
            return
        if self._steering and self._steering.is_stopped and status == "finished":
            status, reason = "stopped", "stopped by hand"
        self._tell_start(self._journal)
        self._journal.flush()
        if self._journal.not_finite is not None:
            reason = reason or f"the loss was not finite from step {self._journal.not_finite:,} on"
        told = "; ".join(filter(None, [reason, self._journal.lost]))
        with suppress(OSError):
            self._run.end(status, told, self._summary(self._journal))
        self._journal.close()
        note(self._run)

    # -- what a loop says --------------------------------------------------------------------------

    def step(
        self,
        loss: Number | None = None,
        *,
        accuracy: Number | None = None,
        lr: float | None = None,
        batch_size: int | None = None,
        epoch: int | None = None,
    ) -> None:
        """A step is done; call it behind the optimizer's, before gradients are set to zero.

        Args:
            loss: Of the batch; of a tensor one number, read later so that nothing waits.
            accuracy: Share of right answers in the batch, 0 to 1.
            lr: The learning rate; that of the optimizer by default.
            batch_size: So many samples.
            epoch: Counted from 0.

        Raises:
            ValueError: The recording has not begun, or it has ended.
            TypeError: Not one number.
        """
        self._check_open("step")
        journal = self._journal
        if journal is None:
            return
        values = {"loss": number("loss", loss), "accuracy": number("accuracy", accuracy)}
        now = time.perf_counter()
        self.step_count += 1
        journal.step = self.step_count
        lambdas = grads = norm = None
        if (self.step_count - 1) % self._interval == 0:
            norm, grads = self._gradients(journal)
            lambdas = self._layers.lambdas()
        journal.add(
            "step",
            epoch=epoch,
            **values,
            lr=self._lr() if lr is None else float(lr),
            lambda_lr_factor=None,
            batch_size=batch_size,
            grad_norm=norm,
            lambdas=lambdas,
            lambda_grads=grads,
            images_left=None,
            duration=round(now - self._marked, 6),
        )
        self._marked = now
        takes_snapshot = self._spacing.is_due(self.step_count)
        if takes_snapshot:
            self._take_snapshot(journal)
        journal.flush(is_urgent=takes_snapshot)
        if self._spacing.is_due(self.step_count + 1):
            self._layers.watch()

    def log(self, **values: Number) -> None:
        """Tell numbers of your own, by name; the page draws each over the steps.

        Raises:
            ValueError: The recording has not begun, or it has ended.
            TypeError: Not one number.
        """
        self._check_open("log")
        told = {name: number(name, value) for name, value in values.items()}
        if self._journal is not None and told:
            self._journal.add("log", values=told)

    def evaluate(
        self,
        data: TestData,
        *,
        corruptions: tuple[str, ...] | list[str] = (),
        severity: int = 5,
        batch_size: int = 128,
        num_images: int | None = None,
        name: str = "",
    ) -> dict[str | None, float]:
        """Test the model as it is now, in eval mode, and tell the accuracy.

        Modes of all layers are then as they were. Gradients and averages stay untouched.

        Args:
            data: A `DataLoader`, a `Dataset` or other batches of (inputs, labels), inputs and
                labels as two arrays or tensors; or test images as `image_set` reads them: an
                `ImageData` or `ImageSet`, a folder of class folders, an ``.npz``, or the name of a
                data set.
            corruptions: Names, of ``CORRUPTIONS``; images are then (N, C, H, W) in [0, 1].
            severity: Of the corruptions, 1 to 5.
            batch_size: Where `data` does not come in batches.
            num_images: The first so many; all by default.
            name: What the data are called; "data" where they do not say it.

        Returns:
            Accuracy by corruption, None for what is not corrupted; nothing in other processes.

        Raises:
            ValueError: The recording has not begun or has ended; the data are not of that kind, or
                the model gives no logits for each class.
        """
        self._check_open("evaluate")
        journal = self._journal
        if journal is None:
            return {}
        began = time.perf_counter()
        found = {}
        try:
            for values in evaluations(
                self._layers.model, data, corruptions=corruptions, severity=severity,
                batch_size=batch_size, num_images=num_images, name=name,
            ):  # fmt: skip
                journal.add("evaluation", **values)
                self._tests[values["dataset"], values["corruption"]] = values
                found[values["corruption"]] = values["accuracy"]
        finally:
            self._marked += time.perf_counter() - began
        journal.flush()
        return found

    def control(self) -> Control:
        """What is wanted of the loop since it asked last; while it is paused, wait here.

        λ is put into the layers, and the learning rate into the optimizer that `record` was given;
        to stop is the loop's own to do. Of several processes each has to ask.

        Raises:
            ValueError: The recording has not begun, or it has ended.
        """
        self._check_open("control")
        if self._steering is None:
            self._begin_steering()
        steering = self._steering
        assert steering is not None
        control = shared(self._asked(steering, self._journal) if self._journal else None)
        steering.obey(control, self._layers.model)
        return control

    # -- inside ------------------------------------------------------------------------------------

    def _begin_steering(self) -> None:
        controls = None
        if self._run is not None:
            controls = FileControls(self._run.control_path, step=lambda: self.step_count)
            with suppress(OSError):
                steer(self._run.path)
        self._steering = Steering(controls, self._optimizer)

    def _asked(self, steering: Steering, journal: Journal) -> Control:
        lr, lambdas, was_paused = None, dict[str, float](), False
        while True:
            control, told = steering.poll(self._layers.model)
            lr = lr if control.lr is None else control.lr
            lambdas |= control.lambdas
            for command in told:
                journal.add("command", **command)
            if steering.is_paused != was_paused:
                was_paused = steering.is_paused
                journal.add("state", state="paused" if was_paused else "running")
            if told:
                self._tell_start(journal)
                journal.flush()
            if not steering.is_paused or not self.run.path.exists():
                return Control(lr=lr, lambdas=lambdas, stop=control.stop)
            asleep = time.perf_counter()
            time.sleep(_PAUSE_POLL)
            slept = time.perf_counter() - asleep
            journal.paused_seconds += slept
            self._marked += slept

    def _check_open(self, what: str) -> None:
        if self._has_ended:
            raise ValueError(f"this recording has ended: {what}() belongs inside its `with` block")
        if not self._began:
            raise ValueError(f"this recording has not begun: {what}() belongs inside `with`")

    def _lr(self) -> float | None:
        return float(self._optimizer.param_groups[0]["lr"]) if self._optimizer else None

    def _gradients(self, journal: Journal) -> tuple[float | None, list[list[float]]]:
        try:
            norm, grads = self._layers.gradients()
        except (RuntimeError, NotImplementedError) as error:  # of sparse ones, for instance
            journal.note(f"gradients could not be read: {' '.join(str(error).split())[:200]}")
            return None, [[math.nan] * len(LAMBDAS) for _ in self._layers.adaptive]
        if norm is None:
            journal.note("there was no gradient to read: call step() before they are set to zero")
        return norm, grads

    def _take_snapshot(self, journal: Journal) -> None:
        self._layers.unwatch()
        self._tell_start(journal)
        layers = self._layers.snapshot()
        if layers:
            journal.add("snapshot", layers=layers)
        self._spacing.taken(self.step_count, sum(map(_num_values, layers)))
        if self._layers.problem:
            journal.note(self._layers.problem)
        elif layers and not any("calls" not in each or each["calls"] for each in layers):
            journal.note(
                "no normalization layer was seen at work: of a compiled model, γ, β and running "
                "statistics alone are told"
            )

    def _tell_start(self, journal: Journal) -> None:
        """The start, once it is known in which order the layers are called."""
        if journal.has_start:
            return
        self._layers.settle()
        adaptive = list(self._layers.adaptive)
        journal.start(
            layers=self._layers.names,
            num_features=self._layers.num_features,
            adaptive_layers=adaptive,
            num_parameters=self._layers.recording(self._interval).num_parameters,
            lambdas=[self._first_lambdas[name] for name in adaptive],
            statistics="",
        )

    def _summary(self, journal: Journal) -> dict[str, Any]:
        clean = [each for (_, how), each in self._tests.items() if how is None]
        ends = self._layers.lambdas()
        return {
            "step": self.step_count,
            "accuracy": clean[-1]["accuracy"] if clean else None,
            "seconds": round(journal.seconds, 3),
            "tests": list(self._tests.values()),
            "notes": journal.notes,
            **({"lambda_end": _means(ends)} if ends else {}),
        }


def _beat(run: Run, still: threading.Event) -> None:
    """Tell other machines that the loop is there, whatever it is busy with."""
    while not still.wait(BEAT_SECONDS):
        with suppress(OSError):
            run.beat()


def _num_values(layer: dict[str, Any]) -> int:
    return sum(len(each) for each in layer.values() if isinstance(each, list))


def _means(by_layer: list[list[float]]) -> dict[str, float]:
    columns = zip(*by_layer, strict=True)
    return {name: short(sum(each) / len(each)) for name, each in zip(LAMBDAS, columns, strict=True)}
