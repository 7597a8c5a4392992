"""What the Ablations page shows: its settings, their link form, and the sweep that they build."""

from dataclasses import dataclass
from typing import Any

from afn.corruptions.severities import LIVE_CORRUPTIONS, SEVERITIES
from afn.settings.config import AUGMENTS, BACKBONE_NAMES, NORM_NAMES, TrainConfig
from afn.settings.lambda_init import LambdaInit
from afn.sweep.spec import SweepSpec

from ...kit.view import ViewState

NEW = "new"
"""In the place of a sweep's name: one that is being built."""
VARIED = {
    "norm": "norm",
    "batch_size": "batch size",
    "lr": "learning rate",
    "lambda_init": "start of λ",
    "adaptive": "encoder-decoder",
    "frozen_networks": "frozen networks",
    "stan_ratio": "standardization networks, C divided by",
    "rescale_ratio": "rescaling networks, C divided by",
    "stat_dropout": "dropout of the statistics",
    "lambda_lr_factor": "λ's learning rate, times",
    "network_lr_factor": "the networks' learning rate, times",
    "network_decay_factor": "the networks' weight decay, times",
    "eval_stats": "statistics at test time",
    "eval_batch_size": "batch size at test time",
    "backbone": "network",
    "epochs": "epochs",
    "train_images": "training images",
    "momentum": "momentum",
    "weight_decay": "weight decay",
    "lr_schedule": "schedule of the learning rate",
    "augment": "augmentation",
    "rsc": "self-challenging, share muted",
    "formula": "formula",
    "norm_eps": "eps of the norms",
}
"""What a sweep built here can vary, and how it is called."""
CHOICES: dict[str, tuple[str, ...]] = {
    "norm": NORM_NAMES,
    "backbone": BACKBONE_NAMES,
    "adaptive": ("on", "off"),
    "frozen_networks": ("on", "off"),
    "eval_stats": ("running", "batch"),
    "formula": ("paper", "reference"),
    "lr_schedule": ("constant", "cosine"),
    "augment": AUGMENTS,
}
"""Settings whose values are names."""
EXAMPLES = {
    "norm": "bn, asrnorm, afn",
    "batch_size": "4, 16, 64",
    "lr": "0.01, 0.05, 0.2",
    "lambda_init": "paper, open, -1",
    "adaptive": "on, off",
    "frozen_networks": "off, on",
    "stan_ratio": "2, 8, 32",
    "rescale_ratio": "2, 8, 32",
    "stat_dropout": "0, 0.3",
    "lambda_lr_factor": "0.1, 1, 10",
    "network_lr_factor": "1, 10, 50",
    "network_decay_factor": "0, 1",
    "eval_stats": "running, batch",
    "eval_batch_size": "2, 16, 128",
    "backbone": "convnet, resnet8",
    "epochs": "1, 3",
    "train_images": "500, 1000, 4000",
    "momentum": "0, 0.9",
    "weight_decay": "0, 0.0005",
    "formula": "paper, reference",
    "norm_eps": "1e-5, 1e-6",
    "lr_schedule": "constant, cosine",
    "augment": "none, crop_flip",
    "rsc": "0, 0.33",
}
"""Values that a new axis begins with."""
TESTS = {"clean": (), "six": LIVE_CORRUPTIONS, "all": tuple(SEVERITIES)}
"""Corruptions that a sweep built here tests, by name."""
FIGURES = ("lines", "map")
SHOWN = ("value", "difference")
SOURCES = ("precomputed", "live")
_NO_AXIS = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AblationsView:
    """Which sweep is looked at, and how; and the one that is being built."""

    sweep: str = "parts"
    """A ready-made one's name, the id of one that was begun here, or `NEW`."""
    guess: str = ""
    """What the visitor expects, by its number; "?" who did not guess; empty before that."""
    source: str = "precomputed"
    metric: str = ""
    """By its name; empty for the sweep's own."""
    over: str = ""
    """The axis along which figures are drawn; empty for the last one."""
    figure: str = ""
    """How it is drawn; empty for the sweep's own way."""
    shown: str = "value"
    baseline: str = ""
    """A label of the compared axis; empty for its first."""

    dataset: str = "mnist5k"
    backbone: str = "convnet"
    epochs: int = 2
    axis_1: str = "norm"
    values_1: str = "bn, afn"
    axis_2: str = "batch_size"
    values_2: str = "4, 16, 64"
    axis_3: str = _NO_AXIS
    values_3: str = ""
    seeds: int = 3
    tests: str = "six"
    domains: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, known in (
            ("source", SOURCES), ("figure", ("", *FIGURES)), ("shown", SHOWN),
            ("tests", tuple(TESTS)), ("backbone", BACKBONE_NAMES),
            *((f"axis_{i}", (_NO_AXIS, *VARIED)) for i in (1, 2, 3)),
        ):  # fmt: skip
            if (value := getattr(self, name)) not in known:
                said = ", ".join(each for each in known if each)
                raise ValueError(f"{_URL[name]} is one of {said}, not {value[:40]!r}")
        for name, limits in (("epochs", (1, 200)), ("seeds", (1, 20))):
            value = getattr(self, name)
            if type(value) is not int or not limits[0] <= value <= limits[1]:
                raise ValueError(
                    f"{name} is a whole number from {limits[0]} to {limits[1]}, not {value!r:.40}"
                )

    def spec(self) -> SweepSpec:
        """The sweep that is being built.

        Raises:
            ValueError: One line that says what is wrong with it.
        """
        axes: dict[str, Any] = {}
        for i in (1, 2, 3):
            name, text = getattr(self, f"axis_{i}"), getattr(self, f"values_{i}")
            if not name:
                continue
            if name in axes:
                raise ValueError(f"{VARIED[name]} varies twice: take another setting, or none")
            axes[name] = values_of(name, text)
        return SweepSpec.from_json(
            {
                "name": " × ".join(VARIED[name] for name in axes),
                "base": {
                    "dataset": self.dataset,
                    "backbone": self.backbone,
                    "epochs": self.epochs,
                    "evals_per_epoch": 1,
                    "corruptions": list(TESTS[self.tests]),
                    "test_domains": list(self.domains),
                },
                "axes": axes,
                "seeds": self.seeds,
            }
        )


