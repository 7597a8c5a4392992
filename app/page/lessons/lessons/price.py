"""Lesson: what does it cost, and why is time not arithmetic?"""

from collections.abc import Callable

from afn.cost.plan import SUBJECT_TITLES, Plan
from afn.cost.records import Measurement, Report
from afn.settings.norms import NORM_TITLES
from afn.wording import enumerate_words, signed_words

from ....kit import folders
from ....kit.draw.axes import Figure
from ....kit.draw.palette import GREY, NORM_COLORS
from ..charts import Dot, dots_figure
from ..experiments.timings import Timings
from ..figure import Draggable, FigureLine
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option

_NORMS = ("afn", "asrnorm")
_SIZES = (8, 64)
_FEW = 0.10
_TWICE = 2.0
Costs = tuple[Measurement, ...]


def _of(data: Costs, norm: str, size: int) -> Measurement:
    return next(each for each in data if (each.norm, each.case.batch_size) == (norm, size))


def _time(data: Costs, norm: str, size: int) -> float:
    return _of(data, norm, size).train_ratio


def _macs(data: Costs, norm: str) -> float:
    return _of(data, norm, _SIZES[0]).macs / _of(data, "bn", _SIZES[0]).macs


def _figure(data: Costs) -> Figure:
    dots = []
    for norm in _NORMS:
        name, color = NORM_TITLES[norm], NORM_COLORS[norm]
        dots.append(Dot(label=f"{name}, arithmetic", color="#8A8A8A", value=_macs(data, norm)))
        dots += [
            Dot(label=f"{name}, time, batch {size}", color=color, value=_time(data, norm, size))
            for size in reversed(_SIZES)
        ]
    return dots_figure(dots, "times what BN needs", mark=1)


def _reading(data: Costs) -> str:
    told = [
        f"{NORM_TITLES[norm]} needs {_macs(data, norm):.3f} times the arithmetic of BN, and "
        f"{enumerate_words([f'{_time(data, norm, s):.2f} (batch {s})' for s in _SIZES])} times "
        "its time"
        for norm in _NORMS
    ]
    return f"{'; '.join(told)}."


def answer(data: Costs) -> Answer:
    """AFN's time over BN's, where batches are small and where they are not."""
    small, large = (_time(data, "afn", size) for size in _SIZES)
    came_true = 0 if small < 1 + _FEW else 1 if small < _TWICE else 2
    extra = {
        size: _of(data, "afn", size).train_step_ms - _of(data, "bn", size).train_step_ms
        for size in _SIZES
    }
    ratio = extra[_SIZES[1]] / extra[_SIZES[0]] if extra[_SIZES[0]] > 0 else 0.0
    grows = (
        f"{ratio:.1f} times as much for {_SIZES[1] // _SIZES[0]} times the images: a good part of "
        "it does not grow with the images"
        if 0 < ratio < 0.6 * _SIZES[1] / _SIZES[0]
        else "here it does not show that a part of it stays the same however many the images"
    )
    return Answer(
        came_true,
        f"AFN needs {_macs(data, 'afn'):.3f} times BN's multiplications, and its training step "
        f"takes {small:.2f} times as long with batches of {_SIZES[0]}, {large:.2f} times with "
        f"{_SIZES[1]}. That is {_ms(extra[_SIZES[0]])} a step with batches of {_SIZES[0]} and "
        f"{_ms(extra[_SIZES[1]])} with {_SIZES[1]}, {grows}. ASRNorm takes "
        f"{_time(data, 'asrnorm', _SIZES[0]):.2f} and "
        f"{_time(data, 'asrnorm', _SIZES[1]):.2f} times BN's time. Times are this machine's, and "
        "what else it does makes them shake.",
    )


def _ms(value: float) -> str:
    return f"{signed_words(value)} ms"


