"""The contenders as living diagrams: images, layers with a mixing valve each, and an answer."""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from afn.pretrained.cards import Card
from afn.runs.history import History
from afn.runs.store import Run
from afn.settings.config import TrainConfig
from afn.settings.lambda_init import LAMBDAS
from afn.settings.norms import ADAPTIVE_NORMS, NORM_TITLES
from afn.wording import number_words

from ..comparison import lambda_start
from ..sheets import sheet_address
from .chart import Chart, Rows, Shown
from .legend import short_layer
from .live_chart import HISTORY_BYTES, curve_points
from .stages import expected_layers, stages_of

TICK_BYTES = 450
"""Room for what λ did within one tick: as many points as a needle shows of it, no more."""
MOST_SNAPSHOTS = 100
"""Of a history; a longer one is thinned evenly, its newest kept."""
STATISTICS = LAMBDAS[:2]
"""The λ that a valve shows: of the mean and of the spread."""
_LIKE = ("mnist5k-afn", "mnist5k-asrnorm", "mnist5k-bn")
STILL = 0.01
"""Smaller moves of λ are hardly seen on a dial from 0 to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """A contender in the diagram, started or not."""

    label: str
    color: str
    config: TrainConfig
    shown: Shown | None = None
    """None before it was started."""
    look: History | None = None
    """Then: its network as it is, where that is known."""

    @property
    def history(self) -> History | None:
        """What was recorded of it."""
        return self.shown.history if self.shown else self.look

    @property
    def layers(self) -> list[str]:
        """Names of its norm layers; those it will have, before it was started."""
        return (self.history.layers if self.history else []) or expected_layers(self.config)

    @property
    def has_lambda(self) -> bool:
        """Whether its layers mix."""
        return self.config.norm in ADAPTIVE_NORMS

    @property
    def start(self) -> list[list[float]]:
        """λ of the mean and of the spread in each layer, before the first step."""
        if not self.has_lambda:
            return []
        if self.history and self.history.start:
            return [list(row[:2]) for row in self.history.start["lambdas"]]
        values = lambda_start(self.config.lambda_init)
        return [[values[name] for name in STATISTICS]] * len(self.layers)


@dataclass(frozen=True, slots=True)
class _Seen:
    """How much of a lane was sent."""

    steps: int = 0
    snapshots: int = 0
    tests: int = 0
    sheets: int = 0
    answers: int = 0
    probes: tuple[Any, ...] = ()
    has_start: bool = False


def network_chart(lanes: Sequence[Lane], *, inside: str = "") -> Chart:
    """The diagram of some contenders.

    Args:
        lanes: From top to bottom.
        inside: The address of the page that shows a layer at work; empty for none.
    """
    spec = {"kind": "network", "lanes": [_spec(lane) for lane in lanes], "inside": inside}

    def feed(cursor: list[_Seen] | None) -> tuple[dict[str, Any], list[_Seen]]:
        seen = cursor or [_Seen()] * len(lanes)
        now = [_now(lane) for lane in lanes]
        blocks: list[Any] = [
            (number, *_lambdas(lane, before.steps))
            for number, (lane, before) in enumerate(zip(lanes, seen, strict=True))
        ]
        room = HISTORY_BYTES if cursor is None else TICK_BYTES
        chunk = {"pts": curve_points(blocks, most_bytes=room)}
        for part in (_starts, _moves, _tests, _probes, _sheets, _answers):
            chunk[part.__name__[1:]] = [
                [number, *row]
                for number, (lane, before) in enumerate(zip(lanes, seen, strict=True))
                for row in part(lane, before)
            ]
        return {name: rows for name, rows in chunk.items() if rows}, now

    subject = tuple(
        (lane.shown.id, lane.shown.history.revision) if lane.shown else lane.config.hash()
        for lane in lanes
    )
    is_over = all(lane.shown is not None and lane.shown.is_over for lane in lanes)
    return Chart(subject, spec, feed, _reading(lanes), lambda: _table(lanes), is_over)


def _spec(lane: Lane) -> dict[str, Any]:
    config, layers = lane.config, lane.layers
    statistics = (
        config.statistics.split()[-1] if "image" in config.statistics else config.statistics
    )
    return {
        "label": lane.label,
        "color": lane.color,
        "run": lane.shown.id
        if lane.shown and isinstance(lane.shown.history.run, Run | Card)
        else None,
        "like": _like(lane.config),
        "isStarted": lane.shown is not None,
        "isLive": lane.shown is not None and lane.shown.is_live,
        "norm": NORM_TITLES[config.norm],
        "source": statistics.removeprefix("test ").split()[0],
        "mixes": lane.has_lambda,
        "proposes": lane.has_lambda and config.adaptive,
        "layers": [[name, short_layer(name)] for name in layers],
        "stages": [[stage.title, stage.layers] for stage in stages_of(layers)],
    }


def _like(config: TrainConfig) -> str | None:
    """A pretrained model with the same layers, to look into where a contender has no checkpoint."""
    name, usual = f"{config.dataset}-{config.norm}", TrainConfig()
    has_its_layers = (config.backbone, config.widths) == (usual.backbone, usual.widths)
    return name if has_its_layers and name in _LIKE else None


def _now(lane: Lane) -> _Seen:
    history = lane.history
    if history is None:
        return _Seen()
    return _Seen(
        history.num_steps, len(history.snapshots), len(history.evaluations),
        len(history.sheets), len(history.probe_steps), _probes_key(lane),
        has_start=history.start is not None,
    )  # fmt: skip


# -- what is new of a lane -----------------------------------------------------------------------


def _lambdas(lane: Lane, since: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps, and λ of mean and spread of each layer that has them: (2 · layers, steps)."""
    history = lane.history
    if history is None:
        return np.empty(0), np.empty((0, 0))
    values = history.lambdas[:, : len(STATISTICS), since:]
    return history.steps[since:].astype(float), values.reshape(2 * len(values), values.shape[2])


