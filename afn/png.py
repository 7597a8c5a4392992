"""Pixels as pictures for a page."""

import base64
import io

import numpy as np
from PIL import Image


def data_uri(pixels: np.ndarray) -> str:
    """An image (H, W, C) uint8, C 1 or 3, as the data URI of a PNG file."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode()


def png(pixels: np.ndarray) -> bytes:
    """An image (H, W, C) uint8, C 1 or 3, as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(file, "png")
    return file.getvalue()
