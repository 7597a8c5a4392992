"""torchvision's data sets: read where its files are, downloaded only by :func:`download`."""

import bz2
import hashlib
import struct
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from afn.data.entries import DatasetSource, ImageData
from afn.data.known import KNOWN, on_disk, unusable

# torchvision's class and, relative to its root, the files that show the set is there.
_SETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mnist": (
        "MNIST",
        ("MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/t10k-images-idx3-ubyte"),
    ),
    "usps": ("USPS", ("usps.bz2", "usps.t.bz2")),
    "svhn": ("SVHN", ("train_32x32.mat", "test_32x32.mat")),
    "cifar10": ("CIFAR10", ("cifar-10-batches-py/batches.meta",)),
    "cifar100": ("CIFAR100", ("cifar-100-python/meta",)),
}
_PARTS = ("train", "test")
_USPS_MD5 = ("ec16c51db3855ca6c91edd34d0e9b197", "8ea070ee2aca1ac39742fdd1ef5ed118")
"""Of the published files."""
_READ_ERRORS = (
    OSError, RuntimeError, ValueError, AssertionError, EOFError, KeyError, TypeError, IndexError,
    struct.error,
)  # fmt: skip


def find_torchvision(folder: Path) -> Iterator[DatasetSource]:
    """Every set whose files are in the folder itself or in one with torchvision's name for it."""
    for name, (class_name, files) in _SETS.items():
        for root in (folder, folder / class_name):
            if all((root / file).is_file() for file in files):
                known = KNOWN[name]
                try:
                    image_shape, num_train, num_test = _sizes(name, root)
                except ValueError as error:
                    entry = unusable(name, title=known.title, error=error)
                else:
                    entry = on_disk(
                        name,
                        place="torchvision's files",
                        title=known.title,
                        image_shape=image_shape,
                        class_names=known.class_names,
                        num_train=num_train,
                        num_test=num_test,
                    )
                yield DatasetSource(entry, partial(_read, name, root))
                break


def _sizes(name: str, root: Path) -> tuple[tuple[int, int, int], int, int]:
    """(H, W, C) of an image, and how many train and test.

    Of SVHN and CIFAR, torchvision reads the published files alone.

    Raises:
        ValueError: A file is not what it should be.
    """
    known, files = KNOWN[name], [root / file for file in _SETS[name][1]]
    try:
        if name == "mnist":
            train, test = (_idx_shape(file, file.stat().st_mtime_ns) for file in files)
            return (train[1], train[2], 1), train[0], test[0]
        if name == "usps":
            num_train, num_test = (_usps_lines(file, file.stat().st_mtime_ns) for file in files)
            return known.image_shape, num_train, num_test
    except _READ_ERRORS as error:
        raise _unlike_published(name, root) from error
    return known.image_shape, known.num_train, known.num_test


@lru_cache(maxsize=8)
def _idx_shape(path: Path, _mtime_ns: int) -> tuple[int, int, int]:
    """(N, H, W) as the header of an IDX file of images says."""
    with path.open("rb") as file:
        magic, count, height, width = struct.unpack(">4i", file.read(16))
    if magic != 0x803 or path.stat().st_size != 16 + count * height * width:
        raise ValueError(f"{path.name} is no whole IDX file of images")
    return count, height, width


@lru_cache(maxsize=8)
def _usps_lines(path: Path, _mtime_ns: int) -> int:
    """Images in a file of USPS; the published ones, which are long, need not be unpacked."""
    content = path.read_bytes()
    published = dict(zip(_USPS_MD5, (KNOWN["usps"].num_train, KNOWN["usps"].num_test), strict=True))
    if count := published.get(hashlib.md5(content, usedforsecurity=False).hexdigest()):
        return count
    return len(bz2.decompress(content).splitlines())


def download(name: str, folder: Path) -> None:
    """Fetch a set with torchvision into the folder, where the catalogue then finds it.

    Raises:
        ValueError: torchvision does not offer the set; the line names those it does.
        ConnectionError: It could not be fetched.
    """
    if name not in _SETS:
        raise ValueError(f"only {', '.join(_SETS)} can be downloaded, got {name!r}")
    folder.mkdir(parents=True, exist_ok=True)
    for is_train in (True, False):
        try:
            _open(name, folder, is_train=is_train, download=True)
        except (OSError, RuntimeError) as error:
            raise ConnectionError(
                f"{name} could not be downloaded ({_one_line(error)}); check the network and the "
                f"free space, or put {name}.npz into the data folder"
            ) from error


def _open(name: str, root: Path, *, is_train: bool, download: bool) -> Any:
    from torchvision import datasets

    class_name, _files = _SETS[name]
    split = {"split": _PARTS[not is_train]} if name == "svhn" else {"train": is_train}
    return getattr(datasets, class_name)(root, download=download, **split)


def _read(name: str, root: Path) -> ImageData:
    try:
        train, test = (_open(name, root, is_train=part, download=False) for part in (True, False))
    except ImportError as error:
        raise ValueError(
            f"{name}'s files need a package that is not installed ({_one_line(error)}); "
            f'pip install scipy, or afn with its extra "data"'
        ) from error
    except _READ_ERRORS as error:
        raise _unlike_published(name, root) from error
    # torchvision has digits as "0 - zero"; its names of CIFAR's classes are in the files
    known = KNOWN[name].class_names
    classes = getattr(train, "classes", known) if name.startswith("cifar") else known
    return ImageData(
        name=name,
        x_train=_channels_last(name, train.data),
        y_train=_labels(train),
        x_test=_channels_last(name, test.data),
        y_test=_labels(test),
        class_names=tuple(classes),
    )


def _unlike_published(name: str, root: Path) -> ValueError:
    files = ", ".join(_damaged(name, root)) or f"{name}'s files"
    return ValueError(
        f"{files}: expected as published, got missing, truncated or other content; "
        f"remove what is there and run python -m afn data download {name}"
    )


def _damaged(name: str, root: Path) -> list[str]:
    """Which of a set's files cannot be what torchvision offers: no digits' file, or another sum."""
    from torchvision import datasets
    from torchvision.datasets.utils import check_integrity

    offered = getattr(datasets, _SETS[name][0])
    match name:
        case "mnist":  # sums are known of the packed files only
            return [
                f"MNIST/raw/{part}-{kind}-ubyte"
                for part in ("train", "t10k")
                for kind in ("images-idx3", "labels-idx1")
                if not _is_idx(root / "MNIST" / "raw" / f"{part}-{kind}-ubyte")
            ]
        case "usps" | "svhn":
            sums = {offered.split_list[part][1]: offered.split_list[part][2] for part in _PARTS}
        case _:
            parts = [*offered.train_list, *offered.test_list]
            parts.append([offered.meta["filename"], offered.meta["md5"]])
            sums = {f"{offered.base_folder}/{file}": md5 for file, md5 in parts}
    return [file for file, md5 in sums.items() if not check_integrity(root / file, md5)]


def _is_idx(path: Path) -> bool:
    from torchvision.datasets.mnist import read_sn3_pascalvincent_tensor

    try:
        return bool(len(read_sn3_pascalvincent_tensor(str(path))))
    except _READ_ERRORS:
        return False


def _channels_last(name: str, images: Any) -> np.ndarray:
    """(N, H, W, C); SVHN alone keeps its channels before its sides, the digits have none."""
    images = np.asarray(images)
    if name == "svhn":
        images = images.transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images if images.ndim == 4 else images[..., None])


def _labels(part: Any) -> np.ndarray:
    return np.asarray(part.labels if hasattr(part, "labels") else part.targets, dtype=np.int64)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
