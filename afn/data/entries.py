"""What a data set is: its arrays, its line in the catalogue, and where it comes from."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

Status = Literal["embedded", "on disk", "downloadable", "missing"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImageData:
    """The arrays of one data set.

    Example:
        >>> import numpy as np
        >>> from afn.data import ImageData
        >>> images, labels = np.zeros((6, 8, 8, 3), np.uint8), np.arange(6) % 2
        >>> data = ImageData(
        ...     name="mine", x_train=images, y_train=labels, x_test=images, y_test=labels,
        ...     class_names=("cat", "dog"),
        ... )
        >>> len(data.first(num_train=4).x_train)
        4
    """

    name: str
    """The catalogue's name."""
    x_train: np.ndarray
    """Training images, (N, H, W, C) uint8; C is 1 or 3."""
    y_train: np.ndarray
    """Training labels, (N,) int64 from 0."""
    x_test: np.ndarray
    """Test images, as the training images."""
    y_test: np.ndarray
    """Test labels, as the training labels."""
    class_names: tuple[str, ...]
    """The name of each label."""

    def first(self, num_train: int | None = None, num_test: int | None = None) -> "ImageData":
        """The first so many images of each part; None keeps all."""
        return replace(
            self,
            x_train=self.x_train[:num_train],
            y_train=self.y_train[:num_train],
            x_test=self.x_test[:num_test],
            y_test=self.y_test[:num_test],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetEntry:
    """What the catalogue says of a data set without loading its arrays.

    Example:
        >>> from afn.data import DatasetEntry, dataset_entry
        >>> isinstance(dataset_entry("mnist5k"), DatasetEntry)
        True
        >>> dataset_entry("mnist5k").status
        'embedded'
    """

    name: str
    """The name to load it by."""
    title: str
    """The name to show."""
    status: Status
    """Whether it can be loaded now, and if not, whether it can be downloaded."""
    image_shape: tuple[int, int, int]
    """(H, W, C) of one image; zeros where the files cannot be read."""
    num_classes: int
    """Number of labels."""
    num_train: int
    """Number of training images."""
    num_test: int
    """Number of test images."""
    source: str
    """One sentence: what it is, how it differs from what was published, under which licence."""
    how_to_get: str = ""
    """What to do to have it; empty if it is there."""


class Source(NamedTuple):
    """An entry of the catalogue and the function that loads its arrays."""

    entry: DatasetEntry
    load: Callable[[], ImageData]


def slug(text: str, *, keeps: str = "_.-") -> str:
    """A file's or folder's name as a part of a data set's name: no capitals, spaces or slashes."""
    return re.sub(rf"[^a-z0-9{keeps}]+", "-", text.lower()).strip("_.-") or "unnamed"


def digit_names(num_classes: int = 10) -> tuple[str, ...]:
    """Class names of labels that have no other name."""
    return tuple(str(label) for label in range(num_classes))
