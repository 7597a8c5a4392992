"""What a run is: one frozen configuration, readable without torch."""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any, ClassVar, Literal, get_args

from afn.corruptions.severities import LIVE_CORRUPTIONS, MIN_SIDE, RULE, SEVERITIES
from afn.settings.lambda_init import LambdaInit
from afn.wording import count_words

NormName = Literal["afn", "asrnorm", "bn", "in", "gn", "ln", "bin", "none"]
BackboneName = Literal["convnet", "resnet8", "resnet20", "efficientnet_lite0"]
NORM_NAMES: tuple[str, ...] = get_args(NormName)
ADAPTIVE_NORMS = ("afn", "asrnorm")
"""The norms that have λ and small networks; the options about them mean nothing elsewhere."""
SWITCHABLE_NORMS = ("afn", "bn")
"""The norms that can be evaluated with running or with test-batch statistics."""
BACKBONE_NAMES: tuple[str, ...] = get_args(BackboneName)
IMAGENET_BACKBONES = ("efficientnet_lite0",)
"""Those that begin from ImageNet weights, for images in colour."""
Augment = Literal["none", "crop_flip", "corruptions", "crop_flip_corruptions"]
AUGMENTS: tuple[Augment, ...] = get_args(Augment)

LIMITS: dict[str, tuple[float, float]] = {
    "batch_size": (1, 512),
    "lr": (1e-5, 10.0),
    "momentum": (0.0, 0.999),
    "weight_decay": (0.0, 1.0),
    "lambda_lr_factor": (0.0, 1000.0),
    "network_lr_factor": (0.0, 1000.0),
    "network_decay_factor": (0.0, 1000.0),
    "epochs": (1, 200),
    "seed": (0, 2**31 - 1),
    "stan_ratio": (1, 1024),
    "rescale_ratio": (1, 1024),
    "stat_dropout": (0.0, 0.9),
    "rsc": (0.0, 0.9),
    "severity": (1, 5),
    "train_images": (1, 10_000_000),
    "eval_batch_size": (1, 4096),
    "eval_images": (1, 100_000),
    "evals_per_epoch": (0, 100),
    "max_steps": (1, 10_000_000),
    "max_seconds": (1, 7 * 24 * 3600),
}
"""Inclusive ranges, shared by the checks below, the page's controls and a live run's commands."""

_INTEGERS = {
    "batch_size", "epochs", "seed", "severity", "train_images", "stan_ratio", "rescale_ratio",
    "eval_batch_size", "eval_images", "evals_per_epoch", "max_steps",
}  # fmt: skip


_ADAPTIVE_OPTIONS = ("lambda_init", "stat_dropout", "adaptive", "frozen_networks", "formula")
"""Those of the layer by the same name; the widths come from width and ratio."""


_EPS = (1e-12, 1.0)
_IMAGENET_EPS = 1e-3
_LISTS = ("widths", "corruptions", "test_domains")


def check_number(name: str, value: object) -> None:
    """Raise ValueError with one line unless `value` is a number within ``LIMITS[name]``."""
    low, high = LIMITS[name]
    kind = "a whole number" if name in _INTEGERS else "a number"
    is_number = isinstance(value, int) or (isinstance(value, float) and name not in _INTEGERS)
    if isinstance(value, bool) or not is_number or not low <= value <= high:  # type: ignore[operator]
        raise ValueError(f"{name} must be {kind} from {low:g} to {high:g}, got {value!r}")


