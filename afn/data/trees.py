"""``<Name>/<domain>/<class>/*`` folders of images, each domain a data set of its own.

``<Name>/<class>/*`` is a data set of one domain, called by its name.
"""

import hashlib
import os
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from afn.data.embedded import cache_dir
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
from afn.data.known import on_disk, unusable
from afn.data.picture_files import SUFFIXES, read_picture, unreadable_at_sight
from afn.data.split import num_test_of, stratified_split
from afn.wording import count_words
from afn.work.folder import read_json, write_json

_SIDE = 64
_SEED = 20150103
_DOMAIN_KEEPS = "_-"
_MOST_LOOKED_AT = 20_000  # images of a domain: half a second


class _Class(NamedTuple):
    """A class folder's content."""

    files: list[str]
    """Names of its images."""
    others: Counter[str]
    """What else is in it, by suffix, or "folders"."""


_ClassesByName = dict[str, _Class]
"""By the folders' names."""


def find_trees(folder: Path) -> Iterator[DatasetSource]:
    """Every domain that has images; one that cannot be used says why."""
    yield from told_apart(_domains(folder), _refused)


def misplaced(folder: Path) -> Iterator[str]:
    """One line for each folder that has images where no tree has them."""
    for tree in sorted(folder.glob("[!.]*/")):
        if _has_images(tree, 2):
            yield from _beside_domains(tree)
        elif not _has_images(tree, 1) and (where := _astray(tree)):
            yield (
                f"{shown(tree.name)}/: expected <Name>/<domain>/<class>/* or <Name>/<class>/*, got "
                f"images {where}; move them, then it is a data set"
            )


def _beside_domains(tree: Path) -> Iterator[str]:
    """What of a tree that has domains is in none of them."""
    lost = {"": "beside its domains' folders"} if _has_images(tree, 0) else {}
    for domain in sorted(tree.glob("[!.]*/")):
        if not _has_images(domain, 1) and (where := _astray(domain)):
            lost[f"{domain.name}/"] = where
    if lost:
        place, where = next(iter(lost.items()))
        more = f", and likewise in {count_words(len(lost) - 1, 'folder')} more"
        yield (
            f"{shown(tree.name)}/{shown(place)}: expected <Name>/<domain>/<class>/* as elsewhere "
            f"in {shown(tree.name)}/, got images {where}{more if len(lost) > 1 else ''}; move "
            f"them, or they are left out"
        )


def _astray(folder: Path) -> str:
    """Where a folder without class folders has images; "" for nowhere."""
    deep = next((depth for depth in (0, 2, 3, 4) if _has_images(folder, depth)), None)
    if deep is None:
        return ""
    return f"{deep} folders deep" if deep else "in it, and no class folders"


def _has_images(tree: Path, depth: int) -> bool:
    """Whether there are images so many folders below."""
    below = tree.glob("/".join(["[!.]*"] * depth) + "/") if depth else [tree]
    return any(_content(path).files for path in below)


def _domains(folder: Path) -> Iterator[tuple[str, DatasetSource]]:
    for tree in sorted(folder.glob("[!.]*/")):
        name, former = slug(tree.name), ascii_slug(tree.name)
        if not _has_images(tree, 2):
            if found := _domain(tree, sorted(tree.glob("[!.]*/")), (name, shown(tree.name), "")):
                yield found
            continue
        class_folders = sorted(tree.glob("[!.]*/[!.]*/"))
        for domain, folders in groupby(class_folders, key=lambda path: path.parent):
            called = (
                f"{name}/{slug(domain.name, keeps=_DOMAIN_KEEPS)}",
                f"{shown(tree.name)} · {shown(domain.name)}",
                f"{former}/{ascii_slug(domain.name, keeps=_DOMAIN_KEEPS)}",
            )
            if found := _domain(domain, folders, called):
                yield found


def _domain(
    domain: Path, folders: Iterable[Path], called: tuple[str, str, str]
) -> tuple[str, DatasetSource] | None:
    """One data set; None where there is no image in the class folders.

    Args:
        domain: The folder of the class folders.
        folders: Those.
        called: Its name, its title, and its former name.
    """
    name, title, former = called
    classes = {path.name: _content(path) for path in folders}
    if not any(each.files for each in classes.values()):
        return None
    place = f"{domain.parent.name}/{domain.name}" if "/" in name else domain.name
    try:
        _check(place, classes)
    except ValueError as error:
        entry = unusable(name, title=title, error=error)
    else:
        unread = _kept_unread(domain, classes)
        num_images = sum(len(each.files) for each in classes.values()) - len(unread)
        num_test = num_test_of(num_images)
        entry = on_disk(
            name,
            place=f"{place}/",
            title=title,
            image_shape=(_SIDE, _SIDE, 3),
            class_names=tuple(map(composed, classes)),
            num_train=num_images - num_test,
            num_test=num_test,
            left_out=" and ".join(
                filter(None, [_unread_words(unread), _left_out(classes), _loose(domain)])
            ),
        )
    return place, DatasetSource(entry, partial(_read_tree, domain, classes, name), former)


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


