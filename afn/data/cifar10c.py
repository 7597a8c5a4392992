"""CIFAR-10-C, and corrupted images in its form: ``NAME.npy`` and ``labels.npy`` in a folder."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from afn.data.catalogue import data_dir

CARD = "card.json"
"""Beside what was written here: of which images, at which severities."""
_FOLDER = "CIFAR-10-C"
_PER_SEVERITY = 10_000
_SEVERITIES = (1, 2, 3, 4, 5)


class Cifar10C(NamedTuple):
    """Test images under one corruption at one severity, in the archive's order."""

    images: np.ndarray  # (N, H, W, C) uint8
    labels: np.ndarray  # (N,) int64


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
    archive = (folder or data_dir()) / _FOLDER
    found = _read(archive, corruption, severity, _SEVERITIES, (_PER_SEVERITY, 32, 32, 3))
    if found is not None and found.labels.max() > 9:
        raise _malformed(archive / "labels.npy", "labels from 0 to 9", f"{found.labels.max()}")
    return found


def read_corrupted(folder: Path | str, corruption: str, severity: int) -> Cifar10C:
    """One severity of one corruption, out of a folder in CIFAR-10-C's form.

    Args:
        folder: Of ``NAME.npy``, (S·N, H, W, C) uint8 in the order of S severities, and
            ``labels.npy``, (S·N,): what `afn.write_corrupted` wrote, or others, with 5 severities.
        corruption: A file's name, without ``.npy``.
        severity: One of them.

    Raises:
        ValueError: There is no such file or severity, or a file is truncated or of another form.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from afn import read_corrupted
        >>> np.save("fog.npy", np.zeros((10, 8, 8, 3), np.uint8))
        >>> np.save("labels.npy", np.arange(10, dtype=np.uint8) % 2)
        >>> read_corrupted(".", "fog", 5).images.shape  # two images at five severities
        (2, 8, 8, 3)
    """
    folder = Path(folder)
    severities: tuple[int, ...] = _SEVERITIES
    if (folder / CARD).is_file():
        try:
            severities = tuple(map(int, json.loads((folder / CARD).read_bytes())["severities"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _malformed(folder / CARD, "a card of corrupted images", f"{error!r}") from None
    found = _read(folder, corruption, severity, severities, None)
    if found is None:
        there = ", ".join(sorted(path.stem for path in folder.glob("*.npy")))
        raise ValueError(
            f"{folder} has no corruption {corruption!r}; it has {there or 'no .npy at all'}"
        )
    return found


def _read(
    archive: Path,
    corruption: str,
    severity: int,
    severities: tuple[int, ...],
    shape: tuple[int, int, int, int] | None,
) -> Cifar10C | None:
    if severity not in severities:
        told = "from 1 to 5" if severities == _SEVERITIES else f"one of {severities}"
        raise ValueError(f"severity must be {told}, got {severity}")
    files = {path.stem: path for path in archive.glob("*.npy")}  # no name is made into a path
    if corruption not in files or (corruption == "labels" and shape is None):
        return None
    count = len(severities)
    expected: tuple[int | str, ...] = (
        (f"{count}·N", "H", "W", "C") if shape is None else (count * shape[0], *shape[1:])
    )
    every = _opened(files[corruption], _told(expected))
    is_right = every.shape == expected if shape else every.ndim == 4 and len(every) % count == 0
    if every.dtype != np.uint8 or not is_right:
        came = f"{every.dtype} {every.shape}"
        raise _malformed(files[corruption], f"uint8 {_told(expected)}", came)
    labels = _opened(archive / "labels.npy", str(every.shape[:1]))
    if labels.dtype.kind not in "iu" or labels.shape != every.shape[:1]:
        came = f"{labels.dtype} {labels.shape}"
        raise _malformed(archive / "labels.npy", f"whole numbers {every.shape[:1]}", came)
    n = len(every) // count
    rows = slice(n * severities.index(severity), n * (severities.index(severity) + 1))
    return Cifar10C(np.array(every[rows]), np.array(labels[rows]).astype(np.int64))


def _told(shape: tuple[int | str, ...]) -> str:
    return f"({', '.join(map(str, shape))})"


def _opened(path: Path, shape: str) -> np.ndarray:
    """An array whose rows can be read without the rest; the whole file must be there all the same.

    Args:
        path: Of the file.
        shape: That is expected, in words.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise _malformed(path, f"a whole array {shape}", f"“{error}”") from error
    if not isinstance(array, np.ndarray):
        raise _malformed(path, "an array", "an archive")
    return array


def _malformed(path: Path, expected: str, came: str) -> ValueError:
    line = f"{path.parent.name}/{path.name}: expected {expected}, got {came}; copy it again"
    return ValueError(" ".join(line.split()))
