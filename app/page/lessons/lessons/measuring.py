"""Lesson: what a norm can do without."""

from typing import Any

import numpy as np

from afn.settings.config import TrainConfig
from afn.settings.norms import NORM_TITLES
from afn.stats.over_seeds import OverSeeds
from afn.wording import percent

from ....kit.draw.palette import NORM_COLORS
from ....kit.results import points
from ..charts import Dot
from ..experiments.trainings import Trained, Trainings
from ..figure import Draggable, FigureRow, coloured, grey
from .lesson import Answer, Check, Lesson, Note, Onward, Option, SeedsChart

_NORMS = ("bn", "in", "frn", "dyt", "none")
_TAKEN = {"the batch": ("bn", "in"), "the mean": ("in", "frn"), "all measuring": ("frn", "none")}
"""What is taken away, and between which norms. DyT measures nothing, either, but does more."""
_NOT_MEASURED = ("dyt", "none")
_BASE: dict[str, Any] = {
    "dataset": "digits8", "epochs": 2, "evals_per_epoch": 1, "corruptions": [],
    "eval_images": 1000,
}  # fmt: skip
_RATES = (0.05, 0.2)
_STEPS = range(0, 45, 2)
"""Of the figure to drag; 44 are two passes."""
_BEHIND, _REACH = "backbone.blocks.1.norm", 2.0


def _costs(data: Trained) -> dict[str, OverSeeds | None]:
    """What each loss is worth in accuracy, seed by seed."""
    return {
        taken: data.results.gain("clean", {"norm": after}, {"norm": before})
        for taken, (before, after) in _TAKEN.items()
    }


def _dots(data: Trained) -> list[Dot]:
    return [
        Dot.of(NORM_TITLES[norm], NORM_COLORS[norm], data.results.at("clean", {"norm": norm}))
        for norm in _NORMS
    ]


def _reading(data: Trained) -> str:
    told = [f"without {taken} {points(cost)}" for taken, cost in _costs(data).items() if cost]
    return f"Each dot is a seed, a line their mean. One after another: {'; '.join(told)}."


def answer(data: Trained) -> Answer:
    """Which loss costs most, of those that can be told from chance."""
    costs = _costs(data)
    known = {taken: cost for taken, cost in costs.items() if cost}
    if len(known) < len(costs):
        return Answer(3, "Some trainings diverged, so that the norms cannot be compared.")
    clear = {taken: cost.mean for taken, cost in known.items() if cost.is_clear and cost.mean < 0}
    came_true = list(_TAKEN).index(min(clear, key=clear.__getitem__)) if clear else 3
    told = "; ".join(
        f"without {taken} ({NORM_TITLES[before]} to {NORM_TITLES[after]}) {points(known[taken])}"
        for taken, (before, after) in _TAKEN.items()
    )
    reached = ", ".join(
        f"{NORM_TITLES[norm]} {percent(over.mean / 100)}"
        for norm in _NORMS
        if (over := data.results.at("clean", {"norm": norm}))
    )
    beside = data.results.gain("clean", {"norm": "dyt"}, {"norm": "none"})
    held = (
        f" DyT measures nothing, either; against no norm at all: {points(beside)}."
        if beside
        else ""
    )
    if beside and beside.is_clear and beside.mean < 0:
        held += " So much is its own, at this rate."
    return Answer(
        came_true,
        f"Reached: {reached}. From one to the next accuracy changes: {told}.{held} Three "
        "seeds make wide intervals (±, 95 %).",
    )


def to_drag() -> Draggable:
    """The steps of a training under the handle: maps behind the second norm, and accuracy."""
    from ..making import PICTURED, course, over_seeds, test_images

    images, _ = test_images("digits8", PICTURED)
    rows = [FigureRow(label="test digits", pictures=grey(images[None, :, 0]))]
    curves = []
    for norm in _NORMS:
        courses = [
            [
                course(
                    TrainConfig(**(_BASE | {"norm": norm, "seed": seed, "lr": rate})), _STEPS,
                    behind=_BEHIND,
                )
                for rate in _RATES
            ]
            for seed in range(3)
        ]  # fmt: skip
        maps = np.concatenate([each for _, each in courses[0]])
        channel = int(maps[len(_STEPS) - 1].std(axis=(0, 2, 3)).argmax())
        label, color, is_answer = NORM_TITLES[norm], NORM_COLORS[norm], norm != "bn"
        pictures = coloured(maps[:, :, channel], _REACH)
        if norm != "in":  # it looks as batch norm's
            rows.append(
                FigureRow(
                    label=f"{label}, norm 2", color=color, pictures=pictures, is_answer=is_answer
                )
            )
        reached = [np.concatenate([each for each, _ in seed]) for seed in courses]
        curves.append(
            over_seeds(
                label, color, reached, is_answer=is_answer,
                dash="dot" if norm in _NOT_MEASURED else "",
            )
        )  # fmt: skip
    stops = [str(step) for step in _STEPS]
    return Draggable(
        handle="steps trained", stops=stops, start=len(stops) - 1, switch="learning rate",
        options=[f"{rate:g}" for rate in _RATES],
        ticks=[(stops.index(each), each) for each in ("0", "10", "20", "30", "44")],
        quantity="accuracy on 360 test digits, %", range=(0, 100), digits=1, unit=" %",
        level=(10, "chance"), curves=curves, rows=rows, small=len(stops) - 1,
        told="digits8, two passes in batches of 64, seeds 0, 1 and 2 (dots; bands: 95 % "
        "intervals). Maps: behind the second norm, seed 0; of each network the channel that varies "
        f"most in the end at {_RATES[0]}; amber below 0, teal above, full at ±{_REACH:g}; FRN's "
        "own threshold leaves nothing below it. Statistics in the test: BN running averages, IN "
        "and FRN each image's.",
    )  # fmt: skip


