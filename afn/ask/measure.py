"""Making the cells of a corruption grid, one after the other."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import SupportsIndex

import torch
from torch import Tensor

from afn.ask.batches import batches_of
from afn.ask.evaluate import Classifier, noise_of
from afn.ask.records import COUNTED, ORDERS, Cell, GridFile, Order, Place, places
from afn.ask.rescaling import Condition
from afn.corruptions import CORRUPTIONS, corrupted_test_set
from afn.corruptions.applying import applicable
from afn.data import ImageData, load_dataset
from afn.data.classes import Naming
from afn.data.forms import in_form
from afn.numbers import whole
from afn.pixels import as_float
from afn.settings.corruptions import RULE


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
    class_names: Sequence[str] | None = None,
) -> Iterator[Cell]:
    """Answers of a model to clean and corrupted test images, cell by cell, the clean ones first.

    The noise depends on corruption, severity and the image's number alone, so that all models see
    the same pixels and their answers can be compared image by image. Left out is what changes none
    of the images, such as ``saturate`` on grey ones; see :mod:`afn.corruptions.applying`.

    Args:
        model: Images (N, C, H, W) in [0, 1] to logits (N, classes), in the mode to be tested.
        data: Whose test images.
        num_images: The first so many.
        batch_size: Where the model normalizes by test-batch statistics, answers depend on it.
        order: "by label" sorts the images by class before they are put into batches, so that a
            batch holds few classes: what test-batch statistics cannot know; "3 classes" has each
            batch hold three, see `afn.ask.batches.batches_of`.
        corruptions: Names, of ``CORRUPTIONS``.
        severities: Of 1 to 5.
        known: Cells by place that are yielded in their turn instead of being computed.
        class_names: What each logit of the model stands for; None for the classes of `data`.

    Raises:
        TypeError: A number that is no integer.
        ValueError: An unknown corruption, a severity that is none, no images, an unknown order, or
            a model of other classes.

    Example:
        >>> from afn import corruption_grid, load_pretrained
        >>> from afn.data import load_dataset
        >>> cells = corruption_grid(
        ...     load_pretrained("mnist5k-afn"), load_dataset("mnist5k"), num_images=100,
        ...     corruptions=["contrast"], severities=[5],
        ... )
        >>> [(cell.corruption, cell.severity, cell.accuracy > 0.5) for cell in cells]
        [(None, 0, True), ('contrast', 5, True)]
    """
    num_images, batch_size = checked(num_images, batch_size, order)
    asked = places(corruptions, severities)
    for place in applicable(asked, data.name, data.x_test.shape[1:]):
        if known and place in known:
            yield known[place]
        else:
            shown = ShownImages.of(data, num_images, place=place)
            yield answers(model, shown, batch_size=batch_size, order=order, class_names=class_names)


def kept_grid(
    file: GridFile,
    model: Classifier,
    data: ImageData,
    *,
    corruptions: Collection[str] = tuple(CORRUPTIONS),
    severities: Collection[int] = (1, 2, 3, 4, 5),
    class_names: Sequence[str] | None = None,
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
        class_names=class_names,
    ):
        if cell.place not in known:
            file.append(cell)
        yield cell


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ShownImages:
    """Test images in one place of a grid, as all models see them."""

    place: Place
    images: Tensor
    """(N, C, H, W) float32 in [0, 1], channels_last."""
    labels: Tensor
    """(N,) int64."""
    source: str
    """As a cell's."""
    rule: int | None
    """As a cell's."""
    dataset: str
    class_names: tuple[str, ...]
    """Of the data set."""

    @classmethod
    def of(
        cls, data: ImageData, num_images: int, changes: Sequence[str] = (), *, place: Place
    ) -> "ShownImages":
        """The first so many test images of a data set, corrupted as the place says.

        Args:
            data: Whose.
            num_images: At most so many.
            changes: What was done to them before, as `brought` says it.
            place: Corruption and severity.

        Raises:
            ValueError: An unknown corruption, or a severity that is none.
        """
        corruption, severity = place
        rule = None
        if corruption is None:
            images = as_float(torch.from_numpy(data.x_test[:num_images]))
            labels, source = torch.from_numpy(data.y_test[:num_images]), "clean"
        else:
            made = corrupted_test_set(
                data,
                corruption,
                severity,
                num_images=num_images,
                generator=noise_of(corruption, severity),
            )
            images, labels, source = made.images, made.labels, made.words
            rule = RULE if made.source == "generated" else None
        return cls(
            place=place,
            images=images,
            labels=labels,
            source=", ".join([source, *changes]),
            rule=rule,
            dataset=data.name,
            class_names=data.class_names,
        )


