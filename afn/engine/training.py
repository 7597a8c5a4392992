"""The training loop: steps, snapshots, tests, commands, as a stream of events."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from afn.backbones import Backbone
from afn.corruptions.applying import applicable
from afn.engine.building import model_of, started
from afn.engine.challenging import challenged
from afn.engine.checkpoints import load_checkpoint, save_checkpoint
from afn.engine.evaluations import Evaluator
from afn.engine.grafting import graft
from afn.engine.lambdas import LambdaReadings, rows
from afn.engine.parameters import parameter_groups
from afn.engine.snapshots import Snapshot, short
from afn.engine.tensors import DataOrder, TensorData, load_tensors, sample_images
from afn.norms import AdaptiveNorm, norm_layers
from afn.runs.origin import ForkedFrom
from afn.settings.commands import Command, Controls, NoControls, check_command
from afn.settings.config import TrainConfig
from afn.settings.events import Event
from afn.settings.fitting import check_against_data, check_corruptible, check_imagenet
from afn.wording import count_words

SNAPSHOTS = 48
"""Snapshots of γ̂, β̂ and statistics are spread evenly over so many points of a run."""
_PAUSE_POLL = 0.03


class DivergedError(ArithmeticError):
    """The loss is no longer finite."""


class Training:
    """One run in memory: model, optimizer and the place in the data.

    `events` is the loop. Nothing here writes but checkpoints, and only where `checkpoints` says.

    Args:
        config: What to train.
        checkpoints: Folder for checkpoints; none are written without it.

    Raises:
        ValueError: The data set is unknown, malformed or too small for the configuration.
        FileNotFoundError: The data set is not on disk.
    """

    def __init__(self, config: TrainConfig, checkpoints: Path | None = None) -> None:
        self.config = config
        self.data: TensorData = load_tensors(
            config.dataset, config.train_images, config.eval_images
        )
        num_train = len(self.data.train_labels)
        check_against_data(config, num_train, min(self.data.image_shape[:2]))
        check_imagenet(config, self.data.image_shape[2])
        check_corruptible(config, min(self.data.image_shape[:2]))
        self.model = self._network(config, started)
        self.model.to(memory_format=torch.channels_last)
        self.layers = norm_layers(self.model)
        self.adaptive_layers = {
            name: layer for name, layer in self.layers.items() if isinstance(layer, AdaptiveNorm)
        }
        self._parameters = list(self.model.parameters())
        groups = parameter_groups(self.model, config)
        self.optimizer = torch.optim.SGD(groups, lr=config.lr, momentum=config.momentum)
        self.order = DataOrder(config.seed, num_train)
        self.step = 0
        self.batch_size = config.batch_size
        self.lr = config.lr
        self.lambda_lr_factor = config.lambda_lr_factor
        self.severity = config.severity
        self.paused = False
        self.stop_reason = ""
        self._steps_allowed = 0
        self._evaluations = Evaluator(config, self.data, self.model)
        self._lambdas = LambdaReadings(self.adaptive_layers)
        self._train_seconds = self._test_seconds = 0.0
        self._processor_began, self._processor_before = time.process_time(), 0.0
        self._paused_seconds = 0.0
        self._num_changes = 0
        self._rng_state = torch.Generator().manual_seed(config.seed).get_state()
        self._folder = checkpoints
        self._began = time.perf_counter()
        self._seconds_before = 0.0
        self.control_offset = 0
        self._forked_from: dict[str, Any] | None = None

    @property
    def seconds(self) -> float:
        """Wall time that the run has had without pauses, that before a resumption counted in."""
        since = time.perf_counter() - self._began - self._paused_seconds
        return self._seconds_before + since

    def _times(self) -> dict[str, float]:
        processor = self._processor_before + time.process_time() - self._processor_began
        times = {
            "seconds": self.seconds, "processor_seconds": processor,
            "train_seconds": self._train_seconds, "test_seconds": self._test_seconds,
        }  # fmt: skip
        return {name: round(seconds, 3) for name, seconds in times.items()}

    @property
    def rate(self) -> float:
        """The learning rate at this place in the data: the base rate, by the schedule."""
        total = self.config.epochs * self.order.num_images
        return self.lr * self.config.lr_factor(self.order.images_seen / total)

    @property
    def is_complete(self) -> bool:
        """Whether all epochs are done."""
        return self.order.epoch >= self.config.epochs

    def summary(self) -> dict[str, Any]:
        """What the end marker says: how far it came, and the newest test of each kind.

        ``seconds`` is wall time without pauses. ``processor_seconds``, and of those
        ``train_seconds`` for the steps and ``test_seconds`` for the tests, are disturbed little by
        what else the machine does; ``changes`` counts the commands that changed a setting, so that
        it is known whether the configuration says all; ``lambda_moved`` is how far each kind of λ
        is from its start, on average over the layers.
        """
        return {
            "step": self.step,
            "epoch": self.order.epoch,
            "accuracy": self._evaluations.clean_accuracy,
            **self._times(),
            "changes": self._num_changes,
            "lambda_moved": self._lambdas.moved(),
            "tests": self._evaluations.results,
        }

    def events(self, controls: Controls | None = None) -> Iterator[Event]:
        """Train to the end, a stop or a limit (then `stop_reason` says which).

        Raises:
            DivergedError: The loss is not finite; names the step.
        """
        controls = controls or NoControls()
        is_resumed = self.step > 0 and self._forked_from is None
        yield self._event("resume") if is_resumed else self._start()
        yield self._samples()
        while True:
            yield from self._obey_all(controls)
            if self.stop_reason or self.is_complete:
                break
            yield from self._train_step()
            if self.order.ends_epoch(self.batch_size):
                yield from self._end_epoch()
        if self.stop_reason:
            yield from self._save()

    # -- commands -------------------------------------------------------------------------------

    def _obey_all(self, controls: Controls) -> Iterator[Event]:
        """Obey what came; while paused, stay here until a step is allowed."""
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
            if self.stop_reason or self.is_complete or not self.paused:
                return
            if self._steps_allowed:
                self._steps_allowed -= 1
                return
            asleep = time.perf_counter()
            time.sleep(_PAUSE_POLL)
            self._paused_seconds += time.perf_counter() - asleep

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
                    yield self._samples()
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
        snapshots_before = self._snapshots_due()
        rate = self.rate
        self._set_rates(rate)
        augment = self.config.augment
        generator = None if augment == "none" else self.order.generator()
        images, labels = self.data.train_batch(self.order.take(self.batch_size), augment, generator)
        takes_snapshot = (
            self.step == 0 or self._snapshots_due() > snapshots_before or self._is_last_step()
        )
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
        is_last_epoch = self.order.epoch + 1 == self.config.epochs
        return is_last_epoch and self.order.position + self.batch_size > self.order.num_images

    def _snapshots_due(self) -> int:
        total = self.config.epochs * self.order.num_images
        return self.order.images_seen * SNAPSHOTS // total

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

    def _samples(self) -> Event:
        images = sample_images(self.data.test_images[0], self._corruptions(), self.severity)
        return self._event("samples", severity=self.severity, images=images)

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
        if self._folder is None:
            return
        path = self._folder / f"step-{self.step:08d}.safetensors"
        progress = {
            "step": self.step,
            "epoch": self.order.epoch,
            "position": self.order.position,
            "batch_size": self.batch_size,
            "lr": self.lr,
            "lambda_lr_factor": self.lambda_lr_factor,
            "severity": self.severity,
            "tests": self._evaluations.results,
            "changes": self._num_changes,
            **self._times(),
            "control_offset": self.control_offset,
            "class_names": list(self.data.class_names),
            "rng_state": bytes(self._rng_state.tolist()).hex() if self.config.stat_dropout else "",
        }
        save_checkpoint(path, self.model, self.optimizer, progress)
        yield self._event("checkpoint", file=path.name)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint of this configuration, as if never interrupted.

        Raises:
            ValueError: The file is damaged or belongs to another model, or the classes of the data
                set have changed since.
        """
        progress = load_checkpoint(path, self.model, self.optimizer)
        self._check_classes(path, progress)
        self.step = progress["step"]
        self.order.epoch, self.order.position = progress["epoch"], progress["position"]
        self.batch_size, self.lr = progress["batch_size"], progress["lr"]
        self.lambda_lr_factor, self.severity = progress["lambda_lr_factor"], progress["severity"]
        self._evaluations.restore(progress.get("tests", ()))
        self._num_changes = progress.get("changes", 0)
        self._train_seconds = progress.get("train_seconds", 0.0)
        self._test_seconds = progress.get("test_seconds", 0.0)
        self._processor_before = progress.get("processor_seconds", 0.0)
        self._seconds_before = progress["seconds"]
        self.control_offset = progress["control_offset"]
        self._restore_generator(progress["rng_state"])

    def fork(self, path: Path, origin: ForkedFrom) -> None:
        """Begin where another run's checkpoint stands, with this configuration.

        Weights, momentum and the place in the data are that run's. Its wall time, tests and
        commands are not this one's. It counts as a change: the configuration does not say all.

        Raises:
            ValueError: The file is damaged, or not what `origin` says.
        """
        found = graft(
            path,
            self.model,
            self.optimizer,
            self.config,
            donor=self._network(origin.config),
            donor_config=origin.config,
            kept=frozenset(f"lambda_{name}_logit" for name in origin.logits),
        )
        self._check_classes(path, found.progress)
        self.step = found.progress["step"]
        self.order.epoch, self.order.position = found.progress["epoch"], found.progress["position"]
        self._restore_generator(found.progress["rng_state"])
        self._num_changes = 1
        self._forked_from = {
            "run": origin.run, "step": origin.step, "file": origin.file, "lambda": origin.logits,
            "fresh": found.fresh, "dropped": found.dropped,
        }  # fmt: skip

    def _check_classes(self, path: Path, progress: dict[str, Any]) -> None:
        learned = tuple(progress.get("class_names", self.data.class_names))
        if learned != self.data.class_names:
            raise ValueError(
                f"{self.config.dataset} had other classes when {path.name} was trained: expected "
                f"{', '.join(learned)}, got {', '.join(self.data.class_names)}; put the former "
                f"ones back, or train anew"
            )

    def _restore_generator(self, state: str) -> None:
        if state:
            self._rng_state = torch.tensor(list(bytes.fromhex(state)), dtype=torch.uint8)

    def _network(
        self, config: TrainConfig, built: Callable[..., nn.Sequential] = model_of
    ) -> nn.Sequential:
        return built(
            config,
            image_size=self.data.image_shape[:2],
            num_classes=len(self.data.class_names),
            mean=self.data.mean,
            std=self.data.std,
        )
