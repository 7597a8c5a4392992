"""Lesson: who is averaged with whom?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from afn.data import load_dataset
from afn.settings.norms import NORM_ROWS
from afn.wording import enumerate_words, number_words

from ....kit.draw.axes import Figure
from ....kit.draw.palette import NORM_COLORS
from ..charts import table_figure
from ..experiments.arithmetic import Arithmetic
from ..figure import Draggable, FigureLine, FigureRow, coloured, grey
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option

_NORMS = ("bn", "in", "gn", "ln")
_TITLES = {norm: NORM_ROWS[norm].title for norm in _NORMS}
_CHANGES = {
    "image": "the image beside",
    "channel": "a channel of its group",
    "group": "a channel of another group",
    "half": "the lower half of its map",
}
"""What turns brighter."""
_FACTORS = (1, 2, 4, 6, 8, 10)
_PICTURED = 8
_REACH = 3.0


@dataclass(frozen=True, slots=True)
class Shared:
    """How much a digit's values change as others turn brighter, as a share of their size."""

    num_images: int
    factor: int
    moved: Mapping[tuple[str, str], float]
    """By what changed and norm."""

    def norms(self, changed: str) -> list[str]:
        """Those that carry the change over."""
        return [norm for norm in _NORMS if self.moved[changed, norm] > 1e-9]


