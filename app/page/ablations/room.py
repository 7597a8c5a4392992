"""A ready-made ablation as a room: each phone trains one cell of it, with a seed of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from urllib.parse import urlencode

from afn.settings.config import TrainConfig
from afn.sweep.plan import plan
from afn.sweep.spec import read_spec

from ...kit.comparison import to_url
from ...kit.results import Layout, SweepResults
from ...kit.room.script import Finding, Poll, RoomContender, RoomSource, Script
from ...kit.room.training import PhoneNetwork, RoomPart
from .drawn import axis_title, line_colors, line_words
from .ready_made import READY_MADE, ReadyMade
from .sweeping import saved_results

_PLACES = 3
"""Of each line: its ends, and one between; thirty phones fill that with several seeds."""


def source() -> RoomSource:
    """Rooms of ablations."""
    return RoomSource(script=script_of, experiment=finding, part=part_of)


def script_of(name: str) -> Script:
    """What a class goes through.

    Raises:
        ValueError: There is no such ready-made ablation.
    """
    ready = _ready(name)
    cells = _cells(name)
    return Script(
        subject=f"ablation:{name}",
        title=ready.title,
        minutes=12,
        aims=(
            f"Have an expectation tested: {ready.question}",
            "See how far seeds alone spread, and what stands out from that.",
        ),
        setup=f"Each phone trains one network for one epoch. {len(cells.configs)} settings come in "
        "turn, then the next seed.",
        polls=(Poll(question=ready.question, options=ready.expectations),),
        link=f"ablations?{urlencode({'sweep': name})}",
        tries=f"?{urlencode(to_url((cells.configs[min(cells.configs)],)), doseq=True)}",
        contenders=cells.contenders,
        places=cells.places,
        axis=cells.axis,
    )


def part_of(name: str, number: int) -> RoomPart:
    """What the phone of a number trains."""
    cells = list(_cells(name).configs.items())
    seed, cell = divmod(number, len(cells))
    (contender, place), config = cells[cell]
    return RoomPart(config=replace(config, seed=seed), contender=contender, place=place)


def finding(name: str, begins: bool, networks: Sequence[PhoneNetwork]) -> Finding:
    """How far the class is, and the answer of the whole ablation, which came along."""
    ready, results = _ready(name), saved_results(name)
    ended = sum(each.is_over for each in networks)
    told = f"{ended} of {len(networks)} networks are trained"
    found = ready.answer(results) if results else None
    share = ended / len(networks) if networks else 0.0
    if results is None or found is None:
        return Finding(share=share, told=told)
    right, answer = found
    seeds, epochs = len({run.config.seed for run in results.runs}), results.runs[0].config.epochs
    about = f"Measured beforehand, {seeds} seeds a setting and {epochs} epochs: {answer}"
    return Finding(share=share, told=told, right=right, answer=about)


@dataclass(frozen=True, slots=True)
class _Cells:
    """What of an ablation a class trains."""

    configs: dict[tuple[int, int], TrainConfig]
    """By contender and place; the seed is the first."""
    contenders: tuple[RoomContender, ...]
    places: tuple[str, ...]
    axis: str


@cache
def _cells(name: str) -> _Cells:
    ready = _ready(name)
    runs = plan(read_spec(ready.path(name, ".toml"))).runs
    axes = SweepResults(runs=runs, lines={}, provenance="").axes
    layout = Layout.of(axes, ready.over)
    configs = {run.point: run.config for run in reversed(runs)}
    labels = axes[layout.over]
    if len(axes) > 1:
        labels = [labels[i * (len(labels) - 1) // (_PLACES - 1)] for i in range(_PLACES)]
        lines, names = list(layout.lines), [line_words(line) for line in layout.lines]
    else:  # each label is a contender, and a column of its own
        lines, names = [((layout.over, label),) for label in labels], labels
    found: dict[tuple[int, int], TrainConfig] = {}
    for contender, line in enumerate(lines):
        for place, label in enumerate(labels if len(axes) > 1 else [""]):
            point = layout.point(line, label, axes) if label else line
            if point in configs:
                column = place if label else contender
                found[contender, column] = _short(configs[point], ready)
    return _Cells(
        configs=found,
        contenders=tuple(
            RoomContender(name=words, color=color)
            for words, color in zip(names, line_colors(lines), strict=True)
        ),
        places=tuple(labels) if len(axes) > 1 else (),
        axis=axis_title(layout.over) if len(axes) > 1 else "",
    )


def _short(config: TrainConfig, ready: ReadyMade) -> TrainConfig:
    """For a room: one epoch, and the tests that the question is about."""
    corruptions = config.corruptions if ready.metric != "clean" else ()
    return replace(config, epochs=1, evals_per_epoch=0, test_domains=(), corruptions=corruptions)


def _ready(name: str) -> ReadyMade:
    if name not in READY_MADE:
        raise ValueError(f"there is no ablation {name[:40]!r}; there are {', '.join(READY_MADE)}")
    return READY_MADE[name]
