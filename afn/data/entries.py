"""What a data set is: its arrays, its line in the catalogue, and where it comes from."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

Availability = Literal["embedded", "on disk", "downloadable", "missing"]
_JOINERS = "\u200c\u200d"  # invisible, but some scripts spell with them
_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What would have the text behind it read the other way."""
_UNSEEN = "\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff"
"""Signs without a shape that no script spells with."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImageData:
    """The arrays of one data set.

    Raises:
        ValueError: There is not one label for each image, or a label without a class.

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
    """The name of each label. By it, not by its number, a class is the same in another set."""

    def __post_init__(self) -> None:
        for split in ("train", "test"):
            images, labels = getattr(self, f"x_{split}"), getattr(self, f"y_{split}")
            if labels.shape != images.shape[:1]:
                raise ValueError(
                    f"{self.name}: expected one label for each image, got x_{split} of shape "
                    f"{images.shape} and y_{split} of shape {labels.shape}; leave out what has no "
                    f"partner"
                )
            if len(labels) and not 0 <= labels.min() <= labels.max() < len(self.class_names):
                raise ValueError(
                    f"{self.name}: expected labels from 0 to {len(self.class_names) - 1}, one for "
                    f"each class, got y_{split} from {labels.min()} to {labels.max()}; renumber "
                    f"the classes from 0"
                )

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
    status: Availability
    """Whether it can be loaded now, and if not, whether it can be downloaded."""
    image_shape: tuple[int, int, int]
    """(H, W, C) of one image; zeros where the files cannot be read."""
    class_names: tuple[str, ...]
    """The name of each label; none where the files cannot be read."""
    num_train: int
    """Number of training images."""
    num_test: int
    """Number of test images."""
    source: str
    """One sentence: what it is, how it differs from what was published, under which licence."""
    how_to_get: str = ""
    """What to do to have it; empty if it is there."""
    left_out: str = ""
    """What lies beside it in the data folder and is not read; empty for nothing."""

    @property
    def num_classes(self) -> int:
        """Number of labels."""
        return len(self.class_names)


class DatasetSource(NamedTuple):
    """An entry of the catalogue and the function that loads its arrays."""

    entry: DatasetEntry
    load: Callable[[], ImageData]
    former_name: str = ""
    """What it was called while names had ASCII letters alone: runs and links may still say so."""
    is_private: bool = False
    """Whether it is found by its name alone: no list names it."""


def slug(text: str, *, keeps: str = "_.-") -> str:
    """A file's or folder's name as a part of a data set's name.

    Letters of every script stay; capitals become small, and spaces and ASCII's other signs, some of
    which have a meaning in names or shells, a hyphen.
    """
    kept = "".join(
        letter if letter in keeps or _is_kept(letter) else "\0" for letter in composed(text).lower()
    )
    return re.sub("\0+", "-", composed(kept)).strip("_.-") or "unnamed"


def ascii_slug(text: str, *, keeps: str = "_.-") -> str:
    """What `slug` was before it kept the letters of every script."""
    return re.sub(rf"[^a-z0-9{keeps}]+", "-", text.lower()).strip("_.-") or "unnamed"


def _is_kept(letter: str) -> bool:
    if letter.isascii():
        return letter.isalnum()
    if letter in _JOINERS:
        return True
    return unicodedata.category(letter)[0] not in "ZC"  # separators, controls, broken encodings


def composed(text: str) -> str:
    """Text as everyone writes it, whichever way a file system takes letters with accents apart."""
    return unicodedata.normalize("NFC", text)


def shown(text: str) -> str:
    """A name on one line that can be printed; "?" stands where its encoding is broken or odd."""
    return "".join("?" if _is_odd(letter) else letter for letter in composed(text))


def _is_odd(letter: str) -> bool:
    """Whether it would break the line, turn the text around or be no letter at all."""
    return letter in _TURNING or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")


def appearance(text: str) -> str:
    """What is seen of a name: two that have it in common cannot be told apart."""
    seen = "".join(letter for letter in composed(text) if letter not in _UNSEEN)
    return " ".join(seen.split())


def digit_names(num_classes: int = 10) -> tuple[str, ...]:
    """Class names of digits."""
    return tuple(str(label) for label in range(num_classes))


def told_apart(
    sources: Iterable[tuple[str, DatasetSource]],
    refused: Callable[[DatasetEntry, ValueError], DatasetSource],
) -> Iterator[DatasetSource]:
    """Sources, each with its place in the data folder; of those with one name none is meant.

    Args:
        sources: Of one kind, in their order.
        refused: Makes the source that says so, of the first one's entry and the error.
    """
    by_name: dict[str, list[tuple[str, DatasetSource]]] = defaultdict(list)
    for place, source in sources:
        by_name[source.entry.name].append((place, source))
    for name, alike in by_name.items():
        if len(alike) == 1:
            yield alike[0][1]
            continue
        places = " and ".join(shown(place) for place, _ in alike)
        error = ValueError(
            f"{places}: expected names that differ in more than capitals, spaces and signs, got "
            f"{len(alike)} that would all be called {name}; rename one"
        )
        yield refused(alike[0][1].entry, error)
