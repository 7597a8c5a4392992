"""What a run is: one frozen configuration, readable without torch."""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, Literal, get_args

from afn.settings.backbones import BACKBONE_NAMES
from afn.settings.corruptions import CORRUPTION_NAMES, LIVE_CORRUPTIONS, RULE
from afn.settings.lambda_init import LambdaInit
from afn.settings.needs import (
    HAS_BLOCKS,
    HAS_DECAY,
    HAS_EPS,
    HAS_LAMBDA,
    LAMBDA_MOVES,
    NETWORKS_ADAPT,
    OF_NETWORKS,
    SWITCHES,
    check_together,
    rarely_meant,
)  # fmt: skip
from afn.settings.norms import NORM_NAMES, NORM_ROWS
from afn.settings.setting import Setting, row

Augment = Literal["none", "crop_flip", "corruptions", "crop_flip_corruptions"]
AUGMENTS: tuple[Augment, ...] = get_args(Augment)


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

    dataset: str = row(
        "mnist5k", title="data set", url="data", tells="{}", is_rare=False,
        help="What the networks learn. The first four come with the app: 5,000 real MNIST digits, "
        "small UCI digits (8×8), digits over photos (MNIST-M's recipe) and digits rendered in "
        "fonts (SYN's recipe). Others appear when they lie in the data folder.",
    )  # fmt: skip
    """Name of a data set of the catalogue."""
    norm: str = row(
        "afn", title="norm", url="c", choices=NORM_NAMES, own=True, is_rare=False,
        changes="fork", varied="bn, asrnorm, afn",
        help="The layer after each convolution. AFN and ASRNorm have λ; the others are there for "
        "comparison: BN, instance (IN), group (GN), layer (LN), batch-instance (BIN) and "
        "switchable norm (SN), FRN, EvoNorm, DyT, batch renorm (BRN), GN with weight "
        "standardization (GN+WS), ghost BN, and no norm at all.",
    )  # fmt: skip
    """One of ``NORM_NAMES``."""
    backbone: str = row(
        "convnet", title="network", url="net", choices=BACKBONE_NAMES, tells="{}", is_rare=False,
        varied="convnet, resnet8",
        help="The network around the norm layers. `convnet` is the two-block network of the "
        "published code; the ResNets are the small CIFAR ones with 7 and 19 norm layers.",
    )  # fmt: skip
    """One of ``BACKBONE_NAMES``; of one that begins from ImageNet weights the seed draws the
    classifier alone, and what the norms have besides γ and β."""
    widths: tuple[int, ...] = row(
        (16, 32), title="channel widths", url="widths", bounds=(1, 512), lengths=(1, 4), tells="{}",
        is_rare=False, varied="16-32, 32-64", needs=(HAS_BLOCKS,),
        help="Channels of each block of the convnet, 1 to 4 numbers. More channels: more "
        "statistics per layer, slower steps.",
    )  # fmt: skip
    """Channels of the convnet's blocks (1 to 4 of them); the other networks ignore it."""
    batch_size: int = row(
        64, title="batch size", url="bs", bounds=(1, 512), tells="batch {}", is_rare=False,
        changes="live", varied="4, 16, 64",
        help="Images per step, 1 to 512. BN and AFN take their statistics from the batch, so small "
        "batches make them noisy; ASRNorm looks at one image at a time.",
    )  # fmt: skip
    lr: float = row(
        0.05, title="learning rate", url="lr", bounds=(1e-5, 10.0), step=0.005, tells="lr {}",
        is_rare=False, changes="live", varied="0.01, 0.05, 0.2",
        help="How far a step goes: SGD's learning rate, or where its schedule begins.",
    )  # fmt: skip
    lr_schedule: Literal["constant", "cosine"] = row(
        "constant", title="schedule of the learning rate", url="schedule",
        choices=("constant", "cosine"), tells="{} lr", varied="constant, cosine",
        help="constant, or cosine: half a wave from the learning rate down to 0 over all epochs.",
    )  # fmt: skip
    """Cosine: half a wave from lr down to 0 over all epochs, anew at every step."""
    momentum: float = row(
        0.9, title="momentum", url="momentum", bounds=(0.0, 0.999), step=0.05, tells="momentum {}",
        is_rare=False, varied="0, 0.9", help="How much of the last step is kept in the next one.",
    )  # fmt: skip
    weight_decay: float = row(
        0.0, title="weight decay", url="wd", bounds=(0.0, 1.0), step=1e-4,
        tells="weight decay {}", varied="0, 0.0005",
        help="Pulls kernels and matrices towards 0; λ, γ, β and biases are left alone.",
    )  # fmt: skip
    """Of kernels and matrices; λ, γ, β and biases have none."""
    lambda_lr_factor: float = row(
        1.0, title="λ's learning rate, times", url="lamlr", bounds=(0.0, 1000.0),
        tells="λ lr ×{}", is_rare=False, changes="live", varied="0.1, 1, 10",
        needs=(*OF_NETWORKS, LAMBDA_MOVES),
        help="λ learns with this many times the learning rate. From the paper's start λ hardly "
        "moves in a short run, since the sigmoid is flat there; 10 or 100 shows where it wants to "
        "go.",
    )  # fmt: skip
    """The λ parameters learn with ``lr * lambda_lr_factor``."""
    network_lr_factor: float = row(
        1.0, title="the networks' learning rate, times", url="netlr", bounds=(0.0, 1000.0),
        tells="networks' lr ×{}", varied="1, 10, 50", needs=OF_NETWORKS,
        help="The small networks of AFN and ASRNorm learn with this many times the learning rate.",
    )  # fmt: skip
    """The small networks of AFN and ASRNorm learn with ``lr * network_lr_factor``."""
    network_decay_factor: float = row(
        1.0, title="the networks' weight decay, times", url="netwd", bounds=(0.0, 1000.0),
        tells="networks' weight decay ×{}", varied="0, 1", needs=(*OF_NETWORKS, HAS_DECAY),
        help="The matrices of the small networks have this many times the weight decay.",
    )  # fmt: skip
    """Their matrices have ``weight_decay * network_decay_factor``."""
    epochs: int = row(
        3, title="epochs", url="epochs", bounds=(1, 200), unit="epoch", tells="{}", is_rare=False,
        changes="fork", varied="1, 3", help="How often the training images are gone through.",
    )  # fmt: skip
    seed: int = row(
        0, title="seed", url="seed", bounds=(0, 2**31 - 1), tells="seed {}", is_rare=False,
        help="Fixes the start weights and the order of the images, the same for every contender, "
        "so that what differs is the norm. The same seed gives the same run, bit for bit.",
    )  # fmt: skip
    """Fixes the start weights, the data order and the augmentation, the same for every norm."""
    augment: Augment = row(
        "none", title="augmentation", url="aug", choices=AUGMENTS, tells="augmentation {}",
        varied="none, crop_flip",
        help="Crop and flip: each training image shifted by up to 4 pixels, and mirrored or not. "
        "Corruptions: half of the training images are corrupted, by kinds that tests leave out.",
    )  # fmt: skip
    """Crop and flip: each training image shifted by up to 4 pixels, and mirrored or not.
    Corruptions: half of the images under one of those that CIFAR-10-C keeps apart from its fifteen,
    at any severity."""
    rsc: float = row(
        0.0, title="self-challenging, share muted", url="rsc", bounds=(0.0, 0.9), step=0.05,
        tells="RSC {config.rsc:.2g}", varied="0, 0.33",
        help="Representation self-challenging: this share of what the classifier relies on most "
        "is muted in a third of each batch; 1/3 as published.",
    )  # fmt: skip
    """Representation self-challenging: this share of the places or channels that the classifier is
    given, those that it relies on most, is muted in a third of each batch; 1/3 as published."""
    train_images: int = row(
        10_000_000, title="training images", url="train", bounds=(1, 10_000_000), step=500,
        unit="training image", tells="at most {}", varied="500, 1000, 4000",
        help="At most so many training images are used, the data set's first ones.",
    )  # fmt: skip
    """At most so many training images are used, the data set's first ones."""

    lambda_init: LambdaInit = row(
        LambdaInit.PAPER, title="start of λ", url="lambda", tells="λ {}", own=True, is_rare=False,
        is_layers=True, varied="paper, open, -1", needs=OF_NETWORKS,
        help="Where the four λ start. paper: 0.047 and 0.0067. reference: what the published code "
        "really does, 0.51, with λ_γ, λ_β ungated. open (wide open): 0.5 each. off: exactly 0, "
        "which makes AFN batch norm and ASRNorm instance norm.",
    )  # fmt: skip
    stan_width: int | None = row(
        None, title="`stan_width`", url="stan", bounds=(1, 1024), unset="C/{config.stan_ratio}",
        tells="stan {}", own=True, is_rare=False, varied="1, 8", needs=OF_NETWORKS,
        help="Hidden units of the network that proposes mean and standard deviation. Empty: half "
        "the channels.",
    )  # fmt: skip
    """Hidden width of the standardization networks; None takes it from the ratio."""
    rescale_width: int | None = row(
        None, title="`rescale_width`", url="rescale", bounds=(1, 1024),
        unset="C/{config.rescale_ratio}", tells="rescale {}", own=True, is_rare=False,
        varied="1, 8", needs=OF_NETWORKS,
        help="Hidden units of the network that proposes γ and β. Empty: a sixteenth of the "
        "channels, at least one.",
    )  # fmt: skip
    """Hidden width of the rescaling networks; None takes it from the ratio."""
    stan_ratio: int = row(
        2, title="standardization networks, C divided by", url="stanratio", bounds=(1, 1024),
        own=True, varied="2, 8, 32", needs=OF_NETWORKS,
        help="Each layer's C channels divided by it, but at least 1, is `stan_width` where that "
        "is empty.",
    )  # fmt: skip
    """Each layer's C channels divided by it, but at least 1, is ``stan_width``."""
    rescale_ratio: int = row(
        16, title="rescaling networks, C divided by", url="rescaleratio", bounds=(1, 1024),
        own=True, varied="2, 8, 32", needs=OF_NETWORKS,
        help="Each layer's C channels divided by it, but at least 1, is `rescale_width` where that "
        "is empty.",
    )  # fmt: skip
    """Likewise for ``rescale_width``."""
    stat_dropout: float = row(
        0.0, title="dropout of the statistics", url="dropout", bounds=(0.0, 0.9), step=0.05,
        tells="dropout {}", own=True, is_rare=False, is_layers=True, changes="fork",
        varied="0, 0.3", needs=(*OF_NETWORKS, NETWORKS_ADAPT),
        help="Share of the statistics hidden at random from the standardization network while "
        "training. The published code uses 0.3, the paper does not mention it.",
    )  # fmt: skip
    adaptive: bool = row(
        True, title="encoder-decoder", url="ed", tells="no enc-dec", own=True, is_rare=False,
        is_layers=True, changes="fork", varied="on, off", needs=(HAS_LAMBDA,),
        help="Off is the paper's ablation: the layer without its encoder-decoder networks.",
    )  # fmt: skip
    """False disables the encoder-decoder, the paper's ablation."""
    frozen_networks: bool = row(
        False, title="frozen networks", url="frozen", tells="frozen networks", own=True,
        is_layers=True, varied="off, on", needs=OF_NETWORKS,
        help="The networks are given running averages, so that they answer constants: the control "
        "for what their adapting is worth.",
    )  # fmt: skip
    """True gives the networks running averages, so that they answer constants: the control for what
    their adapting is worth."""
    formula: Literal["paper", "reference"] = row(
        "paper", title="formula", url="formula", choices=("paper", "reference"),
        tells="{} formula", own=True, is_rare=False, is_layers=True, varied="paper, reference",
        needs=(HAS_LAMBDA,),
        help="paper: biased variance, ε inside the root, σ̂ never below √ε. reference: the "
        "published code's arithmetic (unbiased variance; for AFN ε outside the root).",
    )  # fmt: skip
    norm_eps: float | None = row(
        None, title="eps of the norms", url="eps", bounds=(1e-12, 1.0), step=1e-6,
        unset="the norm's own", tells="eps {}", own=True, varied="1e-5, 1e-6", needs=(HAS_EPS,),
        help="Added to the variance. Empty: 1e-5, or 1e-3 in efficientnet_lite0, as its weights "
        "were trained. The published code has 1e-6.",
    )  # fmt: skip
    """The norms' eps, above 0; None is 1e-5, or 1e-3 in efficientnet_lite0, as its weights were
    trained. The published code has 1e-6."""
    eval_stats: Literal["batch", "running"] | None = row(
        None, title="statistics at test time", url="stats", choices=("batch", "running"),
        unset="the norm's own", tells="{config.statistics}", own=True, is_rare=False,
        changes="fork", varied="running, batch", needs=(SWITCHES,),
        help="Statistics at test time. batch: those of the test images beside it. running: "
        "averages kept while training. A gain in robustness may be this switch alone: the Paper "
        "page takes it apart.",
    )  # fmt: skip
    """Statistics at test time; None is the norm's own default (AFN: batch, BN: running)."""

    eval_images: int = row(
        1000, title="test images", url="tests", bounds=(1, 100_000), step=100,
        help="At most so many test images are used.",
    )  # fmt: skip
    eval_batch_size: int = row(
        128, title="batch size at test time", url="testbs", bounds=(1, 4096),
        varied="2, 16, 128",
        help="Where test-batch statistics are used, results depend on it.",
    )  # fmt: skip
    evals_per_epoch: int = row(
        4, title="tests per epoch", url="evals", bounds=(0, 100),
        help="On clean images; corruptions are tested at each epoch's end.",
    )  # fmt: skip
    """Tests on clean images per epoch; corruptions are tested at each epoch's end."""
    corruptions: tuple[str, ...] = row(
        LIVE_CORRUPTIONS, title="corruptions", url="corruptions", choices=CORRUPTION_NAMES,
        help="Tested at each epoch's end. Six by default, so that live runs stay quick.",
    )  # fmt: skip
    """Any of them; six by default, so that live runs stay quick."""
    severity: int = row(
        3, title="severity", url="sev", bounds=(1, 5), is_rare=False,
        help="How strong the corruptions are, from 1 to 5, with the constants of CIFAR-10-C.",
    )  # fmt: skip
    test_domains: tuple[str, ...] = row(
        (), title="further data sets", url="domains",
        help="Their clean images are tested once training has come to its end.",
    )  # fmt: skip
    max_steps: int = row(
        100_000, title="most steps", url="maxsteps", bounds=(1, 10_000_000), step=1000,
        help="The run stops by itself after so many steps.",
    )  # fmt: skip
    """The run stops by itself after so many steps; by default it is refused if it would ..."""
    max_seconds: float = row(
        1800.0, title="most seconds", url="maxseconds", bounds=(1.0, 7 * 24 * 3600.0), step=60.0,
        help="The run stops by itself after so much wall time, pauses included.",
    )  # fmt: skip
    """... or after so much wall time, pauses included."""

    def __post_init__(self) -> None:
        for setting in SETTINGS.values():
            setting.check(getattr(self, setting.name))
        check_together(self)

    @property
    def is_adaptive(self) -> bool:
        """Whether the layers have λ that can move."""
        is_adaptive = NORM_ROWS[self.norm].is_adaptive and self.adaptive
        return is_adaptive and not self.lambda_init.is_off

    @property
    def statistics(self) -> str:
        """The statistics mode at test time, in words, as every result names it."""
        norm = NORM_ROWS[self.norm]
        mode = (norm.is_switchable and self.eval_stats) or norm.statistics
        return f"test batch of {self.eval_batch_size}" if mode == "batch" else mode

    def told(self, *besides: str) -> list[str]:
        """What is not the default, in a few letters each, but for some settings."""
        return [
            setting.told(self)
            for name, setting in SETTINGS.items()
            if setting.tells and name not in besides and getattr(self, name) != setting.default
        ]

    def num_steps(self, num_train: int) -> int:
        """Steps of all epochs over so many training images, of which it takes `train_images`.

        A remainder smaller than a batch is left out of each epoch: whatever the batch size, a run
        sees the same number of images but for that.
        """
        return self.epochs * (min(num_train, self.train_images) // self.batch_size)

    def lr_factor(self, progress: float) -> float:
        r"""What the schedule makes of the learning rate at a share p of all epochs' images, 0 to 1.

        .. math:: \tfrac12 (1 + \cos \pi p) \text{ (cosine), } 1 \text{ (constant)}
        """
        return 1 if self.lr_schedule == "constant" else (1 + math.cos(math.pi * progress)) / 2

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, with the format's version."""
        return {"version": self.VERSION, **self._plain(self.__slots__)}

    def changed(self) -> dict[str, Any]:
        """The settings that are not the defaults, as plain JSON values."""
        usual = _default()
        return self._plain(n for n in self.__slots__ if getattr(self, n) != getattr(usual, n))

    def _plain(self, names: Iterable[str]) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in names}
        for name, value in values.items():
            if isinstance(value, tuple):
                values[name] = list(value)
            elif isinstance(value, LambdaInit):
                values[name] = value.to_json()
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
            for name in values.keys() & {s.name for s in SETTINGS.values() if s.is_list}:
                values[name] = tuple(values[name])
            if "lambda_init" in values:
                values["lambda_init"] = LambdaInit.from_json(values["lambda_init"])
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
        return rarely_meant(self)


SETTINGS: dict[str, Setting] = {
    field.name: Setting(name=field.name, default=field.default, **field.metadata)
    for field in fields(TrainConfig)
}
"""A row for each field, in their order."""
LIVE = tuple(name for name, setting in SETTINGS.items() if setting.changes == "live")
"""Those that may change while a run trains."""
CHANGEABLE = tuple(name for name, setting in SETTINGS.items() if setting.changes != "never")
"""Those that a fork may change; the rest would make the checkpoint another network's."""


@cache
def _default() -> TrainConfig:
    return TrainConfig()
