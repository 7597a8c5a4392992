"""Lesson: why does λ start small?"""

from collections.abc import Sequence
from dataclasses import replace
from math import log
from statistics import median

import numpy as np

from afn.settings.config import TrainConfig
from afn.settings.lambda_init import LambdaInit
from afn.stats.over_seeds import OverSeeds
from afn.wording import count_words, enumerate_words, number_words, range_words

from ....kit.draw.axes import Figure
from ....kit.results import points
from ..charts import Curve, Dot, lines_figure
from ..experiments.trainings import Trained, Trainings
from ..figure import Draggable, FigureRow, coloured
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option, SeedsChart

_AXIS = "start of λ"
_STARTS = {"paper, 0.047": "#D55E00", "reference code, 0.51": "#E7A267", "λ from 0.95": "#7C5CD6"}
"""Where λ_μ starts, and how it is drawn."""
_PAPER, _CODE, _MOST = _STARTS
_LEARNED = 50.0
"""Percent of accuracy from which on a network is said to have learned; chance is 10."""

_LAMBDAS = (0.01, 0.02, 0.047, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97)
"""Starts to be dragged through."""
_SHORT = TrainConfig(norm="afn", epochs=1, evals_per_epoch=1, corruptions=(), eval_images=1000)
_NORM_2 = "backbone.blocks.1.norm"


def _accuracy(data: Trained, start: str) -> OverSeeds | None:
    return data.results.at("clean", {_AXIS: start})


def _lost(data: Trained, start: str) -> int:
    """How many trainings of a start have not learned, or have diverged."""
    found = _accuracy(data, start)
    reached = sum(value >= _LEARNED for _, value in found.values) if found else 0
    return len(_runs(data, start)) - reached


def _runs(data: Trained, start: str) -> list[str]:
    return data.results.runs_at(((_AXIS, start),))


def _gradients(data: Trained, start: str) -> list[Sequence[float]]:
    return [data.gradients[run] for run in _runs(data, start)]


def _dots(data: Trained) -> list[Dot]:
    return [
        Dot.of(start, color, _accuracy(data, start)) for start, color in _STARTS.items()
    ]  # fmt: skip


def _dots_reading(data: Trained) -> str:
    found = {start: _accuracy(data, start) for start in _STARTS}
    each = {start: [value for _, value in over.values] for start, over in found.items() if over}
    told = [f"{start}: {range_words(min(v), max(v))} %" for start, v in each.items()]
    return f"Each dot is a seed, the line at 10 % is chance. {'; '.join(told)}."


def _norms(data: Trained) -> Figure:
    lines = []
    for start, color in _STARTS.items():
        steps = list(zip(*_gradients(data, start), strict=False))
        lines.append(
            Curve(
                label=start, color=color, y=tuple(median(step) for step in steps),
                low=tuple(min(step) for step in steps), high=tuple(max(step) for step in steps),
            )
        )  # fmt: skip
    x = [str(i + 1) for i in range(max(len(line.y) for line in lines))]
    return lines_figure(x, lines, "training step", "norm of the gradient", is_log=True)


def _largest(data: Trained, start: str) -> float:
    return median(max(norms) for norms in _gradients(data, start))


def _norms_reading(data: Trained) -> str:
    told = [f"{number_words(_largest(data, start))} ({start})" for start in _STARTS]
    return (
        "The middle seed as a line, the others as a band. Largest gradient of the first "
        f"steps, middle seed: {enumerate_words(told)}."
    )


