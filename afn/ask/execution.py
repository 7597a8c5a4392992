"""Executing an evaluation: claim it, answer cell by cell, write its end marker."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from afn.adapt.task import SheetsTask, StreamTask
from afn.adapt.working import live, sheets, together
from afn.ask.evaluation import Evaluation
from afn.ask.layer_statistics import layer_spread
from afn.ask.looking import look
from afn.ask.map_task import MapTask
from afn.ask.mapping import mapped_and_kept
from afn.ask.measure import ShownImages, answers, brought
from afn.ask.models import asked, restored
from afn.ask.movement_statistics import movement, start_of
from afn.ask.network import Network
from afn.ask.pictures import KEPT, Pictures, PicturesFile
from afn.ask.records import Place
from afn.ask.rescaling import Condition
from afn.ask.rescaling_statistics import layer_rescaling
from afn.ask.tasks import (
    GridTask,
    LookTask,
    MovementTask,
    PicturesTask,
    RescalingTask,
    SpreadTask,
    Task,
)
from afn.corruptions import CORRUPTIONS
from afn.data import ImageData, load_dataset
from afn.work.turn import Turn

_EXPECTED = (ValueError, TypeError, RuntimeError, OSError, MemoryError)


def carry_out(evaluation: Evaluation, *, orphaned: Callable[[], bool] = lambda: False) -> None:
    """Execute an evaluation that nobody has claimed yet.

    What cannot be had, a data set that is not readable say, is told in the end marker's summary;
    the rest goes on.

    Args:
        evaluation: What to do.
        orphaned: Asked after every cell; once True the evaluation stops.
    """
    if not evaluation.claim():
        return
    problems: list[str] = []
    try:
        for _ in _done(evaluation.tasks(), problems):
            is_orphaned = orphaned()
            if is_orphaned or evaluation.should_stop:
                reason = "the app that asked ended" if is_orphaned else "stopped by hand"
                evaluation.end("stopped", reason, {"problems": problems})
                return
    except _EXPECTED as error:
        evaluation.end("failed", _one_line(error), {"problems": problems})
    else:
        evaluation.end("finished", summary={"problems": problems})


def _done(tasks: Sequence[Task], problems: list[str]) -> Iterator[None]:
    """Does everything, and comes back after every result."""
    models, test_sets = _Models(), _TestSets()
    for task in tasks:
        if isinstance(task, PicturesTask):
            with _noted(problems):
                task.file.write(_pictures(task.file))
            yield
        elif isinstance(task, LookTask):
            with _noted(problems):
                look(task.config, task.folder)
            yield
        elif isinstance(task, SheetsTask):
            with _noted(problems):
                task.write(sheets(task))
            yield
    for streams in together([task for task in tasks if isinstance(task, StreamTask)]):
        with _noted(problems):
            yield from live(streams)
    grids = [task for task in tasks if isinstance(task, GridTask)]
    yield from _cells(grids, models, test_sets, problems)
    for task in tasks:
        if isinstance(task, MapTask):
            with _noted(problems):
                yield from _map(task, models.of(task.network), test_sets)
    for task in tasks:
        if isinstance(task, SpreadTask):
            with _noted(problems):
                _spread(task, models.of(task.network), test_sets)
            yield
        elif isinstance(task, RescalingTask):
            with _noted(problems):
                _rescaling(task, models.of(task.network), test_sets)
            yield
        elif isinstance(task, MovementTask):
            with _noted(problems):
                _movement(task, models.of(task.network), test_sets)
            yield


def _cells(
    tasks: Sequence[GridTask], models: "_Models", test_sets: "_TestSets", problems: list[str]
) -> Iterator[None]:
    """Place by place, so that all models of one place are soon known and images made once."""
    groups: dict[tuple[str, int, tuple[int, int, int]], list[GridTask]] = {}
    for task in tasks:
        question = task.question
        key = (question.dataset, question.num_images, task.network.image_shape)
        groups.setdefault(key, []).append(task)
    for (dataset, num_images, image_shape), group in groups.items():
        those = None
        with _noted(problems):
            those = test_sets.of(dataset, image_shape, num_images)
        if those is None:
            continue
        missing = {id(task): set(task.missing()) for task in group}
        for place in dict.fromkeys(place for task in group for place in task.places):
            lacking = [task for task in group if place in missing[id(task)]]
            shown = None
            with _noted(problems):
                shown = ShownImages.of(*those, place=place) if lacking else None
            if shown is None:
                continue
            for task in lacking:
                with _noted(problems):
                    _answer(task, shown, models.of(task.network))
                yield


def _answer(task: GridTask, shown: ShownImages, model: nn.Module) -> None:
    question = task.question
    with asked(model, question):
        cell = answers(
            model, shown, batch_size=question.batch_size, order=question.order,
            class_names=task.network.class_names,
        )  # fmt: skip
    task.network.file(question).append(cell)


class _Models:
    """Restored networks, each once."""

    def __init__(self) -> None:
        self._known: dict[str, nn.Module] = {}

    def of(self, network: Network) -> nn.Module:
        if network.sha256 not in self._known:
            self._known[network.sha256] = restored(network)
        return self._known[network.sha256]


class _TestSets:
    """Test images in the form that models take, each read once."""

    def __init__(self) -> None:
        self._known: dict[object, tuple[ImageData, int, list[str]]] = {}

    def of(
        self, dataset: str, image_shape: tuple[int, int, int], num_images: int
    ) -> tuple[ImageData, int, list[str]]:
        """As `brought` gives them, without what would only fill the memory."""
        key = dataset, image_shape, num_images
        if key not in self._known:
            data, count, changes = brought(load_dataset(dataset), image_shape, num_images)
            data = replace(
                data,
                x_train=data.x_train[:0].copy(),
                y_train=data.y_train[:0].copy(),
                x_test=data.x_test[:count].copy(),
                y_test=data.y_test[:count].copy(),
            )
            self._known[key] = data, count, changes
        return self._known[key]


def _map(task: MapTask, model: nn.Module, test_sets: _TestSets) -> Iterator[None]:
    question = task.question
    those = test_sets.of(question.dataset, task.network.image_shape, question.num_images)
    with Turn(task.file.path) as turn:
        yield from turn.wait()
        yield from mapped_and_kept(task, model, ShownImages.of(*those, place=task.place))


def _spread(task: SpreadTask, model: nn.Module, test_sets: _TestSets) -> None:
    question = task.question
    images = {}
    for domain in task.domains:
        those = test_sets.of(domain, task.network.image_shape, question.num_images)
        images[domain] = ShownImages.of(*those, place=(None, 0)).images
    with asked(model, question):
        task.write(layer_spread(model, images, batch_size=question.batch_size))


def _rescaling(task: RescalingTask, model: nn.Module, test_sets: _TestSets) -> None:
    question, images = task.question, _shown(task, test_sets)
    with asked(model, question):
        task.write(layer_rescaling(model, images, batch_size=question.batch_size))


def _movement(task: MovementTask, model: nn.Module, test_sets: _TestSets) -> None:
    images, start = _shown(task, test_sets), start_of(task.network)
    task.write(movement(model, start, images, batch_size=task.question.batch_size))


def _shown(
    task: RescalingTask | MovementTask, test_sets: _TestSets
) -> dict[Condition, torch.Tensor]:
    """The images of each condition."""
    images = {}
    for dataset, corruption, severity in task.conditions:
        those = test_sets.of(dataset, task.network.image_shape, task.question.num_images)
        shown = ShownImages.of(*those, place=(corruption, severity))
        images[dataset, corruption, severity] = shown.images
    return images


def _pictures(file: PicturesFile) -> Pictures:
    data = load_dataset(file.dataset)
    if file.corruption not in CORRUPTIONS:
        raise ValueError(f"unknown corruption {file.corruption!r}; known: {', '.join(CORRUPTIONS)}")
    places: list[Place] = [(None, 0), *((file.corruption, severity) for severity in range(1, 6))]
    shown = [ShownImages.of(data, file.num_images, place=place) for place in places]
    return Pictures(
        images=np.stack([_pixels(each) for each in shown]),
        labels=shown[-1].labels[:KEPT].numpy(),
        class_names=data.class_names,
        source=shown[-1].source,
    )


def _pixels(shown: ShownImages) -> np.ndarray:
    kept = shown.images[:KEPT].mul(255).round().to(torch.uint8)
    return np.ascontiguousarray(kept.permute(0, 2, 3, 1).numpy())


@contextmanager
def _noted(problems: list[str]) -> Iterator[None]:
    """What cannot be had becomes a line, and the rest goes on."""
    try:
        yield
    except _EXPECTED as error:
        if (line := _one_line(error)) not in problems:
            problems.append(line)


def _one_line(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "out of memory: take fewer images or smaller batches"
    return (" ".join(str(error).split()) or type(error).__name__)[:500]
