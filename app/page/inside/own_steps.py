"""The steps of norms that do more, or less, than subtract, divide and rescale."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from afn.ask.inside.look import Seen
from afn.wording import number_words, range_words

from .equations import equation, rest
from .writing import Told, equations, given, result, sub, two

_TITLES = {"in": "IN", "ln": "LN", "bn": "BN"}
"""Of norms that another takes the statistics of."""
OwnStep = Callable[[Seen], Told]


@dataclass(frozen=True, kw_only=True, slots=True)
class Own:
    """What a norm tells in its own way; None where it is as in all."""

    statistics: OwnStep | None = None
    mix: OwnStep | None = None
    """Between statistics and standardizing."""
    mix_title: str = "Mix by weights"
    standardize: OwnStep | None = None
    title: str = "Standardize"
    """Of that step."""
    ends: Callable[[Seen, str], list[str]] | None = None
    """What follows on γ·x̂ + β, which is given as it is shown."""


def averaged(seen: Seen) -> tuple[str, str]:
    """Which axes, and what that is in words."""
    image, channel = seen["image"] + 1, seen["channel"]
    whole = seen["layers"][seen["layer"]]
    match seen["statistics"]:
        case "each image":
            return f"H·W of image {image}", ""
        case "each group":
            size = whole // seen["num_groups"]
            first = channel // size * size
            return (
                f"H·W and {size} channels of image {image}",
                f": channels {first + 1} to {first + size} share them",
            )
        case "whole image":
            return f"C·H·W of image {image}", ": all its channels share them"
        case "each place":
            return (
                f"C at one place of image {image}",
                ": its channels share them, and each place has its own",
            )
    return "N·H·W", ""


# -- BIN -------------------------------------------------------------------------------------------


def _two(seen: Seen) -> Told:
    told = [_measured(seen, norm) for norm in ("bn", "in")]
    is_running = "running_mu" in seen["channels"]
    batch = "tracked in training" if is_running else "this channel of the batch"
    reading = (
        f"Two norms measure side by side: the batch{', as training left it,' if is_running else ''}"
        f" and {seen['count']:,} values of this channel of image {seen['image'] + 1}."
    )
    small = f"BN: {batch}; IN: this channel of the image"
    return "2 means<br>2 deviations", equations(*told, small=small), reading


def _gate(seen: Seen) -> Told:
    rho, gates = number_words(_of(seen, "rho")), seen["channels"]["rho"]
    whole = sum(each == 1 for each in gates)
    reading = (
        f"Learned, one for each channel: from {range_words(min(gates), max(gates))}; {whole} of "
        f"{len(gates)} are 1. At 1 a channel is BN's, at 0 IN's."
    )
    return f"ρ {rho}", equations(f"ρ = {result(rho)}"), reading


def _by_both(seen: Seen) -> Told:
    lines, hats = [], []
    for name in ("bn", "in"):
        mu, sigma = (_of(seen, f"{each}_{name}") for each in ("mu", "sigma"))
        value = (seen["pixel"]["x"] - mu) / sigma
        x, *shown, hat = equation((seen["pixel"]["x"], mu, sigma), value, _standardized)
        of_mu, of_sigma = (given(each, "statistics") for each in shown)
        title = sub(_TITLES[name])
        lines.append(f"x̂{title} = ({given(x, 'input')} − {of_mu}) / {of_sigma} = {result(hat)}")
        hats.append(value)
    terms = _of(seen, "rho"), *hats
    rho, batch, image, x_hat = equation(terms, seen["pixel"]["x_hat"], _shared)
    lines.append(
        f"x̂ = ρ·x̂{sub('BN')} + (1 − ρ)·x̂{sub('IN')} = {given(rho, 'mix')}·{given(batch)} + "
        f"{given(rest(rho), 'mix')}·{given(image)} = {result(x_hat)}"
    )
    return _x_hat(seen), equations(*lines), _spans(seen, "By both, in the gate's shares.")


def _standardized(x: float, mu: float, sigma: float) -> float:
    return (x - mu) / sigma


def _shared(share: float, one: float, other: float) -> float:
    return share * one + (1 - share) * other


# -- SwitchNorm ------------------------------------------------------------------------------------

_THREE = ("in", "ln", "bn")


def _three(seen: Seen) -> Told:
    told = [_measured(seen, norm) for norm in _THREE]
    is_running = "running_mu" in seen["channels"]
    small = "IN: this channel of the image; LN: all its channels; BN: " + (
        "tracked in training" if is_running else "this channel of the batch"
    )
    reading = (
        f"Three norms measure side by side: over {seen['count']:,} values of this channel of image "
        f"{seen['image'] + 1}, over all its channels, and over the batch"
        f"{', as training left it' if is_running else ''}."
    )
    return "3 means<br>3 deviations", equations(*told, small=small), reading


def _mix(seen: Seen) -> Told:
    told = []
    for name, letter, of in (("mu", "μ", _weighed), ("sigma", "σ", _weighed_squares)):
        terms = [_of(seen, f"{each}_{name}_{norm}" if each else f"{name}_{norm}")
                 for norm in _THREE for each in ("share", "")]  # fmt: skip
        *shown, hat = equation(terms, _of(seen, f"{name}_hat"), of)
        square = "²" if name == "sigma" else ""
        parts = (
            f"{given(share)}·{given(value, 'statistics')}{square}"
            for share, value in zip(shown[::2], shown[1::2], strict=True)
        )
        total = " + ".join(parts)
        told.append(f"{letter}̂ = {f'√({total})' if square else total} = {result(hat)}")
    most = {
        name: max(_THREE, key=lambda norm: _of(seen, f"share_{name}_{norm}"))
        for name in ("mu", "sigma")
    }
    shares = {name: f"{_of(seen, f'share_{name}_{norm}'):.0%}" for name, norm in most.items()}
    reading = (
        f"The weights are learned, one set for the layer: most of the mean is "
        f"{_TITLES[most['mu']]}'s ({shares['mu']}), most of the variance "
        f"{_TITLES[most['sigma']]}'s ({shares['sigma']})."
    )
    value = two("μ̂", _of(seen, "mu_hat"), "σ̂", _of(seen, "sigma_hat"))
    return value, equations(*told), reading


def _mixed(seen: Seen) -> Told:
    x, mu, sigma, x_hat = equation(
        (seen["pixel"]["x"], _of(seen, "mu_hat"), _of(seen, "sigma_hat")),
        seen["pixel"]["x_hat"],
        _standardized,
    )
    formula = (
        f"x̂ = (x − μ̂) / σ̂ = ({given(x, 'input')} − {given(mu, 'mix')}) / {given(sigma, 'mix')} = "
        f"{result(x_hat)}"
    )
    return _x_hat(seen), equations(formula), _spans(seen, "What is left of IN, LN and BN at once.")


def _weighed(*terms: float) -> float:
    return sum(share * value for share, value in zip(terms[::2], terms[1::2], strict=True))


def _weighed_squares(*terms: float) -> float:
    return math.sqrt(
        sum(share * value * value for share, value in zip(terms[::2], terms[1::2], strict=True))
    )


# -- FRN -------------------------------------------------------------------------------------------


def _size(seen: Seen) -> Told:
    sigma, x = _of(seen, "sigma"), given(number_words(seen["pixel"]["x"]), "input")
    formula = equations(f"ν = √(mean of (… {x}² …) + ε) = {result(number_words(sigma))}")
    reading = (
        f"Over H·W of image {seen['image'] + 1} = {seen['count']:,} values. No mean is subtracted: "
        f"only the size is measured."
    )
    return f"ν {number_words(sigma)}", formula, reading


def _by_size(seen: Seen) -> Told:
    x, sigma, x_hat = equation(
        (seen["pixel"]["x"], _of(seen, "sigma")), seen["pixel"]["x_hat"], lambda x, nu: x / nu
    )
    formula = f"x̂ = x / ν = {given(x, 'input')} / {given(sigma, 'statistics')} = {result(x_hat)}"
    return _x_hat(seen), equations(formula), _spans(seen, "Divided, not centred: 0 stays 0.")


def _bounded(seen: Seen, z: str) -> list[str]:
    tau, y = number_words(_of(seen, "tau")), number_words(seen["pixel"]["y"])
    return [f"y = max(z, τ) = max({given(z)}, {given(tau)}) = {result(y)}"]


# -- EvoNorm, and DyT ------------------------------------------------------------------------------


def _spread(seen: Seen) -> Told:
    sigma, x = _of(seen, "sigma"), given(number_words(seen["pixel"]["x"]), "input")
    over, what = averaged(seen)
    formula = equations(f"σ = √(mean of (… ({x} − μ)² …) + ε) = {result(number_words(sigma))}")
    reading = f"Over {over} = {seen['count']:,} values{what}. Their mean is not subtracted."
    return f"σ {number_words(sigma)}", formula, reading


def _gated(seen: Seen) -> Told:
    terms = seen["pixel"]["x"], _of(seen, "v"), seen["pixel"]["x"], _of(seen, "sigma")
    x, v, _, sigma, x_hat = equation(
        terms, seen["pixel"]["x_hat"], lambda x, v, same, sigma: x * _sigmoid(v * same) / sigma
    )
    formula = (
        f"x̂ = x·sigmoid(v·x) / σ = {given(x, 'input')}·sigmoid({given(v)}·{given(x, 'input')}) / "
        f"{given(sigma, 'statistics')} = {result(x_hat)}"
    )
    reading = "The gate lets large values through and holds negative ones back: no ReLU follows."
    return _x_hat(seen), equations(formula), _spans(seen, reading)


def _two_spreads(seen: Seen) -> Told:
    batch, own = _of(seen, "sigma"), _of(seen, "sigma_image")
    is_running = "running_mu" in seen["channels"]
    formula = equations(
        f"σ{sub('batch')} = {result(number_words(batch))}"
        f"{', tracked in training' if is_running else ''}",
        f"σ{sub('image')} = √(var of this channel of the image + ε) = {result(number_words(own))}",
    )
    low, high = (edge(seen["channels"]["sigma_image"]) for edge in (min, max))
    reading = (
        f"Two spreads: of the batch, and of {seen['count']:,} values of image "
        f"{seen['image'] + 1}, whose channels have {number_words(low)} to {number_words(high)}. "
        f"No mean is subtracted."
    )
    return two("batch", batch, "image", own), formula, reading


def _by_larger(seen: Seen) -> Told:
    terms = (
        seen["pixel"]["x"],
        _of(seen, "sigma"),
        _of(seen, "v"),
        seen["pixel"]["x"],
        _of(seen, "sigma_image"),
    )
    x, batch, v, _, own, x_hat = equation(
        terms,
        seen["pixel"]["x_hat"],
        lambda x, batch, v, same, own: x / max(batch, v * same + own),
    )
    formula = (
        f"x̂ = x / max(σ{sub('batch')}, v·x + σ{sub('image')}) = {given(x, 'input')} / "
        f"max({given(batch, 'statistics')}, {given(v)}·{given(x, 'input')} + "
        f"{given(own, 'statistics')}) = {result(x_hat)}"
    )
    is_own = terms[2] * terms[0] + terms[4] > terms[1]
    reading = f"Here {'the image’s spread and the value itself' if is_own else 'the batch’s'} won."
    return _x_hat(seen), equations(formula), _spans(seen, reading)


def _squashed(seen: Seen) -> Told:
    terms = _of(seen, "alpha"), seen["pixel"]["x"]
    alpha, x, x_hat = equation(terms, seen["pixel"]["x_hat"], lambda a, x: math.tanh(a * x))
    formula = f"x̂ = tanh(α·x) = tanh({given(alpha)}·{given(x, 'input')}) = {result(x_hat)}"
    reading = "Nothing is measured: no value depends on another, and α is one number of the layer."
    return _x_hat(seen), equations(formula), _spans(seen, reading)


# -- of several ------------------------------------------------------------------------------------


def scaled(factor: float, value: float, added: float) -> float:
    """γ·x̂ + β."""
    return factor * value + added


def _measured(seen: Seen, norm: str) -> str:
    """Mean and deviation as one of several norms has them."""
    mu, sigma = (number_words(_of(seen, f"{each}_{norm}")) for each in ("mu", "sigma"))
    title = sub(_TITLES[norm])
    return f"μ{title} = {result(mu)}, σ{title} = {result(sigma)}"


def _of(seen: Seen, name: str) -> float:
    """A number of the followed channel."""
    return seen["channels"][name][seen["channel"]]


def _x_hat(seen: Seen) -> str:
    return f"x̂ {number_words(seen['pixel']['x_hat'])}"


def _spans(seen: Seen, reading: str) -> str:
    histogram = seen["histograms"]["x_hat"]
    low, high = number_words(histogram["low"]), number_words(histogram["high"])
    return f"{reading} Channel {seen['channel'] + 1} now lies between {low} and {high}."


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0


OWN = {
    "bin": Own(
        statistics=_two, mix=_gate, mix_title="Gate", standardize=_by_both,
        title="Standardize twice",
    ),
    "sn": Own(statistics=_three, mix=_mix, standardize=_mixed),
    "frn": Own(statistics=_size, standardize=_by_size, title="Divide by size", ends=_bounded),
    "evos0": Own(statistics=_spread, standardize=_gated, title="Gate and divide"),
    "evob0": Own(statistics=_two_spreads, standardize=_by_larger, title="Divide by the larger"),
    "dyt": Own(standardize=_squashed, title="Squash"),
}  # fmt: skip
"""By a layer's ``kind``."""
