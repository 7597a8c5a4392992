"""A folder of test images, one folder for each class, at the size that a model takes."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

from afn.data.entries import composed, shown
from afn.data.picture_files import SUFFIXES, read_picture
from afn.wording import count_words

Size = tuple[int, int]
"""Height and width."""


def read_class_folders(
    folder: Path, size: Size | None = None, most: int | None = None
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """All pictures of ``folder/CLASS/*``, in the order of the names; classes are the folders.

    Args:
        folder: Of the class folders.
        size: To which every picture is brought, its middle cut out after its shorter side is
            resampled (antialiased bicubic). None: they have one size, and keep it.
        most: Pictures that are read, taken from all classes evenly; None is all.

    Returns:
        Images (N, H, W, 3) uint8, labels (N,) int64, class names.

    Raises:
        ValueError: No class folders with pictures, one that cannot be read, or sizes differ.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from PIL import Image
        >>> from afn.data.class_folders import read_class_folders
        >>> with TemporaryDirectory() as made:
        ...     for name in ("cat", "dog"):
        ...         (Path(made) / name).mkdir()
        ...         Image.new("RGB", (40, 30)).save(Path(made) / name / "1.png")
        ...     images, labels, names = read_class_folders(Path(made), (32, 32))
        >>> images.shape, labels.tolist(), names
        ((2, 32, 32, 3), [0, 1], ('cat', 'dog'))
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: expected a folder of class folders, got no folder")
    classes = sorted(each for each in folder.iterdir() if each.is_dir() and each.name[0] != ".")
    files = {each: _pictures(each) for each in classes}
    classes = [each for each in classes if files[each]]
    if not classes:
        raise ValueError(
            f"{folder}: expected {folder.name}/CLASS/* with pictures in a folder for each class, "
            f"got {count_words(len(files), 'folder')} without any"
        )
    wanted = _evenly([len(files[each]) for each in classes], most)
    images, labels = [], []
    for label, (each, count) in enumerate(zip(classes, wanted, strict=True)):
        for file in files[each][:count]:
            images.append(_sized(file, size))
            labels.append(label)
    sizes = {image.shape[:2] for image in images}
    if len(sizes) > 1:
        told = " and ".join(f"{w}×{h}" for h, w in sorted(sizes)[:2])
        raise ValueError(
            f"{folder}: expected pictures of one size, got {told} "
            f"({count_words(len(sizes), 'size')}): say size=, to which they are brought"
        )
    names = tuple(composed(shown(each.name)) for each in classes)
    return np.stack(images), np.array(labels, dtype=np.int64), names


def _pictures(folder: Path) -> list[Path]:
    with os.scandir(folder) as items:
        names = sorted(item.name for item in items if item.is_file())
    return [folder / it for it in names if it.lower().endswith(SUFFIXES) and it[0] != "."]


def _evenly(counts: list[int], most: int | None) -> list[int]:
    """How many of each, in all at most so many, a picture of each class in turn."""
    if most is None or sum(counts) <= most:
        return counts
    taken = [0] * len(counts)
    while True:
        for place, count in enumerate(counts):
            if sum(taken) == most:
                return taken
            taken[place] += taken[place] < count


def _sized(file: Path, size: Size | None) -> np.ndarray:
    """(H, W, 3) uint8."""
    try:
        image = read_picture(file).image
    except (ValueError, OSError) as error:
        raise ValueError(f"{file.parent.name}/{shown(file.name)}: {error}") from None
    if size is not None and image.size != (size[1], size[0]):
        height, width = size
        scale = max(height / image.height, width / image.width)
        sides = round(scale * image.width), round(scale * image.height)
        sides = max(width, sides[0]), max(height, sides[1])
        image = image.resize(sides, Image.Resampling.BICUBIC)
        left, top = (sides[0] - width) // 2, (sides[1] - height) // 2
        image = image.crop((left, top, left + width, top + height))
    return np.asarray(image)
