"""Lesson: do the gains of layers multiply?"""

from dataclasses import replace
from math import inf, log
from statistics import median
from typing import Any

import numpy as np

from afn.settings.config import TrainConfig
from afn.settings.lambda_init import LambdaInit
from afn.stats.gain import gain_limit, stacked_limit
from afn.stats.over_seeds import OverSeeds
from afn.wording import enumerate_words, number_words, range_words

from ....kit.draw.axes import Figure
from ....kit.draw.palette import GREY
from ..charts import Curve, Dot, lines_figure
from ..experiments.trainings import Trained, Trainings
from ..figure import Draggable, FigureLine, FigureRow, coloured
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option, SeedsChart

_START, _DEPTH = "start", "network"
_BN, _SIGMA, _MU, _BOTH = "BN", "λ_σ = 0.5", "λ_μ = 0.5", "λ_μ = λ_σ = 0.5"
_COLORS = {_SIGMA: "#D55E00", _MU: "#2B7FC4", _BOTH: "#7C5CD6"}
_DEPTHS = {"ConvNet": 2, "ResNet-8": 7, "ResNet-20": 19}
"""Norm layers of each network."""
_DEEP = "ResNet-20"
_SAME, _FEW, _MANY = 1.2, 4.0, 100.0
_OFF = "-inf"
"""A logit: λ is 0, and stays there."""
_BASE: dict[str, Any] = {
    "norm": "afn", "epochs": 1, "train_images": 64, "batch_size": 64, "evals_per_epoch": 1,
    "corruptions": (), "eval_images": 50,
}  # fmt: skip
_BY_DEPTH = ("#2B7FC4", "#7C5CD6", "#D55E00")
"""Colours, from the shallowest network on."""
_SHOWN = {
    1: "backbone.norm", 10: "backbone.stages.1.1.norm1", 19: "backbone.stages.2.2.norm2"
}  # fmt: skip
"""Norm layers of ResNet-20 that are looked at, by their number."""


def _start(*, mu: float | str = _OFF, sigma: float | str = _OFF) -> dict[str, float | str]:
    return {"mu": mu, "sigma": sigma, "gamma": _OFF, "beta": _OFF, "rescale_gate": "sigmoid"}


def _ratios(data: Trained, start: str, depth: str) -> list[float]:
    """The first gradient in that of BN's, seed by seed."""
    ours, theirs = (_by_seed(data, label, depth) for label in (start, _BN))
    return [ours[seed] / theirs[seed] for seed in ours]


def _by_seed(data: Trained, start: str, depth: str) -> dict[int, float]:
    point = ((_DEPTH, depth), (_START, start))
    runs = [run for run in data.results.runs if run.point == point]
    return {
        run.config.seed: data.gradients[run.run_id][0]
        for run in runs
        if data.gradients.get(run.run_id)
    }


def _dots(data: Trained) -> list[Dot]:
    """The first gradient in that of BN's, of each seed of which both are known."""
    dots = []
    for depth, layers in _DEPTHS.items():
        bn = _by_seed(data, _BN, depth)
        for start, color in _COLORS.items():
            ours = _by_seed(data, start, depth)
            ratios = {seed: value / bn[seed] for seed, value in ours.items() if seed in bn}
            dots.append(Dot.of(f"{start}, {layers} layers", color, OverSeeds.of(ratios)))
    return dots


def _dots_reading(data: Trained) -> str:
    most = max((dot for dot in _dots(data)), key=lambda dot: dot.value)
    return f"Each dot is a seed. The most is {most.value:.2f} times BN's ({most.label})."


def _figure(data: Trained) -> Figure:
    lines = []
    for start, color in _COLORS.items():
        by_depth = [_ratios(data, start, depth) for depth in _DEPTHS]
        lines.append(
            Curve(
                label=start, color=color, y=tuple(map(median, by_depth)),
                low=tuple(map(min, by_depth)), high=tuple(map(max, by_depth)),
            )
        )  # fmt: skip
    once = tuple(gain_limit(0.5) for _ in _DEPTHS)
    stacked = tuple(stacked_limit([0.5] * layers) for layers in _DEPTHS.values())
    lines.append(Curve(label="one layer's limit", color="#8A8A8A", y=once, dash="dot"))
    lines.append(Curve(label="multiplied", color="#8A8A8A", y=stacked, dash="dash"))
    names = [f"{depth}, {layers} norms" for depth, layers in _DEPTHS.items()]
    return lines_figure(names, lines, "", "first gradient, in BN's", is_log=True)


def _reading(data: Trained) -> str:
    found = {start: _ratios(data, start, _DEEP) for start in _COLORS}
    told = [f"{start} {range_words(min(v), max(v))}" for start, v in found.items()]
    return (
        f"First gradient of {_DEEP} in BN's: {'; '.join(told)}. One layer's limit is "
        f"{gain_limit(0.5):.0f}, multiplied over {_DEPTHS[_DEEP]} layers "
        f"{stacked_limit([0.5] * _DEPTHS[_DEEP]):,.0f}."
    )