def answer(data: Trained) -> Answer:
    """Who learns, how large gradients are, and how far λ moves."""
    most = data.results.gain("clean", {_AXIS: _MOST}, {_AXIS: _PAPER})
    lost = {start: _lost(data, start) for start in _STARTS}
    num = len(_runs(data, _PAPER))
    if lost[_MOST] == num and lost[_PAPER] < num:
        came_true = 2
    elif most and most.is_clear:
        came_true = 1 if most.mean < 0 else 3
    else:
        came_true = 0
    failing = [f"{n} of {num} with the start “{start}”" for start, n in lost.items() if n]
    told = (
        f"Trainings below {_LEARNED:.0f} % of accuracy after an epoch: {enumerate_words(failing)}. "
        if failing
        else "Every training reaches half of the digits or more. "
    )
    if most:
        told += f"{_MOST} against the paper's start: {points(most)} of accuracy. "
    ratio = _largest(data, _MOST) / _largest(data, _PAPER)
    told += (
        f"The paper warns of exploding gradients. In the first steps the largest one is "
        f"{number_words(ratio)} times that of the paper's start: "
        + ("here it is so. " if ratio > 2 else "here that is not what goes wrong. ")
    )
    moved = [
        (start, found.mean)
        for start in _STARTS
        if (found := data.results.at("moved:mu", {_AXIS: start}))
    ]
    told += "λ_μ has moved by " + enumerate_words([f"{m:.4f} ({start})" for start, m in moved])
    if moved and moved[0][0] == _PAPER and moved[0][1] < 0.01:
        told += ": from the paper's start it stays where it was, and AFN close to batch norm"
    seeds = count_words(num, "seed")
    return Answer(came_true, f"{told}. {seeds} show a tendency; they prove nothing.")


def to_drag() -> Draggable:
    """The start of all λ under the handle: what a fresh layer puts out, and what is learned."""
    from ..making import PICTURED, asked, fresh, over_seeds, test_images, trained

    images, labels = test_images("mnist5k", 64)
    maps, answers, reached = [], [], []
    for value in _LAMBDAS:
        logit = log(value / (1 - value))
        start = LambdaInit(mu=logit, sigma=logit, gamma=logit, beta=logit)
        configs = [replace(_SHORT, lambda_init=start, seed=seed) for seed in range(3)]
        maps.append(asked(fresh(configs[0]), images, behind=_NORM_2)[1][:PICTURED])
        found = [trained(config) for config in configs]
        answers.append(asked(found[0][0], images)[0][:PICTURED])
        reached.append([accuracy for _, accuracy in found])
    channel = int(maps[0].std(axis=(0, 2, 3)).argmax())
    stops = [f"{value:g}" for value in _LAMBDAS]
    color = _STARTS[_PAPER]
    return Draggable(
        handle="λ at the start", stops=stops, start=stops.index("0.047"),
        ticks=[(stops.index(each), each) for each in ("0.01", "0.047", "0.3", "0.6", "0.9")],
        quantity="accuracy after one pass over 4,000 digits, %", range=(0, 100), digits=1,
        unit=" %", level=(10, "chance"), small=stops.index("0.8"),
        labels=labels[:PICTURED].tolist(),
        curves=[over_seeds("AFN, three seeds", color, np.array(reached).T, is_answer=True)],
        rows=[
            FigureRow(
                label="before training: behind norm 2",
                pictures=coloured(np.stack(maps)[:, :, channel], 6.0),
            ),
            FigureRow(
                label="after it: answers",
                color=color,
                answers=np.stack(answers),
                is_answer=True,
            ),
        ],
        told="AFN, all four λ from the same start, mnist5k, one epoch, seeds 0, 1 and 2 (dots; "
        "band: their 95 % interval), at chance where the loss is not finite; "
        "tested on 1,000 images, statistics of test batches. Maps and "
        "answers: seed 0, the first eight test digits in a batch of 64; the channel that varies "
        "most, amber below 0, teal above, full at ±6.",
    )  # fmt: skip


