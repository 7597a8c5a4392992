"""A comparison: one to four configurations that differ in their contender, and its link form."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from afn.runs.origin import ForkedFrom
from afn.settings.config import ADAPTIVE_NORMS, TrainConfig
from afn.settings.lambda_init import LAMBDAS, LambdaInit
from afn.wording import count_words

Comparison = tuple[TrainConfig, ...]
MAX_CONTENDERS = 4

NORM_TITLES = {
    "afn": "AFN",
    "asrnorm": "ASRNorm",
    "bn": "BN",
    "in": "IN",
    "gn": "GN",
    "ln": "LN",
    "bin": "BIN",
    "none": "no norm",
}

LETTERS = dict(zip(LAMBDAS, "μσγβ", strict=True))

_SHARED = {
    "data": "dataset",
    "net": "backbone",
    "widths": "widths",
    "bs": "batch_size",
    "lr": "lr",
    "momentum": "momentum",
    "lamlr": "lambda_lr_factor",
    "epochs": "epochs",
    "seed": "seed",
    "sev": "severity",
}
"""URL parameter -> field that all contenders share."""

_OPTIONS = {
    "stan": "stan_width",
    "rescale": "rescale_width",
    "dropout": "stat_dropout",
    "ed": "adaptive",
    "frozen": "frozen_networks",
    "formula": "formula",
    "stats": "eval_stats",
}
"""Option in a contender's link form -> field of its own."""

URL_KEYS = (*_SHARED, "c")


def default_comparison() -> Comparison:
    """AFN, ASRNorm and BN on 5,000 real digits."""
    return tuple(TrainConfig(norm=norm) for norm in ("afn", "asrnorm", "bn"))


def share(comparison: Comparison, **values: Any) -> Comparison:
    """The comparison with fields changed for all contenders."""
    return tuple(replace(config, **values) for config in comparison)


# -- link form -----------------------------------------------------------------------------------


def to_url(comparison: Comparison) -> dict[str, str | list[str]]:
    """Query parameters that reproduce the comparison; defaults are left out."""
    first, default = comparison[0], TrainConfig()
    url: dict[str, str | list[str]] = {}
    for key, name in _SHARED.items():
        value = getattr(first, name)
        if value != getattr(default, name):
            url[key] = "-".join(map(str, value)) if name == "widths" else f"{value}"
    contenders = [_contender_to_text(config) for config in comparison]
    if contenders != ["afn", "asrnorm", "bn"]:
        url["c"] = contenders
    return url


def from_url(url: Mapping[str, Sequence[str]]) -> tuple[Comparison, list[str]]:
    """The comparison that a link asks for, and one line for each thing in it that cannot be.

    Args:
        url: Query parameters, each with its values. Foreign parameters are ignored.
    """
    problems: list[str] = []
    base = TrainConfig()
    for key, name in _SHARED.items():
        if key in url:
            text = url[key][-1]
            try:
                base = replace(base, **{name: _parse(name, text)})
            except ValueError as error:
                problems.append(_problem(key, text, error, "The default is used."))
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
    return tuple(comparison) or share(default_comparison(), **_shared_values(base)), problems


def _problem(key: str, text: str, error: ValueError, remedy: str) -> str:
    line = f"In the link, {key}={text[:40]}: {str(error)[:160]}. {remedy}"
    return " ".join(line.split())


def _shared_values(config: TrainConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in _SHARED.values()}


def _parse(name: str, text: str) -> Any:
    match name:
        case "widths":
            return tuple(_number(part, int) for part in text.split("-"))
        case "dataset" | "backbone" | "formula" | "eval_stats":
            return text
        case "lr" | "momentum" | "lambda_lr_factor" | "stat_dropout":
            return _number(text, float)
        case "adaptive" | "frozen_networks":
            what = {"adaptive": "the encoder-decoder", "frozen_networks": "freezing the networks"}
            if text not in ("on", "off"):
                raise ValueError(f"{what[name]} is on or off, not {text!r}")
            return text == "on"
        case _:
            return _number(text, int)


def _number(text: str, kind: type[int] | type[float]) -> float:
    try:
        return kind(text)
    except ValueError:
        expected = "a whole number" if kind is int else "a number"
        raise ValueError(f"expected {expected}, got {text[:40]!r}") from None


def _contender_to_text(config: TrainConfig) -> str:
    parts, default = [config.norm], TrainConfig()
    if config.lambda_init != default.lambda_init:
        parts.append("lambda_" + _lambda_to_text(config.lambda_init))
    for key, name in _OPTIONS.items():
        value = getattr(config, name)
        if value != getattr(default, name):
            parts.append(f"{key}_{_option_to_text(value)}")
    return "~".join(parts)


def _option_to_text(value: Any) -> str:
    return ("off", "on")[value] if isinstance(value, bool) else f"{value}"


def _contender_from_text(text: str, base: TrainConfig) -> TrainConfig:
    norm, *parts = text.split("~")
    values: dict[str, Any] = {"norm": norm}
    for part in parts:
        key, _, value = part.partition("_")
        if key == "lambda":
            values["lambda_init"] = _lambda_from_text(value)
        elif key in _OPTIONS:
            name = _OPTIONS[key]
            values[name] = _parse(name, value)
        else:
            known = ", ".join(["lambda", *_OPTIONS])
            raise ValueError(f"unknown option {key!r}; known: {known}")
    return replace(base, **values)


