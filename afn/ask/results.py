"""What asking gives: answers one by one as they come, and a table, a figure and a card of all."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import torch

from afn.ask.batches import batches_of
from afn.ask.crossing import Crossing
from afn.ask.image_sets import ImageSet
from afn.ask.protocol import (
    AnswerFacts,
    ImageFacts,
    ModelFacts,
    ProtocolCard,
    Test,
    batches_in_rows,
    card_of,
    class_facts,
    pixels_digest,
)
from afn.ask.records import Cell, Order
from afn.ask.tables import grid_figure, matrix_figure

if TYPE_CHECKING:
    import pandas
    from plotly.graph_objects import Figure

_Answer = TypeVar("_Answer")


class AskedAnswers(Iterator[_Answer], Generic[_Answer]):
    """Answers one by one, each computed when it is asked for, once.

    Gone through to its end, it can be gone through again: `all` has them all.
    """

    def __init__(self, made: Iterator[_Answer]) -> None:
        self._made, self._known, self._at = made, list[_Answer](), 0
        self._is_done = False

    def __iter__(self) -> "AskedAnswers[_Answer]":
        if self._is_done and self._at == len(self._known):
            self._at = 0
        return self

    def __next__(self) -> _Answer:
        if self._at == len(self._known):
            try:
                self._known.append(next(self._made))
            except StopIteration:
                self._is_done = True
                raise
        self._at += 1
        return self._known[self._at - 1]

    def close(self) -> None:
        """Compute no more; what is known stays."""
        if close := getattr(self._made, "close", None):
            close()

    def all(self) -> list[_Answer]:
        """All of them; those that are not known yet are computed now."""
        self._known.extend(self._made)
        self._is_done = True
        return list(self._known)


class Grid(AskedAnswers[Cell]):
    """A model's answers to clean and corrupted images: what `corruption_grid` gives."""

    def __init__(
        self, made: Iterator[Cell], *, asked: Callable[[], tuple[ModelFacts, ImageSet]],
        batch_size: int, order: Order,
    ) -> None:  # fmt: skip
        super().__init__(made)
        self._asked, self._batch_size, self._order = asked, batch_size, order

    def frame(self) -> "pandas.DataFrame":
        """A row for each cell; those that are not known yet are computed now.

        Columns are model, data, corruption ("clean" for none), severity, n, correct, accuracy with
        the ends of its 95 % Wilson interval low and high (shares from 0 to 1), mean_confidence,
        loss (nats), source, rule, statistics, batch_size, order.

        Raises:
            ImportError: pandas is not installed.
        """
        cells = self.all()
        model, images = self._asked()
        return _pandas().DataFrame(
            [
                {
                    "model": model.name, "data": images.name, **_columns(cell),
                    "statistics": model.statistics, "batch_size": self._batch_size,
                    "order": self._order,
                }
                for cell in cells
            ]
        )  # fmt: skip

    def figure(self) -> "Figure":
        """Accuracy by corruption and severity, as a Plotly figure.

        Raises:
            ImportError: Plotly is not installed.
        """
        cells = self.all()
        model, images = self._asked()
        return grid_figure(cells, f"{model.name} on {images.name}", model.statistics)

    def card(self) -> ProtocolCard:
        """The protocol of these answers, to be checked by `verify`."""
        cells = self.all()
        model, images = self._asked()
        return card_of([test_of(model, images, cells, self._batch_size, self._order)])


class Matrix(AskedAnswers[Crossing]):
    """Answers of models to the images of domains: what `domain_matrix` gives."""

    def __init__(
        self, made: Iterator[Crossing], *,
        asked: Callable[[Crossing], tuple[ModelFacts, ImageSet]],
    ) -> None:  # fmt: skip
        super().__init__(made)
        self._asked = asked

    def frame(self) -> "pandas.DataFrame":
        """A row for each model on each domain, with the columns of `Grid.frame` but corruption.

        Raises:
            ImportError: pandas is not installed.
        """
        rows = []
        for each in self.all():
            columns = _columns(each.cell)
            columns = {k: v for k, v in columns.items() if k not in ("corruption", "severity")}
            question = each.question
            rows.append({
                "model": each.model, "data": question.dataset, **columns,
                "statistics": question.statistics, "batch_size": question.batch_size,
                "order": question.order,
            })  # fmt: skip
        return _pandas().DataFrame(rows)

    def figure(self) -> "Figure":
        """Accuracy by model and domain, as a Plotly figure.

        Raises:
            ImportError: Plotly is not installed.
        """
        return matrix_figure(self.all())

    def card(self) -> ProtocolCard:
        """The protocol of these answers, to be checked by `verify`."""
        return card_of(
            test_of(*self._asked(each), [each.cell], each.question.batch_size, each.question.order)
            for each in self.all()
        )


def _columns(cell: Cell) -> dict[str, Any]:
    low, high = cell.interval
    return {
        "corruption": cell.corruption or "clean", "severity": cell.severity, "n": cell.n,
        "correct": cell.correct, "accuracy": cell.accuracy, "low": low, "high": high,
        "mean_confidence": float(np.frombuffer(cell.confidences, np.uint8).mean() / 255),
        "loss": cell.loss, "source": cell.source, "rule": cell.rule,
    }  # fmt: skip


def test_of(
    model: ModelFacts, images: ImageSet, cells: Sequence[Cell], batch_size: int, order: Order
) -> Test:
    """What a protocol card says of a model's answers to some images."""
    labels = torch.from_numpy(cells[0].true.astype(np.int64))
    return Test(
        model=model,
        images=image_facts(images),
        batch_size=batch_size,
        order=order,
        batches=batches_in_rows(len(batch) for batch in batches_of(labels, batch_size, order)),
        answers=tuple(map(AnswerFacts.of, cells)),
    )


def image_facts(images: ImageSet) -> ImageFacts:
    """What a protocol card says of images; classes without names are those up to the last label."""
    num_classes = int(images.labels.max()) + 1
    return ImageFacts(
        dataset=images.name, n=len(images), shape=images.shape,
        pixels=pixels_digest(images.images.numpy(), images.labels.numpy()),
        mean=images.mean, std=images.std, **class_facts(images.class_names, num_classes),
    )  # fmt: skip


def _pandas() -> Any:
    try:
        return import_module("pandas")
    except ImportError as error:
        raise ImportError(f"a table needs pandas: pip install pandas ({error})") from None
