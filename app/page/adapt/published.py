"""The benchmark's protocol: what pretrained networks reach by it, beside what is in print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from afn.adapt.plan import STREAM_WAYS
from afn.adapt.protocol import PUBLISHED_LEVELS, PublishedLevels
from afn.pretrained.comparison import FEWEST_SEEDS
from afn.pretrained.gains import Gain
from afn.pretrained.plan import PLAN
from afn.pretrained.streamed import StreamResults
from afn.pretrained.streams import PROTOCOL_WAYS, STREAM_SEEDS, protocol_asks
from afn.settings.backbones import BACKBONE_ROWS
from afn.stats.over_seeds import OverSeeds
from afn.wording import signed_words

from ...kit import backend, cards
from ...kit.draw.axes import SMALL_TEXT, Figure, axis, drawn, row_axis
from ...kit.draw.chart import Rows
from ...kit.draw.palette import GREY
from ...kit.draw.traces import whiskers
from ...kit.draw.ways import WAY_LOOKS

_PUBLISHED: Mapping[str, PublishedLevels] = {each.method: each for each in PUBLISHED_LEVELS}
_BEFORE = {"batch": "running", "tent": "batch", "afn": "batch", "frozen": "afn"}
"""What a way is held against."""
_SAID = {
    "batch": "to the test batch", "tent": "from there to TENT", "afn": "or to AFN",
    "frozen": "and freezing its networks",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class ProtocolRow:
    """One way to adapt: the mean error over the fifteen corruptions, in percent."""

    way: str
    accuracy: OverSeeds
    half_width: float
    """Of the 95 % interval, over trainings and images."""
    step: Gain | None
    """Points of accuracy over the way before it, see `_BEFORE`; None for the first."""

    @property
    def title(self) -> str:
        """As the contenders are called."""
        return STREAM_WAYS[self.way]

    @property
    def error(self) -> float:
        """The mean over trainings."""
        return 100 - self.accuracy.mean


@lru_cache(maxsize=4)
def protocol_rows(results: StreamResults) -> tuple[ProtocolRow, ...]:
    """Those that at least three trainings have been measured of, in the order of contenders."""
    found = []
    for way in PROTOCOL_WAYS:
        asks = protocol_asks(way)
        accuracy = results.over_seeds(asks)
        if accuracy is None or accuracy.n < FEWEST_SEEDS:
            continue
        other = _BEFORE.get(way)
        found.append(
            ProtocolRow(
                way=way, accuracy=accuracy, half_width=results.half_width(asks),
                step=results.gain(asks, protocol_asks(other)) if other else None,
            )
        )  # fmt: skip
    return tuple(found)


def protocol_figure(rows: tuple[ProtocolRow, ...]) -> Figure:
    """A row a way: a filled dot with its interval here, a hollow diamond in print."""
    places = {row.way: place for place, row in enumerate(rows)}
    here = {
        "type": "scatter", "mode": "markers+text", "x": [row.error for row in rows],
        "y": list(places.values()), "text": _named([row.error for row in rows], "here"),
        "textposition": "top center", "textfont": SMALL_TEXT,
        "marker": {"size": 13, "color": [WAY_LOOKS[row.way][0] for row in rows]},
        "error_x": whiskers(
            [(row.error, row.error - row.half_width, row.error + row.half_width) for row in rows],
            within=(0, 100), thickness=2, width=5, color=GREY,
        ),
        "customdata": [[row.title, row.half_width] for row in rows],
        "hovertemplate": "%{customdata[0]}, here: %{x:.1f} ± %{customdata[1]:.1f} %<extra></extra>",
    }  # fmt: skip
    printed = [(way, place) for way, place in places.items() if way in _PUBLISHED]
    there = {
        "type": "scatter", "mode": "markers+text",
        "x": [_PUBLISHED[way].mean for way, _ in printed], "y": [place for _, place in printed],
        "text": _named([_PUBLISHED[way].mean for way, _ in printed], "in print"),
        "textposition": "top center", "textfont": SMALL_TEXT,
        "marker": {
            "size": 13, "symbol": "diamond-open", "line": {"width": 2},
            "color": [WAY_LOOKS[way][0] for way, _ in printed],
        },
        "customdata": [[STREAM_WAYS[way]] for way, _ in printed],
        "hovertemplate": "%{customdata[0]}, in print: %{x:.1f} %<extra></extra>",
    }  # fmt: skip
    most = max([row.error + row.half_width for row in rows], default=100.0)
    across = axis("mean error over 15 corruptions, %", range=[0, min(100.0, most + 4)], nticks=8)
    return drawn(
        [there, here], 70 + 52 * len(rows), across, row_axis([row.title for row in rows]), top=16
    )


def _named(errors: Sequence[float], name: str) -> list[str]:
    """The numbers beside the marks; the first says what all of its kind are."""
    return [f"{each:.1f}" if place else f"{each:.1f} {name}" for place, each in enumerate(errors)]


def protocol_reading(rows: tuple[ProtocolRow, ...]) -> str:
    """The steps from one way to the next, here and in print."""
    told = []
    for row in rows:
        if row.step is None:
            continue
        step = signed_words(-row.step.mean).removeprefix("±")
        here = f"{step} ± {row.step.half_width:.1f} here"
        other = _BEFORE[row.way]
        if row.way in _PUBLISHED and other in _PUBLISHED:
            printed = _PUBLISHED[row.way].mean - _PUBLISHED[other].mean
            here += f", {signed_words(printed)} in print"
        told.append(f"{_SAID[row.way]} {here}")
    return f"Points of error, from BN as trained {'; '.join(told)}."


def protocol_source(rows: tuple[ProtocolRow, ...]) -> str:
    """What the two kinds of marks are."""
    ask, first = protocol_asks("running")[0], PUBLISHED_LEVELS[0]
    trained_on = cards.card_of(ask.model).trained_on.num_train
    backbone = BACKBONE_ROWS[PLAN[ask.model].config.backbone].title
    return (
        f"● here: {backbone}, {rows[0].accuracy.n} trainings on {trained_on:,} images of "
        f"{backend.data_words(PLAN[ask.model].config.dataset)}; the first {ask.plan.images:,} test "
        f"images. "
        f"◇ in print: {first.network}, all 10,000."
    )


def protocol_table(results: StreamResults) -> Rows:
    """A row for each way, training and corruption."""
    return [
        {
            "contender": STREAM_WAYS[way], "model": ask.model, "training_seed": seed,
            "corruption": ask.plan.corruption, "severity": ask.plan.severity, "n": answer.n,
            "error_percent": 100 * (1 - answer.correct / answer.n),
            "published_error_percent": _PUBLISHED[way].by_corruption[str(ask.plan.corruption)]
            if way in _PUBLISHED
            else None,
        }
        for way in PROTOCOL_WAYS
        for ask in protocol_asks(way)
        for seed, answer in sorted(results.of(ask).items())
    ]  # fmt: skip


def lacking_words(rows: tuple[ProtocolRow, ...]) -> str:
    """What is to be done where nothing is measured yet; empty where all is."""
    if len(rows) == len(PROTOCOL_WAYS):
        return ""
    return (
        f"Not all of it is measured in {len(STREAM_SEEDS)} trainings: "
        "python -m afn pretrained adapt"
    )