def answer(data: Trained) -> Answer:
    """How large the gradient of the deepest network is, by depth, and what λ_μ adds."""
    found = median(_ratios(data, _SIGMA, _DEEP))
    came_true = next((i for i, end in enumerate((_SAME, _FEW, _MANY)) if found < end), 3)
    by_depth = [f"{median(_ratios(data, _SIGMA, d)):.2f} ({n} layers)" for d, n in _DEPTHS.items()]
    mean, both = (median(_ratios(data, start, _DEEP)) for start in (_MU, _BOTH))
    stacked = stacked_limit([0.5] * _DEPTHS[_DEEP])
    told = (
        f"With λ_σ = 0.5 alone the first gradient is {enumerate_words(by_depth)} times BN's. "
        f"Multiplied, the limit of {_DEPTHS[_DEEP]} layers would be {stacked:,.0f}: "
        f"{number_words(stacked / found)} times too much. "
    )
    told += (
        f"λ_μ = 0.5 alone, which makes no layer louder, gives {mean:.2f}, both together "
        f"{both:.2f}. "
    )
    seeds = len(_ratios(data, _SIGMA, _DEEP))
    return Answer(came_true, f"{told}Medians of {seeds} seeds, one step each.")


def to_drag() -> Draggable:
    """λ_σ under the handle: how loud norm layers are at three depths, and the first gradient."""
    from ..making import PICTURED, asked, first_gradient, fresh, over_seeds, test_images

    images, _ = test_images("mnist5k", 64)
    lambdas = [place / 10 for place in range(10)]
    logits = [log(each / (1 - each)) if each else -inf for each in lambdas]
    starts = [LambdaInit(mu=-inf, sigma=logit, gamma=-inf, beta=-inf) for logit in logits]
    base = TrainConfig(**_BASE)
    deep = [replace(base, backbone="resnet20", lambda_init=start) for start in starts]
    rows = []
    for number, name in _SHOWN.items():
        seen = [asked(fresh(each), images, behind=name)[1] for each in deep]
        channel = int(seen[0].std(axis=(0, 2, 3)).argmax())
        maps = np.stack([each[:PICTURED, channel] for each in seen])
        label = f"ResNet-20: behind norm {number} of 19"
        rows.append(FigureRow(label=label, pictures=coloured(maps, 8.0), is_answer=number > 1))
    limits = {"one layer's limit": 1, "multiplied, 19 layers": 19}
    curves = [
        FigureLine(
            label=label, color=GREY, dash="dot" if layers == 1 else "dash",
            values=[stacked_limit([each] * layers) for each in lambdas],
        )
        for label, layers in limits.items()
    ]  # fmt: skip
    for (name, count), color in zip(_DEPTHS.items(), _BY_DEPTH, strict=True):
        ratios = []
        for seed in range(3):
            of = replace(base, backbone=name.lower().replace("-", ""), seed=seed)
            bn = first_gradient(replace(of, norm="bn"))
            ratios.append([first_gradient(replace(of, lambda_init=each)) / bn for each in starts])
        curves.append(over_seeds(f"measured, {count} layers", color, ratios, is_answer=True))
    return Draggable(
        handle="λ_σ", stops=[f"{each:.1f}" for each in lambdas], start=0,
        ticks=[(place, f"{lambdas[place]:.1f}") for place in range(0, 10, 3)],
        quantity="first gradient, times batch norm's", range=(0.5, 1e7), is_log=True, digits=2,
        small=5, curves=curves, rows=rows,
        told="AFN with λ_σ from 0 to 0.9, all other λ 0, beside BN: ConvNet, ResNet-8 and "
        "ResNet-20, the first step on the same 64 digits of mnist5k, seeds 0, 1 and 2 (dots; "
        "bands: 95 % intervals). Maps: ResNet-20 of seed 0 before training, statistics of a batch "
        "of 64; of each layer the channel that varies most, amber below 0, teal above, full at ±8.",
    )  # fmt: skip


