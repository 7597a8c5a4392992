"""Lesson: networks that go on learning as they are tested, with nobody to say what is right."""

from dataclasses import replace

import numpy as np

from afn.adapt.plan import StreamOrder, StreamPlan
from afn.adapt.records import WINDOW, accuracy_of, collapse_of, pull_of, window
from afn.stats.intervals import paired_interval
from afn.wording import percent, signed_words

from ....kit.draw.axes import Figure
from ....kit.draw.palette import NORM_COLORS
from ..charts import Curve, lines_figure
from ..experiments.streams import Life, Lives, Streams
from ..figure import Draggable, FigureRow, grey
from .lesson import Answer, Check, Lesson, LessonChart, Note, Onward, Option

_MODEL, _RATE = "mnist5k-bn", "0.05"
_PLAN = StreamPlan(corruption="glass_blur", severity=5, images=1000, batch_size=20)
_COLORS = {"test batch": NORM_COLORS["bn"], "TENT": NORM_COLORS["wsgn"]}
_METHODS = {"test batch": "batch", "TENT": f"tent={_RATE}"}
_ORDERS: dict[StreamOrder, str] = {"mixed": "mixed", "sorted": "sorted by class"}
_LIVES = tuple(
    Life(label=f"{way}, {words}", method=method, plan=replace(_PLAN, order=order))
    for order, words in _ORDERS.items()
    for way, method in _METHODS.items()
)
_LEARNED_FROM, _PROBED = 800, 200
"""Of the figure to drag: images of the stream, and those that are asked about behind it."""
_EVERY = 2
"""Batches between two of its places."""


def _hits(data: Streams, label: str) -> np.ndarray:
    """Of each image, by its number."""
    steps = data[label]
    order = np.concatenate([step.images for step in steps])
    hits = np.concatenate([step.hits for step in steps])
    return hits[order.argsort()]


def _gain(data: Streams, words: str) -> tuple[float, float, float]:
    """TENT over the test batch, and its paired 95 % interval, in points."""
    mine, theirs = _hits(data, f"TENT, {words}"), _hits(data, f"test batch, {words}")
    low, high = paired_interval(mine, theirs)
    return 100 * (mine.mean() - theirs.mean()), 100 * low, 100 * high


def _told(gain: tuple[float, float, float]) -> str:
    mean, low, high = gain
    return f"{signed_words(mean)} points ({signed_words(low)} to {signed_words(high)})"


def _figure(data: Streams) -> Figure:
    lines = [
        Curve(
            label=each.label, color=_COLORS[each.label.partition(",")[0]],
            dash="solid" if each.plan.order == "sorted" else "dot",
            y=tuple(
                100 * accuracy_of(window(data[each.label], at))
                for at in range(each.plan.num_batches)
            ),
        )
        for each in _LIVES
    ]  # fmt: skip
    x = [str(batch + 1) for batch in range(_PLAN.num_batches)]
    return lines_figure(x, lines, "batch", f"accuracy over {WINDOW} images, %")


def _reading(data: Streams) -> str:
    told = [f"{each.label}: {percent(accuracy_of(data[each.label]))}" for each in _LIVES]
    return f"{'; '.join(told)}. Dotted: mixed."


def answer(data: Streams) -> Answer:
    """Whether learning from its own answers paid, mixed and sorted."""
    mixed, ordered = _gain(data, "mixed"), _gain(data, "sorted by class")
    came_true = 0 if ordered[2] < 0 else 1 if ordered[1] > 0 else 2
    told = (
        f"Sorted by class, TENT is right {percent(accuracy_of(data['TENT, sorted by class']))} of "
        f"the time, {_told(ordered)} over the same network that only takes the test batch; mixed, "
        f"{_told(mixed)}."
    )
    steps = data["TENT, sorted by class"]
    if (at := collapse_of(steps)) is not None:
        number, share = pull_of(window(steps, at))
        told += (
            f" At batch {at + 1} it has collapsed: of the last {WINDOW} images {percent(share)} "
            f"are wrongly called “{number}”."
        )
    return Answer(came_true, f"{told} (95 % intervals, paired over images; one training.)")


