"""Lesson: how far can a batch move γ̂, with and without a bound on λ_γ?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from afn.wording import enumerate_words, fixed_words, number_words

from ....kit.draw.axes import Figure
from ..charts import FLOOR, Dot, dots_figure
from ..experiments.evaluations import Rescaled, Rescalings
from ..figure import Draggable, FigureLine, FigureRow, coloured, grey
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option

_PAPER, _CODE = "paper", "code"
_COLORS = {_PAPER: "#D55E00", _CODE: "#7C5CD6"}
_SHOWN = {_PAPER: "gate (paper)", _CODE: "no gate (code)"}
"""What readers see of what is kept under those names."""
_START = 0.0067
_IMAGES = 128
_NORM_2 = "backbone.blocks.1.norm"
_MODELS = {_PAPER: "mnist-grey-afn", _CODE: "mnist-grey-afn-reference"}
ByCurve = Mapping[str, Rescaled]


def _gammas(data: ByCurve, label: str) -> list[float]:
    """λ_γ of each layer."""
    return [layer[2] for layer in data[label].lambdas]


def _moves(data: ByCurve, label: str) -> list[float]:
    """By layer: how far γ̂ of a channel lies apart at most between two kinds of images."""
    return [
        max(max(channel) - min(channel) for channel in zip(*layer.gamma, strict=True))
        for layer in data[label].rescaling.layers
    ]


def _names(label: str, count: int) -> list[str]:
    return [f"{_SHOWN[label]}, layer {number + 1}" for number in range(count)]


def _figure(data: ByCurve) -> Figure:
    dots = [
        Dot(label=name, color=_COLORS[label], value=max(moved, FLOOR), limit=abs(gamma))
        for label in (_PAPER, _CODE)
        for name, moved, gamma in zip(
            _names(label, len(_gammas(data, label))), _moves(data, label), _gammas(data, label),
            strict=True,
        )
    ]  # fmt: skip
    return dots_figure(dots, "change of γ̂ (dot), and its bound |λ_γ| (bar)", is_log=True)


def _reading(data: ByCurve) -> str:
    most = {label: number_words(max(_moves(data, label)), 2) for label in (_PAPER, _CODE)}
    at_rest = any(moved <= FLOOR for label in most for moved in _moves(data, label))
    still = ", and one at the left edge has not moved at all" if at_rest else ""
    return (
        f"From one kind of images to another γ̂ changes by up to {most[_PAPER]} in the paper's "
        f"version and by up to {most[_CODE]} in the code's; no dot passes the end of its bar"
        f"{still}."
        if _is_bounded(data)
        else f"γ̂ changes by up to {most[_PAPER]} (paper) and {most[_CODE]} (code), beyond "
        "what the formula allows."
    )


def _is_bounded(data: ByCurve) -> bool:
    return all(
        moved <= abs(gamma) + 1e-4
        for label in (_PAPER, _CODE)
        for moved, gamma in zip(_moves(data, label), _gammas(data, label), strict=True)
    )


def answer(data: ByCurve) -> Answer:
    """Where the ungated λ_γ has gone, and what that does to γ̂."""
    free, gated = _gammas(data, _CODE), _gammas(data, _PAPER)
    if any(value < 0 or value > 1 for value in free):
        came_true = 2
    else:
        came_true = 0 if all(abs(value) < 10 * _START for value in free) else 1
    moves = {label: max(_moves(data, label)) for label in (_PAPER, _CODE)}
    told = enumerate_words([fixed_words(value) for value in free])
    kept = enumerate_words([f"{value:.4f}" for value in gated])
    betas = [layer[3] for layer in data[_CODE].lambdas if layer[3] < 0]
    also = " λ_β is negative in a layer, too." if betas else ""
    ratio = moves[_CODE] / max(moves[_PAPER], 1e-9)
    compared = f"about {ratio:,.0f} times as far" if ratio >= 2 else "no further to speak of"
    return Answer(
        came_true,
        f"Without a gate λ_γ of the two layers ends at {told}, with one at {kept}; both began at "
        f"{_START}.{also} Between clean digits and damaged or foreign ones γ̂ changes by up to "
        f"{number_words(moves[_CODE], 2)} without, by up to {number_words(moves[_PAPER], 2)} with "
        f"the gate: {compared}. One "
        "seed each; the two networks also differ in the start of λ_μ and λ_σ.",
    )


def to_drag() -> Draggable:
    """Contrast under the handle: how far γ̂ goes, with the gate and without."""
    from afn.corruptions.digital import contrast
    from afn.pretrained.load import load_pretrained

    from ..making import PICTURED, asked, scales, test_images

    images, _ = test_images("mnist5k", _IMAGES)
    factors = np.geomspace(1, 0.05, 31)
    damaged = [contrast(images, float(factor)) for factor in factors]
    pictures = np.stack([each[:PICTURED, 0].numpy() for each in damaged])
    rows, curves = [FigureRow(label="the batch, eight of 128", pictures=grey(pictures))], []
    for label, name in _MODELS.items():
        model = load_pretrained(name)
        told: dict[str, Any] = {"color": _COLORS[label], "is_answer": label == _CODE}
        found = np.stack([scales(model, each, _NORM_2) for each in damaged])  # (places, channels)
        moved = np.abs(found - found[0])
        channel = int(moved.max(axis=0).argmax())
        curves.append(FigureLine(label=_SHOWN[label], values=moved[:, channel], **told))
        seen = [asked(model, each, behind=_NORM_2)[1][:PICTURED, channel] for each in damaged]
        label = f"{_SHOWN[label]}: behind norm 2"
        rows.append(FigureRow(label=label, pictures=coloured(np.stack(seen), 3.0), **told))
    stops = [f"{100 * factor:.0f} %" for factor in factors]
    return Draggable(
        handle="contrast left", stops=stops, start=0,
        ticks=[(stops.index(f"{each} %"), f"{each} %") for each in (100, 50, 30, 15, 5)],
        quantity="how far γ̂ is from what it is on crisp digits", range=(0, 0.6), digits=4,
        small=20, curves=curves,
        rows=rows,
        told=f"{' and '.join(_MODELS.values())}, one training each, seed 0; the first {_IMAGES} "
        "test digits of mnist5k as one batch. Of norm 2 the channel whose γ̂ moves most; amber "
        "below 0, teal above, full at ±3.",
    )  # fmt: skip


LESSON = Lesson(
    slug="bounded",
    title="How far can a batch move γ̂?",
    question="After normalizing, a layer scales each channel by γ. AFN lets the batch nudge that "
    "scale, on a leash $\\lambda_\\gamma$. How hard may it push?",
    minutes=7,
    figure=to_drag,
    before=r"""
