"""Carrying out what `afn.adapt.task` names."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import numpy as np
import torch

from afn.adapt.asking import brought_to, live_on
from afn.adapt.following import image_stream
from afn.adapt.plan import StreamPlan
from afn.adapt.task import SHEET_ROWS, SHOWN, SheetsTask, StreamTask
from afn.png import png
from afn.work.turn import Turn


def together(tasks: Sequence[StreamTask]) -> list[list[StreamTask]]:
    """Those that live on the same stream, side by side."""
    groups: dict[tuple[str, StreamPlan, tuple[int, int, int]], list[StreamTask]] = {}
    for task in tasks:
        key = task.dataset, task.plan, task.network.image_shape
        groups.setdefault(key, []).append(task)
    return list(groups.values())


def live(tasks: Sequence[StreamTask]) -> Iterator[None]:
    """Have those of one stream live on it; comes back after each answer.

    While another process has one of them do so, it waits for that.

    Raises:
        ValueError, FileNotFoundError: As `live_on`.
    """
    with ExitStack() as turns:
        for task in sorted(tasks, key=lambda task: task.path):
            yield from turns.enter_context(Turn(task.path)).wait()
        left = [task for task in tasks if task.left()]
        if not left:
            return
        known = [len(task.steps()) for task in left]
        contenders = [(task.network, task.method) for task in left]
        for place, step in live_on(contenders, tasks[0].dataset, tasks[0].plan):
            if step.batch >= known[place]:
                left[place].append(step)
            yield


def sheets(task: SheetsTask) -> list[bytes]:
    """The first images of each batch one behind the other, in sheets, as PNG files.

    Raises:
        ValueError, FileNotFoundError: The images cannot be had.
    """
    data = brought_to(task.image_shape, task.dataset, task.plan.images)
    shown = torch.cat([batch.images[:SHOWN] for batch in image_stream(data, task.plan)])
    pixels = shown.mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    missing = -len(pixels) % SHOWN  # of the last row
    pixels = np.concatenate([pixels, np.zeros_like(pixels[:1]).repeat(missing, 0)])
    count, height, width, channels = pixels.shape
    rows = pixels.reshape(-1, SHOWN, height, width, channels).swapaxes(1, 2)
    rows = rows.reshape(count // SHOWN, height, SHOWN * width, channels)
    return [
        png(rows[first : first + SHEET_ROWS].reshape(-1, SHOWN * width, channels))
        for first in range(0, len(rows), SHEET_ROWS)
    ]
