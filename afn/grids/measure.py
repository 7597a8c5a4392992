"""Making the cells of a corruption grid, one after the other."""

from collections.abc import Collection, Iterator, Mapping

import torch
from torch import Tensor

from afn.corruptions import CORRUPTIONS, corrupted_test_set
from afn.data import ImageData
from afn.evaluate import Classifier, noise_of
from afn.grids.records import ORDERS, Cell, GridFile, Order, Place, places
from afn.pixels import as_float


def corruption_grid(
    model: Classifier,
    data: ImageData,
    *,
    num_images: int,
    batch_size: int = 128,
    order: Order = "mixed",
    corruptions: Collection[str] = tuple(CORRUPTIONS),
    severities: Collection[int] = (1, 2, 3, 4, 5),
    known: Mapping[Place, Cell] | None = None,
) -> Iterator[Cell]:
    """Answers of a model to clean and corrupted test images, cell by cell, the clean ones first.

    The noise depends on corruption and severity alone, so that all models see the same pixels and
    their answers can be compared image by image.

    Args:
        model: Images (N, C, H, W) in [0, 1] to logits (N, classes), in the mode to be tested.
        data: Whose test images.
        num_images: The first so many.
        batch_size: Where the model normalizes by test-batch statistics, answers depend on it.
        order: "by label" sorts the images by class before they are put into batches, so that a
            batch holds few classes: what test-batch statistics cannot know.
        corruptions: Names, of ``CORRUPTIONS``.
        severities: Of 1 to 5.
        known: Cells by place that are yielded in their turn instead of being computed.

    Raises:
        ValueError: An unknown corruption, a severity that is none, no images, an unknown order, or
            a model of other classes.
    """
    if num_images < 1 or batch_size < 1:
        raise ValueError(
            f"num_images and batch_size must be at least 1, got {num_images} and {batch_size}"
        )
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}, got {order!r}")
    if len(data.class_names) > 256:
        raise ValueError(f"a grid holds up to 256 classes, got {len(data.class_names)}")
    for corruption, severity in places(corruptions, severities):
        if known and (corruption, severity) in known:
            yield known[corruption, severity]
            continue
        images, labels, source = _test_set(data, corruption, severity, num_images)
        logits = _logits(model, images, labels, batch_size, order)
        if logits.shape[1:] != (len(data.class_names),):
            raise ValueError(
                f"expected a logit for each of the {len(data.class_names)} classes of {data.name}, "
                f"got {tuple(logits.shape[1:])}; take a model that was trained on these classes"
            )
        confidences, answers = logits.softmax(1).max(1)
        yield Cell(
            corruption=corruption,
            severity=severity,
            source=source,
            loss=float(torch.nn.functional.cross_entropy(logits, labels)),
            answers=bytes(answers.tolist()),
            confidences=bytes(confidences.mul(255).round().int().tolist()),
            labels=bytes(labels.tolist()),
        )


def kept_grid(
    file: GridFile,
    model: Classifier,
    data: ImageData,
    *,
    corruptions: Collection[str] = tuple(CORRUPTIONS),
    severities: Collection[int] = (1, 2, 3, 4, 5),
) -> Iterator[Cell]:
    """The grid that answers the file's question; what the file lacks is computed and kept."""
    known = file.cells()
    question = file.question
    for cell in corruption_grid(
        model,
        data,
        num_images=question.num_images,
        batch_size=question.batch_size,
        order=question.order,
        corruptions=corruptions,
        severities=severities,
        known=known,
    ):
        if cell.place not in known:
            file.append(cell)
        yield cell


def _test_set(
    data: ImageData, corruption: str | None, severity: int, num_images: int
) -> tuple[Tensor, Tensor, str]:
    if corruption is None:
        images = as_float(torch.from_numpy(data.x_test[:num_images]))
        return images, torch.from_numpy(data.y_test[:num_images]), "clean"
    made = corrupted_test_set(
        data,
        corruption,
        severity,
        num_images=num_images,
        generator=noise_of(corruption, severity),
    )
    return made.images, made.labels, made.source


@torch.inference_mode()
def _logits(
    model: Classifier, images: Tensor, labels: Tensor, batch_size: int, order: Order
) -> Tensor:
    """(N, classes), in the order of the images, whatever the order in which they were asked."""
    if order == "mixed":
        return torch.cat([model(batch) for batch in images.split(batch_size)])
    by_label = labels.argsort(stable=True)
    answers = torch.cat([model(batch) for batch in images[by_label].split(batch_size)])
    return torch.empty_like(answers).index_copy_(0, by_label, answers)
