"""Lesson: what does it mean to normalize over (N, H, W), and not over N alone?"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from afn.data import load_dataset
from afn.wording import fixed_words

from ....kit.draw.axes import Figure
from ..charts import maps_figure
from ..experiments.arithmetic import Arithmetic
from ..figure import Draggable, FigureLine, FigureRow, coloured, grey
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option

_SHOWN = ("a new digit,<br>faintly noisy", "normalized<br>over (N, H, W)", "normalized<br>over N")
_REACH = 3.0
_PICTURED = 8
_WAYS = ("#2B7FC4", "#D55E00")
"""Colours of the two ways."""
_CORNER = slice(1, 4)


@dataclass(frozen=True, kw_only=True, slots=True)
class Axes:
    """What the two ways of taking statistics make of digits that they have not seen."""

    num_images: int
    per_channel: int
    """How many values the one mean is taken from."""
    num_positions: int
    dead: float
    """Share of the positions that are black in every image of the batch."""
    ink: float
    """The brightest normalized value of ordinary digits, statistics over (N, H, W)."""
    dot: float
    """What a faint dot at a dead position becomes, statistics over N."""
    dot_per_channel: float
    moved: float
    """How much the normalized values of a digit change as it moves by a pixel, statistics over N,
    as a share of their size."""
    moved_per_channel: float
    maps: tuple[tuple[tuple[float, ...], ...], ...]


def compute(dataset: str, images: int, grey_levels: int, eps: float, seed: int) -> dict[str, Any]:
    """Statistics of the first training images, put to the first test images."""
    data = load_dataset(dataset)
    x = data.x_train[:images, ..., 0] / 255.0  # (N, H, W): grey digits have one channel
    new = data.x_test[:200, ..., 0] / 255.0
    channel = x.mean(), np.sqrt(x.var() + eps)
    position = x.mean(axis=0), np.sqrt(x.var(axis=0) + eps)

    def normalized(values: Any, statistics: Any) -> Any:
        mean, deviation = statistics
        return (values - mean) / deviation

    is_dead = x.var(axis=0) == 0
    dot = np.where(is_dead, grey_levels / 255.0, 0.0)
    noise = np.random.default_rng(seed).uniform(0, grey_levels / 255.0, new[0].shape)
    noisy = np.clip(new[0] + noise, 0, 1)
    maps = [noisy, normalized(noisy, channel), normalized(noisy, position)]
    return {
        "num_images": images,
        "per_channel": int(x.size),
        "num_positions": int(x[0].size),
        "dead": float(is_dead.mean()),
        "ink": float(normalized(new, channel).max()),
        "dot": float(normalized(dot, position)[is_dead].max()),
        "dot_per_channel": float(normalized(dot, channel)[is_dead].max()),
        "moved": _change(new, position, normalized),
        "moved_per_channel": _change(new, channel, normalized),
        "maps": [[[round(float(v), 3) for v in row] for row in each] for each in maps],
    }


def _change(images: Any, statistics: Any, normalized: Any) -> float:
    """Normalize and move by a pixel, against move and normalize: the same, where positions are
    alike."""
    before = np.roll(normalized(images, statistics), 1, axis=2)[:, :, 1:]
    after = normalized(np.roll(images, 1, axis=2), statistics)[:, :, 1:]
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


def parse(record: dict[str, Any]) -> Axes:
    """The inverse of what `compute` gives."""
    maps = tuple(tuple(tuple(map(float, row)) for row in each) for each in record["maps"])
    return Axes(**{**record, "maps": maps})


def _figure(data: Axes) -> Figure:
    maps = dict(zip(_SHOWN, data.maps, strict=True))
    return maps_figure(maps, grey=_SHOWN[:1], reach=_REACH)


def _reading(data: Axes) -> str:
    most = [max(abs(v) for row in each for v in row) for each in data.maps[1:]]
    return (
        f"The same noisy digit three times: normalized with one mean and deviation it reaches "
        f"{most[0]:.1f} at most, with a mean and deviation for each position {most[1]:.0f} "
        f"(colours end at ±{_REACH:g})."
    )


def answer(data: Axes) -> Answer:
    """How large the invisible dot becomes beside ink."""
    ratio = data.dot / data.ink
    came_true = 0 if ratio < 0.5 else 1 if ratio <= 2 else 2
    size = f"{ratio:.1f} times as large as" if ratio >= 1 else f"{_percent(ratio)} of"
    moves = (
        "changes nothing" if data.moved_per_channel < 1e-9
        else f"changes the values by {_percent(data.moved_per_channel)}"
    )  # fmt: skip
    return Answer(
        came_true,
        f"{_percent(data.dead)} of the {data.num_positions} positions are black in all "
        f"{data.num_images} images, so that their deviation over N is 0 and only ε is left to "
        f"divide by. There the dot becomes {data.dot:.1f}, {size} the brightest ink normalized "
        f"over (N, H, W), which is {data.ink:.1f}; with one mean and deviation for all positions "
        f"it would be {fixed_words(data.dot_per_channel)}. Moving a digit by one pixel before "
        f"normalizing instead of after it {moves} over (N, H, W), and {_percent(data.moved)} of "
        f"the size of the values over N. And one mean is taken from {data.per_channel:,} values, "
        f"the others from {data.num_images} each.",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def to_drag() -> Draggable:
    """The brightness of a dot under the handle, beside digits, normalized in both ways."""
    data = load_dataset("mnist5k")
    x = data.x_train[:64, ..., 0] / 255.0
    new = data.x_test[:_PICTURED, ..., 0] / 255.0
    levels = np.arange(0, 41, 2)
    pictures = np.repeat(new[None], len(levels), axis=0)
    pictures[:, :, _CORNER, _CORNER] = levels[:, None, None, None] / 255.0
    assert not x[:, _CORNER, _CORNER].any(), "the corner is not dead"
    rows = [FigureRow(label="digits, and a dot in the corner", pictures=grey(pictures))]
    curves, brightest = [], 0.0
    ways = {"over (N, H, W)": (x.mean(), x.std()), "over N": (x.mean(axis=0), x.std(axis=0))}
    for (label, (mean, deviation)), color in zip(ways.items(), _WAYS, strict=True):
        maps = (pictures - mean) / np.sqrt(deviation**2 + 1e-5)
        brightest = brightest or float(maps[0].max())
        is_answer = label == "over N"
        rows.append(
            FigureRow(
                label=f"normalized {label}", color=color, pictures=coloured(maps, _REACH),
                is_answer=is_answer,
            )
        )  # fmt: skip
        dot = maps[:, 0, 2, 2]
        curves.append(
            FigureLine(label=f"the dot, {label}", color=color, values=dot, is_answer=is_answer)
        )
    return Draggable(
        handle="grey levels of the dot, of 255", stops=[str(level) for level in levels], start=5,
        ticks=[(place, str(levels[place])) for place in (0, 5, 10, 15, 20)],
        quantity="normalized value of the dot", range=(-2, 50), digits=1, small=10,
        level=(brightest, "brightest ink, over (N, H, W)"), curves=curves, rows=rows,
        told="Statistics of the first 64 training digits of mnist5k, ε = 0.00001, put to the "
        f"first {_PICTURED} test digits; amber below 0, teal above, full at ±{_REACH:g}.",
    )  # fmt: skip


LESSON = Lesson(
    slug="axes",
    title="One mean for a channel, or one for each pixel?",
    question="Batch norm takes **one** mean for a whole channel, over images N, rows H and "
    "columns W. Why not one a pixel?",
    minutes=6,
    figure=to_drag,
    before=r"""
