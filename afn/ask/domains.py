"""Making the cells of a domain matrix: models trained on some domains, tested on others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from afn.ask.crossing import Crossing
from afn.ask.evaluate import Classifier
from afn.ask.measure import ShownImages, answers, brought, checked
from afn.ask.records import GridFile, Order, Question, classes_of
from afn.data import ImageData
from afn.data.classes import Naming


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A model as a domain matrix sees it."""

    model: Classifier
    """Images (N, C, H, W) in [0, 1] to logits (N, classes), in the mode to be tested."""
    image_shape: tuple[int, int, int]
    """(H, W, C) of the images it takes, C 1 or 3; every domain's are brought to it."""
    class_names: tuple[str, ...]
    """What each logit stands for: a domain's classes are found by their names."""
    statistics: str
    """Whose statistics its norms use, in words: "running", "test batch of 128", ..."""
    weights: str = ""
    """SHA-256 of the weights' file; needed only where cells are kept."""
    folder: Path | None = None
    """Where its cells are kept by their question, and found instead of being computed: in the
    files of its corruption grids, of which these are the clean cells. None keeps none."""

    def __post_init__(self) -> None:
        if self.folder and not self.weights:
            raise ValueError("cells are kept by their weights' SHA-256: give it with the folder")


def domain_matrix(
    rows: Mapping[str, Row],
    domains: Sequence[ImageData],
    *,
    num_images: int,
    batch_size: int = 128,
    order: Order = "mixed",
) -> Iterator[Crossing]:
    """Answers of every model to the clean test images of every domain, cell by cell.

    Domain by domain, so that all models of one column can soon be compared: where they take images
    of one shape, they see the same pixels. Images of classes that a model does not know are left
    out of its cell, whose source says how many.

    Args:
        rows: The models by name.
        domains: What to test on; only test images are used.
        num_images: At most the first so many of each domain.
        batch_size: Where a model normalizes by test-batch statistics, answers depend on it.
        order: "by label" sorts the images by class before they are put into batches.

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
    num_images, batch_size = checked(num_images, batch_size, order)
    names = [data.name for data in domains]
    if len(set(names)) < len(names):
        raise ValueError(f"each domain needs a name of its own, got {', '.join(names)}")
    for data in domains:
        for row in rows.values():
            Naming(dataset=data.name, classes=data.class_names, logits=row.class_names)
    for data in domains:
        shown: dict[tuple[int, int, int], ShownImages] = {}
        for name, row in rows.items():
            question = Question(
                weights=row.weights,
                dataset=data.name,
                num_images=num_images,
                statistics=row.statistics,
                batch_size=batch_size,
                order=order,
                classes=classes_of(data.class_names, row.class_names),
            )
            file = GridFile(row.folder, question) if row.folder else None
            cell = file.cells().get((None, 0)) if file else None
            if cell is None:
                if row.image_shape not in shown:
                    those = brought(data, row.image_shape, num_images)
                    shown[row.image_shape] = ShownImages.of(*those, place=(None, 0))
                cell = answers(
                    row.model, shown[row.image_shape], batch_size=batch_size, order=order,
                    class_names=row.class_names,
                )  # fmt: skip
                if file:
                    file.append(cell)
            yield Crossing(model=name, question=question, cell=cell)
