"""The steps of a norm layer in words: each stage's formula with a channel's numbers filled in."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import inf
from statistics import fmean
from typing import Any

from afn.ask.inside.look import Seen, ShownScore
from afn.wording import count_words, difference_words, enumerate_words, number_words, range_words

from ...kit.draw.chart import Rows

HELP = {
    "model": "A run's last checkpoint (also while it trains), a pretrained model, or an untrained "
    "network.",
    "dataset": "Whose test images; any with the same classes.",
    "size": "Images that go through together. With 1, AFN has nothing but that image to measure.",
    "first": "Where among the first 512 test images the batch begins.",
    "order": "Sorted by class, a batch holds few classes: statistics then say more of the class "
    "than of the data.",
    "stats": "Whose mean and deviation BN and AFN use: this batch's, or the running averages of "
    "training.",
    "source": "A drawing or an upload takes the first place of the batch and is corrupted like "
    "the others.",
}
"""Of controls, told when pointed at."""
ABOUT = {
    "layer": r"""
The batch runs through the network; at the chosen layer every intermediate is shown as it was
computed. Click a dot to follow another **channel**, a picture to follow another **image**.

**Move λ by hand.** The sliders override what was learned (the small mark), in every layer or in
this one. All at 0 leaves BN's arithmetic (for ASRNorm, instance norm's): the difference to it is
printed, exactly 0 or the rounding of 32-bit numbers.

**Beside it**, on the same input and with this layer's own parameters: BN with running averages and
with the batch, and ASRNorm. Accuracy is counted on the first 512 test images (128 for a deep
network, and fewer where batches are small), in batches of the chosen size.
""",
    "neighbours": """
The followed image among other test images: 24 batches drawn at random, the same ones clean where
the image is corrupted, then a batch of each single class. A framed square is another answer than
the image gets alone. With running averages, or statistics of each image alone, none can be.

So test-batch statistics undo a corruption where the **whole batch** has it. A single pale image
among clean ones is measured by their statistics, not by its own.
""",
}
"""Of figures and sections, beside their headings."""
BESIDE = {
    "bn_batch": "BN, test batch",
    "bn_running": "BN, running",
    "per_image": "ASRNorm",
    "batch": "AFN",
}
"""Other arithmetic on the same input, by its name in a `Seen`."""
_MOST_DIGITS = 7
"""What a 32-bit number has."""
_WHAT = {"mu": "mean", "sigma": "deviation"}


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the layer."""

    id: str
    """What its figure is of: input, statistics, encoder, decoder, mix, standardize, networks,
    rescale, output."""
    title: str
    formula: str
    """HTML."""
    reading: str
    """One sentence, computed from the data."""


def stages(seen: Seen) -> list[Stage]:
    """The steps in the equations' order; those that a layer does not have are left out."""
    return list(_stages(seen))


def _stages(seen: Seen) -> Iterator[Stage]:
    yield Stage("input", "Input", *_input(seen))
    yield Stage("statistics", "Statistics", *_statistics(seen))
    if seen["hidden"]:
        yield Stage("encoder", "Encoder", *_encoder(seen))
        yield Stage("decoder", "Decoder", *_decoder(seen))
        yield Stage("mix", "Mix with λ", *_mix(seen))
    yield Stage("standardize", "Standardize", *_standardize(seen))
    if seen["hidden"]:
        yield Stage("networks", "Rescaling networks", *_networks(seen))
    yield Stage("rescale", "γ̂ and β̂", *_rescale(seen))
    yield Stage("output", "Output", *_output(seen))


def _input(seen: Seen) -> tuple[str, str]:
    c, maps = seen["channel"], seen["maps"]["x"]
    formula = (
        f"x<sub>{c}</sub> of image {seen['image']}, at row {seen['pixel']['row']:.0f}, column "
        f"{seen['pixel']['column']:.0f}, where it is largest: {number_words(seen['pixel']['x'])}"
    )
    histogram = seen["histograms"]["x"]
    num = seen["layers"][seen["layer"]]
    reading = (
        f"Each image comes as {num} channels of {maps['height']}×{maps['width']} values. "
        f"Channel {c} lies between {number_words(histogram['low'])} and "
        f"{number_words(histogram['high'])} in this batch."
    )
    return formula, reading


