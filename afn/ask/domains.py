"""Making the cells of a domain matrix: models trained on some domains, tested on others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from afn.ask.classifiers import AskedModel
from afn.ask.crossing import Crossing
from afn.ask.image_sets import ImageSet, StreamedImages, image_set
from afn.ask.measure import ShownImages, answers, brought, checked
from afn.ask.progress import shown_progress
from afn.ask.protocol import ModelFacts
from afn.ask.reading import model_facts
from afn.ask.records import GridFile, Order, Place, Question, classes_of
from afn.ask.results import Matrix
from afn.ask.taking import PerChannel
from afn.data import ImageData
from afn.data.classes import Naming

_CLEAN: Place = (None, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A model as a domain matrix sees it; of all but the model there is a default.

    Example:
        >>> from afn import Row, load_pretrained
        >>> row = Row(model=load_pretrained("mnist5k-bn"), image_shape=(28, 28, 1))
        >>> row.class_names is None  # those of each domain
        True
    """

    model: Callable[..., Any]
    """Images (N, C, H, W) to logits (N, classes), in the mode to be tested."""
    image_shape: tuple[int, int, int] | None = None
    """(H, W, C) of the images it takes, C 1 or 3; every domain's are brought to it. None takes them
    as they are."""
    class_names: tuple[str, ...] | None = None
    """What each logit stands for: a domain's classes are found by their names. None: those of each
    domain, by their numbers."""
    statistics: str = ""
    """Whose statistics its norms use, in words: "running", "test batch of 128", ... Read off the
    model where it is left out."""
    weights: str = ""
    """SHA-256 of the weights' file; needed only where cells are kept."""
    folder: Path | None = None
    """Where its cells are kept by their question, and found instead of being computed: in the
    files of its corruption grids, of which these are the clean cells. None keeps none."""

    def __post_init__(self) -> None:
        if self.folder and not self.weights:
            raise ValueError("cells are kept by their weights' SHA-256: give it with the folder")