def compute(dataset: str, images: int, factor: int, eps: float) -> dict[str, Any]:
    """Each change alone, and what it makes of the first image's first channel."""
    block = features(load_dataset(dataset).x_test[:images, ..., 0] / 255.0)
    found = {}
    for norm in ("bn", "in", "gn", "ln"):
        before = normalized(block, norm, eps)[0, 0]
        for changed in ("image", "channel", "group", "half"):
            after = normalized(brighter(block, changed, factor), norm, eps)[0, 0]
            rows = slice(0, len(after) // 2 if changed == "half" else None)
            moved = np.linalg.norm(after[rows] - before[rows]) / np.linalg.norm(before[rows])
            found[f"{changed}, {norm}"] = float(moved)
    return found


def features(x: Any) -> Any:
    """Of images (N, H, W) a block (N, 4, H - 2, W - 2): ink, blurred ink, two kinds of edges."""
    ink = x[:, 1:-1, 1:-1]
    high, wide = ink.shape[1:]
    nine = [x[:, i : i + high, j : j + wide] for i in range(3) for j in range(3)]
    down, right = x[:, 2:, 1:-1] - x[:, :-2, 1:-1], x[:, 1:-1, 2:] - x[:, 1:-1, :-2]
    return np.stack([ink, np.mean(nine, axis=0), down, right], axis=1)


def normalized(x: Any, norm: str, eps: float) -> Any:
    """A block (N, 4, H, W) with mean 0 and deviation 1 wherever the norm averages."""
    groups = {"bn": 4, "in": 4, "gn": 2, "ln": 1}[norm]
    split = x.reshape(len(x), groups, -1, *x.shape[2:])
    axes = (0, 2, 3, 4) if norm == "bn" else (2, 3, 4)
    mean, var = split.mean(axes, keepdims=True), split.var(axes, keepdims=True)
    return ((split - mean) / np.sqrt(var + eps)).reshape(x.shape)


def brighter(x: Any, changed: str, factor: float) -> Any:
    """The block with a part of it so many times as bright."""
    part = {
        "image": np.s_[1], "channel": np.s_[0, 1], "group": np.s_[0, 2],
        "half": np.s_[0, 0, x.shape[2] // 2 :],
    }[changed]  # fmt: skip
    lit = x.copy()
    lit[part] *= factor
    return lit


_SETTINGS: dict[str, Any] = {"dataset": "mnist5k", "images": 32, "factor": 10, "eps": 1e-5}


def parse(record: dict[str, Any]) -> Shared:
    """The inverse of what `compute` gives."""
    moved = {tuple(name.split(", ")): float(value) for name, value in record.items()}
    return Shared(
        _SETTINGS["images"],
        _SETTINGS["factor"],
        {(changed, norm): moved[changed, norm] for changed in _CHANGES for norm in _NORMS},
    )


def _figure(data: Shared) -> Figure:
    return table_figure(
        list(_CHANGES.values()),
        list(_TITLES.values()),
        [[100 * data.moved[changed, norm] for norm in _NORMS] for changed in _CHANGES],
        unit=" %",
    )


def _names(norms: list[str]) -> str:
    return enumerate_words([_TITLES[norm] for norm in norms]) or "none"


def _reading(data: Shared) -> str:
    carried = "; ".join(f"{what} by {_names(data.norms(key))}" for key, what in _CHANGES.items())
    return (
        f"What turns {data.factor} times as bright, and by which norms a digit's ink hears of it: "
        f"{carried}."
    )


def answer(data: Shared) -> Answer:
    """Who is touched by the image beside."""
    touched = data.norms("image")
    came_true = 0 if touched == ["bn"] else 2 if len(touched) == len(_NORMS) else 1

    def told(changed: str) -> str:
        parts = [
            f"{_TITLES[norm]} {number_words(100 * data.moved[changed, norm], 2)} %"
            for norm in data.norms(changed)
        ]
        return ", ".join(parts) or "nothing"

    return Answer(
        came_true,
        f"With the image beside {data.factor} times as bright, of {data.num_images} in the batch, "
        f"the values of the digit's ink change by: {told('image')}. With a channel of its own "
        f"group: {told('channel')}. With a channel of the other group: {told('group')}. With the "
        f"lower half of the same map, the upper half changes by: {told('half')}.",
    )


def to_drag() -> Draggable:
    """Digits of a batch in each norm's hands, while a part of the block turns brighter."""
    count, eps = _SETTINGS["images"], _SETTINGS["eps"]
    block = features(load_dataset(_SETTINGS["dataset"]).x_test[:count, ..., 0] / 255.0)
    lit = [[brighter(block, changed, each) for each in _FACTORS] for changed in _CHANGES]
    places = [each for row in lit for each in row]
    sheet = np.stack([each[:_PICTURED, 0] for each in places])
    rows = [FigureRow(label="ink of the batch", pictures=grey(sheet))]
    curves = []
    for norm in _NORMS:
        maps = np.stack([normalized(each, norm, eps)[:_PICTURED, 0] for each in places])
        label, color, is_answer = _TITLES[norm], NORM_COLORS[norm], norm != "bn"
        rows.append(
            FigureRow(
                label=label, color=color, pictures=coloured(maps, _REACH), is_answer=is_answer
            )
        )
        moved = []
        for number, changed in enumerate(_CHANGES):
            high = slice(0, maps.shape[2] // 2 if changed == "half" else None)
            digits = maps[number * len(_FACTORS) : (number + 1) * len(_FACTORS), 0, high]
            sizes = np.linalg.norm(digits - digits[0], axis=(1, 2))
            moved += list(100 * sizes / np.linalg.norm(digits[0]))
        curves.append(FigureLine(label=label, color=color, values=moved, is_answer=is_answer))
    return Draggable(
        handle="times as bright",
        stops=[str(factor) for factor in _FACTORS],
        start=len(_FACTORS) - 1,
        ticks=[(place, str(factor)) for place, factor in enumerate(_FACTORS)],
        quantity="change of the first digit",
        range=(0, 100),
        unit="%",
        switch="what turns brighter",
        options=list(_CHANGES.values()),
        small=len(_FACTORS) - 1,
        curves=curves,
        rows=rows,
        told=f"The first {count} test digits of mnist5k in 4 channels: ink, ink blurred over 3 × 3 "
        "and two kinds of edges; the digit to look at is the first, its ink is shown; groups of "
        "two channels, ε = 0.00001. Amber below 0, teal above, full at ±3. In the last choice the "
        "upper half is what is measured.",
    )


LESSON = Lesson(
    slug="sharing",
    title="Who is averaged with whom?",
    question="BN, IN, GN and LN all subtract a **mean** and divide by a **deviation**. Of whom?",
    minutes=5,
    figure=to_drag,
    before=r"""
Inside a network a batch is a block of numbers with the axes $(N, C, H, W)$: images, channels, rows,
columns. Each norm takes its mean and its deviation from a part of that block, and all values of the
part share them:

| | shares over | of a batch (32, 4, 26, 26) |
|---|---|---|
| **BN** | $N, H, W$ | 4 means |
| **IN** | $H, W$ | 32 · 4 means |
| **GN**, two groups | half of $C$, and $H, W$ | 32 · 2 means |
| **LN** | $C, H, W$ | 32 means |
""",
    ask="The image **beside** yours turns ten times as bright. In whose hands does *your* digit "
    "change?",
    predictions=("BN's alone", "BN's, and some of the others'", "All four's"),
    setup="A batch of 32 digits, each as four channels: its ink, its ink blurred, and two kinds of "
    "edges. One part turns ten times as bright; your digit's ink is normalized before and after.",
    experiment=Arithmetic(
        settings=_SETTINGS,
        compute=compute,
        parse=parse,
        told="mnist5k, first 32 test images · nothing random, no seed · 4 channels in 2 groups · "
        "statistics of that block, ε = 0.00001",
    ),
    charts=(LessonChart(title="What reaches your digit, in %", draw=_figure, read=_reading),),
    answer=answer,
    after=r"""
What shares a mean can be heard in it. In BN's part stand **all images**, so that a neighbour's
light dims yours: what the network answers to you depends on who is tested with you. IN, GN and LN
stay within one image; they answer the same whoever stands beside. What they give up is the
comparison *between* images: IN has taken out how bright a map is as a whole, GN and LN let channels
of one image speak to each other.

AFN takes BN's part, and its small networks look at its mean and deviation. ASRNorm takes IN's.

*What this does not show:* which of them trains best. And BN is tested by averages from training,
where no neighbour is heard; here, and in training, it takes the batch's own.
""",
    checks=(
        Check(
            "Your network is served one image at a time, by the statistics of what it is given. "
            "For which norm is that another network than the one that was trained?",
            (
                Option("LN", "LN never saw more than one image at a time."),
                Option(
                    "BN", "Right: in training its part held the whole batch, and now one.", True
                ),
                Option("GN", "GN's part lies within one image, whatever the batch."),
            ),
        ),
        Check(
            "A block (32, 64, 1, 1): whose part holds a single value?",
            (
                Option("BN's", "32 values, one of each image."),
                Option("IN's", "Right: $H \\cdot W = 1$. Every value becomes 0.", True),
                Option("LN's", "64 values, one of each channel."),
            ),
        ),
    ),
    onwards=(
        Onward("The block to turn, for every norm", "norms", {"norm": "gn"}),
        Onward("Train all four side by side", "", {"c": ["bn", "in", "gn", "ln"], "epochs": "1"}),
    ),
    note=Note(
        aims=(
            "Say of BN, IN, GN and LN which values of a batch share a mean.",
            "Tie that to what happens at test time: who can be heard in whose answer.",
        ),
        pitfalls=(
            "“Layer” norm suggests the whole layer's batch. It is one image at a time.",
            "GN with as many groups as channels is IN, with one group LN: let the class say why.",
        ),
        ask="Which norm would you take where images come one by one from a camera, and why?",
    ),
)