LESSON = Lesson(
    slug="gain",
    title="Do gains multiply?",
    question="With $\\lambda_\\sigma = 0.5$ a layer of AFN can be twice as loud as batch norm. A "
    "ResNet-20 has nineteen: half a million times the gradient?",
    minutes=7,
    figure=to_drag,
    asked_at=6,
    before=r"""
Batch norm divides by the batch's deviation $\sigma$, AFN by a mixture with what a network proposes:

$$
\hat\sigma = \lambda_\sigma\,\sigma_{stan} + (1 - \lambda_\sigma)\,\sigma, \qquad
\sigma_{stan} = \mathrm{ReLU}(\cdot) \ge 0
$$

So a layer is louder than batch norm by

$$
\frac{\sigma}{\hat\sigma} \le \frac{1}{1 - \lambda_\sigma},
$$

and where the ReLU gives 0, by just that: 1.05 times at the paper's start (0.047), **twice** at 0.5,
twenty times at 0.95. The paper starts λ small so that gradients do not explode. Over $n$ layers the
limits multiply to $2^n$: 4, 128 and 524,288 in networks with 2, 7 and 19 norm layers.
""",
    ask="ResNet-20, $\\lambda_\\sigma = 0.5$: how large is the first gradient, beside batch "
    "norm's?",
    predictions=(
        "As large, within a fifth",
        "Up to 4 times: about one layer's gain",
        "4 to 100 times",
        "More than 100 times: gains multiply",
    ),
    setup="Networks with 2, 7 and 19 norm layers make one training step on the same 64 digits: "
    "with batch norm, and with AFN of which λ_σ, λ_μ or both are 0.5, all other λ at 0. Three "
    "seeds each; the norm of the gradient is compared with BN's.",
    experiment=Trainings(
        {
            "name": "Lesson: do gains multiply",
            "base": {**_BASE, "corruptions": []},
            "axes": {
                _DEPTH: [
                    {"label": "ConvNet", "backbone": "convnet"},
                    {"label": "ResNet-8", "backbone": "resnet8"},
                    {"label": "ResNet-20", "backbone": "resnet20"},
                ],
                _START: [
                    {"label": _BN, "norm": "bn"},
                    {"label": _SIGMA, "lambda_init": _start(sigma=0.0)},
                    {"label": _MU, "lambda_init": _start(mu=0.0)},
                    {"label": _BOTH, "lambda_init": _start(mu=0.0, sigma=0.0)},
                ],
            },
            "seeds": [0, 1, 2],
        },
        tells="first gradient",
    ),
    charts=(
        SeedsChart(
            title="The first gradient, in BN's",
            quantity="times BN's (logarithmic)",
            range=(0.5, 10),
            mark=1,
            is_log=True,
            dots=_dots,
            read=_dots_reading,
        ),
        LessonChart(title="The first gradient, by depth", draw=_figure, read=_reading),
    ),
    answer=answer,
    after=r"""
Let every ReLU give 0, so that each layer puts out $a = 1/(1 - \lambda_\sigma)$ times what batch norm
does. The next convolution carries that on. But the next layer **measures** it: its own deviation is
$a\,\sigma$, and it divides by it. Again $a$ times batch norm comes out, not $a^2$. Backwards a layer
multiplies by

$$
\frac{a}{a\,\sigma} = \frac{1}{\sigma},
$$

as batch norm does. A kernel's gradient, its input times what comes back, is $a$ times batch norm's,
**however many layers there are**, for the same error at the output.

Where this fails: the proof is about kernels, the same error, and λ_σ alone. Taken apart
(`python -m benchmarks.first_gradients`), the **kernels'** gradients are 1.8, 1.9 and 1.9 times batch
norm's in the three networks. The rest, up to 2.8, is that louder outputs err alike on all images.
With $\lambda_\mu$ at 0.5 as well it is 1.9, 2.9 and 3.4: the mean is not all subtracted, and what
images share stays in the gradient.
""",  # noqa: E501
    checks=(
        Check(
            "λ_σ = 0.9 in all of ten layers, every ReLU at 0, all other λ at 0. For the same error "
            "at the output, a kernel's gradient is …",
            (
                Option("10 times batch norm's", "Right: 1 / (1 − 0.9), once.", True),
                Option("10¹⁰ times", "The next layer divides by what the one before magnified."),
                Option("9 times", "The gain is 1 / (1 − λ), not λ / (1 − λ)."),
            ),
        ),
        Check(
            "Which gradients does a small λ_σ make small?",
            (
                Option("Those of all kernels", "They are near batch norm's."),
                Option(
                    "Those of the networks, by λ, and of λ's logit, by λ(1 − λ)",
                    "Right: what σ_stan does to the loss comes in by λ_σ.",
                    True,
                ),
                Option("None", "The networks' answers are mixed in with weight λ."),
            ),
        ),
    ),
    onwards=(
        Onward("The same of the shipped networks, with the derivation", "paper", {}),
        Onward("Nine starts of λ, trained on", "ablations", {"sweep": "lambda-start"}),
    ),
    note=Note(
        aims=(
            "Tell a bound from an estimate: one can be right and of no use.",
            "See why normalization layers undo each other's scales.",
        ),
        pitfalls=(
            "It is about the first step. What small λ are good for later is another question.",
            "2ⁿ is a true bound of the product of gains; it is no bound of the gradient.",
        ),
        ask="Replace all but the last norm layer by nothing. Do gains of kernels multiply then?",
    ),
)
