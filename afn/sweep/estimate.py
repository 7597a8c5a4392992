"""How long runs will take, from how fast others like them were."""

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from afn.engine.config import TrainConfig
from afn.index import Line
from afn.sweep.plan import Planned

_LOOKED_AT = 300
"""So many runs tell how fast it goes."""
_FIXED_IMAGES = 12
"""A training step costs as much, besides its own images, as so many more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How fast a run was that trained to its end."""

    config: TrainConfig
    step_seconds: float
    """The processor's, as the run's summary has it."""
    beside: float
    """Seconds of the whole run beside its steps: its start and its tests."""


def paces(lines: Iterable[Line], like: Sequence[Planned]) -> list[Pace]:
    """Of the first runs that finished and have a network and data of some others.

    Args:
        lines: The newest first.
        like: The others.
    """
    wanted = {(run.config.backbone, run.config.dataset) for run in like}
    found: list[Pace] = []
    for line in lines:
        summary = line.summary
        step, seconds = summary.get("step"), summary.get("train_seconds")
        if line.status != "finished" or not step or not seconds or summary.get("changes"):
            continue
        if (line.setting("backbone"), line.setting("dataset")) not in wanted:
            continue
        if len(found) == _LOOKED_AT:
            break
        config = line.config()
        found.append(
            Pace(
                config=config,
                step_seconds=seconds / step,
                beside=max(0.0, summary["seconds"] - seconds),
            )
        )
    return found


def seconds_of(config: TrainConfig, known: Sequence[Pace], num_train: int) -> float | None:
    """One run's wall time on a core of its own; None where nothing like it was ever trained.

    Taken from the runs with the same network and data whose batch size is nearest, those of the
    same norm first; a step costs in proportion to its images and a fixed part. What is beside the
    steps is added as it was, so that a short run's start is not taken for its pace.

    Args:
        config: The run.
        known: Runs that were timed.
        num_train: Training images of its data set.
    """
    like = [
        pace
        for pace in known
        if (pace.config.backbone, pace.config.widths, pace.config.dataset)
        == (config.backbone, config.widths, config.dataset)
    ]
    like = [pace for pace in like if pace.config.norm == config.norm] or like
    if not like:
        return None

    def distance(pace: Pace) -> float:
        return abs(math.log(pace.config.batch_size / config.batch_size))

    nearest = min(map(distance, like))
    like = [pace for pace in like if distance(pace) <= nearest + 1e-9]
    steps = min(config.num_steps(num_train), config.max_steps)
    each = [
        steps
        * pace.step_seconds
        * (_FIXED_IMAGES + config.batch_size)
        / (_FIXED_IMAGES + pace.config.batch_size)
        + pace.beside
        for pace in like
    ]
    return median(each)


def expected_seconds(
    runs: Sequence[Planned], known: Sequence[Pace], num_train: int, cores: int | None = None
) -> float | None:
    """Wall time of runs on all cores; None where nothing like one of them was ever trained.

    Args:
        runs: What is to be trained.
        known: Runs that were timed.
        num_train: Training images of their data set.
        cores: How many run at once; this machine's by default.
    """
    each = [seconds_of(run.config, known, num_train) for run in runs]
    if any(seconds is None for seconds in each):
        return None
    told = [seconds for seconds in each if seconds is not None]
    return max(sum(told) / (cores or os.cpu_count() or 1), *told, 0.0)
