"""How far small networks moved from their start, and how much their answers do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from afn.ask.movement import Movement, NetworkMovement, OutputMovement, Part, WeightMovement
from afn.wording import count_words, enumerate_words, number_words

from .axes import LOG, Figure, axis, kept, laid_out, new_figure, row_axis
from .chart import Rows
from .legend import short_layer, translucent
from .palette import GREY

_PARTS = {"standardize": "circle", "rescale": "diamond"}
_ROWS = {"mu": "mean", "sigma": "spread", "gamma": "scale", "beta": "shift"}
_ANSWERS = {"mu": "μ_stan", "sigma": "σ_stan", "gamma": "γ_net", "beta": "β_net"}
_FED: dict[str, tuple[Part, int]] = {
    "mu": ("standardize", 0), "sigma": ("standardize", 1), "gamma": ("rescale", 1),
    "beta": ("rescale", 0),
}  # fmt: skip
"""Which network answers, and whether it is fed with μ (0) or with σ (1)."""
_STILL = 0.99
"""From this cosine on matrices are said to point where they started: 8 degrees."""
_ALIKE = 0.02
"""So near to what weight decay leaves, a norm is said to be that."""
_SMALLEST = 1e-7
"""In units of the spread: what is less is rounding, and drawn at the edge."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A training on screen."""

    label: str
    color: str
    movement: Movement
    decay_alone: float | None
    """The norm ratio that weight decay alone leaves; None where that is not known."""


def _place(way: WeightMovement) -> tuple[float, float]:
    """Along the start and away from it, in units of the start's length."""
    cosine, ratio = way
    return ratio * cosine, ratio * math.sqrt(max(0.0, 1 - cosine**2))


# -- how far ---------------------------------------------------------------------------------------


@kept
def way_figure(shown: Sequence[Moved], *, height: int = 300) -> Figure:
    """An arrow per training from the start to where its networks are; a mark per network.

    To the right: along the start, whose length is 1. Upwards: away from it. What weight decay alone
    does is a way along the axis, towards 0.
    """
    figure = new_figure()
    ends = [_place(each.movement.weights) for each in shown]
    dots = [[_place(n.weights) for n in each.movement.networks] for each in shown]
    for each, places in zip(shown, dots, strict=True):
        networks = each.movement.networks
        figure.add_scatter(
            x=[x for x, _ in places], y=[y for _, y in places], mode="markers", name=each.label,
            marker={
                "symbol": [_PARTS[n.part] + ("-open" if n.is_silent else "") for n in networks],
                "color": [
                    GREY if n.is_silent else translucent(each.color, 0.45) for n in networks
                ],
                "size": 8,
            },
            customdata=[
                [short_layer(n.layer), n.part, n.weights[0], n.weights[1], _dead_words(n)]
                for n in networks
            ],
            hovertemplate=f"{each.label}, %{{customdata[0]}} %{{customdata[1]}}<br>cosine "
            "%{customdata[2]:.4f}, norm × %{customdata[3]:.4f}%{customdata[4]}<extra></extra>",
        )  # fmt: skip
    alone = sorted({each.decay_alone for each in shown if each.decay_alone is not None})
    for ratio in alone:
        figure.add_vline(x=ratio, line={"color": GREY, "width": 1, "dash": "dash"})
    top = max(0.42, *(1.1 * y for x, y in [*ends, *(place for each in dots for place in each)]))
    right = max(1.12, *(1.06 * x for x, y in [*ends, *(place for each in dots for place in each)]))
    for each, (x, y) in zip(shown, ends, strict=True):
        figure.add_annotation(
            x=x, y=y, ax=1, ay=0, xref="x", yref="y", axref="x", ayref="y", text="", showarrow=True,
            arrowhead=2, arrowsize=1.1, arrowwidth=2.5, arrowcolor=each.color,
        )  # fmt: skip
    figure.add_scatter(
        x=[1], y=[0], mode="markers", hoverinfo="skip",
        marker={"symbol": "x", "size": 11, "color": GREY},
    )  # fmt: skip
    for x, text in _marks(alone):
        figure.add_annotation(
            x=x, y=top, text=text, showarrow=False, yanchor="bottom", yref="y",
            xanchor="center" if text == "start" else "right", font={"size": 12},
        )  # fmt: skip
    across = axis("along the start", range=[-0.04, right], nticks=7, showgrid=False)
    up = axis("away from it", range=[-0.03, top], nticks=5, showgrid=False, zeroline=True)
    return laid_out(figure, height, across, up, left=52, top=26)


