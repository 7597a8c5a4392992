"""The steps of a norm layer: each one's formula with the followed numbers filled in."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from afn.ask.inside.look import Seen
from afn.wording import enumerate_words, number_words, range_words

from .equations import equation, rest
from .own_steps import OWN, Own, averaged, scaled
from .words import beside
from .writing import Told, equations, given, result, sub, two

IDS = (
    "input", "statistics", "encoder", "decoder", "mix", "standardize", "networks", "rescale",
    "output",
)  # fmt: skip
"""Of all steps, in the equations' order."""
_WHAT = {"mu": "mean", "sigma": "deviation"}


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the layer."""

    id: str
    title: str
    value: str
    """What comes out for the followed value and its channel, short; lines are apart by ``<br>``."""
    formula: str
    """HTML. Each ``.value`` is a number of it; ``data-from`` names the step that it comes from."""
    reading: str
    """What is to be seen, computed from the data."""


def stages(seen: Seen) -> list[Stage]:
    """The steps in the equations' order; those that a layer does not have are left out."""
    return list(_stages(seen))


def _stages(seen: Seen) -> Iterator[Stage]:
    own = OWN.get(seen["kind"], Own())
    yield Stage("input", "Input", *_input(seen))
    if seen["kind"] != "dyt":
        yield Stage("statistics", "Statistics", *(own.statistics or _statistics)(seen))
    if own.mix:
        yield Stage("mix", own.mix_title, *own.mix(seen))
    if seen["hidden"]:
        yield Stage("encoder", "Encoder", *_encoder(seen))
        yield Stage("decoder", "Decoder", *_decoder(seen))
        yield Stage("mix", "Mix with λ", *_mix(seen))
    standardize = own.standardize or _standardize
    yield Stage("standardize", own.title, *standardize(seen))
    if seen["hidden"]:
        yield Stage("networks", "Networks", *_networks(seen))
    yield Stage("rescale", "γ̂ and β̂" if seen["hidden"] else "γ and β", *_rescale(seen))
    yield Stage("output", "Output", *_output(seen, own))


def _input(seen: Seen) -> Told:
    pixel, maps = seen["pixel"], seen["maps"]["x"]
    x = number_words(pixel["x"])
    place = (
        f"image {seen['image'] + 1}, channel {seen['channel'] + 1}, row {pixel['row'] + 1:.0f}, "
        f"column {pixel['column'] + 1:.0f}"
    )
    histogram = seen["histograms"]["x"]
    part = f" (one row and column of {seen['every']} is shown)" if seen["every"] > 1 else ""
    reading = (
        f"Each image comes as {len(seen['channels']['mu'])} channels of {maps['height']}×"
        f"{maps['width']} values{part}. This channel lies between "
        f"{number_words(histogram['low'])} and {number_words(histogram['high'])} in the batch. "
        "Click a pixel to follow another value."
    )
    return f"x {x}", equations(f"x = {result(x)}", small=place), reading


def _statistics(seen: Seen) -> Told:
    c, channels = seen["channel"], seen["channels"]
    mu, sigma = channels["mu"][c], channels["sigma"][c]
    low, high = seen["spread"]["mu"][c]
    alone = range_words(low, high)
    if seen["statistics"] == "running averages":
        formula = equations(
            f"μ = {result(number_words(mu))}",
            f"σ = {result(number_words(sigma))}",
            small="tracked in training, whatever the batch",
        )
        reading = (
            f"Running averages do not look at this batch, whose images alone have means from "
            f"{alone}."
        )
        return two("μ", mu, "σ", sigma), formula, reading
    x = given(number_words(seen["pixel"]["x"]), "input")
    formula = equations(
        f"μ = (… + {x} + …) / {seen['count']:,} = {result(number_words(mu))}",
        f"σ = √(mean of (x − μ)² + ε) = {result(number_words(sigma))}",
    )
    over, what = averaged(seen)
    reading = f"Over {over} = {seen['count']:,} values{what}."
    if "running_mu" in channels:
        apart = abs(mu - channels["running_mu"][c]) / channels["running_sigma"][c]
        reading += (
            f" The mean is {apart:.2f} standard deviations from BN's running average, "
            f"{number_words(channels['running_mu'][c])}; images alone have means from {alone}."
        )
    elif seen["members"]:
        low, high = min(seen["members"]["mu"]), max(seen["members"]["mu"])
        reading += f" What goes into it lies from {range_words(low, high)}."
    else:
        reading += f" Other images of the batch have means from {alone}: they do not count."
    return two("μ", mu, "σ", sigma), formula, reading