def domain_matrix(
    rows: Mapping[str, Row | Callable[..., Any]],
    domains: Sequence[Any] | Mapping[str, Any],
    *,
    num_images: int | None = None,
    batch_size: int = 128,
    order: Order = "mixed",
    mean: PerChannel | None = None,
    std: PerChannel | None = None,
    size: int | tuple[int, int] | None = None,
    progress: bool = False,
) -> Matrix:
    """Answers of every model to the clean test images of every domain, cell by cell.

    Domain by domain, so that all models of one column can soon be compared: where they take images
    of one shape, they see the same pixels. Images of classes that a model does not know are left
    out of its cell, whose source says how many.

    Args:
        rows: The models by name: a `Row`, or a model alone.
        domains: What to test on, each of any kind that `image_set` takes, by name or with one of
            its own; only test images are used.
        num_images: At most the first so many of each domain; None is all.
        batch_size: Where a model normalizes by test-batch statistics, answers depend on it.
        order: "by label" sorts the images by class before they are put into batches.
        mean: Of each channel, by which loaders' images were normalized, as `image_set` takes it.
        std: Likewise.
        size: To which folders' pictures are brought.
        progress: Whether to show a bar with the time left (needs rich).

    Returns:
        The cells, one by one; ``frame()`` is a table of them, ``figure()`` a picture, ``card()``
        the protocol.

    Raises:
        ValueError: A model knows none of a domain's classes, two domains have one name, there are
            no images, or an unknown order.

    Example:
        >>> from afn import domain_matrix, load_pretrained
        >>> from afn.data import load_dataset
        >>> from afn.ask.domains import Row
        >>> row = Row(
        ...     model=load_pretrained("mnist5k-bn"), image_shape=(28, 28, 1),
        ...     class_names=tuple("0123456789"), statistics="running",
        ... )
        >>> domains = [load_dataset("mnist5k"), load_dataset("digits8")]
        >>> own, other = domain_matrix({"bn": row}, domains, num_images=100)
        >>> own.cell.accuracy > other.cell.accuracy
        True
    """
    _, batch_size = checked(1 if num_images is None else num_images, batch_size, order)
    models = {name: it if isinstance(it, Row) else Row(model=it) for name, it in rows.items()}
    named = domains if isinstance(domains, Mapping) else dict(enumerate(domains))

    @cache
    def sets() -> list[ImageSet]:
        found = [
            image_set(
                each, num_images, mean=mean, std=std, size=size,
                name=key if isinstance(key, str) else None,
            )
            for key, each in named.items()
        ]  # fmt: skip
        names = [images.name for images in found]
        if len(set(names)) < len(names):
            raise ValueError(f"each domain needs a name of its own, got {', '.join(names)}")
        for images in found:
            for row in models.values():
                if row.class_names is not None:
                    _naming(images, row.class_names)
        return found

    @cache
    def facts(name: str) -> ModelFacts:
        row = models[name]
        return model_facts(row.model, batch_size, name=name, statistics=row.statistics, warns=True)

    def crossings() -> Iterator[Crossing]:
        total = sum(map(len, sets())) * len(models)
        with shown_progress(progress, total) as advance:
            for images in sets():
                shown: dict[object, ShownImages | StreamedImages] = {}
                for name, row in models.items():
                    question = Question(
                        weights=row.weights,
                        dataset=images.name,
                        num_images=len(images) if num_images is None else num_images,
                        statistics=row.statistics or facts(name).statistics,
                        batch_size=batch_size,
                        order=order,
                        classes=_other_classes(images, row),
                    )
                    file = GridFile(row.folder, question) if row.folder else None
                    cell = file.cells().get(_CLEAN) if file else None
                    if cell is None:
                        if row.image_shape not in shown:
                            shown[row.image_shape] = _shown(images, row.image_shape)
                        facts(name)  # as it is now: in training mode each answer changes it
                        cell = answers(
                            AskedModel(row.model, images), shown[row.image_shape],
                            batch_size=batch_size, order=order, class_names=row.class_names,
                            advance=partial(advance, f"{name} on {images.name}"),
                        )  # fmt: skip
                        if file:
                            file.append(cell)
                    else:
                        advance(f"{name} on {images.name}", len(images))
                    yield Crossing(model=name, question=question, cell=cell)

    def asked(crossing: Crossing) -> tuple[ModelFacts, ImageSet]:
        named = {images.name: images for images in sets()}
        return facts(crossing.model), named[crossing.question.dataset]

    return Matrix(crossings(), asked=asked)


def _naming(images: ImageSet, logits: tuple[str, ...]) -> None:
    """Raise ValueError unless they have a class in common."""
    if images.class_names is not None:
        Naming(dataset=images.name, classes=images.class_names, logits=logits)


def _other_classes(images: ImageSet, row: Row) -> str:
    if images.class_names is None or row.class_names is None:
        return ""
    return classes_of(images.class_names, row.class_names)


def _shown(
    images: ImageSet, image_shape: tuple[int, int, int] | None
) -> ShownImages | StreamedImages:
    """Clean images in the form (H, W, C) that a model takes; None as they are."""
    channels, height, width = images.shape
    if image_shape is None or (images.data is None and image_shape == (height, width, channels)):
        return StreamedImages.of(images, _CLEAN)
    data = images.data
    if data is None:
        if images.images.dtype != torch.uint8:
            raise ValueError(
                f"{images.name}: expected images of {image_shape[0]}×{image_shape[1]} with "
                f"{image_shape[2]} channels, or bytes that can be brought to it, got floats of "
                f"{height}×{width} with {channels}: resize them in the transform"
            )
        pixels, labels = images.images.permute(0, 2, 3, 1).numpy(), images.labels.numpy()
        # Those without names are as many as the logits, which are not known yet.
        names = images.class_names or tuple(map(str, range(int(labels.max()) + 1)))
        data = ImageData(
            name=images.name, x_train=pixels[:0], y_train=labels[:0], x_test=pixels,
            y_test=labels, class_names=names,
        )  # fmt: skip
    shown = ShownImages.of(*brought(data, image_shape, len(images)), place=_CLEAN)
    return replace(shown, class_names=images.class_names)