def _marks(alone: Sequence[float]) -> list[tuple[float, str]]:
    """What stands above the figure, at which place."""
    if alone == [1.0]:
        return [(1.0, "start (no weight decay)")]
    named = [(ratio, "weight decay alone") for ratio in alone[:1]]
    named += [(ratio, "") for ratio in alone[1:]]
    return [*named, (1.0, "start")] if 1.0 not in alone else named


def _dead_words(network: NetworkMovement) -> str:
    if network.dead is None or not any(network.dead):
        return ""
    of_mu, of_sigma = network.dead
    return f"<br>dead units of {network.hidden}: {of_mu} fed μ, {of_sigma} fed σ"


def way_reading(shown: Sequence[Moved]) -> str:
    """Whether the networks have moved: in sentences where it is one training, else in figures."""
    if len(shown) == 1:
        return _way_words(shown[0])
    ratios = {each.decay_alone for each in shown}
    common = ratios.pop() if len(ratios) == 1 else None
    told = []
    for each in shown:
        cosine, ratio = each.movement.weights
        text = f"{each.label} {_cosine(cosine)} and {ratio:.3f}"
        if common is None and each.decay_alone is not None:
            text += f" (decay alone {each.decay_alone:.3f})"
        told.append(text)
    alone = "" if common is None else f" (weight decay alone leaves 1 and {common:.3f})"
    return f"The networks' matrices, cosine to their start and norm{alone}: {'; '.join(told)}."


def _way_words(each: Moved) -> str:
    cosine, ratio = each.movement.weights
    where = (
        "still point where they started"
        if cosine >= _STILL
        else f"have turned by {turn(cosine)} from their start"
    )
    text = f"The networks' matrices {where} (cosine {_cosine(cosine)}); "
    text += _norm_words(ratio, each.decay_alone)
    far = min(each.movement.networks, key=lambda network: network.weights[0])
    if far.weights[0] < min(_STILL, cosine):
        text += f"; furthest, {far.part} in {short_layer(far.layer)}, {_cosine(far.weights[0])}"
    return f"{text}."


def turns_reading(shown: Sequence[Moved]) -> str:
    """By what angle the networks of further trainings have turned, in a sentence."""
    told = [f"{each.label} {turn(each.movement.weights[0])}" for each in shown]
    return f"Angle to the start in the others: {'; '.join(told)}." if told else ""


def turn(cosine: float) -> str:
    """The angle, in degrees."""
    return f"{math.degrees(math.acos(max(-1.0, min(1.0, cosine)))):.0f}°"


def _norm_words(ratio: float, alone: float | None) -> str:
    if alone is None:
        return f"their norm is {ratio:.3f} of the start's; what decay alone leaves is not known"
    if alone == 1:
        return f"their norm is {ratio:.3f} of the start's, without weight decay"
    if abs(ratio / alone - 1) < _ALIKE:
        return (
            f"their norm is what weight decay alone leaves ({ratio:.3f} of the start's; decay "
            f"alone {alone:.3f})"
        )
    return f"their norm is {ratio:.3f} of the start's, where weight decay alone leaves {alone:.3f}"


def _cosine(value: float) -> str:
    return f"{value:.4f}" if value > 0.999 else f"{value:.3f}"


# -- what the answers do ---------------------------------------------------------------------------


