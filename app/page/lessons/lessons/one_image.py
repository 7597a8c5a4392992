"""Lesson: test images that come one at a time."""

from afn.ask.records import Cell
from afn.wording import enumerate_words, percent

from ....kit.draw.axes import Figure
from ....kit.draw.estimates import Estimate, accuracy_over, gain_over, gain_words
from ....kit.draw.palette import NORM_COLORS
from ..charts import Curve, lines_figure
from ..experiments.evaluations import Answers, Evaluations, LessonQuestion
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option

_SIZES = (1, 2, 4, 8, 16, 32, 128)
_CLEAN = (None, 0)
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


LESSON = Lesson(
    slug="one-image",
    title="One image at a time",
    question="A reading app gets one photo, not a test set. Whose answers suffer when the "
    "statistics of the “test batch” are those of a single image?",
    minutes=6,
    before=r"""
Over which values are mean and deviation of a channel taken in a test?

- **BN, running averages**: over none of the test; they were kept from training.
- **BN or AFN with the test batch**: over (N, H, W) of the images that happen to come together. With
  $N = 1$ these are the (H, W) of one image.
- **ASRNorm**: always over (H, W) of each image by itself, in training too.

A single image's mean also carries *what the image is*: a bold 8 has more ink than a thin 1.
Normalizing by it takes that away, and BN and AFN never met this in training.
""",
    ask="Clean digits. From test batches of 128 to one image at a time, who loses accuracy that "
    "can be told from chance?",
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