LESSON = Lesson(
    slug="small-lambda",
    title="Why does λ start small?",
    question="AFN lets a small network correct the batch's statistics; **λ** is its say. Why does "
    "the paper start it at 0.047, and not at one half or more?",
    minutes=7,
    figure=to_drag,
    before=r"""
Batch norm subtracts the batch's mean $\mu$. AFN asks a small network for a proposal, the
*standardization mean* $\mu_{stan}$, and mixes the two (the deviation $\sigma$ likewise):

$$
\hat\mu = \lambda_\mu\,\mu_{stan} + (1 - \lambda_\mu)\,\mu, \qquad
\lambda_\mu = \mathrm{sigmoid}(\text{logit}) \in (0, 1)
$$

At the start the network's weights are random: its proposals know nothing of the data. The logit is
learned. Three starts are tried:

- **paper**: logit −3, λ = 0.047. The network has 5 % of the say.
- **code**: the program that was published with the paper puts 0.047 through the sigmoid a second
  time, so that λ_μ and λ_σ really start at 0.51. (It also leaves λ_γ and λ_β without a sigmoid; see
  the lesson on γ̂.)
- **λ from 0.95**: logit 3, for all four λ. The network has nearly all of the say.
""",
    ask="After one pass over 4,000 digits, which holds for the accuracies?",
    predictions=(
        "No difference between λ from 0.95 and the paper's start that can be told from chance",
        "With λ from 0.95 it learns, but to a lower accuracy",
        "With λ from 0.95 it learns nothing at all",
        "λ from 0.95 is better",
    ),
    setup="Nine small networks are trained for one epoch: three starts of λ, each with three seeds "
    "(a seed fixes the first weights and the order of the images).",
    experiment=Trainings(
        {
            "name": "Lesson: start of λ",
            "base": {
                "norm": "afn",
                "epochs": 1,
                "evals_per_epoch": 1,
                "corruptions": [],
                "eval_images": 1000,
            },
            "axes": {
                _AXIS: [
                    {"label": _PAPER, "lambda_init": "paper"},
                    {"label": _CODE, "lambda_init": "reference"},
                    {"label": _MOST, "lambda_init": 3.0},
                ]
            },
            "seeds": [0, 1, 2],
        }
    ),
    charts=(
        SeedsChart(
            title="Accuracy",
            quantity="accuracy after one epoch, %",
            range=(0, 100),
            mark=10,
            dots=_dots,
            read=_dots_reading,
        ),
        LessonChart(title="Gradients of the first 20 steps", draw=_norms, read=_norms_reading),
    ),
    answer=answer,
    after=r"""
With λ near 0 the layer *is* batch norm, known to train well; the small network stays nearly what it
was drawn as, for its gradients are as small as λ. With λ near 1 the layer divides by what a random
network says:

$$
\hat\sigma \approx \sigma_{stan} = \mathrm{ReLU}(\cdot)
$$

Where the ReLU gives 0, only $(1-\lambda_\sigma)\,\sigma$ is left to divide by, a twentieth of
the true deviation: values come out some twenty times too large, in every layer again, and gradients
with them. Then the weights jump so far that nothing is left to learn from.

A small start has a price. Where the sigmoid is flat, λ also *learns* slowly:

$$
\frac{\partial\lambda}{\partial\,\text{logit}} = \lambda\,(1-\lambda)
$$

This is 0.045 at λ = 0.047, and 0.25 at λ = 0.5. In a short training AFN so remains near BN, for
better or worse.
""",
    checks=(
        Check(
            "Which layer is AFN if all four λ are exactly 0, while it trains?",
            (
                Option("Batch norm", "Right: μ̂ = μ, σ̂ = σ, γ̂ = γ, β̂ = β.", True),
                Option(
                    "Instance norm",
                    "That is ASRNorm with λ = 0, whose statistics are each image's own.",
                ),
                Option("No norm at all", "It still subtracts μ and divides by σ of the batch."),
            ),
        ),
        Check(
            "The published code applies the sigmoid twice. Where does λ_μ then start?",
            (
                Option("sigmoid(−3) = 0.047", "That is once, as the paper says."),
                Option(
                    "sigmoid(0.047) = 0.51",
                    "Right: the value 0.047 is taken for a logit, and logits near 0 are near one "
                    "half.",
                    True,
                ),
                Option(
                    "0.047 · 0.047 = 0.002",
                    "The sigmoid is a function, not a factor: what is put in the second time is "
                    "0.047.",
                ),
            ),
        ),
    ),
    onwards=(
        Onward("Nine starts of λ, with longer trainings", "ablations", {"sweep": "lambda-start"}),
        Onward(
            "Watch λ move over a whole training",
            "lambda",
            {"runs": "mnist5k-afn~mnist-grey-afn-reference~mnist-grey-afn-open"},
        ),
    ),
    note=Note(
        aims=(
            "Read the mixing formula: what does λ = 0, 1 or one half mean?",
            "See that a start which does no harm, and slow learning of λ, are one and the same "
            "choice.",
        ),
        pitfalls=(
            "“Code” differs in two things, the start of λ_μ, λ_σ and the missing sigmoid of λ_γ, "
            "λ_β: its result cannot be put down to one of them.",
            "Its seeds differ widely. Resist explaining a single one.",
            "“Learns nothing” is no matter of patience here: look at the longer sweep.",
        ),
        ask="How would you design an AFN whose λ starts small and yet can learn quickly?",
    ),
)