def _encoder(seen: Seen) -> Told:
    c, channels = seen["channel"], seen["channels"]
    width = len(seen["hidden"]["stan_mu"])
    active = {name: sum(h > 0 for h in seen["hidden"][f"stan_{name}"]) for name in _WHAT}
    mu, sigma = (given(number_words(channels[name][c]), "statistics") for name in _WHAT)
    formula = equations(
        f"h(μ) = ReLU(W·(… {mu} …) + b): {result(str(active['mu']))} of {width} units above 0",
        f"h(σ) = ReLU(W·(… {sigma} …) + b): {result(str(active['sigma']))} of {width}",
    )
    reading = (
        f"All {len(channels['mu'])} channels go into {width} hidden units: {active['mu']} answer "
        f"to the means, {active['sigma']} to the deviations; the others are cut off at 0."
    )
    return f"{active['mu']} and {active['sigma']}<br>of {width}", formula, reading


def _decoder(seen: Seen) -> Told:
    c, channels = seen["channel"], seen["channels"]
    mu, sigma = channels["mu_stan"][c], channels["sigma_stan"][c]
    silent = sum(value == 0 for value in channels["sigma_stan"])
    formula = equations(
        f"μ{sub('stan')} = V·{given('h(μ)', 'encoder')} + c = {result(number_words(mu))}",
        f"σ{sub('stan')} = ReLU(V′·{given('h(σ)', 'encoder')} + c′) = "
        f"{result(number_words(sigma))}",
    )
    gap = fmean(
        abs(a - b) / s
        for a, b, s in zip(channels["mu_stan"], channels["mu"], channels["sigma"], strict=True)
    )
    reading = f"The network's means are on average {number_words(gap, 2)} σ from the measured ones"
    reading += (
        f"; {silent} of its {len(channels['sigma_stan'])} deviations are cut to 0."
        if silent
        else "."
    )
    return two("μ", mu, "σ", sigma), formula, reading


def _mix(seen: Seen) -> Told:
    c, channels, lambdas = seen["channel"], seen["channels"], seen["lambdas"]
    lines = []
    for name, letter in (("mu", "μ"), ("sigma", "σ")):
        terms = lambdas[name], channels[f"{name}_stan"][c], channels[name][c]
        share_of = f"λ{sub(letter)}"
        left = f"{letter}̂ = {share_of}·{letter}{sub('stan')} + (1 − {share_of})·{letter} "
        hat = channels[f"{name}_hat"][c]
        if _mixed(*terms) < 0.999 * hat and name == "sigma":
            lines.append(f"{left}, at least √ε = {result(number_words(hat))}")
            continue
        share, stan, measured, mixed = equation(terms, hat, _mixed)
        lines.append(
            f"{left}= {given(share)}·{given(stan, 'decoder')} + {given(rest(share))}·"
            f"{given(measured, 'statistics')} = {result(mixed)}"
        )
    moved = fmean(
        abs(a - b) / s
        for a, b, s in zip(channels["mu_hat"], channels["mu"], channels["sigma"], strict=True)
    )
    spread = fmean(a / b for a, b in zip(channels["sigma_hat"], channels["sigma"], strict=True))
    reading = (
        f"On average over channels the mean moves by {number_words(moved, 2)} σ, and the "
        f"deviation becomes {number_words(spread)} times what was measured."
    )
    if not lambdas["mu"] and not lambdas["sigma"]:
        whose = "instance norm" if seen["is_per_image"] else "batch norm"
        reading = f"With λ = 0 the measured statistics are used as they are: this is {whose}."
    value = two("μ̂", channels["mu_hat"][c], "σ̂", channels["sigma_hat"][c])
    return value, equations(*lines), reading


