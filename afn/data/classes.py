"""Classes by name: what one data set calls 0, another may call 3.

A network's logits stand for the classes of what it was trained on; another set's labels mean
something to it only where their names are among those.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from afn.data.entries import ImageData
from afn.wording import count_words

_SHOWN = 3


def united(parts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """All class names of some data sets, each once: those of the first, then what others add."""
    return tuple(dict.fromkeys(chain.from_iterable(parts)))


def are_joinable(parts: Iterable[Sequence[str]]) -> bool:
    """Whether each of some data sets shares a class with the others together."""
    return _stranger(list(parts)) is None


def check_joinable(sets: Mapping[str, Sequence[str]]) -> None:
    """Raise ValueError with one line unless `are_joinable`.

    Args:
        sets: Class names by the sets' names.
    """
    stranger = _stranger(list(sets.values()))
    if stranger is not None:
        names = list(sets)
        one, other = names[stranger], names[0 if stranger else 1]
        raise ValueError(
            f"sets that are put together need a class in common, got {_some(other, sets[other])} "
            f"and {_some(one, sets[one])}: call the classes alike"
        )


def _stranger(parts: Sequence[Sequence[str]]) -> int | None:
    """The last one that shares no class with the others."""
    for place in reversed(range(len(parts))):
        others = [*parts[:place], *parts[place + 1 :]]
        if others and not set(parts[place]) & set(united(others)):
            return place
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Naming:
    """What a network's logits are called among the classes of a data set.

    Raises:
        ValueError: It knows none of them; the line names some of both.
    """

    dataset: str
    classes: tuple[str, ...]
    """Of the data set, by its labels."""
    logits: tuple[str, ...]
    """The class of each of the network's logits."""

    def __post_init__(self) -> None:
        if not set(self.classes) & set(self.logits):
            raise ValueError(
                f"no class in common: {_some(self.dataset, self.classes)} and "
                f"{_some('the network', self.logits)}; take images of its classes, or call them "
                f"alike (class_names in an archive, folders in a tree)"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The data set's classes, then those that the network alone knows."""
        return united([self.classes, self.logits])

    @property
    def places(self) -> tuple[int, ...]:
        """Of each logit the place in `names`."""
        number = {name: place for place, name in enumerate(self.names)}
        return tuple(number[name] for name in self.logits)

    @property
    def logit_of(self) -> tuple[int, ...]:
        """Of each of the data set's labels the logit; -1 where the network has none."""
        number = {name: logit for logit, name in enumerate(self.logits)}
        return tuple(number.get(name, -1) for name in self.classes)

    def left_out(self, labels: Sequence[int]) -> str:
        """How many images of which classes the network does not know, in words; "" for none.

        Args:
            labels: Of the images that are to be asked about.

        Raises:
            ValueError: It knows none of theirs.
        """
        logit_of = self.logit_of
        unknown = [self.classes[label] for label in labels if logit_of[label] < 0]
        if not unknown:
            return ""
        names = _few(sorted(set(unknown), key=self.classes.index))
        if len(unknown) == len(labels):
            raise ValueError(
                f"the network knows the class of none of the {len(labels)} images of "
                f"{self.dataset}, got {names}: take more images, or other ones"
            )
        return f"{count_words(len(unknown), 'image')} of unknown classes left out ({names})"


def relabelled(data: ImageData, class_names: tuple[str, ...]) -> ImageData:
    """A data set with its labels numbered by other class names, among which its own are."""
    if data.class_names == class_names:
        return data
    number = np.array([class_names.index(name) for name in data.class_names], dtype=np.int64)
    return replace(
        data, y_train=number[data.y_train], y_test=number[data.y_test], class_names=class_names
    )


def _some(name: str, class_names: Sequence[str]) -> str:
    return f"{name} ({_few(class_names)})"


def _few(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return f"{', '.join(names[:_SHOWN])}{f' and {more} more' if more > 0 else ''}"