A batch of 64 grey digits is a block of numbers $x$ with the axes $(N, C, H, W) = (64, 1, 28, 28)$:
images, channels, rows, columns. To normalize is to subtract a mean $\mu$ and to divide by a
deviation $\sigma$, here with a tiny $\varepsilon = 10^{-5}$ so that nothing is divided by 0:

$$
\hat x = \frac{x - \mu}{\sigma}, \qquad \sigma = \sqrt{\mathrm{var}(x) + \varepsilon}
$$

Over **(N, H, W)** there is one $\mu$ and one $\sigma$ for the channel. Over **N** alone there would
be $28 \cdot 28$ of each, one for every position.
""",
    ask="A dot too faint to see, 10 of 255 grey levels, in a corner always black: normalized over "
    "N, how large is it beside the brightest ink?",
    predictions=(
        "Far smaller: faint stays faint",
        "About as large as ink",
        "More than twice as large as any ink",
    ),
    setup="Both kinds of statistics are taken from the first 64 training digits, and put to 200 "
    "digits that were not among them: with faint noise, and moved by one pixel.",
    experiment=Arithmetic(
        settings={"dataset": "mnist5k", "images": 64, "grey_levels": 10, "eps": 1e-5, "seed": 0},
        compute=compute,
        parse=parse,
        told="mnist5k, first 64 training images · noise of seed 0 · statistics of that batch, "
        "ε = 0.00001",
    ),
    charts=(LessonChart(title="What normalizing makes of a digit", draw=_figure, read=_reading),),
    answer=answer,
    after=r"""