def values_of(name: str, text: str) -> list[Any]:
    """A setting's values from a text with commas between.

    Raises:
        ValueError: There are none, or one is not a value of that setting.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise ValueError(f"{VARIED[name]}: give one or more values, such as {EXAMPLES[name]}")
    return [_value(name, part) for part in parts]


def _value(name: str, text: str) -> Any:
    if name in CHOICES:
        if text not in CHOICES[name]:
            known = ", ".join(CHOICES[name])
            raise ValueError(f"{VARIED[name]} is one of {known}, not {text[:40]!r}")
        return text == "on" if CHOICES[name] == ("on", "off") else text
    if name == "lambda_init" and text in LambdaInit.PRESETS:
        return text
    if name in ("stan_ratio", "rescale_ratio"):
        text = text.removeprefix("C/")
    kind = int if type(getattr(TrainConfig(), name)) is int else float
    try:
        return kind(text.replace("−", "-"))
    except ValueError:
        what = "whole numbers" if kind is int else "numbers"
        raise ValueError(
            f"{VARIED[name]} takes {what} with commas between, such as {EXAMPLES[name]}; got "
            f"{text[:40]!r}"
        ) from None


_URL = {
    "sweep": "sweep",
    "guess": "guess",
    "source": "source",
    "metric": "metric",
    "over": "over",
    "figure": "as",
    "shown": "show",
    "baseline": "against",
    "dataset": "data",
    "backbone": "net",
    "epochs": "epochs",
    "axis_1": "vary1",
    "values_1": "values1",
    "axis_2": "vary2",
    "values_2": "values2",
    "axis_3": "vary3",
    "values_3": "values3",
    "seeds": "seeds",
    "tests": "tests",
    "domains": "domains",
}
"""Field -> URL parameter."""


# -- the session -----------------------------------------------------------------------------------

_VIEW = ViewState("ablations", AblationsView, _URL, anchor="sweep", things=("sweep",))

begin, from_url, to_url = _VIEW.begin, _VIEW.from_url, _VIEW.to_url
key, keep, put, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.put, _VIEW.take, _VIEW.write
settle = _VIEW.settle
