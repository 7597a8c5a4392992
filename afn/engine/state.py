"""A run in memory: model, optimizer and the place in the data; kept, restored, forked."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from afn.engine.building import model_of, started
from afn.engine.checkpoints import load_checkpoint, save_checkpoint
from afn.engine.evaluations import Evaluator
from afn.engine.grafting import graft
from afn.engine.lambdas import LambdaReadings
from afn.engine.parameters import parameter_groups
from afn.engine.probing import Probe
from afn.engine.tensors import DataOrder, TensorData, load_tensors
from afn.norms import AdaptiveNorm, norm_layers
from afn.runs.origin import ForkedFrom
from afn.settings.config import TrainConfig
from afn.settings.fitting import check_against_data, check_corruptible, check_imagenet


class TrainingState:
    """What a training is between two steps.

    Args:
        config: What to train.
        checkpoints: Folder for checkpoints; none are written without it.
        sheets: Folder for pictures of probes and feature maps, made where it is missing; none are
            written without it.

    Raises:
        ValueError: The data set is unknown, malformed or too small for the configuration.
        FileNotFoundError: The data set is not on disk.
    """

    def __init__(
        self, config: TrainConfig, checkpoints: Path | None = None, sheets: Path | None = None
    ) -> None:
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
        self._probes = Probe(config, self.data, self.model, self.layers, sheets)
        self._probed_at: int | None = None
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
        is from its start, on average over the layers, and ``lambda_end`` what it is then.
        """
        return {
            "step": self.step,
            "epoch": self.order.epoch,
            "accuracy": self._evaluations.clean_accuracy,
            **self._times(),
            "changes": self._num_changes,
            "lambda_moved": self._lambdas.moved(),
            "lambda_end": self._lambdas.means(),
            "tests": self._evaluations.results,
        }

    def keep(self, folder: Path) -> Path:
        """Write a checkpoint; returns its file."""
        path = folder / f"step-{self.step:08d}.safetensors"
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
        return path

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
