"""What the Ablations page shows: its settings, their link form, and the sweep that they build."""

from dataclasses import dataclass
from typing import Any

from afn.corruptions.severities import LIVE_CORRUPTIONS, SEVERITIES
from afn.settings.config import BACKBONE_NAMES, SETTINGS
from afn.settings.lambda_init import LambdaInit
from afn.settings.setting import Setting
from afn.sweep.spec import SweepSpec

from ...kit.view import ViewState

NEW = "new"
"""In the place of a sweep's name: one that is being built."""
VARIED = {setting.name: setting for setting in SETTINGS.values() if setting.varied}
"""What a sweep built here can vary."""
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
                title = VARIED[name].title
                raise ValueError(f"{title} varies twice: take another setting, or none")
            axes[name] = values_of(name, text)
        return SweepSpec.from_json(
            {
                "name": " × ".join(VARIED[name].title for name in axes),
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


def choices_of(setting: Setting) -> tuple[str, ...]:
    """A setting's values where they are names."""
    return ("on", "off") if setting.kind == "switch" else setting.choices


def values_of(name: str, text: str) -> list[Any]:
    """A setting's values from a text with commas between.

    Raises:
        ValueError: There are none, or one is not a value of that setting.
    """
    setting = VARIED[name]
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise ValueError(f"{setting.title}: give one or more values, such as {setting.varied}")
    return [_value(setting, part) for part in parts]


def _value(setting: Setting, text: str) -> Any:
    """As a sweep's axis takes it: a start of λ by its preset, or as one logit for all four."""
    known = choices_of(setting)
    if known and text not in known:
        raise ValueError(f"{setting.title} is one of {', '.join(known)}, not {text[:40]!r}")
    is_start = setting.kind == "start"
    if is_start and text in LambdaInit.PRESETS:
        return text
    plain = text.removeprefix("C/").replace("−", "-")
    try:
        value: Any = float(plain) if is_start else setting.from_text(plain)
    except ValueError:
        what = "whole numbers" if setting.kind in ("whole", "wholes") else "numbers"
        raise ValueError(
            f"{setting.title} takes {what} with commas between, such as {setting.varied}; got "
            f"{text[:40]!r}"
        ) from None
    return list(value) if setting.is_list else value


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
