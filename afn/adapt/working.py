"""Carrying out what `afn.adapt.task` names."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from afn.adapt.asking import brought_to, live_on
from afn.adapt.following import image_stream
from afn.adapt.plan import StreamPlan
from afn.adapt.task import SHOWN, SheetsTask, StreamTask
from afn.png import data_uri


def together(tasks: Sequence[StreamTask]) -> list[list[StreamTask]]:
    """Those that live on the same stream, side by side."""
    groups: dict[tuple[str, StreamPlan, tuple[int, int, int]], list[StreamTask]] = {}
    for task in tasks:
        key = task.dataset, task.plan, task.network.image_shape
        groups.setdefault(key, []).append(task)
    return list(groups.values())


def live(tasks: Sequence[StreamTask]) -> Iterator[None]:
    """Have those of one stream live on it; comes back after each answer that is new.

    Raises:
        ValueError, FileNotFoundError: As `live_on`.
    """
    known = [len(task.steps()) for task in tasks]
    contenders = [(task.network, task.method) for task in tasks]
    for place, step in live_on(contenders, tasks[0].dataset, tasks[0].plan):
        if step.batch >= known[place]:
            tasks[place].append(step)
        yield


def sheets(task: SheetsTask) -> list[str]:
    """The first images of each batch in a row, as the data URI of a PNG file each.

    Raises:
        ValueError, FileNotFoundError: The images cannot be had.
    """
    data = brought_to(task.image_shape, task.dataset, task.plan.images)
    found = []
    for batch in image_stream(data, task.plan):
        pixels = batch.images[:SHOWN].mul(255).round().to(torch.uint8)
        row = np.concatenate(list(pixels.permute(0, 2, 3, 1).numpy()), axis=1)
        found.append(data_uri(np.ascontiguousarray(row)))
    return found
