"""All data sets by name: what there is, what can be had, and the way to load it."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

from afn.data import torchvision_sets
from afn.data.archives import find_archives
from afn.data.derived import derive, parts_of
from afn.data.embedded import find_embedded
from afn.data.entries import Availability, DatasetEntry, DatasetSource, ImageData, composed
from afn.data.known import find_known
from afn.data.own.store import find_own, gone
from afn.data.torchvision_sets import find_torchvision
from afn.data.trees import find_trees, misplaced

# Where two sets have the same name, the earlier finder's is meant.
_FINDERS = (find_embedded, find_archives, find_torchvision, find_trees, find_own, find_known)


def data_dir() -> Path:
    """The data folder: ``AFN_DATA_DIR`` or ``~/.cache/afn/data``.

    Example:
        >>> from pathlib import Path
        >>> from afn.data import data_dir
        >>> data_dir().relative_to(Path.home()).as_posix()  # without AFN_DATA_DIR
        '.cache/afn/data'
    """
    return Path(os.environ.get("AFN_DATA_DIR") or "~/.cache/afn/data").expanduser()


def catalogue(folder: Path | None = None) -> dict[str, DatasetEntry]:
    """Every data set by name: embedded, then on disk, downloadable and missing ones.

    What visitors of a shared server dropped is not among them: whoever has its name loads it.

    Example:
        >>> from afn.data import catalogue
        >>> [name for name, entry in catalogue().items() if entry.status == "embedded"]
        ['mnist5k', 'digits8', 'mnistm5k', 'syn']
    """
    found: dict[str, DatasetEntry] = {}
    for source in _sources(folder):
        if source.is_private:
            continue
        entry = source.entry
        before = found.setdefault(entry.name, entry)
        if before is not entry and entry.status == "on disk":
            hidden = f"another {entry.name} in the data folder (rename it to have both)"
            told = f"{before.left_out} and {hidden}" if before.left_out else hidden
            found[entry.name] = replace(before, left_out=told)
    order = get_args(Availability)
    return dict(sorted(found.items(), key=lambda item: order.index(item[1].status)))


def unread(folder: Path | None = None) -> list[str]:
    """One line for each thing about the data folder that keeps its data sets from being found.

    Example:
        >>> from pathlib import Path
        >>> import afn.data
        >>> afn.data.unread(Path(afn.data.__file__))  # doctest: +ELLIPSIS
        ['expected a folder of data sets, got the file ...; point AFN_DATA_DIR at a folder']
    """
    where = folder or data_dir()
    if where.is_dir():
        if not os.access(where, os.R_OK | os.X_OK):
            return [f"the data folder {where} is closed to this user: open it for reading"]
        return list(misplaced(where))
    if where.exists():
        line = f"expected a folder of data sets, got the file {where}"
        return [f"{line}; point AFN_DATA_DIR at a folder"]
    if folder is None and not os.environ.get("AFN_DATA_DIR"):
        return []  # the default one is made by the first download
    return [
        f"there is no data folder {where}, so that only what comes along is here; make it, or "
        f"point AFN_DATA_DIR elsewhere"
    ]


def dataset_entry(name: str, folder: Path | None = None) -> DatasetEntry:
    """The catalogue's entry of one data set.

    Raises:
        ValueError: There is no such name; the line lists those there are.

    Example:
        >>> from afn.data import dataset_entry
        >>> entry = dataset_entry("digits8")
        >>> entry.image_shape, entry.num_train, entry.num_test
        ((8, 8, 1), 1437, 360)
    """
    return _source(name, folder).entry


def load_dataset(name: str, folder: Path | None = None) -> ImageData:
    """The arrays of one data set.

    Raises:
        ValueError: There is no such name, or its files are not what they should be.
        FileNotFoundError: It is known but not here; the line says how to get it.

    Example:
        >>> from afn.data import load_dataset
        >>> digits = load_dataset("digits8")
        >>> digits.x_test.shape, digits.x_test.dtype, digits.y_test[:3].tolist()
        ((360, 8, 8, 1), dtype('uint8'), [...])
        >>> load_dataset("digits8@rgb").x_test.shape
        (360, 8, 8, 3)
    """
    return _source(name, folder).load()


def download(name: str, folder: Path | None = None) -> None:
    """Fetch a downloadable set into the data folder; see :mod:`afn.data.torchvision_sets`.

    Example:
        >>> from afn.data import download
        >>> download("usps")  # doctest: +SKIP
        >>> download("mnist5k")  # is here already
        Traceback (most recent call last):
            ...
        ValueError: only mnist, ... can be downloaded, got 'mnist5k'
    """
    torchvision_sets.download(name, folder or data_dir())


def _source(name: str, folder: Path | None) -> DatasetSource:
    """The first source of that name; no name is ever made into a path."""
    name = composed(name)
    former: dict[str, DatasetSource] = {}
    for source in _sources(folder):
        if source.entry.name == name:
            return source
        if source.former_name == name:
            former[source.entry.name] = source
    if parts := parts_of(name):
        return derive(name, [_source(part, folder) for part in parts])
    if len(former) == 1:
        return next(iter(former.values()))
    if reason := gone(name):
        raise ValueError(reason)
    where = folder or data_dir()
    absent = "" if where.is_dir() else f"; there is no data folder {where}"
    known = ", ".join(catalogue(folder))
    raise ValueError(f"unknown data set {name!r}; known are {known}{absent}")


def _sources(folder: Path | None) -> Iterator[DatasetSource]:
    for find in _FINDERS:
        yield from find(folder or data_dir())
