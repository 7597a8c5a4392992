"""Bringing images to the channels and the size that a model takes."""

from dataclasses import replace

import numpy as np
from PIL import Image

from afn.data.entries import ImageData


def in_form(images: np.ndarray, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Images of any data set with the channels and sides that a model takes.

    Colour becomes grey as luma (ITU-R 601), grey becomes colour by repetition, and another size is
    reached by antialiased bicubic resampling, which keeps no aspect ratio.

    Args:
        images: (N, H, W, C) uint8, C 1 or 3.
        image_shape: (H, W, C) of each image afterwards.

    Returns:
        uint8 of that shape; the images themselves where they have it.

    Raises:
        ValueError: Not such images, or no such shape.
    """
    height, width, channels = image_shape
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[3] not in (1, 3):
        raise ValueError(
            f"expected images as uint8 (N, H, W, C) with C 1 or 3, got {images.dtype} "
            f"{images.shape}"
        )
    if min(height, width) < 1 or channels not in (1, 3):
        raise ValueError(f"expected a shape (H, W, C) with C 1 or 3, got {image_shape}")
    # Resampling is the dear part: it is done on one channel wherever one is enough.
    if images.shape[3] > channels:
        images = _luma(images)
    if images.shape[1:3] != (height, width):
        images = _resized(images, (height, width))
    return images if images.shape[3] == channels else images.repeat(channels, axis=3)


def data_in_form(data: ImageData, image_shape: tuple[int, int, int]) -> ImageData:
    """A data set with all its images brought to a shape (H, W, C); see `in_form`."""
    return replace(
        data,
        x_train=in_form(data.x_train, image_shape),
        x_test=in_form(data.x_test, image_shape),
    )


def _luma(images: np.ndarray) -> np.ndarray:
    """As Pillow computes it, in 16 fractional bits, so that grey stays what it is."""
    grey = np.full(images.shape[:3], 0x8000, dtype=np.uint32)
    for channel, weight in enumerate((19595, 38470, 7471)):
        grey += images[..., channel] * np.uint32(weight)
    return (grey >> 16).astype(np.uint8)[..., None]


def _resized(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    channels = images.shape[3]
    made = np.empty((len(images), *size, channels), dtype=np.uint8)
    for source, target in zip(images, made, strict=True):
        image = Image.fromarray(source[..., 0] if channels == 1 else source)
        resized = np.asarray(image.resize(size[::-1], Image.Resampling.BICUBIC))
        target[:] = resized.reshape(target.shape)
    return made
