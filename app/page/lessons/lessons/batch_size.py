"""Lesson: training with batches of four."""

from dataclasses import replace

import numpy as np

from afn.settings.config import TrainConfig
from afn.settings.norms import NORM_TITLES
from afn.stats.over_seeds import OverSeeds, difference

from ....kit.draw.palette import NORM_COLORS
from ....kit.results import points
from ..charts import Dot
from ..experiments.trainings import Trained, Trainings
from ..figure import Draggable, FigureRow, coloured
from .lesson import Answer, Check, Lesson, Note, Onward, Option, SeedsChart

_AXIS, _SMALL, _LARGE = "images in a batch", "4", "64"
_NORMS = ("bn", "afn", "asrnorm")
_SIZES = (2, 4, 8, 16, 32, 64, 128)
"""Batches to be dragged through."""


def _change(data: Trained, norm: str) -> OverSeeds | None:
    """From large batches to small ones, seed by seed."""
    return data.results.gain("clean", {"norm": norm, _AXIS: _SMALL}, {"norm": norm, _AXIS: _LARGE})


def _dots(data: Trained) -> list[Dot]:
    return [
        Dot.of(
            f"{NORM_TITLES[norm]}, batches of {size}", NORM_COLORS[norm],
            data.results.at("clean", {"norm": norm, _AXIS: size}),
        )
        for norm in _NORMS
        for size in (_LARGE, _SMALL)
    ]  # fmt: skip


def _reading(data: Trained) -> str:
    told = [
        f"{NORM_TITLES[norm]} {points(change)}"
        for norm in _NORMS
        if (change := _change(data, norm))
    ]
    return (
        "Each dot is a seed, a line their mean. From batches of 64 to batches of 4: "
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


def to_drag() -> Draggable:
    """The size of a training batch under the handle: a digit among others, and what is learned."""
    from ..making import PICTURED, among_others, fresh, over_seeds, trained

    base = TrainConfig(
        dataset="digits8", epochs=1, evals_per_epoch=1, corruptions=(), eval_images=1000
    )
    untrained, layer = fresh(replace(base, norm="bn")), "backbone.blocks.0.norm"
    maps = np.stack([among_others(untrained, size, PICTURED, behind=layer) for size in _SIZES])
    channel = int(maps[-1].std(axis=(0, 2, 3)).argmax())
    curves = []
    for norm in _NORMS:
        reached = []
        for seed in range(3):
            of = replace(base, norm=norm, seed=seed)
            each = [replace(of, batch_size=size, lr=0.05 * size / 64) for size in _SIZES]
            reached.append([trained(config)[1] for config in each])
        is_control = norm == "asrnorm"
        curves.append(
            over_seeds(
                NORM_TITLES[norm], NORM_COLORS[norm], reached, is_answer=not is_control,
                dash="dot" if is_control else "",
            )
        )  # fmt: skip
    stops = [str(size) for size in _SIZES]
    return Draggable(
        handle="images in a training batch", stops=stops, start=stops.index("64"),
        ticks=list(enumerate(stops)),
        quantity="accuracy after one pass over 1,437 digits, %", range=(0, 100), digits=1,
        unit=" %", level=(10, "chance"), curves=curves, small=0,
        rows=[
            FigureRow(
                label="one digit in eight batches: behind norm 1",
                pictures=coloured(maps[:, :, channel], 3.0),
            )
        ],
        told="digits8, one epoch, seeds 0, 1 and 2 (dots; bands: 95 % intervals), learning rate "
        "0.05 · N / 64; statistics in the test: BN running averages, AFN test batches of 128, "
        "ASRNorm each image's own. Maps: the first training digit with N − 1 others, drawn anew "
        "for each of the eight, in an untrained BN network of seed 0; the channel that varies "
        "most, amber below 0, teal above, full at ±3.",
    )  # fmt: skip


LESSON = Lesson(
    slug="batch-size",
    title="Four images at a time",
    question="Batch norm and AFN take means and deviations from the training batch. What do the "
    "statistics of **four images** do to training?",
    minutes=7,
    figure=to_drag,
    asked_at=2,
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
    charts=(
        SeedsChart(
            title="Accuracy after one pass",
            quantity="accuracy, %",
            range=(0, 100),
            dots=_dots,
            read=_reading,
        ),
    ),
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