def _statistics(seen: Seen) -> tuple[str, str]:
    c, channels = seen["channel"], seen["channels"]
    mu, sigma = channels["mu"][c], channels["sigma"][c]
    alone = seen["spread"]["mu"][c]
    if seen["statistics"] == "running averages":
        how = "tracked in training, whatever the batch"
        reading = (
            f"Running averages do not look at this batch, whose images alone have means from "
            f"{range_words(alone[0], alone[1])}."
        )
    else:
        over = "H·W of image " + str(seen["image"]) if seen["is_per_image"] else "N·H·W"
        how = f"over {over} = {seen['count']:,} values"
        apart = abs(mu - channels["running_mu"][c]) / channels["running_sigma"][c]
        reading = (
            f"The mean is {apart:.2f} standard deviations from BN's running average, "
            f"{number_words(channels['running_mu'][c])}; images alone have means from "
            f"{range_words(alone[0], alone[1])}."
        )
    formula = (
        f"{_sub('μ', c)} = {number_words(mu)}, {_sub('σ', c)} = √(var + ε) = "
        f"{number_words(sigma)}<br>"
        f"<small>{escape(how)}</small>"
    )
    return formula, reading


def _encoder(seen: Seen) -> tuple[str, str]:
    width = len(seen["hidden"]["stan_mu"])
    active = {name: sum(h > 0 for h in seen["hidden"][f"stan_{name}"]) for name in _WHAT}
    formula = "h = ReLU(W·μ + b), and the same W, b for σ"
    reading = (
        f"All {len(seen['channels']['mu'])} channels go into {width} hidden units: "
        f"{active['mu']} answer to the means, {active['sigma']} to the deviations; the others are "
        f"cut off at 0."
    )
    return formula, reading


def _decoder(seen: Seen) -> tuple[str, str]:
    c, channels = seen["channel"], seen["channels"]
    silent = sum(value == 0 for value in channels["sigma_stan"])
    formula = (
        f"{_sub('μ', f'stan,{c}')} = {number_words(channels['mu_stan'][c])}, "
        f"{_sub('σ', f'stan,{c}')} = ReLU(·) = {number_words(channels['sigma_stan'][c])}"
    )
    mean_gap = fmean(
        abs(a - b) / s
        for a, b, s in zip(channels["mu_stan"], channels["mu"], channels["sigma"], strict=True)
    )
    gap = f"{number_words(mean_gap, 2)} σ from the measured ones"
    reading = f"The network's means are on average {gap}" + (
        f"; {silent} of its {len(channels['sigma_stan'])} deviations are cut to 0."
        if silent
        else "."
    )
    return formula, reading


def _mix(seen: Seen) -> tuple[str, str]:
    c, channels, lambdas = seen["channel"], seen["channels"], seen["lambdas"]
    lines = []
    for name, letter in (("mu", "μ"), ("sigma", "σ")):
        share = lambdas[name]
        terms = (share, channels[f"{name}_stan"][c], 1 - share, channels[name][c])
        own, stan, other, measured, hat = equation(
            terms, channels[f"{name}_hat"][c], lambda a, b, c, d: a * b + c * d
        )
        lines.append(
            f"{_sub(letter + '̂', c)} = λ<sub>{letter}</sub>·{_sub(letter, f'stan,{c}')} + "
            f"(1 − λ<sub>{letter}</sub>)·{_sub(letter, c)} = "
            f"{own}·{stan} + {other}·{measured} = <b>{hat}</b>"
        )
    moved = fmean(
        abs(a - b) / s
        for a, b, s in zip(channels["mu_hat"], channels["mu"], channels["sigma"], strict=True)
    )
    spread = fmean(a / b for a, b in zip(channels["sigma_hat"], channels["sigma"], strict=True))
    reading = (
        f"On average over channels the mean moves by {number_words(moved, 2)} σ, and the "
        "deviation becomes "
        f"{number_words(spread)} times what was measured."
    )
    if not lambdas["mu"] and not lambdas["sigma"]:
        reading = "With λ = 0 the measured statistics are used as they are: this is batch norm."
        if seen["is_per_image"]:
            reading = reading.replace("batch norm", "instance norm")
    return "<br>".join(lines), reading


