"""Images at hand: read once, labelled as a network's logits are numbered, put into batches."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from afn.ask.evaluate import noise_of
from afn.ask.inside.look import POOL, SHOWN, Batch, Look
from afn.ask.measure import ShownImages, brought
from afn.ask.network import Network
from afn.corruptions import corrupt
from afn.data import ImageData, load_dataset
from afn.data.classes import Naming
from afn.pixels import as_float

_POOL_BYTES = 40e6


def _pool_size(network: Network) -> int:
    """Images that are kept at hand: of large ones fewer."""
    size = 4 * math.prod(network.image_shape)
    return min(POOL, max(int(_POOL_BYTES / size), 2 * SHOWN))


def set_of(network: Network, batch: Batch) -> tuple[ImageData, list[str]]:
    """The batch's data set as the network takes it, without what would only fill the memory."""
    size = _pool_size(network)
    data, _, changes = brought(load_dataset(batch.dataset), network.image_shape, size)
    no_images, no_labels = data.x_train[:0].copy(), data.y_train[:0].copy()
    return replace(data, x_train=no_images, y_train=no_labels), changes


def pool_of(network: Network, batch: Batch, data: ImageData, changes: list[str]) -> ShownImages:
    """The images of a `set_of` that the network can be asked about, corrupted as the batch is."""
    place = batch.corruption, batch.severity
    shown = ShownImages.of(data, _pool_size(network), changes, place=place)
    if network.rebuilt and not set(data.class_names) & set(network.class_names):
        return replace(
            shown,
            labels=torch.full_like(shown.labels, -1),
            source=f"{shown.source}, of classes that it does not know",
            class_names=network.class_names,
        )
    naming = Naming(dataset=data.name, classes=data.class_names, logits=network.class_names)
    left_out = naming.left_out(shown.labels.tolist())
    labels = torch.tensor(naming.logit_of)[shown.labels]
    return replace(
        shown,
        images=shown.images[labels >= 0] if left_out else shown.images,
        labels=labels[labels >= 0],
        source=", ".join(filter(None, [shown.source, left_out])),
        class_names=network.class_names,
    )


def ordered(pool: ShownImages, batch: Batch) -> Tensor:
    """The images of the pool as batches come."""
    if batch.order == "by label":
        return pool.labels.argsort(stable=True)
    return torch.arange(len(pool.labels))


def chosen_of(pool: ShownImages, batch: Batch) -> Tensor:
    """Which images of the pool are in the batch."""
    order = ordered(pool, batch)
    return order[(batch.first + torch.arange(min(batch.size, len(order)))) % len(order)]


def check_image(look: Look, chosen: Tensor) -> None:
    """Raise ValueError unless the image that is followed is in the batch."""
    if not 0 <= look.image < len(chosen):
        raise ValueError(f"the batch has images 0 to {len(chosen) - 1}, got {look.image}")


def picture_of(look: Look) -> Tensor:
    """The image of one's own, (C, H, W)."""
    height, width, channels = look.subject.image_shape
    given, batch = look.batch.picture, look.batch
    if len(given) != height * width * channels:
        raise ValueError(
            f"expected a picture of {height}×{width}×{channels} bytes, got {len(given)} bytes"
        )
    pixels = torch.frombuffer(bytearray(given), dtype=torch.uint8)
    image = as_float(pixels.view(1, height, width, channels))
    if batch.corruption is not None and batch.damages_picture:
        generator = noise_of(batch.corruption, batch.severity)
        image = corrupt(image, batch.corruption, batch.severity, generator)
    return image[0]
