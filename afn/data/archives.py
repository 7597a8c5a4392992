"""``<name>.npz`` archives: described from their headers, read without pickle, written whole."""

import math
import zlib
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile, ZipInfo

import numpy as np

from afn.data.entries import ImageData, Source, digit_names, slug
from afn.data.known import on_disk, unusable

_MAX_CLASSES = 10_000  # without class_names; beyond, labels are no class numbers
_KEYS = ("x_train", "y_train", "x_test", "y_test")
_READ_ERRORS = (OSError, EOFError, ValueError, KeyError, RuntimeError, BadZipFile, zlib.error)
_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class _Header(NamedTuple):
    shape: tuple[int, ...]
    dtype: np.dtype


class _Contents(NamedTuple):
    image_shape: tuple[int, int, int]
    num_train: int
    num_test: int
    class_names: tuple[str, ...]


def find_archives(folder: Path) -> Iterator[Source]:
    """Every archive of the folder; one that cannot be used says why."""
    for path in sorted(folder.glob("[!.]*.npz")):
        name = slug(path.stem)
        try:
            contents = _contents(path)
        except ValueError as error:
            entry = unusable(name, title=path.stem, error=error)
        else:
            entry = on_disk(
                name,
                place=path.name,
                title=path.stem,
                image_shape=contents.image_shape,
                num_classes=len(contents.class_names),
                num_train=contents.num_train,
                num_test=contents.num_test,
            )
        yield Source(entry, partial(read_archive, path, name))


def read_archive(path: Path, name: str) -> ImageData:
    """The arrays of an archive, checked.

    Raises:
        ValueError: The file is no archive of images and labels; one line says what to do.
    """
    class_names = _contents(path).class_names
    arrays = {key: _array(path, key) for key in _KEYS}
    x_train, x_test = (
        images if images.ndim == 4 else images[..., None]
        for images in (arrays["x_train"], arrays["x_test"])
    )
    return ImageData(
        name=name,
        x_train=x_train,
        y_train=arrays["y_train"].astype(np.int64),
        x_test=x_test,
        y_test=arrays["y_test"].astype(np.int64),
        class_names=class_names,
    )


def write_archive(path: Path, data: ImageData) -> None:
    """Write the arrays so that a reader finds the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.stem}-") as folder:
        part = Path(folder) / path.name
        arrays = {key: getattr(data, key) for key in _KEYS}
        np.savez(part, class_names=np.array(data.class_names), **arrays)
        part.replace(path)


def _contents(path: Path) -> _Contents:
    try:
        stat = path.stat()
    except OSError as error:
        raise _malformed(path, "a readable file", str(error), "check its permissions") from error
    return _inspect(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _inspect(path: Path, _mtime_ns: int, _size: int) -> _Contents:
    headers = _headers(path)
    shapes = [
        _image_shape(path, split, headers[f"x_{split}"], headers[f"y_{split}"])
        for split in ("train", "test")
    ]
    if shapes[0] != shapes[1]:
        came = f"{shapes[0]} and {shapes[1]}"
        raise _malformed(
            path, "training and test images of one shape", came, "resize or convert one of them"
        )
    names = _array(path, "class_names").ravel() if "class_names" in headers else ()
    labels = np.concatenate([_array(path, "y_train"), _array(path, "y_test")])
    num_allowed = len(names) or _MAX_CLASSES
    if labels.min() < 0 or labels.max() >= num_allowed:
        raise _malformed(
            path,
            f"labels from 0 to {num_allowed - 1}",
            f"labels from {labels.min()} to {labels.max()}",
            "renumber the classes from 0",
        )
    class_names = tuple(map(str, names)) or digit_names(int(labels.max()) + 1)
    num_train, num_test = headers["x_train"].shape[0], headers["x_test"].shape[0]
    return _Contents(shapes[0], num_train, num_test, class_names)


def _image_shape(path: Path, split: str, images: _Header, labels: _Header) -> tuple[int, int, int]:
    """(H, W, C) of one image, after checking both headers of a split."""
    if images.dtype != np.uint8:
        came = f"x_{split} of {images.dtype}"
        raise _malformed(path, "images as uint8, 0 to 255", came, "scale and convert them")
    shape = images.shape if len(images.shape) == 4 else (*images.shape, 1)
    if len(shape) != 4 or shape[3] not in (1, 3) or 0 in shape:
        raise _malformed(
            path,
            "images as (N, H, W) or (N, H, W, C) with C 1 or 3",
            f"x_{split} of shape {images.shape}",
            "move the channels last",
        )
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != shape[:1]:
        raise _malformed(
            path,
            f"y_{split} as {shape[0]} whole numbers, one per image",
            f"{labels.dtype} of shape {labels.shape}",
            "save one label per image",
        )
    return shape[1], shape[2], shape[3]


def _headers(path: Path) -> dict[str, _Header]:
    """Shape and type of every array, without decompressing any."""
    try:
        with ZipFile(path) as archive:
            headers = {
                key: _header(archive, archive.getinfo(f"{key}.npy"))
                for key in (*_KEYS, "class_names")
                if f"{key}.npy" in archive.namelist()
            }
    except _READ_ERRORS as error:
        raise _broken(path, error) from error
    if absent := [key for key in _KEYS if key not in headers]:
        came = f"no {', '.join(absent)}"
        raise _malformed(path, f"arrays {', '.join(_KEYS)}", came, "save them under these names")
    for key, header in headers.items():
        if header.dtype.hasobject:
            came = f"pickled objects in {key}"
            raise _malformed(path, "plain arrays", came, "save numbers and text, not objects")
    return headers


def _header(archive: ZipFile, info: ZipInfo) -> _Header:
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        shape, _is_fortran, dtype = _HEADER_READERS[version](member)
        if not dtype.hasobject and math.prod(shape) * dtype.itemsize != (
            info.file_size - member.tell()
        ):
            raise ValueError(f"{info.filename} does not hold what its header says")
    return _Header(shape, dtype)


def _array(path: Path, key: str) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive[key]
    except _READ_ERRORS as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> ValueError:
    return _malformed(path, "a whole .npz archive", f"“{error}”", "copy or save it again")


def _malformed(path: Path, expected: str, came: str, remedy: str) -> ValueError:
    line = f"{path.name}: expected {expected}, got {came}; {remedy}"
    return ValueError(" ".join(line.split()))
