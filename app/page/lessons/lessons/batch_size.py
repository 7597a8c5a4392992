"""Lesson: training with batches of four."""

from afn.settings.norms import NORM_TITLES
from afn.stats.over_seeds import OverSeeds, difference

from ....kit.draw.axes import Figure
from ....kit.draw.palette import NORM_COLORS
from ....kit.results import points
from ..charts import Dot, dots_figure
from ..experiments.trainings import Trained, Trainings
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option

_AXIS, _SMALL, _LARGE = "images in a batch", "4", "64"
_NORMS = ("bn", "afn", "asrnorm")


def _change(data: Trained, norm: str) -> OverSeeds | None:
    """From large batches to small ones, seed by seed."""
    return data.results.gain("clean", {"norm": norm, _AXIS: _SMALL}, {"norm": norm, _AXIS: _LARGE})


def _figure(data: Trained) -> Figure:
    dots = [
        Dot(
            label=f"{NORM_TITLES[norm]}, batches of {size}", color=NORM_COLORS[norm],
            value=found.mean, each=tuple(value for _, value in found.values),
        )
        for norm in _NORMS
        for size in (_LARGE, _SMALL)
        if (found := data.results.at("clean", {"norm": norm, _AXIS: size}))
    ]  # fmt: skip
    return dots_figure(dots, "accuracy, %")


def _reading(data: Trained) -> str:
    told = [
        f"{NORM_TITLES[norm]} {points(change)}"
        for norm in _NORMS
        if (change := _change(data, norm))
    ]
    return (
        "Each pale dot is a seed, a diamond their mean. From batches of 64 to batches of 4: "
        f"{'; '.join(told)}."
    )


def answer(data: Trained) -> Answer:
    """What small batches change, and how much of it is owed to their statistics."""
    changes = {norm: _change(data, norm) for norm in _NORMS}
    known = {norm: change for norm, change in changes.items() if change}
    if len(known) < len(_NORMS):
        return Answer(2, "Some trainings diverged, so that the norms cannot be compared.")
    lags = {
        norm: lag for norm in ("bn", "afn") if (lag := difference(known[norm], known["asrnorm"]))
    }
    of_batch = [known["bn"], known["afn"]]
    if any(change.is_clear and change.mean < 0 for change in of_batch):
        came_true = 0
    elif any(lag.is_clear and lag.mean < 0 for lag in lags.values()):
        came_true = 1
    elif any(change.is_clear for change in of_batch):
        came_true = 3
    else:
        came_true = 2
    told = "; ".join(f"{NORM_TITLES[norm]} {points(change)}" for norm, change in known.items())
    held = "; ".join(f"{NORM_TITLES[norm]} {points(lag)}" for norm, lag in lags.items())
    return Answer(
        came_true,
        f"From batches of 64 to batches of 4, accuracy changes by: {told}. Every training then "
        f"takes sixteen times as many steps, each a sixteenth as long, which matters by itself; "
        f"ASRNorm, which looks at no batch, shows how much. Held against it: {held}. This part "
        f"may be put down to the batch's statistics. Three seeds make wide intervals (±, 95 %).",
    )


LESSON = Lesson(
    slug="batch-size",
    title="Four images at a time",
    question="Batch norm and AFN take means and deviations from the batch that they train on. "
    "Large images or little memory allow only small batches. What do statistics from four images "
    "do to training?",
    minutes=7,
    before=r"""
A mean over few values is noisy: its error shrinks with the square root of their number. BN and AFN
take theirs over (N, H, W), so that $N = 4$ gives a sixteenth of the values of $N = 64$, and the
pixels of one image are alike, so that it is rather images than values that count.

To find out what that does, small batches must be compared with large ones. But a pass over the
data in batches of 4 has **sixteen times as many steps**. We let it take smaller steps (a sixteenth
of the learning rate), and need a *control*: a norm that never looks at the batch. **ASRNorm** takes
mean and deviation of each image by itself. What small batches do to ASRNorm is not owed to
statistics.
""",
    ask="From batches of 64 to batches of 4, what happens to the accuracy of BN and AFN?",
    predictions=(
        "BN or AFN gets clearly worse",
        "They do not get clearly worse, but fall behind the control, ASRNorm",
        "Nothing that three seeds can tell",
        "At least one gets clearly better, and none clearly falls behind ASRNorm",
    ),
    setup="Eighteen small networks are trained for one pass over 1,437 digits of 8×8 pixels: three "
    "norms, two batch sizes, three seeds.",
    experiment=Trainings(
        {
            "name": "Lesson: batches of four",
            "base": {
                "dataset": "digits8",
                "epochs": 1,
                "evals_per_epoch": 1,
                "corruptions": [],
                "eval_images": 1000,
            },
            "axes": {
                "norm": list(_NORMS),
                _AXIS: [
                    {"label": _SMALL, "batch_size": 4, "lr": 0.003125},
                    {"label": _LARGE, "batch_size": 64, "lr": 0.05},
                ],
            },
            "seeds": [0, 1, 2],
        }
    ),
    charts=(LessonChart(title="Accuracy after one pass", draw=_figure, read=_reading),),
    answer=answer,
    after=r"""
Noise in the statistics is not only bad. Each image meets a slightly different $\mu$ and $\sigma$
every time, which acts like a mild dropout and may even help against overfitting. How small is too
small depends on the network and on the images: in the longer trainings on MNIST below, batches of 2
still do; large networks on large images are known to suffer below some eight.

A control does not make a proof. ASRNorm differs from BN in more than the batch, and perhaps profits
more from many steps for another reason. The Ablations page has batches of 2 to 256, in longer
trainings.
""",
    checks=(
        Check(
            "Why is ASRNorm trained along?",
            (
                Option(
                    "It is the best of the three",
                    "Perhaps, perhaps not; that is not its part here.",
                ),
                Option(
                    "Its statistics do not depend on the batch, so it shows what the other "
                    "changes do",
                    "Right: more steps and a smaller learning rate act on it as well.",
                    True,
                ),
                Option(
                    "It needs large batches",
                    "On the contrary, one image is enough for its statistics.",
                ),
            ),
        ),
        Check(
            "Without the control, accuracy rises by 2 points with small batches. May one say "
            "“noisy statistics help”?",
            (
                Option(
                    "Yes, the experiment shows it",
                    "Sixteen times as many steps may have done it all.",
                ),
                Option(
                    "No: two things changed at once",
                    "Right. The number of steps changed with the batch.",
                    True,
                ),
                Option(
                    "No, because small batches always hurt",
                    "That is a belief; the question is what the data can tell.",
                ),
            ),
        ),
    ),
    onwards=(
        Onward("Batches of 2 to 256, longer trainings", "ablations", {"sweep": "batch-size"}),
        Onward(
            "Train BN and AFN with batches of 4, live",
            "",
            {"c": ["bn", "afn", "asrnorm"], "bs": "4", "lr": "0.003125", "epochs": "1"},
        ),
    ),
    note=Note(
        aims=(
            "Understand what a control group is for.",
            "See that “everything else equal” can be impossible: equal images or equal steps, "
            "not both.",
        ),
        pitfalls=(
            "Accuracies are low, since trainings are short. Compare differences.",
            "BN is tested with running averages, AFN with test batches of 128.",
        ),
        ask="Which other control could one use? What would training *without* any norm tell?",
    ),
)
