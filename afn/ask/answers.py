"""What trained networks answer to test images, however they are asked: all of it in one call."""

from collections.abc import Collection, Hashable, Iterator, Mapping
from itertools import islice
from typing import TypedDict, TypeVar, Unpack

from torch import nn

from afn.ask.measure import ShownImages, brought, checked
from afn.ask.measure import answers as cell_of
from afn.ask.models import as_tested, restored
from afn.ask.network import Stats
from afn.ask.records import Cell, Networks, Order, Place, places
from afn.ask.sources import Source, network_of
from afn.corruptions.applying import applicable
from afn.corruptions.severities import constants_of
from afn.data import ImageData, load_dataset

Name = TypeVar("Name", bound=Hashable)


class Asking(TypedDict, total=False):
    """One question; all but the network has a default."""

    network: str | Source
    """A run's id or a pretrained model's name; or what `find` and `trained` give."""
    dataset: str
    """Whose test images; those of the network's own by default. They are brought to the form that
    it takes, and those of classes that it does not know are left out."""
    num_images: int
    """The first so many; all by default."""
    corruptions: Collection[str]
    """Names, of ``CORRUPTIONS``; none by default."""
    severities: Collection[int]
    """Of each corruption; 1 to 5 by default."""
    clean: bool
    """Whether the images as they are come first; True by default."""
    statistics: Stats | None
    """"running" or "batch", for norms that have the choice; None, the default, is as trained."""
    networks: bool | Networks
    """"on", "off" or "frozen", as `as_tested` takes it."""
    batch_size: int
    """Where statistics are a test batch's, answers depend on it; 128 by default."""
    order: Order
    """"mixed" by default; "by label" and "3 classes" fill batches with few classes."""


def answers(
    questions: Mapping[Name, Asking], **shared: Unpack[Asking]
) -> Iterator[tuple[Name, Cell]]:
    """What trained networks answer to clean and corrupted test images, question by question.

    A question is a dictionary of what `Asking` lists, or of some of it: what questions share is
    said once, as keywords. Noise depends on corruption, severity and the image's number alone, so
    that all networks see the same pixels. A corruption that changes none of the images, such as
    ``saturate`` on grey ones, is left out.

    Args:
        questions: By any name.
        shared: What every question has that does not say it itself.

    Yields:
        The question's name and a cell: its ``accuracy`` from 0 to 1, its 95 % ``interval``,
        ``where`` ("clean", "fog 3"), ``loss`` in nats, and every image's answer.

    Raises:
        ValueError: A question names no network, something unknown, or no images; or a network is
            to have its networks off and has none.
        TypeError: A question has an unknown part, or a number that is no integer.
        FileNotFoundError: There is no such run, or the data set is not on disk.

    Example:
        >>> from afn import answers
        >>> questions = {
        ...     "running": {"network": "mnist5k-bn", "statistics": "running"},
        ...     "batch of 8": {"network": "mnist5k-bn", "statistics": "batch", "batch_size": 8},
        ... }
        >>> found = answers(questions, num_images=100, corruptions=["contrast"], severities=[5])
        >>> [(name, cell.where) for name, cell in found]  # doctest: +NORMALIZE_WHITESPACE
        [('running', 'clean'), ('running', 'contrast 5'),
         ('batch of 8', 'clean'), ('batch of 8', 'contrast 5')]
    """
    asked: dict[Name, Asking] = {name: {**shared, **own} for name, own in questions.items()}
    for name, question in asked.items():  # before the first is answered, which may take long
        _check(name, question)
    made = _Made()
    for name, question in asked.items():
        for cell in _cells(question, made):
            yield name, cell


def _check(name: Hashable, asked: Asking) -> None:
    if unknown := asked.keys() - Asking.__annotations__.keys():
        raise TypeError(
            f"a question has {', '.join(Asking.__annotations__)}, got {', '.join(sorted(unknown))}"
        )
    if "network" not in asked:
        raise ValueError(f"the question {name!r} names no network: give a run or a pretrained one")
    checked(asked.get("num_images", 1), asked.get("batch_size", 128), asked.get("order", "mixed"))
    for corruption, severity in _places(asked):
        if corruption:
            constants_of(corruption, severity)  # says what there is


def _places(asked: Asking) -> Iterator[Place]:
    """The clean one first, if that is asked for."""
    every = places(asked.get("corruptions", ()), asked.get("severities", (1, 2, 3, 4, 5)))
    return islice(every, 0 if asked.get("clean", True) else 1, None)


def _cells(asked: Asking, made: "_Made") -> Iterator[Cell]:
    network = network_of(asked["network"])
    data = made.data(asked.get("dataset", network.config.dataset))
    those = brought(data, network.image_shape, asked.get("num_images", len(data.x_test)))
    if network.sha256 not in made.models:
        made.models[network.sha256] = restored(network)
    model = as_tested(
        made.models[network.sha256], asked.get("statistics"), networks=asked.get("networks", "on")
    )
    for place in applicable(_places(asked), data.name, network.image_shape):
        key = data.name, network.image_shape, those[1], place
        if made.key != key:
            made.key, made.shown = key, ShownImages.of(*those, place=place)
        assert made.shown is not None
        yield cell_of(
            model, made.shown, batch_size=asked.get("batch_size", 128),
            order=asked.get("order", "mixed"), class_names=network.class_names,
        )  # fmt: skip


class _Made:
    """What questions share: networks, data sets, and the images that were shown last."""

    def __init__(self) -> None:
        self.models: dict[str, nn.Module] = {}
        self.key: object = None
        self.shown: ShownImages | None = None
        self._data: ImageData | None = None

    def data(self, name: str) -> ImageData:
        if self._data is None or self._data.name != name:
            self._data = load_dataset(name)
        return self._data