def _standardize(seen: Seen) -> Told:
    c, channels, pixel = seen["channel"], seen["channels"], seen["pixel"]
    x, mu, sigma, x_hat = equation(
        (pixel["x"], channels["mu_hat"][c], channels["sigma_hat"][c]),
        pixel["x_hat"],
        lambda x, mu, sigma: (x - mu) / sigma,
    )
    hat, source = ("̂", "mix") if seen["hidden"] else ("", "statistics")
    formula = (
        f"x̂ = (x − μ{hat}) / σ{hat} = ({given(x, 'input')} − {given(mu, source)}) / "
        f"{given(sigma, source)} = {result(x_hat)}"
    )
    histogram = seen["histograms"]["x_hat"]
    reading = (
        f"Channel {c + 1} now lies between {number_words(histogram['low'])} and "
        f"{number_words(histogram['high'])}, on the same scale as before: that is what "
        "standardizing does."
    )
    return f"x̂ {number_words(pixel['x_hat'])}", equations(formula), reading


def _networks(seen: Seen) -> Told:
    c, channels = seen["channel"], seen["channels"]
    gamma, beta = channels["gamma_net"][c], channels["beta_net"][c]
    mu, sigma = (given(number_words(channels[name][c]), "statistics") for name in _WHAT)
    formula = equations(
        f"γ{sub('net')} = sigmoid(dec(h(… {sigma} …))) = {result(number_words(gamma))}",
        f"β{sub('net')} = tanh(dec(h(… {mu} …))) = {result(number_words(beta))}",
    )
    hidden = [*seen["hidden"]["rescale_mu"], *seen["hidden"]["rescale_sigma"]]
    width = len(hidden) // 2
    reading = (
        f"A second encoder, {width} wide, proposes a scale in (0, 1), here from "
        f"{range_words(min(channels['gamma_net']), max(channels['gamma_net']))}, and a shift in "
        f"(−1, 1), here from {range_words(min(channels['beta_net']), max(channels['beta_net']))}."
    )
    if not any(hidden):
        reading = (
            f"All units of the second encoder ({width} wide) are cut off at 0 here: what is "
            "proposed does not depend on the batch."
        )
    return two("γ", gamma, "β", beta), formula, reading


def _rescale(seen: Seen) -> Told:
    c, channels, lambdas = seen["channel"], seen["channels"], seen["lambdas"]
    gamma, beta = channels["gamma_hat"][c], channels["beta_hat"][c]
    if not seen["hidden"]:
        formula = equations(
            f"γ = {result(number_words(gamma))}", f"β = {result(number_words(beta))}"
        )
        return two("γ", gamma, "β", beta), formula, "Parameters: the same for every batch."
    lines = []
    for name, letter, own in (("gamma", "γ", "weight"), ("beta", "β", "bias")):
        terms = lambdas[name], channels[f"{name}_net"][c], channels[own][c]
        share, net, learned, hat = equation(terms, channels[f"{name}_hat"][c], scaled)
        lines.append(
            f"{letter}̂ = λ{sub(letter)}·{letter}{sub('net')} + {letter} = {given(share)}·"
            f"{given(net, 'networks')} + {given(learned)} = {result(hat)}"
        )
    added = max(abs(a - b) for a, b in zip(channels["gamma_hat"], channels["weight"], strict=True))
    reading = f"The network adds at most {number_words(added, 2)} to a γ here"
    if seen["is_gated"]["gamma"] and lambdas["gamma"]:
        reading += f"; it cannot add more than λ_γ = {number_words(lambdas['gamma'])}"
    return two("γ̂", gamma, "β̂", beta), equations(*lines), f"{reading}."


def _output(seen: Seen, own: Own) -> Told:
    c, channels, pixel = seen["channel"], seen["channels"], seen["pixel"]
    terms = channels["gamma_hat"][c], pixel["x_hat"], channels["beta_hat"][c]
    gamma, x_hat, beta, y = equation(terms, scaled(*terms) if own.ends else pixel["y"], scaled)
    hat = "̂" if seen["hidden"] else ""
    left = "z" if own.ends else "y"
    formula = (
        f"{left} = γ{hat}·x̂ + β{hat} = {given(gamma, 'rescale')}·{given(x_hat, 'standardize')} + "
        f"{given(beta, 'rescale')} = {result(y)}"
    )
    last = own.ends(seen, y) if own.ends else []
    differences = [
        f"{beside(seen)[name]} {number_words(other['difference'], 2)}"
        for name, other in seen["beside"].items()
    ]
    reading = (
        "Largest difference of the whole output to that of other arithmetic on the same input: "
        f"{enumerate_words(differences)}."
    )
    return f"y {number_words(pixel['y'])}", equations(formula, *last), reading


def _mixed(share: float, proposed: float, measured: float) -> float:
    return share * proposed + (1 - share) * measured