def to_drag() -> Draggable:
    """The batch under the handle: a training step's time over batch norm's, and its arithmetic."""
    report = Report.read(folders.REFERENCE / "cost.jsonl")
    sizes, networks = (8, 32, 128), ("convnet", "resnet8", "resnet20")

    def along(norm: str, told: Callable[[Measurement, Measurement], float]) -> list[float]:
        found = {(m.case.subject, m.case.batch_size, m.norm): m for m in report.measurements}
        places = [(network, size) for network in networks for size in sizes]
        return [told(found[*place, norm], found[*place, "bn"]) for place in places]

    macs = along("afn", lambda ours, bn: ours.macs / bn.macs)
    curves = [FigureLine(label="AFN, arithmetic", color=GREY, dash="dash", values=macs)]
    for norm in _NORMS:
        label, color = f"{NORM_TITLES[norm]}, time", NORM_COLORS[norm]
        times = along(norm, lambda ours, _: ours.train_ratio)
        curves.append(FigureLine(label=label, color=color, values=times, is_answer=True))
    stops = [str(size) for size in sizes]
    return Draggable(
        handle="images in a batch", stops=stops, start=0, ticks=list(enumerate(stops)),
        quantity="a training step, times batch norm's", range=(0.8, 2.4), digits=2, unit=" ×",
        curves=curves, small=0, level=(1, "batch norm"), switch="network",
        options=[SUBJECT_TITLES[name] for name in networks],
        told=f"Images of 3×32×32, {report.head['machine']}; medians of the ratios of "
        f"{report.measurements[0].rounds} alternating steps, start weights of seed 0.",
    )  # fmt: skip


LESSON = Lesson(
    slug="price",
    title="What does it cost?",
    question="AFN's networks are tiny: a few thousand multiplications a batch. So a training step "
    "should take as long as batch norm's. Does it?",
    minutes=6,
    figure=to_drag,
    before=r"""
The usual way to count a network's work are **multiply-accumulates**, MACs: products that are added
up. A convolution with $C_{in}$ and $C_{out}$ channels and kernels of $k \times k$ has

$$
H \cdot W \cdot C_{out} \cdot C_{in} \cdot k^2
$$

of them for each image. AFN's networks see no image, only $C$ means and $C$ deviations per layer,
and take some $4 C \cdot (\tfrac C2 + \tfrac C{16})$ MACs **for a whole batch**. ASRNorm's see those
of each image.

But time is also spent on reading and writing memory, and on *starting* each operation, however
little it computes.
""",
    ask="A small convolutional network, batches of 8. How long does AFN's step take, beside BN's?",
    predictions=(
        "As long, within 10 %",
        "Between 1.1 times and twice as long",
        "More than twice as long",
    ),
    setup="One network is trained with BN, AFN and ASRNorm in turns, step by step, with batches of "
    "8 and of 64 images, on one core. Each ratio is the median over the rounds.",
    experiment=Timings(Plan(subjects=("convnet",), batch_sizes=_SIZES, norms=_NORMS, rounds=16)),
    charts=(LessonChart(title="Arithmetic and time, over BN's", draw=_figure, read=_reading),),
    answer=answer,
    after=r"""
In each layer and at each step AFN calls many small operations that BN does not have: two encoders,
four decoders, sigmoids, mixing, and the gradients of all these. Each costs time merely to be
started. Beside the convolutions of a few images this can be much; with more images they take
longer, and the same overhead drowns.

ASRNorm's networks run for every image, and its statistics lead to a mean and a deviation for each
image and channel: more memory to read and write, so that part of its surplus grows with the batch.

*The lesson of it:* count arithmetic to compare designs on paper, and measure to know. With running
statistics AFN is a fixed scale and shift in the end, which can be folded into the convolution, and
costs nothing.
""",
    checks=(
        Check(
            "A layer has 0.1 % of the MACs and takes 30 % of the time. How can that be?",
            (
                Option(
                    "The measurement must be wrong", "Worth checking, but it happens all the time."
                ),
                Option(
                    "It makes many small calls, or moves much memory for little arithmetic",
                    "Right: MACs count neither.",
                    True,
                ),
                Option(
                    "Multiplications take longer there",
                    "A multiplication is a multiplication; it is what surrounds it that differs.",
                ),
            ),
        ),
        Check(
            "On a machine that computes ten times as fast, but takes as long to start an "
            "operation, AFN's time over BN's is …",
            (
                Option("the same", "Only if both parts of the time shrank alike."),
                Option("lower", "The convolutions shrink, the overhead stays: its share grows."),
                Option(
                    "higher", "Right: that is why small layers matter more on fast hardware.", True
                ),
            ),
        ),
    ),
    onwards=(
        Onward("Parameters, MACs, time and memory of all norms", "cost", {"of": "convnet"}),
        Onward("One layer alone, over its channels", "cost", {"of": "layer", "over": "channels"}),
    ),
    note=Note(
        aims=(
            "Tell arithmetic, memory traffic and overhead apart.",
            "Know how to time fairly: taking turns, medians, one thread.",
        ),
        pitfalls=(
            "If half of the class measures on one server at once, ratios shake. Only one "
            "measurement runs at a time; let one student press the button.",
            "The counted MACs are those of inference; training takes about three times as many, "
            "for every norm alike.",
        ),
        ask="Which of AFN's operations could be merged into one, to save starts?",
    ),
)
