"""The published CIFAR-10-C, read from ``CIFAR-10-C/*.npy`` in the data folder."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from afn.data.catalogue import data_dir

_FOLDER = "CIFAR-10-C"
_PER_SEVERITY = 10_000
_NUM_ROWS = 5 * _PER_SEVERITY


class Cifar10C(NamedTuple):
    """CIFAR-10's test images under one corruption at one severity, in the archive's order."""

    images: np.ndarray  # (10000, 32, 32, 3) uint8
    labels: np.ndarray  # (10000,) int64


def read_cifar10c(corruption: str, severity: int, folder: Path | None = None) -> Cifar10C | None:
    """One severity of one corruption, or None where the archive has no file of that name.

    Args:
        corruption: A file's name, without ``.npy``.
        severity: 1 to 5.
        folder: The data folder; None is :func:`afn.data.data_dir`.

    Raises:
        ValueError: There is no such severity, or a file is truncated, not the archive's, or, if
            it is ``labels.npy``, not there; the line names it.
    """
    if not 1 <= severity <= 5:
        raise ValueError(f"severity must be from 1 to 5, got {severity}")
    archive = (folder or data_dir()) / _FOLDER
    files = {path.stem: path for path in archive.glob("*.npy")}  # no name is made into a path
    if corruption not in files:
        return None
    rows = slice(_PER_SEVERITY * (severity - 1), _PER_SEVERITY * severity)
    images = _rows(files[corruption], rows, (32, 32, 3))
    labels = _rows(archive / "labels.npy", rows, ())
    if labels.max() > 9:
        raise _malformed(archive / "labels.npy", "labels from 0 to 9", f"{labels.max()}")
    return Cifar10C(images, labels.astype(np.int64))


def _rows(path: Path, rows: slice, item_shape: tuple[int, ...]) -> np.ndarray:
    """Some rows, read without the rest; the whole file must be there all the same."""
    shape = (_NUM_ROWS, *item_shape)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise _malformed(path, f"a whole array {shape}", f"“{error}”") from error
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8 or array.shape != shape:
        came = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else "an archive"
        raise _malformed(path, f"uint8 {shape}", came)
    return np.array(array[rows])


def _malformed(path: Path, expected: str, came: str) -> ValueError:
    line = f"{_FOLDER}/{path.name}: expected {expected}, got {came}; copy it again"
    return ValueError(" ".join(line.split()))
