"""Checksums of data sets, of what a model saw of them, whatever file they came in."""

import hashlib

import numpy as np

from afn.data import ImageData


def test_checksum(data: ImageData) -> str:
    """SHA-256 of the test images and labels."""
    return _checksum(data, [data.x_test, data.y_test])


def full_checksum(data: ImageData) -> str:
    """SHA-256 of all images and labels."""
    return _checksum(data, [data.x_train, data.y_train, data.x_test, data.y_test])


def _checksum(data: ImageData, arrays: list[np.ndarray]) -> str:
    digest = hashlib.sha256("\n".join(data.class_names).encode())
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