A convolution slides the *same* kernel over all positions. So whatever one channel holds was made by
one rule, wherever it stands, and its values belong together: a stroke at the left is the same kind
of thing as a stroke at the right. Statistics over (N, H, W) respect that. They treat all positions
alike, so that moving an image moves the result and changes nothing else, and they rest on $NHW$
values and not on $N$.

AFN takes its $\mu$ and $\sigma$ over (N, H, W) as BN does. ASRNorm takes them over (H, W), for each
image by itself: also one number a channel, and positions are alike there too.

*What this does not show:* that statistics over N are always bad. For inputs that are no images,
each with its own meaning (age, height, income), they are the right ones.
""",
    checks=(
        Check(
            "A layer's input has the shape (32, 16, 14, 14). How many means does batch norm take?",
            (
                Option(
                    "14 · 14 = 196",
                    "That would be one for each position, over images and channels. Positions "
                    "share their statistics.",
                ),
                Option("16", "Right: one for each channel, from 32 · 14 · 14 values.", True),
                Option(
                    "16 · 14 · 14 = 3,136",
                    "That is one for each channel *and* position, which is normalizing over N "
                    "alone.",
                ),
                Option(
                    "32 · 16 = 512",
                    "One for each image and channel: that is ASRNorm, or instance norm.",
                ),
            ),
        ),
        Check(
            "Why does the faint dot explode over N?",
            (
                Option(
                    "Noise always grows when it is normalized",
                    "Over (N, H, W) it hardly grows: the deviation there is that of ink.",
                ),
                Option(
                    "Where all images are black the deviation is 0, and only √ε is left to divide "
                    "by",
                    r"Right: $0.039 / \sqrt{10^{-5}}$ is about 12.",
                    True,
                ),
                Option(
                    "64 images are too few; with a thousand it would not happen",
                    "With more images fewer positions are dead, but the corners of MNIST are black "
                    "in all 60,000.",
                ),
            ),
        ),
    ),
    onwards=(
        Onward(
            "Train norms that average over other axes: BN, IN, LN, GN",
            "",
            {"c": ["bn", "in", "ln", "gn"], "epochs": "1"},
        ),
    ),
    note=Note(
        aims=(
            "Say over which axes BN, ASRNorm and AFN take their statistics, and how many there "
            "are of each.",
            "Tie that to weight sharing: one kernel for all positions, one statistic for all "
            "positions.",
        ),
        pitfalls=(
            "“Batch” norm suggests N alone. Let the class count: how many values are averaged?",
            "ε looks like a technicality. Here it is the whole effect.",
        ),
        ask="If the kernels of a layer differed from position to position, which statistics would "
        "you take?",
    ),
)