def _starts(lane: Lane, before: _Seen) -> list[list[Any]]:
    is_new = not before.has_start and lane.start
    return [[lane.history.first_step if lane.history else 0, lane.start]] if is_new else []


def _moves(lane: Lane, before: _Seen) -> list[list[Any]]:
    """Per snapshot: how far each layer's mean moves, in units of the spread."""
    if lane.history is None or not lane.has_lambda:
        return []
    snapshots = lane.history.snapshots
    new = snapshots[before.snapshots :]
    if before.snapshots:
        new = new[-1:]  # a tick brings the newest alone
    rows = []
    for snapshot in _thinned(new, MOST_SNAPSHOTS):
        moves = [layer["moves"][0] for layer in snapshot["layers"] if "moves" in layer]
        if moves and all(map(math.isfinite, moves)):
            rows.append([snapshot["step"], moves])
    return rows


def _tests(lane: Lane, before: _Seen) -> list[list[Any]]:
    """Per test on images with the first damage or, where none is tested, on clean ones.

    Lanes are compared: the figure is of the same images in all of them, and at all times.
    """
    if lane.history is None:
        return []
    wanted = next(iter(lane.config.corruptions), None)
    return [
        [test["step"], test["accuracy"], _damage(test)]
        for test in lane.history.evaluations[before.tests :]
        if test["corruption"] == wanted
    ]


def _damage(about: dict[str, Any]) -> str:
    """What an image or a test suffers, "contrast 5"; nothing: empty."""
    name = about["corruption"]
    return f"{name.replace('_', ' ')} {about['severity']}" if name else ""


def _probes_key(lane: Lane) -> tuple[Any, ...]:
    probes = lane.history and lane.history.probe_images
    return (probes["step"], probes.get("sheet")) if probes else ()


def followed(images: Sequence[dict[str, Any]]) -> int:
    """The image whose way is drawn: the first damaged one, that the feature maps are of too."""
    return next((i for i, image in enumerate(images) if image["corruption"]), 0)


