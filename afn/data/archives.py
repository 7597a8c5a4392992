"""``<name>.npz`` archives: described from their headers, read without pickle, written whole.

What an array means is read where it is beyond doubt: channels first or last, floats from 0 to 1,
black and white, labels as numbers, names or one-hot rows. The rest is refused in a line.
"""

import math
import zlib
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile, ZipInfo

import numpy as np

from afn.data.entries import (
    DatasetEntry,
    DatasetSource,
    ImageData,
    appearance,
    ascii_slug,
    composed,
    shown,
    slug,
    told_apart,
)
from afn.data.known import KNOWN, on_disk, unusable
from afn.wording import number_words

_MAX_LABEL = 9_999  # without class_names; beyond, labels are no class numbers
_DARKEST = 32  # of 255: where no pixel of any image reaches it, white is another number
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
    y_train: np.ndarray
    """(N,) int64 from 0."""
    y_test: np.ndarray
    class_names: tuple[str, ...]

    @property
    def num_train(self) -> int:
        return len(self.y_train)

    @property
    def num_test(self) -> int:
        return len(self.y_test)


def find_archives(folder: Path) -> Iterator[DatasetSource]:
    """Every archive of the folder; one that cannot be used says why."""
    yield from told_apart(_archives(folder), _refused)


def _archives(folder: Path) -> Iterator[tuple[str, DatasetSource]]:
    for path in sorted(folder.glob("[!.]*.npz")):
        name, title = slug(path.stem), shown(path.stem)
        try:
            contents = _contents(path, name)
        except ValueError as error:
            entry = unusable(name, title=title, error=error)
        else:
            entry = on_disk(
                name,
                place=shown(path.name),
                title=title,
                image_shape=contents.image_shape,
                class_names=contents.class_names,
                num_train=contents.num_train,
                num_test=contents.num_test,
            )
        yield (
            path.name,
            DatasetSource(entry, partial(read_archive, path, name), ascii_slug(path.stem)),
        )


def _refused(entry: DatasetEntry, error: ValueError) -> DatasetSource:
    def refuse() -> ImageData:
        raise error

    return DatasetSource(unusable(entry.name, title=entry.title, error=error), refuse)


def read_archive(path: Path, name: str) -> ImageData:
    """The arrays of an archive, checked.

    Raises:
        ValueError: The file is no archive of images and labels; one line says what to do.
    """
    contents = _contents(path, name)
    x_train, x_test = (_channels_last(_array(path, f"x_{split}")) for split in ("train", "test"))
    x_train, x_test = _eight_bits(path, [x_train, x_test])
    return ImageData(
        name=name,
        x_train=x_train,
        y_train=contents.y_train.copy(),  # what was inspected is kept for the next reader
        x_test=x_test,
        y_test=contents.y_test.copy(),
        class_names=contents.class_names,
    )


def read_unsplit(path: Path) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """An archive of ``x`` and ``y``, which nobody has split yet, checked alike.

    Returns:
        Images (N, H, W, C) uint8, labels (N,) int64 from 0, and the classes' names.

    Raises:
        ValueError: The file is no such archive; one line says what to do.
    """
    headers = _headers(path, ("x", "y"))
    _image_shape(path, "x", headers["x"])
    labels = _labels(path, "y", headers["x"].shape[0])
    number = _named if labels.dtype.kind == "U" else _numbered
    class_names, y, _ = number(path, "", _given_names(path, headers), labels, labels[:0])
    _check_names(path, class_names)
    (x,) = _eight_bits(path, [_channels_last(_array(path, "x"))])
    return x, y, class_names


