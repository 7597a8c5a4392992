"""Lesson: test images that come one at a time."""

import numpy as np

from afn.ask.records import Cell, Order
from afn.wording import enumerate_words, percent

from ....kit.draw.axes import Figure
from ....kit.draw.estimates import Estimate, accuracy_over, gain_over, gain_words
from ....kit.draw.palette import NORM_COLORS
from ..charts import Curve, lines_figure
from ..experiments.evaluations import Answers, Evaluations, LessonQuestion
from ..figure import Draggable, FigureRow, coloured, grey
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option

_SIZES = (1, 2, 4, 8, 16, 32, 128)
_CLEAN = (None, 0)
_IMAGES = 500
_DRAGGED = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Batches to be dragged through."""
_ORDERS: dict[str, Order] = {"mixed": "mixed", "sorted by class": "by label"}
_NORM_1 = "backbone.blocks.0.norm"
_BATCHED = {"BN, test batch": "mnist5k-bn", "AFN, test batch": "mnist5k-afn"}
_LEVEL = {"BN, running averages": "mnist5k-bn", "ASRNorm, each image": "mnist5k-asrnorm"}


def _label(label: str, size: int) -> str:
    return f"{label} of {size}"


def _cell(data: Answers, label: str, size: int = 1) -> Cell:
    return data[_label(label, size) if label in _BATCHED else label][_CLEAN]


def _losses(data: Answers) -> dict[str, Estimate]:
    """What each loses from the largest batch to one image."""
    return {
        label: gain_over([_cell(data, label, 1)], [_cell(data, label, _SIZES[-1])])
        for label in _BATCHED
    }


def _figure(data: Answers) -> Figure:
    lines = []
    for label, model in {**_BATCHED, **_LEVEL}.items():
        found = [accuracy_over([_cell(data, label, size)]) for size in _SIZES]
        lines.append(
            Curve(
                label=label, color=NORM_COLORS[model.removeprefix("mnist5k-")],
                dash="solid" if label in _BATCHED else "dot",
                y=tuple(100 * each.value for each in found),
                low=tuple(100 * each.low for each in found) if label in _BATCHED else (),
                high=tuple(100 * each.high for each in found) if label in _BATCHED else (),
            )
        )  # fmt: skip
    x = [str(size) for size in _SIZES]
    return lines_figure(x, lines, "images in a test batch", "accuracy on clean digits, %")


def _reading(data: Answers) -> str:
    told = [
        f"{label}: {percent(_cell(data, label, 1).accuracy)} with one image, "
        f"{percent(_cell(data, label, _SIZES[-1]).accuracy)} with {_SIZES[-1]}"
        for label in _BATCHED
    ]
    told += [f"{label}: {percent(_cell(data, label).accuracy)}" for label in _LEVEL]
    return f"{'; '.join(told)}. Dotted: what does not depend on the batch."


def answer(data: Answers) -> Answer:
    """Who loses with one image, and from which size on that is over."""
    losses = _losses(data)
    losers = [label for label, loss in losses.items() if loss.is_clear and loss.value < 0]
    came_true = 0 if len(losers) == 2 else 3 if not losers else 1 if losers[0][:3] == "AFN" else 2
    told = "; ".join(f"{label} {gain_words(loss)}" for label, loss in losses.items())
    enough = []
    for label in _BATCHED:
        largest = _cell(data, label, _SIZES[-1])
        fine = [
            size
            for size in _SIZES
            if not (gain := gain_over([_cell(data, label, size)], [largest])).is_clear
            or gain.value >= 0
        ]
        enough.append(f"{fine[0]} ({label.split(',')[0]})" if fine else "none")
    single = enumerate_words(
        [f"{label} {percent(_cell(data, label).accuracy)}" for label in _LEVEL]
    )
    return Answer(
        came_true,
        f"From test batches of {_SIZES[-1]} to one image at a time accuracy changes by: {told}. "
        f"The smallest batch that cannot be told from {_SIZES[-1]}: {enumerate_words(enough)}. "
        f"Those that need no batch: {single}. (95 % intervals, paired; one training of each.)",
    )


def to_drag() -> Draggable:
    """The size of a test batch under the handle, its images mixed or sorted by class."""
    import torch

    from afn.ask.batches import batches_of
    from afn.pretrained.load import load_pretrained

    from ..making import PICTURED, accuracies, asked, test_images

    images, labels = test_images("mnist5k", _IMAGES)
    batches = [
        batches_of(torch.from_numpy(labels), size, order)
        for order in _ORDERS.values()
        for size in _DRAGGED
    ]
    rows = [FigureRow(label="test digits", pictures=grey(images[None, :PICTURED, 0]))]
    curves = []
    for label, name in _LEVEL.items():
        statistics = "running" if "running" in label else "batch"
        level = asked(load_pretrained(name), images, statistics=statistics)[0]
        color = NORM_COLORS[name.removeprefix("mnist5k-")]
        curves.append(accuracies(label, color, [level] * len(batches), labels, dash="dot"))
    for label, name in _BATCHED.items():
        model, color = load_pretrained(name), NORM_COLORS[name.removeprefix("mnist5k-")]
        found = [asked(model, images, batches=each, behind=_NORM_1) for each in batches]
        shares = [each for each, _ in found]
        curves.append(accuracies(label, color, shares, labels, is_answer=True))
        if name == "mnist5k-bn":
            channel = int(found[len(_DRAGGED) - 1][1].std(axis=(0, 2, 3)).argmax())
            maps = coloured(np.stack([each[:PICTURED, channel] for _, each in found]), 3.0)
            rows.append(FigureRow(label=f"{label}: behind norm 1", color=color, pictures=maps))
        answers = np.stack([each[:PICTURED] for each in shares])
        rows.append(FigureRow(label=label, color=color, answers=answers, is_answer=True))
    stops = [str(size) for size in _DRAGGED]
    return Draggable(
        handle="images in a test batch", stops=stops, start=len(stops) - 1, switch="order",
        options=list(_ORDERS),
        ticks=[(stops.index(each), each) for each in ("1", "2", "4", "8", "16", "32", "128")],
        quantity=f"accuracy on {_IMAGES} clean test digits, %", range=(90, 100), digits=1,
        unit=" %", curves=curves, rows=rows, small=0,
        labels=labels[:PICTURED].tolist(),
        told="mnist5k-bn, mnist5k-afn and mnist5k-asrnorm, one training each, seed 0; the first "
        f"{_IMAGES} test digits of mnist5k, the first eight shown. Behind norm 1: the channel that "
        "varies most in batches of 128, amber below 0, teal above, full at ±3. Bands: 95 % "
        "intervals over the images.",
    )  # fmt: skip


LESSON = Lesson(
    slug="one-image",
    title="One image at a time",
    question="A reading app gets **one photo**, not a test set. Whose answers suffer when the "
    "“test batch” is a single image?",
    minutes=6,
    figure=to_drag,
    asked_at=1,
    before=r"""