def _lambda_to_text(init: LambdaInit) -> str:
    for name, preset in LambdaInit.PRESETS.items():
        if init == preset:
            return name
    values = [repr(v).removesuffix(".0") for v in (init.mu, init.sigma, init.gamma, init.beta)]
    return "_".join([*values, *(["linear"] if init.rescale_gate == "linear" else [])])


def _lambda_from_text(text: str) -> LambdaInit:
    if text in LambdaInit.PRESETS:
        return LambdaInit.PRESETS[text]
    *values, last = text.split("_")
    gate: Literal["linear", "sigmoid"] = "linear" if last == "linear" else "sigmoid"
    try:
        numbers = [float(value) for value in (values if gate == "linear" else [*values, last])]
    except ValueError:
        numbers = []
    if len(numbers) != 4:
        raise ValueError(
            f"the λ start is one of {', '.join(LambdaInit.PRESETS)} or four logits "
            f"(mu_sigma_gamma_beta), got {text[:40]!r}"
        )
    mu, sigma, gamma, beta = numbers
    return LambdaInit(mu=mu, sigma=sigma, gamma=gamma, beta=beta, rescale_gate=gate)


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
    values = [f"λ_{LETTERS[name]} logit {value:g}" for name, value in origin.logits.items()]
    return " ".join([*values, f"from step {origin.step}"])


def labels(comparison: Comparison, notes: Sequence[str] = ()) -> list[str]:
    """A short name per contender; where a norm occurs twice, with what tells them apart.

    Args:
        comparison: The contenders.
        notes: What else may tell each of them apart.
    """
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
    """What can tell two contenders of one norm apart, in a few letters each."""
    is_adaptive = config.norm in ADAPTIVE_NORMS
    return {
        "lambda": f"λ {lambda_title(config.lambda_init)}" if is_adaptive else "",
        "adaptive": "" if config.adaptive else "no enc-dec",
        "frozen": "frozen networks" if config.frozen_networks else "",
        "stan": f"stan {config.stan_width or 'C/2'}" if is_adaptive else "",
        "rescale": f"rescale {config.rescale_width or 'C/16'}" if is_adaptive else "",
        "dropout": f"dropout {config.stat_dropout:g}" if is_adaptive else "",
        "formula": f"{config.formula} formula" if is_adaptive else "",
        "stats": config.statistics,
        "data": config.dataset,
        "net": config.backbone,
        "widths": "-".join(map(str, config.widths)),
        "bs": f"batch {config.batch_size}",
        "lr": f"lr {config.lr:g}",
        "momentum": f"momentum {config.momentum:g}",
        "lamlr": f"λ lr ×{config.lambda_lr_factor:g}",
        "epochs": count_words(config.epochs, "epoch"),
        "seed": f"seed {config.seed}",
    }


def lambda_title(init: LambdaInit) -> str:
    """The preset's name, or the logits."""
    return _lambda_to_text(init).replace("_", " ")


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

    title: str
    expectation: str
    comparison: Comparison


def _preset(title: str, expectation: str, *configs: TrainConfig) -> Preset:
    return Preset(title, expectation, configs)


PRESETS = {
    "paper": _preset(
        "The paper's start",
        "λ starts near zero (λ_μ = λ_σ ≈ 0.047, λ_γ = λ_β ≈ 0.0067), so AFN begins as almost "
        "exactly BN: expect λ to move by thousandths and the three to learn at a similar pace.",
        *default_comparison(),
    ),
    "reference": _preset(
        "The reference code's real start",
        "The published code applies the sigmoid twice (λ_μ, λ_σ really start at 0.51) and leaves "
        "λ_γ, λ_β ungated: expect gradients several times BN's in the first steps, slower "
        "learning, and λ_γ and λ_β that wander off, below zero too.",
        TrainConfig(norm="afn", lambda_init=LambdaInit.REFERENCE),
        TrainConfig(norm="asrnorm", lambda_init=LambdaInit.REFERENCE),
        TrainConfig(norm="bn"),
    ),
    "open": _preset(
        "Wide open (λ = 0.5)",
        "Half of every statistic comes from an untrained network: expect larger gradients in the "
        "first steps and slower learning than from the paper's start, which runs beside it.",
        TrainConfig(norm="afn", lambda_init=LambdaInit.OPEN),
        TrainConfig(norm="afn"),
        TrainConfig(norm="bn"),
    ),
    "off": _preset(
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
        "Four images give noisy batch statistics and noisy gradients: expect every curve to jitter "
        "more than at 64, and see whether ASRNorm, which normalizes one image at a time, fares "
        "any better.",
        *share(default_comparison(), batch_size=4, lr=0.005, epochs=1),
    ),
    "no-networks": _preset(
        "Encoder-decoder disabled",
        "The paper's ablation, the same layer without its networks: expect hardly any difference "
        "in a short run from small λ, where the networks' share is small.",
        TrainConfig(norm="afn"),
        TrainConfig(norm="afn", adaptive=False),
        TrainConfig(norm="bn", eval_stats="batch"),
    ),
}
