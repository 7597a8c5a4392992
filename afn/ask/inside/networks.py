"""Networks by name: runs, pretrained models, and those that nobody has trained. Needs no torch."""

from pathlib import Path

from afn.ask.inside.look import UNTRAINED
from afn.ask.network import Network
from afn.ask.sources import network_of
from afn.data import dataset_entry
from afn.settings.config import TrainConfig

_PREFIX = "untrained-"


def network(name: str) -> Network:
    """A run by its id, a pretrained model by its name, ``untrained-<norm>``, or a model of one's
    own as `network_of` takes it.

    Raises:
        ValueError: There is no such norm, or the network has no weights yet.
        FileNotFoundError: There is no such network.
    """
    if name.startswith(_PREFIX):
        return untrained(TrainConfig(norm=name.removeprefix(_PREFIX)))
    return network_of(name)


def untrained(config: TrainConfig) -> Network:
    """The network that a training with this configuration begins with.

    Raises:
        ValueError: Nobody knows its data set.
    """
    entry = dataset_entry(config.dataset)
    return Network(
        id=f"{_PREFIX}{config.norm}",
        config=config,
        image_shape=entry.image_shape,
        class_names=entry.class_names,
        weights=Path(),
        sha256=UNTRAINED,
        folder=Path(),
    )