def _standardize(seen: Seen) -> tuple[str, str]:
    c, channels, pixel = seen["channel"], seen["channels"], seen["pixel"]
    x, mu, sigma, x_hat = equation(
        (pixel["x"], channels["mu_hat"][c], channels["sigma_hat"][c]),
        pixel["x_hat"],
        lambda x, mu, sigma: (x - mu) / sigma,
    )
    formula = f"x̂ = (x − {_sub('μ̂', c)}) / {_sub('σ̂', c)} = ({x} − {mu}) / {sigma} = <b>{x_hat}</b>"
    histogram = seen["histograms"]["x_hat"]
    reading = (
        f"Channel {c} now lies between {number_words(histogram['low'])} and "
        f"{number_words(histogram['high'])}: the picture is the same, its scale another."
    )
    return formula, reading


def _networks(seen: Seen) -> tuple[str, str]:
    c, channels = seen["channel"], seen["channels"]
    formula = (
        f"sigmoid(dec<sub>γ</sub>(h(σ)))<sub>{c}</sub> = {number_words(channels['gamma_net'][c])}, "
        f"tanh(dec<sub>β</sub>(h(μ)))<sub>{c}</sub> = {number_words(channels['beta_net'][c])}"
    )
    hidden = [*seen["hidden"]["rescale_mu"], *seen["hidden"]["rescale_sigma"]]
    width = len(hidden) // 2
    if not any(hidden):
        return formula, (
            f"All units of the second encoder ({width} wide) are cut off at 0 here: what is "
            "proposed does not depend on the batch."
        )
    reading = (
        f"A second encoder, {width} wide, proposes a scale in (0, 1), here from "
        f"{number_words(min(channels['gamma_net']))} to "
        f"{number_words(max(channels['gamma_net']))}, and a "
        f"shift in (−1, 1), here from {number_words(min(channels['beta_net']))} to "
        f"{number_words(max(channels['beta_net']))}."
    )
    return formula, reading


def _rescale(seen: Seen) -> tuple[str, str]:
    c, channels, lambdas = seen["channel"], seen["channels"], seen["lambdas"]
    if not seen["hidden"]:
        formula = (
            f"{_sub('γ', c)} = {number_words(channels['gamma_hat'][c])}, {_sub('β', c)} = "
            f"{number_words(channels['beta_hat'][c])}"
        )
        return formula, "Both are parameters: the same for every batch."
    lines = []
    for name, letter, own in (("gamma", "γ", "weight"), ("beta", "β", "bias")):
        terms = lambdas[name], channels[f"{name}_net"][c], channels[own][c]
        share, net, learned, hat = equation(terms, channels[f"{name}_hat"][c], _scaled)
        lines.append(
            f"{_sub(letter + '̂', c)} = λ<sub>{letter}</sub>·{net} + {_sub(letter, c)} = "
            f"{share}·{net} + {learned} = <b>{hat}</b>"
        )
    added = max(abs(a - b) for a, b in zip(channels["gamma_hat"], channels["weight"], strict=True))
    reading = (
        f"The network adds at most {number_words(added, 2)} to a γ here; it cannot add more than "
        f"λ_γ = {number_words(lambdas['gamma'])}."
        if seen["is_gated"]["gamma"] and lambdas["gamma"]
        else f"The network adds at most {number_words(added, 2)} to a γ here."
    )
    return "<br>".join(lines), reading


def _output(seen: Seen) -> tuple[str, str]:
    c, channels, pixel = seen["channel"], seen["channels"], seen["pixel"]
    terms = channels["gamma_hat"][c], pixel["x_hat"], channels["beta_hat"][c]
    gamma, x_hat, beta, y = equation(terms, pixel["y"], _scaled)
    formula = f"y = {_sub('γ̂', c)}·x̂ + {_sub('β̂', c)} = {gamma}·{x_hat} + {beta} = <b>{y}</b>"
    differences = [
        f"{BESIDE[name]} {other['difference']:.1e}" for name, other in seen["beside"].items()
    ]
    reading = (
        "Largest difference of the whole output to that of other arithmetic on the same input: "
        f"{enumerate_words(differences)}."
    )
    return formula, reading