def clean_of(images: Sequence[dict[str, Any]], at: int) -> int | None:
    """The same image before it was damaged; None where it is not, or is not among them."""
    if not images[at]["corruption"]:
        return None
    index = images[at]["index"]
    same = (i for i, image in enumerate(images) if image["index"] == index)
    return next((i for i in same if not images[i]["corruption"]), None)


def _probes(lane: Lane, before: _Seen) -> list[list[Any]]:
    """The first batch's images, and which of them is followed."""
    key = _probes_key(lane)
    probes = lane.history and lane.history.probe_images
    if not key or key == before.probes or not lane.history or not probes:
        return []
    at = followed(probes["images"])
    image = probes["images"][at]
    about = {
        "sheet": _address(lane.history, probes["sheet"]),
        "columns": probes["columns"],
        "tile": probes["tile"],
        "count": len(probes["images"]),
        "followed": at,
        "clean": clean_of(probes["images"], at),
        "label": image["label"],
        "damage": _damage(image),
        "classes": probes["classes"],
    }
    return [[about]]


def _sheets(lane: Lane, before: _Seen) -> list[list[Any]]:
    """Feature maps of the followed image: step, address, layers, how they lie."""
    history = lane.history
    if history is None:
        return []
    return [
        [
            each["step"],
            _address(history, each["file"]),
            each["layers"],
            each["columns"],
            each["tile"],
        ]
        for each in history.sheets[before.sheets :]
    ]


def _answers(lane: Lane, before: _Seen) -> list[list[Any]]:
    """The followed image's answers: steps, and 255 · p of each class, step by step."""
    history = lane.history
    if history is None or history.probe_images is None:
        return []
    probes = history.probe_images
    since = before.answers if before.probes == _probes_key(lane) else 0
    new = history.probe_answers[since:, followed(probes["images"])]
    if not len(new):
        return []
    steps = [int(step) for step in history.probe_steps[since:]]
    return [[steps, base64.b64encode(new.tobytes()).decode()]]


def _address(history: History, file: str | None) -> str | None:
    """Where a picture is served; None where there is none, as in a card."""
    source: Any = history.run
    return sheet_address(source, file) if file and not isinstance(source, Card) else None


def _thinned(rows: Sequence[Any], most: int) -> list[Any]:
    if len(rows) <= most:
        return list(rows)
    return [rows[i] for i in np.linspace(len(rows) - 1, 0, most, dtype=int)[::-1]]


# -- in words, and as a table --------------------------------------------------------------------


def _reading(lanes: Sequence[Lane]) -> str:
    mixing = [lane for lane in lanes if lane.has_lambda]
    if not mixing:
        return "No valves here: λ belongs to AFN and ASRNorm."
    moved = [_largest_move(lane) for lane in mixing]
    found = max(moved, key=lambda each: each[0])
    if found[0] < 0:
        return "Valves at their start: λ is how far each is open to what its network proposes."
    size, label, layer, start, now = found
    words = (
        f"{label}'s valve in {layer} turned from {number_words(start, 4)} to {number_words(now, 4)}"
    )
    if size < STILL:
        return f"The needles hardly move from this start: at most, {words}."
    return f"The valve that turned most: {words}."


def _largest_move(lane: Lane) -> tuple[float, str, str, float, float]:
    history = lane.history
    if history is None or not history.num_steps:
        return -1.0, lane.label, "", 0.0, 0.0
    start = np.array([row[0] for row in lane.start])
    now = history.lambdas[:, 0, -1]
    if not len(start):
        return -1.0, lane.label, "", 0.0, 0.0
    place = int(np.argmax(np.abs(now - start)))
    name = short_layer(history.adaptive_layers[place])
    return float(abs(now - start)[place]), lane.label, name, float(start[place]), float(now[place])


def _table(lanes: Sequence[Lane]) -> Rows:
    return [
        {"run": lane.label, "layer": layer, "step": step}
        | {f"lambda_{name}": float(values[i][at]) for i, name in enumerate(STATISTICS)}
        for lane in lanes
        if lane.history and lane.has_lambda
        for layer, values in zip(lane.history.adaptive_layers, lane.history.lambdas, strict=False)
        for at, step in enumerate(lane.history.steps.tolist())
    ]
