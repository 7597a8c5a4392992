"""``<Name>/<domain>/<class>/*`` folders of images, each domain a data set of its own."""

import os
import warnings
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from afn.data.entries import ImageData, Source, slug
from afn.data.known import on_disk, unusable
from afn.data.split import num_test_of, stratified_split

_SIDE = 64
_SEED = 20150103
_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
_IMAGE_ERRORS = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)

_Classes = dict[str, list[str]]  # file names of each class


def find_trees(folder: Path) -> Iterator[Source]:
    """Every domain that has images; one that cannot be used says why."""
    class_folders = sorted(folder.glob("[!.]*/[!.]*/[!.]*/"))
    for domain, folders in groupby(class_folders, key=lambda path: path.parent):
        classes = {path.name: _image_names(path) for path in folders}
        if not any(classes.values()):
            continue
        name = f"{slug(domain.parent.name)}/{slug(domain.name, keeps='_-')}"
        title = f"{domain.parent.name} · {domain.name}"
        num_images = sum(map(len, classes.values()))
        num_test = num_test_of(num_images)
        try:
            _check(domain, classes)
        except ValueError as error:
            entry = unusable(name, title=title, error=error)
        else:
            entry = on_disk(
                name,
                place=f"{domain.parent.name}/{domain.name}/",
                title=title,
                image_shape=(_SIDE, _SIDE, 3),
                num_classes=len(classes),
                num_train=num_images - num_test,
                num_test=num_test,
            )
        yield Source(entry, partial(_read_tree, domain, classes, name))


def _image_names(folder: Path) -> list[str]:
    names: list[str] = []
    with suppress(OSError), os.scandir(folder) as items:  # a forbidden folder counts as empty
        names = [item.name for item in items]
    return sorted(
        name for name in names if name.lower().endswith(_SUFFIXES) and not name.startswith(".")
    )


def _check(domain: Path, classes: _Classes) -> None:
    place = f"{domain.parent.name}/{domain.name}"
    if empty := [name for name, files in classes.items() if not files]:
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
    images, labels = [], []
    for label, (class_name, files) in enumerate(classes.items()):
        for file in files:
            try:
                images.append(_read_image(domain / class_name / file))
                labels.append(label)
            except _IMAGE_ERRORS as error:
                place = f"{name}: {class_name}/{file}"
                warnings.warn(f"{place} is left out, not a readable image ({error})", stacklevel=2)
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
        class_names=tuple(classes),
    )


def _read_image(path: Path) -> np.ndarray:
    """(64, 64, 3) uint8, whatever the file's size and mode; transparent parts become white."""
    with Image.open(path) as file:
        image = ImageOps.exif_transpose(file)
    if image.mode.startswith("I"):  # 16 bits, which Pillow's own conversion would clip
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    image = image.convert("RGB")
    if image.size != (_SIDE, _SIDE):
        image = image.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    return np.asarray(image)