def brought(
    data: ImageData, image_shape: tuple[int, int, int], num_images: int
) -> tuple[ImageData, int, list[str]]:
    """The first so many test images in the form (H, W, C) that a model takes.

    Returns:
        The data set, how many are to be used, and what was done to them in a few words each.
    """
    came, takes = data.x_test.shape[1:], image_shape
    changes = []
    if came[2] != takes[2]:
        changes.append("in grey" if came[2] > takes[2] else "grey as RGB")
    if came[:2] != takes[:2]:
        changes.append(f"{came[0]}×{came[1]} as {takes[0]}×{takes[1]}")
    if changes:
        those = in_form(data.x_test[:num_images], image_shape)
        data = replace(data, x_test=those, y_test=data.y_test[:num_images])
    return data, num_images, changes


def images_under(
    conditions: Iterable[Condition], *, image_shape: tuple[int, int, int], num_images: int
) -> dict[Condition, Tensor]:
    """Test images of data sets, corrupted or as they are, in the form (H, W, C) of a model.

    Args:
        conditions: Data set, corruption (None: as they are), severity (0 where none).
        image_shape: What the model takes.
        num_images: At most the first so many of each.

    Raises:
        ValueError: An unknown data set or corruption.
        FileNotFoundError: A data set is not on disk.
    """
    return {
        (dataset, corruption, severity): ShownImages.of(
            *brought(load_dataset(dataset), image_shape, num_images), place=(corruption, severity)
        ).images
        for dataset, corruption, severity in conditions
    }


def checked(num_images: SupportsIndex, batch_size: SupportsIndex, order: str) -> tuple[int, int]:
    """Both numbers as Python's.

    Raises:
        TypeError, ValueError: They do not say how a model can be asked.
    """
    num_images, batch_size = whole(num_images, "num_images"), whole(batch_size, "batch_size")
    if num_images < 1 or batch_size < 1:
        raise ValueError(
            f"num_images and batch_size must be at least 1, got {num_images} and {batch_size}"
        )
    if order not in (known := (*ORDERS, *COUNTED)):
        raise ValueError(f"order must be one of {', '.join(known)}, got {order!r}")
    return num_images, batch_size


def answers(
    model: Classifier,
    shown: ShownImages,
    *,
    batch_size: int,
    order: Order = "mixed",
    class_names: Sequence[str] | None = None,
) -> Cell:
    """What a model says to images. Those of classes that it does not know are left out.

    Args:
        model: Images (N, C, H, W) in [0, 1] to logits, in the mode to be tested.
        shown: What it is asked about.
        batch_size: Where the model normalizes by test-batch statistics, answers depend on it.
        order: Of the images.
        class_names: What each logit stands for; None for the classes of the images.

    Raises:
        ValueError: It knows none of the classes, has not one logit for each of its own, or there
            are more than 256 classes.
    """
    naming = Naming(
        dataset=shown.dataset,
        classes=shown.class_names,
        logits=shown.class_names if class_names is None else tuple(class_names),
    )
    if len(naming.names) > 256:
        raise ValueError(f"a grid holds up to 256 classes, got {len(naming.names)}")
    images, labels, source = shown.images, shown.labels, shown.source
    if left_out := naming.left_out(labels.tolist()):
        is_known = torch.tensor(naming.logit_of)[labels] >= 0
        images, labels, source = images[is_known], labels[is_known], f"{source}, {left_out}"
    logits = _logits(model, images, labels, batch_size, order)
    if logits.shape[1:] != (len(naming.logits),):
        raise ValueError(
            f"expected a logit for each of the {len(naming.logits)} classes of {shown.dataset}, "
            f"got {tuple(logits.shape[1:])}; take a model that was trained on these classes, or "
            f"name its own"
        )
    confidences, chosen = logits.softmax(1).max(1)
    corruption, severity = shown.place
    return Cell(
        corruption=corruption,
        severity=severity,
        source=source,
        rule=shown.rule,
        loss=float(
            torch.nn.functional.cross_entropy(logits, torch.tensor(naming.logit_of)[labels])
        ),
        answers=bytes(torch.tensor(naming.places)[chosen].tolist()),
        confidences=bytes(confidences.mul(255).round().int().tolist()),
        labels=bytes(labels.tolist()),
    )


@torch.inference_mode()
def _logits(
    model: Classifier, images: Tensor, labels: Tensor, batch_size: int, order: Order
) -> Tensor:
    """(N, classes), in the order of the images, whatever the order in which they were asked."""
    if order == "mixed":  # slices, which are no copies
        return torch.cat([model(batch) for batch in images.split(batch_size)])
    batches = batches_of(labels, batch_size, order)
    answers = torch.cat([model(images[batch]) for batch in batches])
    return torch.empty_like(answers).index_copy_(0, torch.cat(batches), answers)