@kept
def answers_figure(shown: Sequence[Moved], *, height: int = 300) -> Figure:
    """How much answers change with what is shown, a dot per layer; hollow, what is measured."""
    figure = new_figure()
    count = len(shown)
    everything = [v for each in shown for o in each.movement.outputs for v in _changes(o) if v]
    low = max(min(everything, default=1e-3), _SMALLEST) / 3
    for number, each in enumerate(shown):
        for is_measured in (True, False):
            points = [
                (output, _changes(output)[is_measured])
                for output in each.movement.outputs
                if not (is_measured and output.measured is None)
            ]
            is_dead = [not is_measured and _is_dead(each.movement, output) for output, _ in points]
            figure.add_scatter(
                x=[100 * max(value, low) for _, value in points],
                y=[
                    list(_ROWS).index(output.output) + 0.62 * ((number + 0.5) / count - 0.5)
                    for output, _ in points
                ],
                mode="markers",
                name=each.label,
                marker={
                    "symbol": "circle-open" if is_measured else "circle",
                    "color": [GREY if dead else each.color for dead in is_dead],
                    "size": 8, "opacity": 0.75,
                },
                customdata=[
                    [
                        short_layer(output.layer),
                        "what is measured" if is_measured else "the networks' answer",
                        _percent(value) + " (dead)" * dead,
                    ]
                    for (output, value), dead in zip(points, is_dead, strict=True)
                ],
                hovertemplate=f"{each.label}, %{{customdata[0]}}: %{{customdata[1]}} changes by "
                "%{customdata[2]}<extra></extra>",
            )  # fmt: skip
    answers, measured = ([_changes(o)[i] for each in shown for o in each.movement.outputs]
                         for i in (0, 1))  # fmt: skip
    for values, text, side in (
        (answers, "● networks' answers", "left"), (measured, "○ measured statistics", "right"),
    ):  # fmt: skip
        if any(value > _SMALLEST for value in values):
            figure.add_annotation(
                x=float(side == "right"), xref="paper", xanchor=side, y=-0.55, yanchor="bottom",
                text=text, showarrow=False, font={"size": 12},
            )  # fmt: skip
    if any(value <= _SMALLEST for value in answers):
        figure.add_annotation(
            x=math.log10(100 * low), y=len(_ROWS) - 0.28, text="≈ 0, grey: dead", showarrow=False,
            yanchor="bottom", xanchor="left", xshift=-8, font={"size": 12, "color": GREY},
        )  # fmt: skip
    across = axis("change, % of what it acts on", **LOG | {"exponentformat": "none"})
    up = row_axis(list(_ROWS.values()), range=[len(_ROWS) - 0.25, -0.55])
    return laid_out(figure, height, across, up, top=26)


def _changes(output: OutputMovement) -> tuple[float, float]:
    """How much the answer changes, and what it is mixed with, in spreads: between the conditions,
    or where there is one, between batches."""
    value = output.varies if output.follows is None else output.follows
    measured = 0.0
    if output.measured:
        varies, follows = output.measured
        measured = varies if follows is None else follows
    return output.in_spreads(value), output.in_spreads(measured)


def answers_reading(shown: Sequence[Moved]) -> str:
    """How the answers' changes compare with those of what is measured, and what is dead."""
    told = [each for each in shown if each.movement.outputs]
    if len(told) == 1:
        answer, measured = _most(told[0])
        return (
            f"The networks' answers change by at most {answer} of what they act on, the measured "
            f"statistics by up to {measured}. {dead_words(told[0].movement)}"
        ).strip()
    parts = [
        f"{each.label} {answer} beside {measured}"
        for each in told
        for answer, measured in [_most(each)]
    ]
    return (
        f"The largest change of an answer, beside that of what is measured: {'; '.join(parts)} "
        "of what they act on."
        if parts
        else ""
    )


def _most(each: Moved) -> tuple[str, str]:
    changes = [_changes(output) for output in each.movement.outputs]
    return _percent(max(answer for answer, _ in changes)), _percent(max(m for _, m in changes))


def dead_words(movement: Movement) -> str:
    """In how many layers an answer is a constant, all hidden units behind it being dead."""
    counts = {
        name: sum(_is_dead(movement, output) for output in movement.outputs if output.output == key)
        for key, name in _ANSWERS.items()
    }
    parts = [f"{name} in {count}" for name, count in counts.items() if count]
    layers = count_words(len(movement.outputs) // len(_ANSWERS), "layer")
    return f"Dead, and so constant: {enumerate_words(parts)} of {layers}." if parts else ""


def _is_dead(movement: Movement, output: OutputMovement) -> bool:
    """Whether all hidden units behind an answer are 0 whatever is shown."""
    part, fed = _FED[output.output]
    network = movement.of(output.layer, part)
    return network.dead is not None and network.dead[fed] == network.hidden


def _percent(share: float) -> str:
    return f"{number_words(100 * share, 2)} %"


def table(shown: Sequence[Moved]) -> Rows:
    """A row per training, layer and answer."""
    rows: Rows = []
    for each in shown:
        for output in each.movement.outputs:
            part, fed = _FED[output.output]
            network = each.movement.of(output.layer, part)
            varies, follows = output.measured or (None, None)
            rows.append(
                {
                    "training": each.label, "layer": output.layer, "network": part,
                    "cosine": network.weights[0], "norm ratio": network.weights[1],
                    "decay alone": each.decay_alone, "answer": output.output,
                    "lambda": output.lambda_, "effect": output.effect, "varies": output.varies,
                    "follows": output.follows, "measured varies": varies,
                    "measured follows": follows, "spread": output.spread,
                    "hidden units": network.hidden,
                    "dead": network.dead[fed] if network.dead else None,
                }
            )  # fmt: skip
    return rows
