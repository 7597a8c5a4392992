"""The training loop: steps, snapshots, tests, commands, as a stream of events."""

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from afn.backbones import Backbone
from afn.corruptions.applying import applicable
from afn.engine.challenging import challenged
from afn.engine.lambdas import rows
from afn.engine.pace import Cadence, Free
from afn.engine.probing import SHEETS, points
from afn.engine.snapshots import Snapshot, short
from afn.engine.state import TrainingState
from afn.engine.tensors import sample_images
from afn.settings.commands import Command, Controls, NoControls, check_command
from afn.settings.events import Event
from afn.settings.fitting import check_against_data
from afn.wording import count_words

SNAPSHOTS = 48
"""Snapshots of γ̂, β̂ and statistics are spread evenly over so many points of a run."""
_PAUSE_POLL = 0.03
_PACE_POLL = 0.001


class DivergedError(ArithmeticError):
    """The loss is no longer finite."""


class Training(TrainingState):
    """One run in memory, with the loop that trains it, `events`.

    Nothing here writes but checkpoints, and only where `checkpoints` says.
    """

    def events(
        self, controls: Controls | None = None, pace: Cadence | None = None
    ) -> Iterator[Event]:
        """Train to the end, a stop or a limit (then `stop_reason` says which).

        Args:
            controls: Where commands come from.
            pace: Holds it at steps until others are there.

        Raises:
            DivergedError: The loss is not finite; names the step.
        """
        controls, pace = controls or NoControls(), pace or Free()
        is_resumed = self.step > 0 and self._forked_from is None
        yield self._event("resume") if is_resumed else self._start()
        yield from self._show_images()
        if not is_resumed:
            yield from self._probe(takes_maps=True)
        while True:
            yield from self._obey_all(controls, pace)
            if self.stop_reason or self.is_complete:
                break
            yield from self._train_step()
            if self.order.ends_epoch(self.batch_size):
                yield from self._end_epoch()
        if self.stop_reason:
            if self._probed_at != self.step:
                yield from self._probe(takes_maps=True)
            yield from self._save()

    # -- commands -------------------------------------------------------------------------------

    def _obey_all(self, controls: Controls, pace: Cadence) -> Iterator[Event]:
        """Obey what came; stay here while paused, until a step is allowed, or others are behind."""
        was_paused = self.paused
        while True:
            for command in controls.poll():
                self.control_offset = getattr(controls, "offset", 0)
                yield from self._obey(command)
            if time.perf_counter() - self._began > self.config.max_seconds:
                self.stop_reason = f"its limit of {self.config.max_seconds:g} s of wall time"
            if self.step >= self.config.max_steps and not self.is_complete:
                self.stop_reason = f"its limit of {count_words(self.config.max_steps, 'step')}"
            if self.paused != was_paused:
                was_paused = self.paused
                yield self._event("state", state="paused" if self.paused else "running")
            if self.stop_reason or self.is_complete:
                return
            if self.paused and not self._steps_allowed:
                pace.rest(self.step)
                asleep = time.perf_counter()
                time.sleep(_PAUSE_POLL)
                self._paused_seconds += time.perf_counter() - asleep
                continue
            without, may_go = pace.without, pace.lets(self.step)
            if pace.without != without:
                yield self._event("lockstep", without=list(pace.without))
            if may_go:
                self._steps_allowed -= self.paused
                return
            time.sleep(_PACE_POLL)

    def _obey(self, command: Command) -> Iterator[Event]:
        try:
            check_command(command)
            match command["command"]:
                case "pause":
                    self.paused = True
                case "resume":
                    self.paused, self._steps_allowed = False, 0
                case "step":
                    self.paused, self._steps_allowed = True, self._steps_allowed + 1
                case "stop":
                    self.stop_reason = command.get("reason", "stopped by hand")
                case "evaluate":
                    self.severity = command["severity"]
                    yield from self._show_images()
                    yield from self._probe(takes_maps=True)
                    yield from self._test_all()
                case "set":
                    self._set(command)
                    self._num_changes += 1
        except ValueError as error:
            yield self._event("command", **command, error=str(error))
        else:
            yield self._event("command", **command)

    def _set(self, command: Command) -> None:
        if "lambda" in command:
            if not self.adaptive_layers:
                raise ValueError(f"{self.config.norm} has no λ to set")
            with torch.no_grad():
                for layer in self.adaptive_layers.values():
                    for name, logit in command["lambda"].items():
                        parameter = getattr(layer, f"lambda_{name}_logit")
                        parameter.fill_(logit)
                        parameter.requires_grad_(self.config.adaptive)
            return
        if "batch_size" in command:
            wanted = replace(self.config, batch_size=command["batch_size"])
            check_against_data(wanted, self.order.num_images, min(self.data.image_shape[:2]))
            self.batch_size = wanted.batch_size
        self.lr = command.get("lr", self.lr)
        self.lambda_lr_factor = command.get("lambda_lr_factor", self.lambda_lr_factor)

    def _set_rates(self, rate: float) -> None:
        factors = {
            "weights": 1.0,
            "networks": self.config.network_lr_factor,
            "lambdas": self.lambda_lr_factor,
        }
        for group in self.optimizer.param_groups:
            group["lr"] = rate * factors[group["role"]]

    # -- one step -------------------------------------------------------------------------------

    def _train_step(self) -> Iterator[Event]:
        began, cpu_began = time.perf_counter(), time.process_time()
        before = self.order.images_seen
        rate = self.rate
        self._set_rates(rate)
        augment = self.config.augment
        generator = None if augment == "none" else self.order.generator()
        images, labels = self.data.train_batch(self.order.take(self.batch_size), augment, generator)
        takes_snapshot = self.step == 0 or self._is_due(SNAPSHOTS, before)
        self.optimizer.zero_grad()
        if takes_snapshot:
            with Snapshot(self.layers) as snapshot:
                logits = self._forward(images, labels)
        else:
            logits = self._forward(images, labels)
        loss = nn.functional.cross_entropy(logits, labels)
        loss_value = loss.item()
        if not math.isfinite(loss_value):
            raise DivergedError(
                f"the loss is {loss_value} at step {self.step + 1}: training diverged; lower lr "
                f"(now {rate:g}) or take larger batches (now {self.batch_size})"
            )
        loss.backward()
        gradients = [p.grad.flatten() for p in self._parameters if p.grad is not None]
        correct = (logits.argmax(1) == labels).sum()
        # Read at once: each reading by itself would wait for a GPU.
        norm, num_correct, *lambda_grads = torch.stack(
            [torch.cat(gradients).norm(), correct, *self._lambdas.gradients()]
        ).tolist()
        self.optimizer.step()
        self.step += 1
        self._train_seconds += time.process_time() - cpu_began
        yield self._event(
            "step",
            epoch=self.order.epoch,
            loss=round(loss_value, 6),
            accuracy=num_correct / len(labels),
            lr=rate,
            lambda_lr_factor=self.lambda_lr_factor,
            batch_size=len(labels),
            grad_norm=short(norm),
            lambdas=self._lambdas.values(),
            lambda_grads=rows(lambda_grads),
            images_left=self.config.epochs * self.order.num_images - self.order.images_seen,
            duration=round(time.perf_counter() - began, 6),
        )
        if takes_snapshot:
            yield self._event("snapshot", layers=snapshot.layers)
        if self._is_due(points(self.config, self.order.num_images), before):
            yield from self._probe(takes_maps=self._is_due(SHEETS, before))
        if self._tests_due(self.order.position) > self._tests_due(
            self.order.position - self.batch_size
        ):
            yield self.test(None)

    def _forward(self, images: Tensor, labels: Tensor) -> Tensor:
        if self.config.stat_dropout == 0:
            return self._logits(images, labels)
        with torch.random.fork_rng(devices=[]):  # dropout draws from the run's own stream
            torch.set_rng_state(self._rng_state)
            logits = self._logits(images, labels)
            self._rng_state = torch.get_rng_state()
        return logits

    def _logits(self, images: Tensor, labels: Tensor) -> Tensor:
        if self.config.rsc == 0:
            return self.model(images)
        normalize, backbone = self.model
        assert isinstance(backbone, Backbone)
        features = backbone.features(normalize(images))
        generator = self.order.generator("rsc")
        return backbone.classify(
            challenged(features, labels, backbone.classify, self.config.rsc, generator)
        )

    def _is_last_step(self) -> bool:
        """Whether the step at hand is, once its batch is taken."""
        is_last_epoch = self.order.epoch + 1 == self.config.epochs
        return is_last_epoch and self.order.position + self.batch_size > self.order.num_images

    def _is_due(self, count: int, before: int) -> bool:
        """Whether one of so many points of the run was reached since `before`, or the last step.

        Args:
            count: Over so many points of the run something is spread evenly.
            before: Images that had been seen before this step.
        """
        total = self.config.epochs * self.order.num_images
        is_reached = self.order.images_seen * count // total > before * count // total
        return is_reached or self._is_last_step()

    def _tests_due(self, position: int) -> int:
        """Tests within an epoch that lie behind `position`; the one at its end is not counted."""
        parts = self.config.evals_per_epoch
        if parts == 0 or position + self.batch_size > self.order.num_images:
            return -1
        return position * parts // self.order.num_images

    # -- tests, the start, checkpoints ----------------------------------------------------------

    def _end_epoch(self) -> Iterator[Event]:
        yield from self._test_all()
        if self.is_complete:
            for name in self.config.test_domains:
                began = time.process_time()
                result = self._evaluations.domain(name)
                self._test_seconds += time.process_time() - began
                yield self._event("domain", epoch=self.order.epoch, **result)
        yield from self._save()

    def _test_all(self) -> Iterator[Event]:
        for corruption in (None, *self._corruptions()):
            yield self.test(corruption)

    def _corruptions(self) -> list[str]:
        """Those that the run tests and that change its images at the present severity."""
        places = [(name, self.severity) for name in self.config.corruptions]
        height, width, channels = self.data.image_shape
        found = applicable(places, self.config.dataset, (height, width, channels))
        return [name for name, _ in found if name]

    def test(self, corruption: str | None) -> Event:
        """Test on clean (None) or corrupted images, with the present severity."""
        began = time.process_time()
        result = self._evaluations.own(corruption, self.severity)
        self._test_seconds += time.process_time() - began
        return self._event("evaluation", epoch=self.order.epoch, **result)

    def _show_images(self) -> Iterator[Event]:
        corruptions = self._corruptions()
        images = sample_images(self.data.test_images[0], corruptions, self.severity)
        yield self._event("samples", severity=self.severity, images=images)
        damage = next(iter(corruptions), None)
        yield self._event("probes", **self._probes.show(damage, self.severity))

    def _probe(self, *, takes_maps: bool) -> Iterator[Event]:
        self._probed_at = self.step
        for kind, values in self._probes.ask(self.step, takes_maps=takes_maps):
            yield self._event(kind, **values)

    def _start(self) -> Event:
        steps = self.order.num_images // self.batch_size
        done = self.order.epoch * steps + self.order.position // self.batch_size
        origin = {} if self._forked_from is None else {"forked_from": self._forked_from}
        return self._event(
            "start",
            layers=list(self.layers),
            num_features=[layer.num_features for layer in self.layers.values()],
            adaptive_layers=list(self.adaptive_layers),
            num_parameters=sum(parameter.numel() for parameter in self._parameters),
            num_train=self.order.num_images,
            num_test=len(self.data.test_labels),
            steps_per_epoch=steps,
            total_steps=self.step + steps * self.config.epochs - done,
            lambdas=self._lambdas.values(),
            statistics=self.config.statistics,
            **origin,
        )

    def _event(self, kind: str, **values: Any) -> Event:
        return Event(kind, self.step, self.seconds, values)

    def _save(self) -> Iterator[Event]:
        if self._folder is not None:
            yield self._event("checkpoint", file=self.keep(self._folder).name)
