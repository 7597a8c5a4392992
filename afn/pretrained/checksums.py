"""Checksums of data sets: of what a model sees of them, whatever file they came in."""

import hashlib

import numpy as np

from afn.data import ImageData


def checksum(data: ImageData, *, with_training: bool) -> str:
    """SHA-256 of class names, test images and labels, and of those for training if wanted."""
    digest = hashlib.sha256("\n".join(data.class_names).encode())
    arrays = [data.x_test, data.y_test]
    if with_training:
        arrays = [data.x_train, data.y_train, *arrays]
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