Batch norm's scale γ is a learned constant. In AFN a network looks at the batch's deviations
$\sigma$ and nudges it (the shift β likewise, with a tanh):

$$
\hat\gamma = \lambda_\gamma \cdot \mathrm{sigmoid}\big(\mathrm{dec}_\gamma(\mathrm{enc}_r(\sigma))\big) + \gamma
$$

The sigmoid is between 0 and 1. So whatever the batch looks like, $\hat\gamma$ stays between γ and
$\gamma + \lambda_\gamma$: **λ_γ is the leash.** The paper keeps it in (0, 1) by a sigmoid of its
own, the *gate*, and starts it at 0.0067. The program that was published with the paper starts it at
0.0067 as well, but forgets the gate: there λ_γ is a plain number that training may move anywhere.
""",  # noqa: E501
    ask="The published code leaves the gate on $\\lambda_\\gamma$ out. After thirty passes over "
    "10,000 digits, where is it?",
    predictions=(
        "Still near its start, below 0.07",
        "Larger, but between 0 and 1",
        "Outside of 0 to 1 in at least one layer: negative, or above 1",
    ),
    setup="Two shipped networks, alike but for the version of AFN, look at six kinds of digits: "
    "clean, noisy, foggy, pale, dark on light photos, and printed. The γ̂ that each layer computes "
    "is recorded, and held against its leash.",
    experiment=Rescalings(
        models=_MODELS,
        conditions_=(
            ("mnist5k", None, 0),
            ("mnist5k", "gaussian_noise", 5),
            ("mnist5k", "fog", 5),
            ("mnist5k", "contrast", 5),
            ("mnistm5k", None, 0),
            ("syn", None, 0),
        ),
    ),
    charts=(LessonChart(title="The leash, and how far γ̂ went", draw=_figure, read=_reading),),
    answer=answer,
    after=r"""
Two things let the ungated λ_γ run. Nothing holds it: a linear parameter has no walls, and a
negative λ_γ turns the meaning of its network upside down. And it learns faster. Behind a sigmoid a
step on the logit moves λ by $\lambda(1-\lambda)$ times as much, which is 0.0066 at the paper's
start; without it the factor is 1.

So in a short training the paper's γ̂ is all but constant, and the code's is not. Which one predicts
better is another question; see below. A result obtained with the published code is a result about
the ungated layer.
""",
    checks=(
        Check(
            "λ_γ = 0.0067 and γ = 1, with the gate. Which γ̂ can no batch ever produce?",
            (
                Option("1.005", "It can: 0.0067 · 0.75 + 1 is about 1.005."),
                Option("1.02", "Right: at most 1 + 0.0067.", True),
                Option("1.0001", "It can, if the sigmoid is close to 0."),
            ),
        ),
        Check(
            "What does a negative λ_γ do?",
            (
                Option(
                    "It makes γ̂ negative", "Only if it is large enough: γ̂ = γ − |λ_γ| · sigmoid(·)."
                ),
                Option(
                    "It shrinks the scale by what the network proposes to add",
                    "Right: the leash points the other way.",
                    True,
                ),
                Option("Nothing, since it is squared", "It is not squared; the sign counts."),
            ),
        ),
    ),
    onwards=(
        Onward(
            "γ̂ and β̂ of the ungated network, channel by channel",
            "gamma-beta",
            {"run": "mnist-grey-afn-reference"},
        ),
        Onward(
            "Its λ over the whole training, beside the paper's",
            "lambda",
            {"runs": "mnist-grey-afn~mnist-grey-afn-reference", "of": "gamma"},
        ),
    ),
    note=Note(
        aims=(
            "Read a bound off a formula, and check it by measurement.",
            "See that a paper and its code can differ, and that it matters which one was run.",
        ),
        pitfalls=(
            "λ_γ is no importance of γ; it bounds what the batch adds to γ.",
            "The networks were trained on 10,000 images of MNIST, and those here may be among "
            "them. That is no matter for γ̂, but do not read accuracies from it.",
            "The axis is logarithmic: from one line to the next it is ten times as much.",
        ),
        ask="You find a bug in the code behind a paper. Its results look fine. Whom do you tell, "
        "and what has to be run again?",
    ),
)
