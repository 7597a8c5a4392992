"""Lesson: do the gains of layers multiply?"""

from statistics import median

from afn.stats.gain import gain_limit, stacked_limit
from afn.wording import enumerate_words, number_words, range_words

from ....kit.draw.axes import Figure
from ..charts import Curve, lines_figure
from ..experiments.trainings import Trained, Trainings
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option

_START, _DEPTH = "start", "network"
_BN, _SIGMA, _MU, _BOTH = "BN", "λ_σ = 0.5", "λ_μ = 0.5", "λ_μ = λ_σ = 0.5"
_COLORS = {_SIGMA: "#D55E00", _MU: "#2B7FC4", _BOTH: "#7C5CD6"}
_DEPTHS = {"ConvNet": 2, "ResNet-8": 7, "ResNet-20": 19}
"""Norm layers of each network."""
_DEEP = "ResNet-20"
_SAME, _FEW, _MANY = 1.2, 4.0, 100.0
_OFF = "-inf"
"""A logit: λ is 0, and stays there."""


def _start(*, mu: float | str = _OFF, sigma: float | str = _OFF) -> dict[str, float | str]:
    return {"mu": mu, "sigma": sigma, "gamma": _OFF, "beta": _OFF, "rescale_gate": "sigmoid"}


def _ratios(data: Trained, start: str, depth: str) -> list[float]:
    """The first gradient in that of BN's, seed by seed."""
    first = {}
    for label in (start, _BN):
        runs = data.results.runs_at(((_DEPTH, depth), (_START, label)))
        first[label] = [data.gradients[run][0] for run in runs]
    return [ours / theirs for ours, theirs in zip(first[start], first[_BN], strict=True)]


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


LESSON = Lesson(
    slug="gain",
    title="Do gains multiply?",
    question="With λ_σ = 0.5 a layer of AFN can put out values twice as large as batch norm does. "
    "Nineteen such layers lie in a ResNet-20. Are its gradients half a million times as large?",
    minutes=7,
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
    ask="In the ResNet-20 with λ_σ = 0.5, how large is the first gradient, beside that of the same "
    "network with batch norm?",
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
            "base": {
                "norm": "afn",
                "epochs": 1,
                "train_images": 64,
                "batch_size": 64,
                "evals_per_epoch": 1,
                "corruptions": [],
                "eval_images": 50,
            },
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
    charts=(LessonChart(title="The first gradient, by depth", draw=_figure, read=_reading),),
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