def _left_out(classes: _ClassesByName) -> str:
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


def _loose(domain: Path) -> str:
    """What images lie in no class folder."""
    files = _content(domain).files
    return f"{count_words(len(files), 'image')} beside the class folders" if files else ""


def _refused(entry: DatasetEntry, error: ValueError) -> DatasetSource:
    def refuse() -> ImageData:
        raise error

    return DatasetSource(unusable(entry.name, title=entry.title, error=error), refuse)


def _check(place: str, classes: _ClassesByName) -> None:
    place = shown(place)
    if broken := [name for name in classes if shown(name) != composed(name)]:
        raise ValueError(
            f"{place}: expected folders' names in UTF-8, without line breaks and the like, got "
            f"{shown(broken[0])}; rename it"
        )
    names = Counter(map(appearance, classes))
    if twice := [name for name, count in names.items() if count > 1]:
        raise ValueError(
            f"{place}: expected a folder for each class, got two that both read {twice[0]} (they "
            f"differ in spaces, unseen signs or the encoding of accents); put their images into "
            f"one, or rename one"
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


def _read_tree(domain: Path, classes: _ClassesByName, name: str) -> ImageData:
    """All images at one size; unreadable files are left out with a warning."""
    _check(f"{domain.parent.name}/{domain.name}" if "/" in name else domain.name, classes)
    images, labels, sequences, unread = [], [], [], {}
    for label, (class_name, each) in enumerate(classes.items()):
        for file in each.files:
            place = f"{class_name}/{shown(file)}"
            try:
                image, num_frames = read_picture(domain / class_name / file)
            except (ValueError, OSError) as error:
                unread[place] = str(error)
                continue
            if num_frames > 1:
                sequences.append(place)
            images.append(_sized(image))
            labels.append(label)
    _keep_unread(domain, classes, unread)
    for place, reason in unread.items():
        warnings.warn(f"{name}: {place} is left out: {reason}", stacklevel=2)
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
    if untrained := [each for label, each in enumerate(classes) if label not in y[train]]:
        raise ValueError(
            f"{name}: expected images of every class to train on, got none of "
            f"{', '.join(untrained)} beside those to test on; add images"
        )
    return ImageData(
        name=name,
        x_train=x[train],
        y_train=y[train],
        x_test=x[test],
        y_test=y[test],
        class_names=tuple(map(composed, classes)),
    )


# -- images that could not be read -----------------------------------------------------------------

_Unread = Mapping[str, str]
"""Why an image could not be read, by its place in the domain."""


def _unread_words(unread: _Unread) -> str:
    if not unread:
        return ""
    place, reason = next(iter(unread.items()))
    return f"{count_words(len(unread), 'image')} that cannot be read, such as {place} ({reason})"


def _keep_unread(domain: Path, classes: _ClassesByName, unread: _Unread) -> None:
    """What was found when the images were read, so that the catalogue need not read them."""
    with suppress(OSError):  # it is told as a warning in any case
        path = _unread_file(domain)
        if not unread:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {"stamp": _stamp(domain, classes), "unread": dict(unread)})


def _kept_unread(domain: Path, classes: _ClassesByName) -> _Unread:
    """What was found when they were read; until then, and once they changed, what is seen."""
    kept, stamp = read_json(_unread_file(domain)), _stamp(domain, classes)
    if kept and kept.get("stamp") == stamp:
        unread: _Unread = kept["unread"]
        return unread
    seen = {
        f"{path.parent.name}/{shown(path.name)}": unreadable_at_sight(path)
        for path in _suspects(domain, tuple(classes), tuple(stamp))
    }
    return {place: reason for place, reason in seen.items() if reason}  # some may be mended


@lru_cache(maxsize=256)
def _suspects(domain: Path, class_names: tuple[str, ...], _stamp: tuple[int, ...]) -> list[Path]:
    """Images that cannot be read, as far as is seen without decoding them; the first ones."""
    folders = [domain / name for name in class_names]
    files = (folder / file for folder in folders for file in _content(folder).files)
    return [path for path in islice(files, _MOST_LOOKED_AT) if unreadable_at_sight(path)]


def _unread_file(domain: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(domain.absolute())).hexdigest()[:16]
    return cache_dir() / f"unread-{digest}.json"


def _stamp(domain: Path, classes: _ClassesByName) -> list[int]:
    """Another one once a file comes or goes."""
    return [
        number
        for name, each in classes.items()
        for number in ((domain / name).stat().st_mtime_ns, len(each.files))
    ]


def _sized(image: Image.Image) -> np.ndarray:
    """(64, 64, 3) uint8."""
    if image.size != (_SIDE, _SIDE):
        image = image.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    return np.asarray(image)
