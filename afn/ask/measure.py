"""Making the cells of a corruption grid, one after the other."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, SupportsIndex

import torch
from torch import Tensor

from afn.ask.batches import batches_of
from afn.ask.classifiers import AskedModel
from afn.ask.evaluate import Classifier, noise_of
from afn.ask.image_sets import ImageSet, StreamedImages, image_set, picked
from afn.ask.progress import shown_progress
from afn.ask.protocol import ModelFacts
from afn.ask.reading import model_facts
from afn.ask.records import COUNTED, ORDERS, Cell, GridFile, Order, Place, places, where
from afn.ask.rescaling import Condition
from afn.ask.results import Grid
from afn.ask.taking import PerChannel
from afn.corruptions import CORRUPTIONS, corrupted_test_set
from afn.corruptions.applying import applicable
from afn.corruptions.severities import constants_of
from afn.data import ImageData, load_dataset
from afn.data.classes import Naming
from afn.data.forms import in_form
from afn.numbers import whole
from afn.pixels import as_float
from afn.settings.corruptions import RULE

_MOST_CLASSES = 2**16


def corruption_grid(
    model: Callable[..., Any],
    data: Any,
    *,
    num_images: int | None = None,
    batch_size: int = 128,
    order: Order = "mixed",
    corruptions: Collection[str] = tuple(CORRUPTIONS),
    severities: Collection[int] = (1, 2, 3, 4, 5),
    known: Mapping[Place, Cell] | None = None,
    class_names: Sequence[str] | None = None,
    mean: PerChannel | None = None,
    std: PerChannel | None = None,
    size: int | tuple[int, int] | None = None,
    name: str = "",
    progress: bool = False,
) -> Grid:
    """Answers of a model to clean and corrupted test images, cell by cell, the clean ones first.

    The noise depends on corruption, severity and the image's number alone, so that all models see
    the same pixels and their answers can be compared image by image. Left out is what changes none
    of the images, such as ``saturate`` on grey ones; see :mod:`afn.corruptions.applying`.

    Each cell is computed when it is asked for. The images are read once and kept as they are; of
    corrupted ones a batch lies in memory at a time, or in an order by classes a cell's.

    Args:
        model: Images (N, C, H, W) to logits (N, classes), in the mode to be tested: any module, on
            its own device, or a function. Logits may be an entry ``logits`` of what it gives.
        data: Test images, of any kind that `image_set` takes: a ``DataLoader``, a ``Dataset``,
            ``(X, y)``, a folder ``CLASS/*``, a data set.
        num_images: The first so many; None is all.
        batch_size: Where the model normalizes by test-batch statistics, answers depend on it. The
            loader's own plays no part.
        order: "by label" sorts the images by class before they are put into batches, so that a
            batch holds few classes: what test-batch statistics cannot know; "3 classes" has each
            batch hold three, see `afn.ask.batches.batches_of`.
        corruptions: Names, of ``CORRUPTIONS``.
        severities: Of 1 to 5.
        known: Cells by place that are yielded in their turn instead of being computed.
        class_names: What each logit of the model stands for; None for the classes of `data`.
        mean: Of each channel, by which a loader's images were normalized, as `image_set` takes it.
        std: Likewise.
        size: To which a folder's pictures are brought.
        name: What to call the model; its class by default.
        progress: Whether to show a bar with the time left (needs rich).

    Returns:
        The cells, one by one; ``frame()`` is a table of them, ``figure()`` a picture, ``card()``
        the protocol.

    Raises:
        TypeError: A number that is no integer, or no model.
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
    _, batch_size = checked(1 if num_images is None else num_images, batch_size, order)
    asked = tuple(places(corruptions, severities))
    for corruption, severity in asked:
        if corruption:
            constants_of(corruption, severity)  # before anything is computed

    @cache
    def images() -> ImageSet:
        return image_set(data, num_images, mean=mean, std=std, size=size)

    @cache
    def facts() -> ModelFacts:
        return model_facts(model, batch_size, name=name, warns=True)

    def cells() -> Iterator[Cell]:
        channels, height, width = images().shape
        shape = (height, width, channels if images().has_colour else 1)
        known_set = images().data
        those = applicable(asked, known_set.name if known_set else "", shape)
        with shown_progress(progress, len(those) * len(images())) as advance:
            for place in those:
                if known and place in known:
                    advance(where(place), len(images()))
                    yield known[place]
                    continue
                facts()  # as it is now: in training mode each answer changes it
                yield answers(
                    AskedModel(model, images()),
                    StreamedImages.of(images(), place),
                    batch_size=batch_size,
                    order=order,
                    class_names=class_names,
                    advance=partial(advance, where(place)),
                )

    return Grid(cells(), asked=lambda: (facts(), images()), batch_size=batch_size, order=order)


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
    class_names: tuple[str, ...] | None
    """Of the data set; None: numbers alone, as many as there are logits."""

    def batches(self, numbers: Sequence[Tensor]) -> Iterator[Tensor]:
        """The images of each batch, by their numbers."""
        return (picked(self.images, batch) for batch in numbers)

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
    shown: "ShownImages | StreamedImages",
    *,
    batch_size: int,
    order: Order = "mixed",
    class_names: Sequence[str] | None = None,
    advance: Callable[[int], object] = lambda num_images: None,
) -> Cell:
    """What a model says to images. Those of classes that it does not know are left out.

    Args:
        model: Images (N, C, H, W) in [0, 1] to logits, in the mode to be tested.
        shown: What it is asked about.
        batch_size: Where the model normalizes by test-batch statistics, answers depend on it.
        order: Of the images.
        class_names: What each logit stands for; None for the classes of the images, and where
            these have none, for as many as there are logits.
        advance: Told how many images were answered, batch by batch.

    Raises:
        ValueError: It knows none of the classes, has not one logit for each of its own, or there
            are more than 65,536 classes.
    """
    logits_of = class_names or shown.class_names
    naming = None
    labels, source, those = shown.labels, shown.source, torch.arange(len(shown.labels))
    if logits_of is not None:
        naming = Naming(
            dataset=shown.dataset,
            classes=shown.class_names or _numbered(len(logits_of), labels, shown.dataset),
            logits=tuple(logits_of),
        )
        if left_out := naming.left_out(labels.tolist()):
            those = (torch.tensor(naming.logit_of)[labels] >= 0).nonzero()[:, 0]
            labels, source = labels[those], f"{source}, {left_out}"
    logits = _logits(model, shown, those, batch_size, order, advance)
    if naming is None:
        names = _numbered(logits.shape[1], labels, shown.dataset)
        naming = Naming(dataset=shown.dataset, classes=names, logits=names)
    if len(naming.names) > _MOST_CLASSES:
        raise ValueError(f"a cell holds up to {_MOST_CLASSES:,} classes, got {len(naming.names):,}")
    if logits.shape[1:] != (len(naming.logits),):
        raise ValueError(
            f"expected a logit for each of the {len(naming.logits)} classes of {shown.dataset}, "
            f"got {tuple(logits.shape[1:])}; take a model that was trained on these classes, or "
            f"name its own"
        )
    confidences, chosen = logits.softmax(1).max(1)
    if bool(confidences.isnan().any()):
        raise ValueError(
            f"expected logits that are numbers, got NaN on images of {shown.dataset} "
            f"({where(shown.place)})"
        )
    dtype = "u1" if len(naming.names) <= 256 else "<u2"
    corruption, severity = shown.place
    return Cell(
        corruption=corruption,
        severity=severity,
        source=source,
        rule=shown.rule,
        loss=float(
            torch.nn.functional.cross_entropy(logits, torch.tensor(naming.logit_of)[labels])
        ),
        answers=torch.tensor(naming.places)[chosen].numpy().astype(dtype).tobytes(),
        confidences=bytes(confidences.mul(255).round().int().tolist()),
        labels=labels.numpy().astype(dtype).tobytes(),
    )


def _numbered(count: int, labels: Tensor, dataset: str) -> tuple[str, ...]:
    """Names of classes that have numbers alone."""
    if (last := int(labels.max())) >= count:
        raise ValueError(
            f"{dataset}: expected labels from 0 to {count - 1}, one for each of {count} logits, "
            f"got {last}"
        )
    return tuple(f"class {number}" for number in range(count))


@torch.inference_mode()
def _logits(
    model: Classifier,
    shown: "ShownImages | StreamedImages",
    those: Tensor,
    batch_size: int,
    order: Order,
    advance: Callable[[int], object],
) -> Tensor:
    """(N, classes) of those images, in their order, whatever the order in which they were asked."""
    batches = batches_of(shown.labels[those], batch_size, order)
    found = []
    for images in shown.batches([those[batch] for batch in batches]):
        found.append(model(images))
        advance(len(images))
    answers = torch.cat(found)
    if order == "mixed":
        return answers
    return torch.empty_like(answers).index_copy_(0, torch.cat(batches), answers)
