"""Lesson: statistics of the test batch, the hidden hero."""

import numpy as np

from afn.ask.records import Place
from afn.wording import percent

from ....kit.draw.axes import Figure
from ....kit.draw.estimates import accuracy_over, gain_over, gain_words
from ....kit.draw.palette import NORM_COLORS
from ..charts import Curve, lines_figure
from ..experiments.evaluations import Answers, Evaluations, LessonQuestion
from ..figure import Draggable, FigureRow, coloured, grey
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option

_RUNNING, _BATCH, _AFN = "BN, running averages", "BN, test batch", "AFN, test batch"
_DASHES = {_RUNNING: "dot", _BATCH: "solid", _AFN: "solid"}
_PLACES: tuple[Place, ...] = ((None, 0), *(("contrast", severity) for severity in range(1, 6)))
_WORST = _PLACES[-1]
_MANY = 0.20
_IMAGES = 500


def _figure(data: Answers) -> Figure:
    lines = []
    for label, dash in _DASHES.items():
        found = [accuracy_over([data[label][place]]) for place in _PLACES]
        lines.append(
            Curve(
                label=label, color=NORM_COLORS["afn" if label == _AFN else "bn"], dash=dash,
                y=tuple(100 * each.value for each in found),
                low=tuple(100 * each.low for each in found),
                high=tuple(100 * each.high for each in found),
            )
        )  # fmt: skip
    x = ["clean", "1", "2", "3", "4", "5"]
    return lines_figure(x, lines, "severity of the pale contrast", "accuracy, %")


def _reading(data: Answers) -> str:
    told = [
        f"{label} from {percent(data[label][(None, 0)].accuracy)} to "
        f"{percent(data[label][_WORST].accuracy)}"
        for label in _DASHES
    ]
    return f"From clean images to the palest: {'; '.join(told)} (bands: 95 % intervals)."


def answer(data: Answers) -> Answer:
    """What the switch alone does, and how much of AFN's lead it is."""
    running, batch, afn = ([data[label][_WORST]] for label in _DASHES)
    switch, beyond = gain_over(batch, running), gain_over(afn, batch)
    lead = gain_over(afn, running)
    if not switch.is_clear:
        came_true = 0
    elif switch.value < 0:
        came_true = 3
    else:
        came_true = 2 if switch.value > _MANY else 1
    clean = gain_over([data[_BATCH][(None, 0)]], [data[_RUNNING][(None, 0)]])
    rest = (
        "What AFN adds to that cannot be told from chance"
        if not beyond.is_clear
        else "AFN is still better than that"
        if beyond.value > 0
        else "AFN is worse than that"
    )
    return Answer(
        came_true,
        f"Under the palest contrast the switch from running averages to the test batch changes "
        f"BN's accuracy by {gain_words(switch)}, with the same weights; on clean images by "
        f"{gain_words(clean)}. AFN as it is published is {gain_words(lead)} over BN as it is "
        f"normally used. {rest}: {gain_words(beyond)}. (95 % intervals, paired, {running[0].n} "
        f"images, one training of each.)",
    )


def to_drag() -> Draggable:
    """Contrast under the handle: what both networks see behind their first norm, and answer."""
    import torch

    from afn.corruptions.digital import contrast
    from afn.pretrained.load import load_pretrained

    from ..making import PICTURED, accuracies, asked, test_images

    images, labels = test_images("mnist5k", _IMAGES)
    factors = np.geomspace(1, 0.05, 31)
    damaged = [contrast(images, float(factor)) for factor in factors]
    rows = [FigureRow(label="test digits", pictures=grey(torch.stack(damaged)[:, :PICTURED, 0]))]
    curves = []
    for label, dash in _DASHES.items():
        name, _, statistics = label.partition(", ")
        norm, color = name.lower(), NORM_COLORS[name.lower()]
        model, layer = load_pretrained(f"mnist5k-{norm}"), "backbone.blocks.0.norm"
        mode = "batch" if statistics == "test batch" else "running"
        found = [asked(model, each, statistics=mode, behind=layer) for each in damaged]
        is_answer = label != _RUNNING
        more = {"dash": "" if dash == "solid" else dash, "is_answer": is_answer}
        curves.append(accuracies(label, color, [each for each, _ in found], labels, **more))
        if norm == "bn":
            channel = int(found[0][1].std(axis=(0, 2, 3)).argmax())
            maps = np.stack([each[:PICTURED, channel] for _, each in found])
            answers = np.stack([each[:PICTURED] for each, _ in found])
            rows.append(
                FigureRow(
                    label=f"{label}: behind norm 1", color=color, answers=answers,
                    pictures=coloured(maps, 3.0), is_answer=is_answer,
                )
            )  # fmt: skip
    stops = [f"{100 * factor:.0f} %" for factor in factors]
    return Draggable(
        handle="contrast left", stops=stops, start=0,
        ticks=[(stops.index(f"{each} %"), f"{each} %") for each in (100, 50, 30, 15, 5)],
        quantity=f"accuracy on {_IMAGES} test digits, %", range=(0, 100), level=(10, "chance"),
        curves=curves, rows=rows, labels=labels[:PICTURED].tolist(), digits=1, unit=" %",
        small=22,
        told=f"mnist5k-bn and mnist5k-afn, one training each, seed 0; the first {_IMAGES} test "
        "digits of mnist5k in test batches of 128, the first eight shown. Behind norm 1: the "
        "channel that varies most on crisp digits, amber below 0, teal above, full at ±3. Bands: "
        "95 % intervals over the images.",
    )  # fmt: skip


