"""Trained networks on a stream: the models, the images in their form."""

from collections.abc import Iterator, Sequence

from afn.adapt.adapter import Adapter
from afn.adapt.following import image_stream, step_of
from afn.adapt.plan import AdaptMethod, StreamPlan
from afn.adapt.records import StreamStep
from afn.ask.measure import brought
from afn.ask.models import restored
from afn.ask.network import Network
from afn.data import ImageData, load_dataset

StreamPair = tuple[Network, AdaptMethod]


def brought_to(image_shape: tuple[int, int, int], dataset: str, images: int) -> ImageData:
    """The first so many test images of a data set in a form (H, W, C).

    Raises:
        ValueError: There is no such data set.
        FileNotFoundError: It is not on disk.
    """
    return brought(load_dataset(dataset), image_shape, images)[0]


def images_for(network: Network, dataset: str, images: int) -> ImageData:
    """The first so many test images of a data set in the form that a network takes.

    Raises:
        ValueError: Its classes are not the network's.
        FileNotFoundError: It is not on disk.
    """
    data = brought_to(network.image_shape, dataset, images)
    if data.class_names != network.class_names:
        raise ValueError(
            f"{network.id} knows other classes than those of {dataset}: take a data set of its own "
            f"classes"
        )
    return data


def live_on(
    contenders: Sequence[StreamPair], dataset: str, plan: StreamPlan
) -> Iterator[tuple[int, StreamStep]]:
    """Each contender's answers to each batch, the contenders in turn.

    Yields:
        The contender's place in the list, and what it did.

    Raises:
        ValueError: They take images of different forms, or as `images_for` and `Adapter`.
        FileNotFoundError: The data set is not on disk.
    """
    shapes = {network.image_shape for network, _ in contenders}
    if len(shapes) > 1:
        told = " and ".join("×".join(map(str, shape)) for shape in sorted(shapes))
        raise ValueError(f"networks on one stream take images of one form, got {told}")
    adapters = [Adapter(restored(network), method) for network, method in contenders]
    for network, _ in contenders:
        data = images_for(network, dataset, plan.images)
    for batch in image_stream(data, plan):
        for place, adapter in enumerate(adapters):
            yield place, step_of(adapter, batch)
