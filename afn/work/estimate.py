"""How long runs will take, from how fast others like them were on this machine."""

import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod
from statistics import median

from afn.data import DatasetEntry, dataset_entry
from afn.runs.index import Line
from afn.settings.config import TrainConfig

EntryOf = Callable[[str], DatasetEntry | None]
"""The catalogue's entry of a data set; None where there is none any more."""
_LOOKED_AT = 300
"""So many runs tell how fast it goes."""
_FIXED_PIXELS = 8000
"""A training step costs as much, besides its own pixels, as so many more: 0.8 ms of BN's ConvNet,
which is 130 images of 8×8 and ten of 28×28."""


def entries() -> EntryOf:
    """Looks entries of the catalogue up, each once."""

    @cache
    def entry_of(name: str) -> DatasetEntry | None:
        try:
            return dataset_entry(name)
        except ValueError:
            return None

    return entry_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How fast a run was that trained to its end, in seconds of the processor."""

    config: TrainConfig
    pixels: int
    """Of one image."""
    step_seconds: float
    test_seconds: float
    """Of one image's test; 0 where they are not known apart."""
    beside: float
    """Of the whole run beside its steps and tests."""


def paces(lines: Iterable[Line], like: Sequence[TrainConfig], entry_of: EntryOf) -> list[Pace]:
    """Of the first runs that finished and have a network of some others.

    Args:
        lines: The newest first.
        like: The others.
        entry_of: Of data sets.
    """
    wanted = {(config.backbone, config.widths) for config in like}
    backbones = {backbone for backbone, _ in wanted}
    found: list[Pace] = []
    for line in lines:
        summary = line.summary
        step, seconds = summary.get("step"), summary.get("train_seconds")
        if line.status != "finished" or not step or not seconds or summary.get("changes"):
            continue
        if line.setting("backbone") not in backbones:
            continue
        config = line.config()
        if (config.backbone, config.widths) not in wanted:
            continue
        if not (entry := entry_of(config.dataset)):
            continue
        if len(found) == _LOOKED_AT:
            break
        # What else the machine did meanwhile, and pauses, are in the wall time of older runs.
        whole = summary.get("processor_seconds", summary["seconds"])
        tests = summary.get("test_seconds", 0.0)
        found.append(
            Pace(
                config=config,
                pixels=_pixels(entry),
                step_seconds=seconds / step,
                test_seconds=tests / max(_num_tested(config, entry), 1),
                beside=max(0.0, whole - seconds - tests),
            )
        )
    return found


def seconds_of(config: TrainConfig, known: Sequence[Pace], entry: DatasetEntry) -> float | None:
    """One run's time on a core of its own; None where no such network was ever trained.

    Taken from the runs with the same network that are most alike: the same norm first, then the
    same data, then the nearest batch size. A step and a test cost in proportion to their pixels, a
    step a fixed part as well. What is beside them is added as it was, so that a short run's start
    is not taken for its pace.

    Args:
        config: The run.
        known: Runs that were timed.
        entry: Its data set's.
    """
    pixels, batch = _pixels(entry), config.batch_size

    def distance(pace: Pace) -> tuple[bool, bool, float]:
        other = pace.config
        apart = round(abs(math.log(other.batch_size / batch)), 9)
        return other.norm != config.norm, other.dataset != config.dataset, apart

    like = [
        pace
        for pace in known
        if (pace.config.backbone, pace.config.widths) == (config.backbone, config.widths)
    ]
    if not like:
        return None
    nearest = min(map(distance, like))
    images = min(entry.num_train, config.train_images)
    steps = min(config.num_steps(images), config.max_steps)
    return median(
        steps
        * pace.step_seconds
        * (_FIXED_PIXELS + batch * pixels)
        / (_FIXED_PIXELS + pace.config.batch_size * pace.pixels)
        + _num_tested(config, entry) * pace.test_seconds * pixels / pace.pixels
        + pace.beside
        for pace in like
        if distance(pace) == nearest
    )


def expected_seconds(
    runs: Sequence[TrainConfig],
    known: Sequence[Pace],
    entry_of: EntryOf,
    *,
    shares: Sequence[float] = (),
    cores: int | None = None,
) -> float | None:
    """Wall time of runs on all cores; None where nothing like one of them was ever trained.

    Args:
        runs: What is to be trained.
        known: Runs that were timed.
        entry_of: Of data sets.
        shares: How much of each run is done already; nothing by default.
        cores: How many run at once; this machine's by default.
    """
    each = []
    for config, share in zip(runs, shares or [0.0] * len(runs), strict=True):
        entry = entry_of(config.dataset)
        seconds = seconds_of(config, known, entry) if entry else None
        if seconds is None:
            return None
        each.append((1 - share) * seconds)
    return together(each, cores)


def together(each: Sequence[float], cores: int | None = None) -> float:
    """Wall time of runs on all cores, none of which is split."""
    return max(sum(each) / (cores or os.cpu_count() or 1), *each, 0.0)


def _pixels(entry: DatasetEntry) -> int:
    return max(prod(entry.image_shape[:2]), 1)


def _num_tested(config: TrainConfig, entry: DatasetEntry) -> int:
    """How many images a run tests, those that it tests several times counted as often."""
    per_epoch = max(config.evals_per_epoch, 1) + len(config.corruptions)
    tests = config.epochs * per_epoch + len(config.test_domains)
    return tests * min(config.eval_images, entry.num_test)