LESSON = Lesson(
    slug="hidden-hero",
    title="The hidden hero",
    question="Pale digits fool a network with batch norm. What if the **very same weights** take "
    "mean and deviation from the pale images themselves?",
    minutes=6,
    figure=to_drag,
    asked_at=20,
    before=r"""
While it trains, batch norm normalizes each batch by the batch's own mean and deviation. On the side
it keeps **running averages** of them. In the test it normally uses those, so that the answer to an
image does not depend on its neighbours:

$$
\hat x = \frac{x - \mu_{running}}{\sigma_{running}} \qquad\text{or}\qquad
\hat x = \frac{x - \mu_{test\ batch}}{\sigma_{test\ batch}}
$$

Nothing needs to be trained to use the second formula; it is a switch. AFN's published code has no
running averages at all: it always uses the test batch.

Pale contrast pulls all grey values towards their mean. A mean and deviation that were measured on
crisp images no longer fit.
""",
    ask="At 15 % of the contrast (severity 5), from running averages to the test batch: how does "
    "BN's accuracy change?",
    predictions=(
        "Not at all, as far as can be told: the weights are the same",
        "It rises, by up to 20 points",
        "It rises by more than 20 points",
        "It falls",
    ),
    setup="The shipped BN network reads 500 test digits, clean and at five severities of pale "
    "contrast, in both modes; and the shipped AFN reads them beside it.",
    experiment=Evaluations(
        asks=(
            LessonQuestion(label=_RUNNING, model="mnist5k-bn", places=_PLACES, stats="running"),
            LessonQuestion(label=_BATCH, model="mnist5k-bn", places=_PLACES, stats="batch"),
            LessonQuestion(label=_AFN, model="mnist5k-afn", places=_PLACES, stats="batch"),
        )
    ),
    charts=(LessonChart(title="Accuracy under pale contrast", draw=_figure, read=_reading),),
    answer=answer,
    after=r"""
Suppose a corruption does nothing but shrink and shift a channel, $x' = a\,x + b$ with $a > 0$, on
all images alike. Then the test batch's mean and deviation shrink and shift along, and

$$
\frac{x' - \mu'}{\sigma'} = \frac{a x + b - (a\mu + b)}{a\,\sigma} = \frac{x - \mu}{\sigma}
$$

The normalization takes the corruption out before the next layer can see it. No network is needed
for that, and none of AFN's has to have learned it.

So a comparison of AFN with BN mixes two causes: **(a)** statistics of the test batch, **(b)** the
networks. Whoever reports a robust norm should name the statistics mode of *every* rival; on all
pages of this app each result does. The price of the hero is the subject of the next lesson.
""",
    checks=(
        Check(
            "When are the statistics of the test batch of no use?",
            (
                Option(
                    "When test images come one by one",
                    "Right: a batch of one has only its own statistics. That is the next lesson.",
                    True,
                ),
                Option(
                    "When the images are darker than in training",
                    "There they help: darkness is shared by the batch and is subtracted with its "
                    "mean.",
                ),
                Option("When the batch is large", "The larger it is, the better the estimate."),
            ),
        ),
        Check(
            "A paper: “our norm beats BN by 60 points under contrast”. What do you ask first?",
            (
                Option(
                    "How many parameters it has",
                    "A good question, but a few hundred parameters do not make 60 points.",
                ),
                Option(
                    "Which statistics BN used in the test",
                    "Right: with running averages the comparison has two differences.",
                    True,
                ),
                Option(
                    "Whether the learning rate was tuned",
                    "Worth asking, but look at the size: a switch alone can explain as much.",
                ),
            ),
        ),
    ),
    onwards=(
        Onward(
            "The same with pictures, for any corruption",
            "robustness",
            {"models": "mnist5k-bn~mnist5k-afn", "corruption": "contrast", "severity": "5"},
        ),
        Onward("Other digits instead of damaged ones", "domains", {}),
    ),
    note=Note(
        aims=(
            "Know the two kinds of statistics that batch norm can use in a test.",
            "Find the confound in a published comparison.",
        ),
        pitfalls=(
            "Students credit the layer that is new. Let them list all differences first.",
            "Test-batch statistics look into the test set, though not at its labels. Discuss "
            "whether that is fair.",
        ),
        ask="Is it cheating to use the other test images? When would it be possible in practice, "
        "when not?",
    ),
)
