"""What the Ablations page shows: its settings, their link form, and the sweep that they build."""

from dataclasses import dataclass
from typing import Any

from afn.settings.backbones import BACKBONE_NAMES
from afn.settings.config import SETTINGS
from afn.settings.corruptions import CORRUPTION_NAMES, LIVE_CORRUPTIONS
from afn.settings.lambda_init import LambdaInit
from afn.settings.setting import Setting
from afn.sweep.spec import SweepSpec

from ...kit.view import View, ViewState, in_link
from .words import HELP

NEW = "new"
"""In the place of a sweep's name: one that is being built."""
VARIED = {
    setting.name: setting
    for setting in sorted(SETTINGS.values(), key=lambda setting: not setting.own)
    if setting.varied
}
"""What a sweep built here can vary: what is of the norm first."""
TESTS = {"clean": (), "six": LIVE_CORRUPTIONS, "all": CORRUPTION_NAMES}
"""Corruptions that a sweep built here tests, by name."""
FIGURES = ("lines", "map")
SHOWN = ("value", "difference")
SOURCES = ("precomputed", "live")
_NO_AXIS = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AblationsView(View):
    """Which sweep is looked at, and how; and the one that is being built."""

    sweep: str = in_link("sweep", "parts")
    """A ready-made one's name, the id of one that was begun here, or `NEW`."""
    guess: str = in_link("guess", "")
    """What the visitor expects, by its number; "?" who did not guess; empty before that."""
    source: str = in_link("source", "precomputed", SOURCES)
    metric: str = in_link("metric", "")
    """By its name; empty for the sweep's own."""
    over: str = in_link("over", "")
    """The axis along which figures are drawn; empty for the last one."""
    figure: str = in_link("as", "", ("", *FIGURES))
    """How it is drawn; empty for the sweep's own way."""
    x: str = in_link("x", "")
    """A metric along which figures are drawn, by its name; empty for the setting itself."""
    shown: str = in_link("show", "value", SHOWN)
    baseline: str = in_link("against", "")
    """A label of the compared axis; empty for its first."""

    dataset: str = in_link("data", "mnist5k")
    backbone: str = in_link("net", "convnet", BACKBONE_NAMES)
    epochs: int = in_link("epochs", 2, range(1, 201))
    axis_1: str = in_link("vary1", "norm", (_NO_AXIS, *VARIED))
    values_1: str = in_link("values1", "bn, afn")
    axis_2: str = in_link("vary2", "batch_size", (_NO_AXIS, *VARIED))
    values_2: str = in_link("values2", "4, 16, 64")
    axis_3: str = in_link("vary3", _NO_AXIS, (_NO_AXIS, *VARIED))
    values_3: str = in_link("values3", "")
    seeds: int = in_link("seeds", 3, range(1, 21))
    tests: str = in_link("tests", "six", TESTS)
    domains: tuple[str, ...] = in_link("domains", ())

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


VIEW = ViewState("ablations", AblationsView, anchor="sweep", things=("sweep",), help=HELP)