def write_archive(path: Path, data: ImageData) -> None:
    """Write the arrays so that a reader finds the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.stem}-") as folder:
        part = Path(folder) / path.name
        arrays = {key: getattr(data, key) for key in _KEYS}
        np.savez(part, class_names=np.array(data.class_names), **arrays)
        part.replace(path)


def _contents(path: Path, name: str) -> _Contents:
    try:
        stat = path.stat()
    except OSError as error:
        raise _malformed(path, "a readable file", str(error), "check its permissions") from error
    return _inspect(path, name, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _inspect(path: Path, name: str, _mtime_ns: int, _size: int) -> _Contents:
    headers = _headers(path)
    shapes = [_image_shape(path, key, headers[key]) for key in _KEYS[::2]]
    if shapes[0] != shapes[1]:
        came = f"{shapes[0]} and {shapes[1]}"
        raise _malformed(
            path, "training and test images of one shape", came, "resize or convert one of them"
        )
    if len({(headers[key].dtype.kind, headers[key].dtype.itemsize) for key in _KEYS[::2]}) > 1:
        came = f"{headers['x_train'].dtype} and {headers['x_test'].dtype}"
        raise _malformed(path, "training and test images of one type", came, "convert one of them")
    given = _given_names(path, headers)
    train, test = (
        _labels(path, f"y_{split}", headers[f"x_{split}"].shape[0]) for split in ("train", "test")
    )
    if train.dtype.kind != test.dtype.kind:
        came = f"{train.dtype} and {test.dtype}"
        raise _malformed(path, "training and test labels of one kind", came, "convert one of them")
    number = _named if train.dtype.kind == "U" else _numbered
    class_names, y_train, y_test = number(path, name, given, train, test)
    _check_names(path, class_names)
    return _Contents(shapes[0], y_train, y_test, class_names)


def _given_names(path: Path, headers: dict[str, _Header]) -> tuple[str, ...]:
    names = _array(path, "class_names").ravel() if "class_names" in headers else np.array([])
    return tuple(composed(str(each)) for each in _decoded(path, "class_names", names))


def _check_names(path: Path, class_names: tuple[str, ...]) -> None:
    if broken := [name for name in class_names if shown(name) != name]:
        came = shown(broken[0])
        raise _malformed(path, "class names without line breaks and the like", came, "rename it")
    if len({appearance(name) for name in class_names}) < len(class_names):
        came = ", ".join(map(repr, class_names))
        raise _malformed(path, "a name of its own for each class", came, "rename one")
    if len(class_names) < 2:
        came = f"{', '.join(class_names) or 'no name'} alone"
        raise _malformed(
            path, "two classes or more", came, "add another, or name all of them in class_names"
        )


def _check_trained(path: Path, train: np.ndarray, test: np.ndarray) -> None:
    """Where nothing else says which classes there are: a class that is never trained is none."""
    if unknown := sorted(set(test.tolist()) - set(train.tolist())):
        came = f"the label {unknown[0]} in y_test alone"
        raise _malformed(
            path, "test labels out of those in y_train", came, "name all classes in class_names"
        )


_Classes = tuple[tuple[str, ...], np.ndarray, np.ndarray]
"""Their names, and the labels of both parts."""


def _named(
    path: Path, _name: str, given: tuple[str, ...], train: np.ndarray, test: np.ndarray
) -> _Classes:
    """Classes from labels that are names."""
    texts = [composed(text) for text in np.concatenate([train, test]).tolist()]
    if not given:
        _check_trained(path, np.array(texts[: len(train)]), np.array(texts[len(train) :]))
    class_names = given or tuple(sorted(set(texts)))
    number = {each: label for label, each in enumerate(class_names)}
    if unknown := sorted(set(texts) - number.keys()):
        came = f"the label {unknown[0]}"
        raise _malformed(path, "labels out of class_names", came, "add it to them")
    labels = np.array([number[text] for text in texts], dtype=np.int64)
    return class_names, labels[: len(train)], labels[len(train) :]


def _numbered(
    path: Path, name: str, given: tuple[str, ...], train: np.ndarray, test: np.ndarray
) -> _Classes:
    """Classes from labels that are numbers: names by class_names, as published, or by the number.

    Without names, labels may begin where they like and have gaps: classes are those that occur.
    """
    values = np.concatenate([train, test])
    low, high = int(values.min()), int(values.max())
    published = given or (KNOWN[name].class_names if name in KNOWN else ())
    highest = len(published) - 1 if published else _MAX_LABEL
    if low < 0 or high > highest:
        raise _malformed(
            path,
            f"labels from 0 to {highest}",
            f"labels from {low} to {high}",
            "renumber the classes from 0",
        )
    if published:
        return given or published[: high + 1], train, test
    _check_trained(path, train, test)
    numbers, labels = np.unique(values, return_inverse=True)
    class_names = tuple(f"class {number}" for number in numbers.tolist())
    labels = labels.astype(np.int64)
    return class_names, labels[: len(train)], labels[len(train) :]


def _labels(path: Path, key: str, num_images: int) -> np.ndarray:
    """One label for each image: (N,) int64, or names."""
    came = labels = _array(path, key)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.dtype.kind in "biuf":
        is_one = labels == 1
        if ((labels == 0) | is_one).all() and (is_one.sum(1) == 1).all():
            labels = is_one.argmax(1)
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels == labels.round()).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "biuSU" or labels.shape != (num_images,):
        raise _malformed(
            path,
            f"{key} as {num_images} whole numbers or names, one per image",
            f"{came.dtype} of shape {came.shape}",
            "save one label per image",
        )
    labels = _decoded(path, key, labels)
    return labels if labels.dtype.kind == "U" else labels.astype(np.int64)


def _decoded(path: Path, key: str, texts: np.ndarray) -> np.ndarray:
    """Bytes as text; others as they are."""
    if texts.dtype.kind != "S":
        return texts
    try:
        return np.char.decode(texts, "utf-8")
    except UnicodeDecodeError as error:
        came = f"the byte {error.object[error.start]:#x}"
        raise _malformed(path, f"{key} as text or in UTF-8", came, "save it as text") from None


def _image_shape(path: Path, key: str, images: _Header) -> tuple[int, int, int]:
    """(H, W, C) of one image, from the header of a split."""
    if images.dtype.kind not in "buif":
        came = f"{key} of {images.dtype}"
        raise _malformed(path, "images as uint8, 0 to 255", came, "scale and convert them")
    shape = images.shape if len(images.shape) == 4 else (*images.shape, 1)
    if _has_channels_first(shape):
        shape = (shape[0], shape[2], shape[3], shape[1])
    if len(shape) != 4 or shape[3] not in (1, 3) or 0 in shape:
        raise _malformed(
            path,
            "images as (N, H, W) or (N, H, W, C) with C 1 or 3",
            f"{key} of shape {images.shape}",
            "keep one channel or three, and at least one image",
        )
    return shape[1], shape[2], shape[3]


def _has_channels_first(shape: tuple[int, ...]) -> bool:
    """Whether it is (N, C, H, W) beyond doubt."""
    return len(shape) == 4 and shape[1] in (1, 3) and shape[3] not in (1, 3)


def _channels_last(images: np.ndarray) -> np.ndarray:
    """(N, H, W, C)."""
    if images.ndim == 3:
        return images[..., None]
    if _has_channels_first(images.shape):
        return np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    return images


def _eight_bits(path: Path, parts: list[np.ndarray]) -> list[np.ndarray]:
    """Both parts as uint8, on one scale: from 0 to 255, or from 0, black, to 1, white."""
    low = min(float(part.min()) for part in parts)
    high = max(float(part.max()) for part in parts)
    if not 0 <= low <= high <= 255:  # NaN too
        raise _malformed(
            path,
            "images from 0 to 255, or floats from 0 to 1",
            f"values from {number_words(low, 7)} to {number_words(high, 7)}",
            "scale them and save uint8",
        )
    if 1 < high < _DARKEST:
        raise _malformed(
            path,
            "images from 0 to 255, or from 0 to 1",
            f"no value above {number_words(high)}, so that nobody knows the white",
            "scale them and save uint8",
        )
    if high <= 1:
        parts = [255 * part.astype(np.float32) for part in parts]
    return [part if part.dtype == np.uint8 else np.rint(part).astype(np.uint8) for part in parts]


def _headers(path: Path, keys: tuple[str, ...] = _KEYS) -> dict[str, _Header]:
    """Shape and type of every array, without decompressing any."""
    try:
        with ZipFile(path) as archive:
            headers = {
                key: _header(archive, archive.getinfo(f"{key}.npy"))
                for key in (*keys, "class_names")
                if f"{key}.npy" in archive.namelist()
            }
    except _READ_ERRORS as error:
        raise _broken(path, error) from error
    if absent := [key for key in keys if key not in headers]:
        came = f"no {', '.join(absent)}"
        raise _malformed(path, f"arrays {', '.join(keys)}", came, "save them under these names")
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