Over which values are mean and deviation of a channel taken in a test?

- **BN, running averages**: over none of the test; they were kept from training.
- **BN or AFN with the test batch**: over (N, H, W) of the images that happen to come together. With
  $N = 1$ these are the (H, W) of one image.
- **ASRNorm**: always over (H, W) of each image by itself, in training too.

A single image's mean also carries *what the image is*: a bold 8 has more ink than a thin 1.
Normalizing by it takes that away, and BN and AFN never met this in training.
""",
    ask="From test batches of 128 to one image at a time, who loses accuracy on clean digits?",
    predictions=(
        "Both that use the test batch, AFN and BN",
        "AFN alone: its networks get confused",
        "BN with the test batch alone: AFN's networks repair it",
        "Nobody",
    ),
    setup="The shipped BN, AFN and ASRNorm read the same 500 clean test digits in batches of 1 to "
    "128.",
    experiment=Evaluations(
        asks=(
            *(
                LessonQuestion(
                    label=_label(label, size),
                    model=model,
                    places=(_CLEAN,),
                    stats="batch",
                    batch_size=size,
                )
                for label, model in _BATCHED.items()
                for size in _SIZES
            ),
            *(
                LessonQuestion(
                    label=label,
                    model=model,
                    places=(_CLEAN,),
                    stats="running" if model == "mnist5k-bn" else None,
                )
                for label, model in _LEVEL.items()
            ),
        )
    ),
    charts=(LessonChart(title="Accuracy by the test batch", draw=_figure, read=_reading),),
    answer=answer,
    after=r"""
The hero of the last lesson has its price: an answer now depends on **which other images came
along**. Worse than a small batch is a one-sided one, a whole batch of sevens, say: then the
statistics take what is common to all sevens for a property of the camera.

ASRNorm pays once, in training: it learns with the statistics of single images, so that nothing
changes in the test. BN's running averages need no batch at all, but do not follow a shift. AFN can
be given running averages too (this app keeps them along): it then ignores the batch, and its
networks see the same input for every image.

| | needs a test batch | follows a shift |
|---|---|---|
| BN, running averages | no | no |
| BN or AFN, test batch | yes | yes |
| ASRNorm | no | image by image |
""",
    checks=(
        Check(
            "AFN gets the same image twice, each time among other neighbours. Can its answers "
            "differ?",
            (
                Option(
                    "Yes, with test-batch statistics",
                    "Right: μ and σ, and with them γ̂ and β̂, come from the whole batch.",
                    True,
                ),
                Option("No, the weights are fixed", "The weights are; the statistics are not."),
                Option(
                    "Only if the neighbours are damaged",
                    "Any other neighbours change the statistics a little.",
                ),
            ),
        ),
        Check(
            "Which norm's training and test agree when images come one by one?",
            (
                Option(
                    "BN with the test batch", "It was trained with the statistics of 64 images."
                ),
                Option("ASRNorm", "Right: per image in training, per image in the test.", True),
                Option("AFN with the test batch", "Like BN it was trained with whole batches."),
            ),
        ),
    ),
    onwards=(
        Onward(
            "Test batches sorted by class, and corruptions",
            "robustness",
            {
                "models": "mnist5k-bn~mnist5k-asrnorm~mnist5k-afn",
                "severity": "0",
                "order": "by label",
            },
        ),
        Onward("Small test batches, several seeds", "ablations", {"sweep": "test-batch"}),
    ),
    note=Note(
        aims=(
            "Know what a prediction depends on, besides the image and the weights.",
            "Weigh: following a shift, against being independent of neighbours.",
        ),
        pitfalls=(
            "“Batch size” means two things: in training, and in the test. Here it is the test's.",
            "Running averages look best here because the digits are clean. Go back one lesson.",
        ),
        ask="A hospital reads one scan at a time, each machine with its own contrast. Which norm "
        "and which statistics would you choose?",
    ),
)
