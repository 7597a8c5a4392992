"""A picture of one's own, drawn or uploaded, as a network takes it."""

import base64
import binascii
import zlib

import numpy as np
from PIL import Image

from afn.data.picture_files import read_picture

SIDE = 28
"""Drawings are kept in MNIST's size."""
_BOX = 20
"""MNIST's digits fill a box of so many pixels, centred by mass in the image."""
_LEVELS = 16
_MOST_PIXELS = 40_000_000
_MOST_TEXT = 4_000


def from_upload(file: bytes, image_shape: tuple[int, int, int], *, is_digit: bool) -> bytes:
    """An image file as uint8 (H, W, C).

    A digit is laid out as MNIST's are: bright on dark, its longer side 20 of 28 pixels, centred by
    mass. Other images are cropped to a square about their middle.

    Args:
        file: Its content, of any format that image trees take; see `afn.data.picture_files`.
        image_shape: (H, W, C) that the network takes.
        is_digit: Whether it knows digits.

    Raises:
        ValueError: Not such a file, damaged, too large a picture, or nothing to be seen on it.
    """
    image = read_picture(file, most_pixels=_MOST_PIXELS).image
    if is_digit:
        digit = centred(np.asarray(image.convert("L")))
        return in_shape(digit, image_shape)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side))
    return _bytes(image, image_shape)


def centred(grey: np.ndarray) -> np.ndarray:
    """A digit on a plain ground, laid out as MNIST's are.

    Args:
        grey: (H, W) uint8, dark on bright or bright on dark: the border says which.

    Returns:
        (28, 28) uint8, bright on dark.

    Raises:
        ValueError: Nothing stands out from the ground.
    """
    values = grey.astype(float)
    border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    ink = values - np.median(border)
    if abs(ink.min()) > ink.max():
        ink = -ink
    ink = np.clip(ink, 0, None)
    if ink.max() < 25:
        raise ValueError(
            "expected a digit that stands out from its ground, got a nearly plain picture"
        )
    ink = np.where(ink > 0.25 * ink.max(), ink / ink.max(), 0)
    rows, columns = np.nonzero(ink.sum(1))[0], np.nonzero(ink.sum(0))[0]
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = _BOX / max(ink.shape)
    size = [max(1, round(scale * side)) for side in ink.shape]
    small = Image.fromarray((255 * ink).astype(np.uint8)).resize(
        (size[1], size[0]), Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    )
    digit = np.asarray(small, dtype=float)
    # box averages grey thin strokes; a digit's brightest pixels are white
    digit = digit * (255 / max(digit.max(), 1))
    center = [
        float((np.arange(length) * digit.sum(1 - axis)).sum() / digit.sum())
        for axis, length in enumerate(digit.shape)
    ]
    made = np.zeros((SIDE, SIDE), dtype=np.uint8)
    top, left = (
        int(np.clip(round((SIDE - 1) / 2 - middle), 0, SIDE - length))
        for middle, length in zip(center, digit.shape, strict=True)
    )
    made[top : top + digit.shape[0], left : left + digit.shape[1]] = digit.round().astype(np.uint8)
    return made


def in_shape(digit: np.ndarray, image_shape: tuple[int, int, int]) -> bytes:
    """A digit (28, 28) uint8 in the form that a network takes."""
    return _bytes(Image.fromarray(digit), image_shape)


def to_text(digit: np.ndarray) -> str:
    """A digit (28, 28) for a link, in 16 levels of grey: some 200 to 300 letters."""
    levels = np.rint(digit / 255 * (_LEVELS - 1)).astype(np.uint8).ravel()
    packed = zlib.compress((levels[::2] << 4 | levels[1::2]).tobytes(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def from_text(text: str) -> np.ndarray:
    """The inverse of `to_text`, (28, 28) uint8.

    Raises:
        ValueError: It is no such text.
    """
    try:
        if len(text) > _MOST_TEXT:
            raise ValueError
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        unpacker = zlib.decompressobj()
        pairs = np.frombuffer(unpacker.decompress(packed, SIDE * SIDE), dtype=np.uint8)
        levels = np.stack([pairs >> 4, pairs & 15], 1).reshape(SIDE, SIDE)
    except (ValueError, binascii.Error, zlib.error):
        raise ValueError("a drawing in a link is 28×28 pixels, packed; this is cut short") from None
    return (levels.astype(int) * 255 // (_LEVELS - 1)).astype(np.uint8)


def _bytes(image: Image.Image, image_shape: tuple[int, int, int]) -> bytes:
    height, width, channels = image_shape
    image = image.convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=np.uint8).tobytes()