def _check_choice(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"unknown {what} {value!r}; known: {', '.join(known)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainConfig:
    """One training run. Variants by ``dataclasses.replace``.

    Raises:
        ValueError: A value is out of range or contradicts another one.

    Example:
        >>> from dataclasses import replace
        >>> from afn import TrainConfig
        >>> config = TrainConfig(dataset="digits8", norm="afn", epochs=2)
        >>> config.statistics, replace(config, norm="bn").statistics
        ('test batch of 128', 'running')
        >>> TrainConfig.from_json(config.to_json()) == config
        True
    """

    VERSION: ClassVar[int] = 1

    dataset: str = "mnist5k"
    """Name of a data set of the catalogue."""
    norm: str = "afn"
    """One of ``NORM_NAMES``."""
    backbone: str = "convnet"
    """One of ``BACKBONE_NAMES``; of ``IMAGENET_BACKBONES`` the seed draws the classifier alone, and
    what the norms have besides γ and β."""
    widths: tuple[int, ...] = (16, 32)
    """Channels of the convnet's blocks (1 to 4 of them); the resnets ignore it."""
    batch_size: int = 64
    lr: float = 0.05
    """Learning rate of SGD; where the schedule begins."""
    lr_schedule: Literal["constant", "cosine"] = "constant"
    """Cosine: half a wave from lr down to 0 over all epochs, anew at every step."""
    momentum: float = 0.9
    weight_decay: float = 0.0
    """Of kernels and matrices; λ, γ, β and biases have none."""
    lambda_lr_factor: float = 1.0
    """The λ parameters learn with ``lr * lambda_lr_factor``."""
    network_lr_factor: float = 1.0
    """The small networks of AFN and ASRNorm learn with ``lr * network_lr_factor``."""
    network_decay_factor: float = 1.0
    """Their matrices have ``weight_decay * network_decay_factor``."""
    epochs: int = 3
    seed: int = 0
    """Fixes the start weights, the data order and the augmentation, the same for every norm."""
    augment: Augment = "none"
    """Crop and flip: each training image shifted by up to 4 pixels, and mirrored or not.
    Corruptions: half of the images under one of those that CIFAR-10-C keeps apart from its fifteen,
    at any severity."""
    rsc: float = 0.0
    """Representation self-challenging: this share of the places or channels that the classifier is
    given, those that it relies on most, is muted in a third of each batch; 1/3 as published."""
    train_images: int = 10_000_000
    """At most so many training images are used, the data set's first ones."""

    lambda_init: LambdaInit = LambdaInit.PAPER
    stan_width: int | None = None
    """Hidden width of the standardization networks; None takes it from the ratio."""
    rescale_width: int | None = None
    """Hidden width of the rescaling networks; None takes it from the ratio."""
    stan_ratio: int = 2
    """Each layer's C channels divided by it, but at least 1, is ``stan_width``."""
    rescale_ratio: int = 16
    """Likewise for ``rescale_width``."""
    stat_dropout: float = 0.0
    adaptive: bool = True
    """False disables the encoder-decoder, the paper's ablation."""
    frozen_networks: bool = False
    """True gives the networks running averages, so that they answer constants: the control for what
    their adapting is worth."""
    formula: Literal["paper", "reference"] = "paper"
    norm_eps: float | None = None
    """The norms' eps, above 0; None is 1e-5, or 1e-3 in efficientnet_lite0, as its weights were
    trained. The published code has 1e-6."""
    eval_stats: Literal["batch", "running"] | None = None
    """Statistics at test time; None is the norm's own default (AFN: batch, BN: running)."""

    eval_images: int = 1000
    """At most so many test images are used."""
    eval_batch_size: int = 128
    """Where test-batch statistics are used, results depend on it."""
    evals_per_epoch: int = 4
    """Tests on clean images per epoch; corruptions are tested at each epoch's end."""
    corruptions: tuple[str, ...] = LIVE_CORRUPTIONS
    """Any of the 19; six of them by default, so that live runs stay quick."""
    severity: int = 3
    test_domains: tuple[str, ...] = ()
    """Further data sets whose clean images are tested once training has come to its end."""
    max_steps: int = 100_000
    """The run stops by itself after so many steps; by default it is refused if it would ..."""
    max_seconds: float = 1800.0
    """... or after so much wall time, pauses included."""

    def __post_init__(self) -> None:
        if not isinstance(self.dataset, str):
            raise ValueError(f"dataset must be a name, got {self.dataset!r}")
        for name in ("adaptive", "frozen_networks"):
            if not isinstance(value := getattr(self, name), bool):
                raise ValueError(f"{name} must be True or False, got {value!r}")
        _check_choice("norm", self.norm, NORM_NAMES)
        _check_choice("backbone", self.backbone, BACKBONE_NAMES)
        _check_choice("formula", self.formula, ("paper", "reference"))
        _check_choice("lr_schedule", self.lr_schedule, ("constant", "cosine"))
        _check_choice("augment", self.augment, AUGMENTS)
        if self.eval_stats is not None:
            _check_choice("eval_stats", self.eval_stats, ("batch", "running"))
        for name in LIMITS:
            check_number(name, getattr(self, name))
        if not 1 <= len(self.widths) <= 4 or not all(
            type(width) is int and 1 <= width <= 512 for width in self.widths
        ):
            raise ValueError(
                f"widths must be 1 to 4 whole numbers from 1 to 512, got {self.widths!r}"
            )
        for name in ("stan_width", "rescale_width"):
            width = getattr(self, name)
            if width is not None and (type(width) is not int or not 1 <= width <= 1024):
                raise ValueError(
                    f"{name} must be a whole number from 1 to 1024 or None, got {width!r}"
                )
        eps = self.norm_eps
        is_number = isinstance(eps, int | float) and not isinstance(eps, bool)
        if eps is not None and not (is_number and _EPS[0] <= eps <= _EPS[1]):
            raise ValueError(
                f"norm_eps must be a number from {_EPS[0]:g} to {_EPS[1]:g} or None, got {eps!r}"
            )
        if not all(isinstance(name, str) for name in self.test_domains):
            raise ValueError(f"test_domains must be names of data sets, got {self.test_domains!r}")
        for corruption in self.corruptions:
            _check_choice("corruption", corruption, tuple(SEVERITIES))
        if self.frozen_networks and not self.adaptive:
            raise ValueError(
                "frozen_networks is about the encoder-decoder, which is disabled; enable it or "
                "freeze nothing"
            )
        if self.stat_dropout > 0 and self.frozen_networks:
            raise ValueError(
                "frozen networks answer constants, of which statistic dropout drops nothing; set "
                "it to 0"
            )
        if self.stat_dropout > 0 and not self.adaptive:
            raise ValueError(
                "statistic dropout acts on the input of the encoder-decoder, which is disabled; "
                "enable it or set the dropout to 0"
            )

        if self.rsc > 0 and self.batch_size < 2:
            raise ValueError(
                "rsc challenges a third of each batch, which of one image is none: take a "
                "batch_size of 2 or more, or set rsc to 0"
            )

    @property
    def is_adaptive(self) -> bool:
        """Whether the layers have λ that can move."""
        return self.norm in ADAPTIVE_NORMS and self.adaptive and not self.lambda_init.is_off

    @property
    def statistics(self) -> str:
        """The statistics mode at test time, in words, as every result names it."""
        match self.norm:
            case "asrnorm" | "in" | "gn" | "ln":
                return "per image"
            case "none":
                return "none"
            case "bin":
                return "running and per image"
        mode = self.eval_stats or ("running" if self.norm == "bn" else "batch")
        return "running" if mode == "running" else f"test batch of {self.eval_batch_size}"

    def norm_options(self, num_features: int) -> dict[str, Any]:
        """Keyword arguments for a norm layer of so many channels."""
        options: dict[str, Any] = {}
        eps = _IMAGENET_EPS if self.backbone in IMAGENET_BACKBONES else None
        eps = eps if self.norm_eps is None else self.norm_eps
        if eps is not None and self.norm != "none":
            options["eps"] = eps
        if self.norm in SWITCHABLE_NORMS and self.eval_stats is not None:
            options["eval_stats"] = self.eval_stats
        if self.norm in ADAPTIVE_NORMS:
            options |= {name: getattr(self, name) for name in _ADAPTIVE_OPTIONS}
            for name in ("stan", "rescale"):
                width, ratio = getattr(self, f"{name}_width"), getattr(self, f"{name}_ratio")
                options[f"{name}_width"] = max(1, num_features // ratio) if width is None else width
        return options

    def num_steps(self, num_train: int) -> int:
        """Steps of all epochs over so many training images, of which it takes `train_images`.

        A remainder smaller than a batch is left out of each epoch: whatever the batch size, a run
        sees the same number of images but for that.
        """
        return self.epochs * (min(num_train, self.train_images) // self.batch_size)

    def lr_factor(self, progress: float) -> float:
        r"""What the schedule makes of the learning rate.

        .. math:: \tfrac12 (1 + \cos \pi p) \text{ (cosine), } 1 \text{ (constant)}

        Args:
            progress: Share p of all epochs' images that training has seen, 0 to 1.
        """
        return 1 if self.lr_schedule == "constant" else (1 + math.cos(math.pi * progress)) / 2

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, with the format's version."""
        return {"version": self.VERSION, **self._plain(self.__slots__)}

    def changed(self) -> dict[str, Any]:
        """The settings that are not the defaults, as plain JSON values."""
        plain = _default()
        return self._plain(n for n in self.__slots__ if getattr(self, n) != getattr(plain, n))

    def _plain(self, names: Iterable[str]) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in names}
        for name in values.keys() & set(_LISTS):
            values[name] = list(values[name])
        if "lambda_init" in values:
            start = asdict(values["lambda_init"])
            values["lambda_init"] = {k: "-inf" if v == -math.inf else v for k, v in start.items()}
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "TrainConfig":
        """The inverse of `to_json`; fields left out take their defaults.

        Raises:
            ValueError: Another version, an unknown field, or a value out of range.
        """
        if not isinstance(values, dict):
            raise ValueError(f"a configuration is a JSON object, got {values!r:.60}")
        values = dict(values)
        if (version := values.pop("version", cls.VERSION)) != cls.VERSION:
            raise ValueError(f"configuration version {version!r} is not {cls.VERSION}")
        known = {field.name for field in fields(cls)}
        if unknown := sorted(values.keys() - known):
            raise ValueError(f"unknown setting {unknown[0]!r}; known: {', '.join(sorted(known))}")
        try:
            for name in _LISTS:
                if name in values:
                    values[name] = tuple(values[name])
            if "lambda_init" in values:
                values["lambda_init"] = _lambda_from_json(values["lambda_init"])
            return cls(**values)
        except (TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"the configuration has a value of the wrong kind: {error}") from error

    def hash(self) -> str:
        """Ten hex digits that name this configuration; settings added later do not change it."""
        text = json.dumps([self.VERSION, self.changed()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    @property
    def run_id(self) -> str:
        """A run's name by what it is: norm and hash, and the rule of the corruptions it tests."""
        return self.run_id_under(RULE)

    def run_id_under(self, rule: int) -> str:
        """The same under another rule of corruptions."""
        is_told = rule > 1 and self.corruptions
        return f"{self.norm}-{self.hash()}{f'-r{rule}' if is_told else ''}"

    def warnings(self) -> list[str]:
        """Settings that are allowed but rarely meant, one line each."""
        lines = []
        if self.batch_size == 1 and self.norm in ("bn", "afn"):
            lines.append(
                f"{self.norm.upper()} with a batch of one: the batch statistics are those of the "
                "one image, so training behaves like instance normalization; take 2 or more to "
                "see batch statistics at work."
            )
        if self.norm in ADAPTIVE_NORMS and self.adaptive and self.lambda_lr_factor == 0:
            lines.append("The λ learning-rate factor is 0: λ stays where it starts.")
        return lines


@cache
def _default() -> TrainConfig:
    return TrainConfig()


def _lambda_from_json(values: dict[str, Any]) -> LambdaInit:
    start: dict[str, Any] = {n: -math.inf if v == "-inf" else v for n, v in values.items()}
    return LambdaInit(**start)


def check_against_data(config: TrainConfig, num_train: int, image_side: int) -> None:
    """Raise ValueError with one line if the data set is too small for the configuration.

    Args:
        config: What is to be trained.
        num_train: Training images of the data set.
        image_side: The shorter side of its images.
    """
    num_train = min(num_train, config.train_images)
    if config.batch_size > num_train:
        raise ValueError(
            f"the batch size {config.batch_size} is above the {num_train} training images of "
            f"{config.dataset}; take at most {num_train}"
        )
    if config.backbone == "convnet" and image_side < 2 ** len(config.widths):
        raise ValueError(
            f"{len(config.widths)} blocks halve {image_side} pixels to nothing; "
            f"take fewer widths or larger images"
        )


def check_imagenet(config: TrainConfig, channels: int) -> None:
    """Raise ValueError with one line if the network cannot begin from ImageNet weights, and should.

    Args:
        config: What is to be trained.
        channels: Of the data set's images, 1 or 3.
    """
    if config.backbone not in IMAGENET_BACKBONES:
        return
    if config.norm == "asrnorm" and config.frozen_networks:
        raise ValueError(
            "ASRNorm's frozen networks are given the mean of σ over training images, which the "
            "ImageNet weights come without: take AFN, or another network"
        )
    if channels != 3:
        raise ValueError(
            f"{config.backbone} begins from weights for images in colour, and {config.dataset} is "
            f"in grey: take {config.dataset.partition('@')[0]}@rgb"
        )


def check_steps(config: TrainConfig, num_train: int) -> None:
    """Raise ValueError with one line if the limit of steps would cut a run short.

    Args:
        config: What is to be trained.
        num_train: Training images of the data set.
    """
    if (steps := config.num_steps(num_train)) > config.max_steps:
        raise ValueError(
            f"{count_words(config.epochs, 'epoch')} of {config.dataset} in batches of "
            f"{config.batch_size} take {steps:,} steps, and the limit is {config.max_steps:,}: "
            f"raise max_steps, or take fewer epochs or larger batches"
        )


def check_corruptible(config: TrainConfig, image_side: int) -> None:
    """Raise ValueError with one line if the data set's images are too small to be corrupted.

    Args:
        config: What is to be trained.
        image_side: The shorter side of its images.
    """
    is_corrupted = bool(config.corruptions) or config.augment.endswith("corruptions")
    if is_corrupted and image_side < MIN_SIDE:
        raise ValueError(
            f"corruptions take images with sides of at least {MIN_SIDE} pixels, {config.dataset} "
            f"has {image_side}: take larger images, or neither train nor test with corruptions"
        )