def to_drag() -> Draggable:
    """How long it has lived on the stream under the handle; then the same 200 digits are asked."""
    import copy

    import torch

    from afn.adapt.adapter import Adapter
    from afn.adapt.following import image_stream
    from afn.ask.measure import ShownImages
    from afn.data import load_dataset
    from afn.pretrained.load import load_pretrained

    from ..making import PICTURED, accuracies

    place = _PLAN.corruption, _PLAN.severity
    probe = ShownImages.of(load_dataset("mnist5k"), _LEARNED_FROM + _PROBED, place=place)
    images, labels = probe.images[_LEARNED_FROM:], probe.labels[_LEARNED_FROM:].numpy()
    model = load_pretrained(_MODEL)
    ways = {"TENT, the paper's rate": "tent=0.001", f"TENT, rate {_RATE}": f"tent={_RATE}"}
    found: dict[str, list[np.ndarray]] = {name: [] for name in ways}

    def asked(adapter: Adapter) -> np.ndarray:
        with torch.no_grad():
            return copy.deepcopy(adapter.model)(images).double().softmax(1).numpy()

    for order in _ORDERS:
        plan = replace(_PLAN, order=order, images=_LEARNED_FROM)
        batches = list(image_stream("mnist5k", plan))
        for name, method in ways.items():
            adapter = Adapter(model, method)
            found[name].append(asked(adapter))
            for number, batch in enumerate(batches, start=1):
                adapter(batch.images)
                if number % _EVERY == 0:
                    found[name].append(asked(adapter))
    stops = [str(each) for each in range(0, _LEARNED_FROM // _PLAN.batch_size + 1, _EVERY)]
    places = len(_ORDERS) * len(stops)
    start = [found[f"TENT, rate {_RATE}"][0]] * places
    purple = _COLORS["TENT"]
    shown = images[None, :PICTURED, 0].numpy()
    rows = [FigureRow(label="digits it has not met", pictures=grey(shown))]
    rows += [
        FigureRow(
            label=name, color=purple, answers=np.stack([each[:PICTURED] for each in answers]),
            is_answer=True,
        )
        for name, answers in found.items()
        if _RATE in name
    ]  # fmt: skip
    curves = [accuracies("test batch, learning nothing", _COLORS["test batch"], start, labels,
                         dash="dot")]  # fmt: skip
    curves += [
        accuracies(
            name, purple, answers, labels, is_answer=True, dash="" if _RATE in name else "dot"
        )
        for name, answers in found.items()
    ]
    return Draggable(
        handle="batches that it has lived on", stops=stops, start=0, switch="order",
        options=list(_ORDERS.values()),
        ticks=[(stops.index(each), each) for each in ("0", "10", "20", "30", "40")],
        quantity=f"accuracy on {_PROBED} other blurred digits, %", range=(0, 100), digits=1,
        unit=" %", curves=curves, rows=rows, small=2 * len(stops) - 1,
        labels=labels[:PICTURED].tolist(),
        told=f"{_MODEL}, one training, seed 0. It lives on the first {_LEARNED_FROM} test digits "
        f"of mnist5k under glass blur at severity 5, in batches of {_PLAN.batch_size}; behind that "
        f"the other {_PROBED} are asked about, all at once by their own statistics, learning "
        "nothing from them. Bands: 95 % intervals over these images.",
    )  # fmt: skip


LESSON = Lesson(
    slug="adapting",
    title="Learning from its own answers",
    question="A network goes on **learning as it is tested**, from what it itself believes. What "
    "if the images come sorted by class?",
    minutes=6,
    figure=to_drag,
    asked_at=42,
    before=r"""
Nobody says what is right in a test. TENT finds something to learn all the same: behind each batch
it moves γ and β one step, so that its answers become **surer**. It lowers their mean entropy,

$$H = -\frac1n\sum_{i}\sum_c p_{ic}\log p_{ic}.$$

On damaged images a network is unsure, and where it is surer it is right more often. But the easiest
way to be sure is to say one thing, always.
""",
    ask="Sorted by class: TENT, against the same network that learns nothing?",
    predictions=(
        "TENT is right less often",
        "TENT is right more often",
        "No difference can be told",
    ),
    setup=f"The shipped BN lives on 1,000 blurred digits in batches of 20, mixed and sorted by "
    f"class, by the test batch alone and with TENT at a learning rate of {_RATE}.",
    experiment=Lives(model=_MODEL, lives=_LIVES),
    charts=(LessonChart(title="Accuracy as the stream flows", draw=_figure, read=_reading),),
    answer=answer,
    after=r"""
Entropy sees no class. In a mixed batch, saying one thing would make some images less sure, and the
steps cancel; in a batch of sevens, all images pull γ and β the same way. Batch after batch goes by
before the next class comes, and by then the network answers what it has come to say.

The rate is larger here than in TENT's paper (0.001 with Adam), so that few batches show it: at that
rate the same stream ends without a fall, as the figure above shows. Longer streams, smaller batches
and harder images do what a larger rate does. Ways out put the network back from time to time, leave
out images of which it is unsure, or keep running averages in the statistics.
""",
    checks=(
        Check(
            "Each step of TENT lowers the entropy of its batch. Does a low entropy show that it "
            "adapts well?",
            (
                Option("Yes, that is its loss", "It is; but a constant answer has the lowest one."),
                Option(
                    "No, it is low in a collapse, too",
                    "Right: entropy knows of certainty alone, not of truth.",
                    True,
                ),
                Option("Only with sorted classes", "It can fall without being right in any order."),
            ),
        ),
        Check(
            "AFN by the test batch follows the stream, too. Can it collapse like this?",
            (
                Option(
                    "No: nothing is carried from batch to batch",
                    "Right: statistics and γ̂, β̂ come from this batch alone. A one-sided batch "
                    "harms its own answers, not the next ones.",
                    True,
                ),
                Option("Yes, its networks learn in the test", "They answer, they do not learn."),
                Option("Yes, once λ is large", "λ stays as it was trained."),
            ),
        ),
    ),
    onwards=(
        Onward("Put it back in the middle of the stream", "adapt", {}),
        Onward(
            "A corruption that comes and goes", "adapt",
            {"order": "comes and goes", "corruption": "contrast"},
        ),
    ),
    note=Note(
        aims=(
            "Know what can be learned without labels, and what that learning cannot see.",
            "Ask of every adapting system in which order its data come.",
        ),
        pitfalls=(
            "One training, one corruption, a large learning rate: it shows that it can happen, not "
            "how often.",
            "“Sorted” sounds made up; cameras, patients and days sort images, too.",
        ),
        ask="A traffic camera adapts by night and by day. Which classes come sorted, and when "
        "would you put it back?",
    ),
)  # fmt: skip
