"""A comparison: one to four configurations that differ in their contender, and its link form."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from afn.runs.origin import ForkedFrom
from afn.settings.commands import change_words
from afn.settings.config import SETTINGS, TrainConfig
from afn.settings.lambda_init import LAMBDAS, LambdaInit
from afn.settings.norms import NORM_TITLES
from afn.wording import number_words

Comparison = tuple[TrainConfig, ...]
MAX_CONTENDERS = 4

LETTERS = dict(zip(LAMBDAS, "μσγβ", strict=True))

SHARED = tuple(setting for setting in SETTINGS.values() if not setting.own)
"""Settings that all contenders share."""
OWN = tuple(setting for setting in SETTINGS.values() if setting.own and setting.name != "norm")
"""Those of each contender, besides its norm."""

_FIRST = ("start", "switch")
"""Kinds of settings that names begin with."""
URL_KEYS = (*(setting.url for setting in SHARED), "c")


def default_comparison() -> Comparison:
    """AFN, ASRNorm and BN on 5,000 real digits."""
    return tuple(TrainConfig(norm=norm) for norm in ("afn", "asrnorm", "bn"))


def opening_comparison() -> Comparison:
    """What the Playground opens with: digits turned pale, of which BN alone can read few.

    λ learns ten times as fast as the weights, so that it is seen to move: the paper's hardly does.
    """
    return share(
        default_comparison(), corruptions=("contrast",), severity=5, lr=0.1, lambda_lr_factor=10.0
    )


def share(comparison: Comparison, **values: Any) -> Comparison:
    """The comparison with fields changed for all contenders."""
    return tuple(replace(config, **values) for config in comparison)


# -- link form -----------------------------------------------------------------------------------


def to_url(comparison: Comparison) -> dict[str, str | list[str]]:
    """Query parameters that reproduce the comparison; defaults are left out."""
    url: dict[str, str | list[str]] = {}
    for setting in SHARED:
        if (value := getattr(comparison[0], setting.name)) != setting.default:
            url[setting.url] = setting.to_text(value)
    contenders = [_contender_to_text(config) for config in comparison]
    if contenders != ["afn", "asrnorm", "bn"]:
        url["c"] = contenders
    return url


def from_url(url: Mapping[str, Sequence[str]]) -> tuple[Comparison, list[str]]:
    """The comparison that a link asks for, and one line for each thing in it that cannot be."""
    problems: list[str] = []
    base = TrainConfig()
    for setting in SHARED:
        if setting.url in url:
            text = url[setting.url][-1]
            try:
                value: Any = setting.from_text(text)
                base = replace(base, **{setting.name: value})
            except ValueError as error:
                problems.append(_problem(setting.url, text, error, "The default is used."))
    texts = list(url.get("c", ())) or ["afn", "asrnorm", "bn"]
    if len(texts) > MAX_CONTENDERS:
        problems.append(
            f"The link names {len(texts)} contenders; the first {MAX_CONTENDERS} are used."
        )
    comparison = []
    for text in texts[:MAX_CONTENDERS]:
        try:
            comparison.append(_contender_from_text(text, base))
        except ValueError as error:
            problems.append(_problem("c", text, error, "It is left out."))
    usual = tuple(replace(base, norm=config.norm) for config in default_comparison())
    return tuple(comparison) or usual, problems


def _problem(key: str, text: str, error: ValueError, remedy: str) -> str:
    line = f"In the link, {key}={text[:40]}: {str(error)[:160]}. {remedy}"
    return " ".join(line.split())


def _contender_to_text(config: TrainConfig) -> str:
    parts = [config.norm]
    for setting in OWN:
        if (value := getattr(config, setting.name)) != setting.default:
            parts.append(f"{setting.url}_{setting.to_text(value)}")
    return "~".join(parts)


def _contender_from_text(text: str, base: TrainConfig) -> TrainConfig:
    norm, *parts = text.split("~")
    options = {setting.url: setting for setting in OWN}
    values: dict[str, Any] = {"norm": norm}
    for part in parts:
        key, _, value = part.partition("_")
        if key not in options:
            raise ValueError(f"unknown option {key!r}; known: {', '.join(options)}")
        values[options[key].name] = options[key].from_text(value)
    return replace(base, **values)


# -- names ---------------------------------------------------------------------------------------


def names_of(configs: Sequence[TrainConfig], origins: Sequence[ForkedFrom | None]) -> list[str]:
    """`labels` of runs, of which some may be forks: those say from which step they are."""
    pairs = list(zip(configs, origins, strict=True))
    # What a fork calls its λ start are the λ that were set, which its note says better.
    shown = tuple(
        config if origin is None else replace(config, lambda_init=origin.config.lambda_init)
        for config, origin in pairs
    )
    return labels(shown, [_fork_note(origin) for _, origin in pairs])


def _fork_note(origin: ForkedFrom | None) -> str:
    if origin is None:
        return ""
    values = [
        f"λ_{LETTERS[name]} logit {number_words(value)}" for name, value in origin.logits.items()
    ]
    if origin.script:
        values.append(_branch_words(origin))
    return " ".join([*values, f"from step {origin.branches_at}"])


def _branch_words(origin: ForkedFrom) -> str:
    """What a branch sets: "lr 0.01", "λ_μ 0.3"."""
    _, command = origin.script[-1]
    if "lambda" not in command:
        return change_words(command)
    gate = origin.config.lambda_init.rescale_gate
    start = lambda_start(LambdaInit(**command["lambda"], rescale_gate=gate))
    return " ".join(f"λ_{LETTERS[name]} {number_words(start[name])}" for name in command["lambda"])


def labels(comparison: Comparison, notes: Sequence[str] = ()) -> list[str]:
    """A short name per contender; where a norm occurs twice, with what tells them apart."""
    traits = [_traits(config) for config in comparison]
    for mine, note in zip(traits, notes, strict=False):
        mine["note"] = note
    names = []
    for config, mine in zip(comparison, traits, strict=True):
        rivals = [
            other
            for rival, other in zip(comparison, traits, strict=True)
            if rival.norm == config.norm
        ]
        differing = [
            text for key, text in mine.items() if len({other[key] for other in rivals}) > 1 and text
        ]
        title = NORM_TITLES[config.norm]
        names.append(f"{title} ({', '.join(differing)})" if differing else title)
    return [
        f"{name} #{names[: i + 1].count(name)}" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]


def _traits(config: TrainConfig) -> dict[str, str]:
    """What can tell two contenders of one norm apart, in a few letters each; its own first."""
    ordered = sorted((*OWN, *SHARED), key=lambda setting: setting.kind not in _FIRST)
    return {setting.name: setting.told(config) for setting in ordered if setting.tells}


def lambda_start(init: LambdaInit) -> dict[str, float]:
    """The effective λ that a start gives."""
    gates = {"mu": "sigmoid", "sigma": "sigmoid"}
    return {
        name: getattr(init, name)
        if gates.get(name, init.rescale_gate) == "linear"
        else _sigmoid(getattr(init, name))
        for name in LAMBDAS
    }


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit)) if logit > -700 else 0.0


# -- presets -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preset:
    """A comparison worth starting with, and what to expect of it."""

    name: str
    """Below its picture."""
    title: str
    expectation: str
    comparison: Comparison


def _preset(name: str, title: str, expectation: str, *configs: TrainConfig) -> Preset:
    return Preset(name, title, expectation, configs)


MOVING = 30.0
"""With so many times the learning rate λ moves far in a short run: `benchmarks.moving_lambda`."""
PRESETS = {
    "pale": _preset(
        "Pale digits",
        "Pale digits",
        "Tested on digits paler than any that were learned: expect BN, which remembers averages of "
        "clear ones, to read few, AFN and ASRNorm nearly all. Give BN the test batch too, and see "
        "what is left of that.",
        *opening_comparison(),
    ),
    "paper": _preset(
        "Paper's start",
        "The paper's start",
        "λ starts near zero (λ_μ = λ_σ ≈ 0.047, λ_γ = λ_β ≈ 0.0067), so AFN begins as almost "
        "exactly BN: expect λ to move by thousandths and the three to learn at a similar pace.",
        *default_comparison(),
    ),
    "moving": _preset(
        "λ let move",
        f"λ let move (λ lr ×{MOVING:g})",
        f"λ learns {MOVING:g} times as fast as the weights. Expect it to go where it went by "
        "thousandths: in norm 2, AFN's λ_μ up to 0.34 (0.14 to 0.54), its λ_σ down to 0.005 (0.002 "
        "to 0.007), each of six seeds the same way, and accuracy to stay (−0.1 points, −0.3 to "
        "0.1): λ was slow, not at rest, and here little depends on it.",
        *share(default_comparison(), lambda_lr_factor=MOVING),
    ),
    "reference": _preset(
        "Reference code",
        "The reference code's real start",
        "The published code applies the sigmoid twice (λ_μ, λ_σ really start at 0.51) and leaves "
        "λ_γ, λ_β ungated: expect gradients several times BN's in the first steps, slower "
        "learning, and λ_γ and λ_β that wander off, below zero too.",
        TrainConfig(norm="afn", lambda_init=LambdaInit.REFERENCE),
        TrainConfig(norm="asrnorm", lambda_init=LambdaInit.REFERENCE),
        TrainConfig(norm="bn"),
    ),
    "open": _preset(
        "λ wide open",
        "Wide open (λ = 0.5)",
        "Half of every statistic comes from an untrained network: expect larger gradients in the "
        "first steps and slower learning than from the paper's start, which runs beside it.",
        TrainConfig(norm="afn", lambda_init=LambdaInit.OPEN),
        TrainConfig(norm="afn"),
        TrainConfig(norm="bn"),
    ),
    "off": _preset(
        "λ off",
        "Off (= BN with batch statistics)",
        "With λ = 0 exactly, AFN is BN with test-batch statistics: expect those two to share their "
        "curves up to rounding, and BN with running statistics to part from them in the tests "
        "alone, most of all under contrast.",
        TrainConfig(norm="afn", lambda_init=LambdaInit.OFF),
        TrainConfig(norm="bn", eval_stats="batch"),
        TrainConfig(norm="bn"),
    ),
    "batch4": _preset(
        "Batch of 4",
        "Batch of 4",
        "Four images give noisy batch statistics and noisy gradients: expect every curve to jitter "
        "more than at 64, and see whether ASRNorm, which normalizes one image at a time, fares "
        "any better.",
        *share(default_comparison(), batch_size=4, lr=0.005, epochs=1),
    ),
    "no-networks": _preset(
        "No networks",
        "Encoder-decoder disabled",
        "The paper's ablation, the same layer without its networks: expect hardly any difference "
        "in a short run from small λ, where the networks' share is small.",
        TrainConfig(norm="afn"),
        TrainConfig(norm="afn", adaptive=False),
        TrainConfig(norm="bn", eval_stats="batch"),
    ),
}