# -- what comes of it ------------------------------------------------------------------------------


def limit_words(seen: Seen) -> str:
    """What λ = 0 is, shown by the difference that is left; empty where it cannot be said."""
    if not seen["hidden"] or any(seen["lambdas"].values()):
        return ""
    name = "per_image" if seen["is_per_image"] else "bn_batch"
    if seen["statistics"] == "running averages":
        name = "bn_running"
    if name not in seen["beside"]:
        return "All λ of this layer are 0."
    difference = seen["beside"][name]["difference"]
    exact = "not one bit" if difference == 0 else "rounding of 32-bit numbers, no more"
    return f"All λ of this layer are 0. Difference to {BESIDE[name]}: {difference:.1e} ({exact})."


def score_words(seen: Seen, label: str, before: str) -> str:
    """How many answers are right now, and how many with nothing forced."""
    now, trained = seen["now"]["score"], seen["as_trained"]
    own, other, difference = difference_words(share(now), share(trained))
    words = f"{label} has {own} of the first {count_words(now['n'], 'test image')} right"
    if now == trained:
        return f"{words}, {before}."
    return f"{words}, {difference} points against {other} {before}."


def table(seen: Seen) -> Rows:
    """Every number of the layer, channel by channel."""
    columns = {**seen["channels"]}
    for name, other in seen["beside"].items():
        for key in ("mu_hat", "sigma_hat", "gamma_hat", "beta_hat"):
            columns[f"{name}.{key}"] = other[key]
    rows: Rows = []
    for channel in range(len(seen["channels"]["mu"])):
        row: dict[str, Any] = {"layer": seen["layer"], "channel": channel}
        row |= {name: values[channel] for name, values in columns.items()}
        rows.append(row)
    return rows


def share(score: ShownScore) -> float:
    """Of right answers."""
    return score["correct"] / score["n"]


def titles(seen: Seen, label: str) -> dict[str, object]:
    """What the series of the figures are called."""
    return {
        "own": label,
        "used": {
            "running averages": "running averages, used here",
            "each image": "the followed image's, used here",
        }.get(seen["statistics"], "this batch's, used here"),
        "running": "BN's running averages",
        "alone": "single images, lowest to highest",
        "parameter": "γ, β as learned (BN's)",
        "other": "ASRNorm's, of the followed image" if "per_image" in seen["beside"] else "AFN's",
        "beside": BESIDE,
    }


def equation(terms: Sequence[float], result: float, of: Callable[..., float]) -> list[str]:
    """An equation's numbers, the result last, with as many digits as it takes to hold as shown.

    Three digits are the fewest. The result is what the shown terms come to, rounded to its digits,
    and has so many that what sets it apart from a term is seen: 0.00669·0.271 + 1 is 1.0018.

    Args:
        terms: In the order in which they are shown.
        result: What the layer has.
        of: The terms' arithmetic.
    """
    apart = min((gap for term in terms if (gap := abs(result - term))), default=abs(result))
    for most in (0.05 * apart, inf):
        for digits in range(3, _MOST_DIGITS + 1):
            shown = [number_words(term, digits) for term in terms]
            found = of(*map(_read, shown))
            for more in range(3, _MOST_DIGITS + 1):
                text = number_words(result, more)
                if number_words(found, more) == text and abs(_read(text) - found) <= most:
                    return [*map(_bracketed, shown), text]
    if abs(found - result) > 0.01 * abs(result):  # the layer does otherwise, or the terms cancel
        shown, found = [number_words(term) for term in terms], result
    return [*map(_bracketed, shown), number_words(found)]


def _scaled(factor: float, value: float, added: float) -> float:
    return factor * value + added


def _read(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("−") else text


def _sub(letter: str, index: object) -> str:
    return f"{letter}<sub>{index}</sub>"