LESSON = Lesson(
    slug="measuring",
    title="What can a norm do without?",
    question="Batch norm measures the **mean** and the **deviation** of a **batch**. Other norms "
    "leave part of that out.",
    minutes=6,
    figure=to_drag,
    before=r"""
Each has one thing less than the one above it:

| | subtracts | divides by | of |
|---|---|---|---|
| **BN** | the mean | the deviation | the batch |
| **IN** | the mean | the deviation | each image |
| **FRN** | nothing | the size $\sqrt{\overline{x^2}}$ | each image |
| **no norm** | nothing | nothing | – |

Beside them **DyT**, a squashing in a norm's place, $\gamma \tanh(\alpha x) + \beta$: it measures
nothing, either, and no value depends on another.
""",
    ask="Take the batch away, then the mean, then all measuring. Which costs most accuracy?",
    predictions=(
        "The batch (BN to IN)",
        "The mean (IN to FRN)",
        "All measuring (FRN to no norm)",
        "None of them that three seeds can tell",
    ),
    setup="Fifteen small networks are trained for two passes over 1,437 digits of 8×8 pixels: four "
    "norms and none, three seeds, all at one learning rate.",
    experiment=Trainings(
        {
            "name": "Lesson: what a norm can do without",
            "base": {**_BASE, "lr": _RATES[0]},
            "axes": {"norm": list(_NORMS)},
            "seeds": [0, 1, 2],
        }
    ),
    charts=(
        SeedsChart(
            title="Accuracy after two passes",
            quantity="accuracy, %",
            range=(0, 100),
            dots=_dots,
            read=_reading,
        ),
    ),
    answer=answer,
    after=r"""
A measured size is what keeps a signal from fading. A convolution that makes its maps ten times as
faint changes nothing behind BN, IN or FRN: they divide by the size they find. Without a norm what
is faint stays faint. DyT is worse off here: it begins with $\alpha = 0.5$, so what is small leaves
it half as small again; layer by layer less arrives, and less of the gradients on their way back.
The figure shows it: the maps behind DyT's second layer stay pale, and learning begins late.

*What this does not show:* that DyT cannot learn. At the other learning rate in the figure it gets
further, and the link below gives it four passes. It was made for Transformers, in the place of LN,
where the signal also has a way around each layer. And FRN leaves out the mean, but brings a learned
threshold instead of the ReLU: two things change at once.
""",
    checks=(
        Check(
            "A convolution's weights become 10 times as large. Behind which layer is it not seen?",
            (
                Option("DyT", "tanh(10 αx) is another curve: it saturates."),
                Option(
                    "FRN",
                    "Right: the size becomes ten times as large, too, and is divided out.",
                    True,
                ),
                Option("No norm at all", "Everything behind it is ten times as large."),
            ),
        ),
        Check(
            "IN never looks at the batch. What did BN's batch do for these digits?",
            (
                Option(
                    "In two short passes, nothing that three seeds can tell",
                    "Right. On other data it may: IN takes out how bright each map of an image is, "
                    "which can be what tells two classes apart.",
                    True,
                ),
                Option("It made training possible", "IN trains without it."),
                Option("It is what keeps signals from fading", "Each image's own size does that."),
            ),
        ),
    ),
    onwards=(
        Onward(
            "Train them side by side, for four passes",
            "",
            {"c": ["bn", "in", "frn", "dyt"], "data": "digits8", "epochs": "4"},
        ),
        Onward("What DyT takes a statistic of", "norms", {"norm": "dyt"}),
    ),
    note=Note(
        aims=(
            "Take a method apart: leave out one part at a time, and measure.",
            "Say what a norm is for in training: a signal's size, whoever measures it.",
        ),
        pitfalls=(
            "One learning rate for all is fair to none: let the class switch it in the figure.",
            "FRN differs from its neighbours in more than what is left out: in its threshold, too.",
            "DyT is no control for measuring nothing: no norm at all is.",
        ),
        ask="How would you start DyT, or the weights, so that nothing fades?",
    ),
)  # fmt: skip
