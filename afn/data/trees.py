"""``<Name>/<domain>/<class>/*`` folders of images, each domain a data set of its own."""

import os
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from afn.data.entries import (
    DatasetEntry,
    ImageData,
    Source,
    ascii_slug,
    composed,
    shown,
    slug,
    told_apart,
)
from afn.data.known import on_disk, unusable
from afn.data.picture_files import SUFFIXES, read_picture
from afn.data.split import num_test_of, stratified_split
from afn.wording import count_words

_SIDE = 64
_SEED = 20150103
_DOMAIN_KEEPS = "_-"


class _Class(NamedTuple):
    """A class folder's content."""

    files: list[str]
    """Names of its images."""
    others: Counter[str]
    """What else is in it, by suffix, or "folders"."""


_Classes = dict[str, _Class]
"""By the folders' names."""


def find_trees(folder: Path) -> Iterator[Source]:
    """Every domain that has images; one that cannot be used says why."""
    yield from told_apart(_domains(folder), _refused)


def _domains(folder: Path) -> Iterator[tuple[str, Source]]:
    class_folders = sorted(folder.glob("[!.]*/[!.]*/[!.]*/"))
    for domain, folders in groupby(class_folders, key=lambda path: path.parent):
        classes = {path.name: _content(path) for path in folders}
        if not any(each.files for each in classes.values()):
            continue
        tree, place = domain.parent.name, _place(domain)
        name = f"{slug(tree)}/{slug(domain.name, keeps=_DOMAIN_KEEPS)}"
        former = f"{ascii_slug(tree)}/{ascii_slug(domain.name, keeps=_DOMAIN_KEEPS)}"
        title = f"{shown(tree)} · {shown(domain.name)}"
        num_images = sum(len(each.files) for each in classes.values())
        num_test = num_test_of(num_images)
        try:
            _check(domain, classes)
        except ValueError as error:
            entry = unusable(name, title=title, error=error)
        else:
            entry = on_disk(
                name,
                place=f"{place}/",
                title=title,
                image_shape=(_SIDE, _SIDE, 3),
                class_names=tuple(map(composed, classes)),
                num_train=num_images - num_test,
                num_test=num_test,
                left_out=_left_out(classes),
            )
        yield place, Source(entry, partial(_read_tree, domain, classes, name), former)


def _content(folder: Path) -> _Class:
    files: list[str] = []
    others: Counter[str] = Counter()
    with suppress(OSError), os.scandir(folder) as items:  # a forbidden folder counts as empty
        for item in items:
            if item.name.startswith("."):
                continue
            if item.is_dir():
                others["folders"] += 1
            elif item.name.lower().endswith(SUFFIXES):
                files.append(item.name)
            else:
                others[Path(item.name).suffix.lower() or "no suffix"] += 1
    return _Class(sorted(files), others)


def _left_out(classes: _Classes) -> str:
    """What lies in class folders and is not taken for an image."""
    others = sum((each.others for each in classes.values()), Counter[str]())
    num_folders = others.pop("folders", 0)
    parts = []
    if num_files := others.total():
        suffixes = ", ".join(sorted(map(shown, others)))
        parts.append(f"{count_words(num_files, 'file')} of no known image format ({suffixes})")
    if num_folders:
        parts.append(f"{count_words(num_folders, 'folder')} inside of class folders")
    return " and ".join(parts)


def _refused(entry: DatasetEntry, error: ValueError) -> Source:
    def refuse() -> ImageData:
        raise error

    return Source(unusable(entry.name, title=entry.title, error=error), refuse)


def _place(domain: Path) -> str:
    return f"{domain.parent.name}/{domain.name}"


def _check(domain: Path, classes: _Classes) -> None:
    place = shown(_place(domain))
    if broken := [name for name in classes if shown(name) != composed(name)]:
        raise ValueError(
            f"{place}: expected folders' names in UTF-8, got {shown(broken[0])}; rename it"
        )
    names = Counter(map(composed, classes))
    if twice := [name for name, count in names.items() if count > 1]:
        raise ValueError(
            f"{place}: expected a folder for each class, got two that both read {twice[0]}, with "
            f"accents encoded in two ways; put their images into one"
        )
    if empty := [name for name, each in classes.items() if not each.files]:
        raise ValueError(
            f"{place}: expected images in every class folder, got none in {', '.join(empty)}; "
            f"fill or remove it"
        )
    if len(classes) < 2:
        raise ValueError(
            f"{place}: expected two class folders or more, got {', '.join(classes)} alone; "
            f"add a folder of images for each class"
        )


def _read_tree(domain: Path, classes: _Classes, name: str) -> ImageData:
    """All images at one size; unreadable files are left out with a warning."""
    _check(domain, classes)
    images, labels, sequences = [], [], []
    for label, (class_name, each) in enumerate(classes.items()):
        for file in each.files:
            place = f"{class_name}/{shown(file)}"
            try:
                image, num_frames = read_picture(domain / class_name / file)
            except (ValueError, OSError) as error:
                warnings.warn(f"{name}: {place} is left out: {error}", stacklevel=2)
                continue
            if num_frames > 1:
                sequences.append(place)
            images.append(_sized(image))
            labels.append(label)
    if sequences:
        warnings.warn(
            f"{name}: the first picture is taken of each of "
            f"{count_words(len(sequences), 'file')} of several frames or pages, such as "
            f"{sequences[0]}",
            stacklevel=2,
        )
    if lost := [each for label, each in enumerate(classes) if label not in labels]:
        raise ValueError(
            f"{name}: expected readable images of every class, got none in {', '.join(lost)}; "
            f"copy them again or remove the folder"
        )
    x, y = np.stack(images), np.array(labels, dtype=np.int64)
    train, test = stratified_split(y, num_test_of(len(y)), seed=_SEED)
    return ImageData(
        name=name,
        x_train=x[train],
        y_train=y[train],
        x_test=x[test],
        y_test=y[test],
        class_names=tuple(map(composed, classes)),
    )


def _sized(image: Image.Image) -> np.ndarray:
    """(64, 64, 3) uint8."""
    if image.size != (_SIDE, _SIDE):
        image = image.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    return np.asarray(image)
