"""From what was dropped to small square pictures, each with its class: one reader for all of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps

from afn.data.archives import read_archive, read_unsplit
from afn.data.entries import appearance, shown
from afn.data.own.rules import MOST_IMAGES, MOST_PIXELS, MOST_SECONDS, NUM_CLASSES, SIDE
from afn.data.own.zips import Listing, class_called, listed, opened, read_member
from afn.data.picture_files import read_picture
from afn.wording import count_words, duration_words

_ZIP_HEAD = b"PK"
_WIDE = 2
"""From this ratio of the sides on, much of a picture is cut off."""
Made = TypeVar("Made")
ToldReading = Callable[[int, int], object]
"""Hears how many pictures of how many are read."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file as it came."""

    path: Path
    """Where it lies, under a name of ours."""
    name: str
    """What it was called, to be shown."""
    class_name: str = ""
    """Of a picture."""


@dataclass(slots=True)
class Gathered:
    """Pictures as a network sees them."""

    pictures: list[np.ndarray] = field(default_factory=list)
    """(32, 32, 3) uint8 each."""
    labels: list[int] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    """0 where the upload says that it is to learn, 1 to test, -1 where it says neither."""
    class_names: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    """Why a picture could not be read, by its place."""
    left_out: Counter[str] = field(default_factory=Counter)
    num_wide: int = 0
    num_small: int = 0
    num_sequences: int = 0

    def label_of(self, class_name: str) -> int:
        """Of a class, a new one where there is none that looks like it."""
        seen = appearance(class_name)
        for label, known in enumerate(self.class_names):
            if appearance(known) == seen:
                return label
        self.class_names.append(class_name)
        if len(self.class_names) >= NUM_CLASSES.stop:
            raise ValueError(_too_many_classes(len(self.class_names)))
        return len(self.class_names) - 1

    def add(self, picture: np.ndarray, class_name: str, part: int = -1) -> None:
        """One picture more."""
        self.labels.append(self.label_of(class_name))
        self.pictures.append(picture)
        self.parts.append(part)

    def add_file(self, data: bytes, place: str, class_name: str, part: int = -1) -> None:
        """One picture more, or one more that could not be read."""
        try:
            image, num_frames = read_picture(data, most_pixels=MOST_PIXELS, near=2 * SIDE)
        except ValueError as error:
            self.unread[place] = str(error)
            return
        sides = sorted(image.size)
        self.num_wide += sides[1] > _WIDE * sides[0]
        self.num_small += sides[0] < SIDE
        self.num_sequences += num_frames > 1
        self.add(squared(image), class_name, part)


def squared(image: Image.Image) -> np.ndarray:
    """(32, 32, 3) uint8: the middle square of a picture, as the network gets it."""
    if image.size != (SIDE, SIDE):
        image = ImageOps.fit(image, (SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(image.convert("RGB"))


def gather(dropped: Sequence[Dropped], into: Gathered, told: ToldReading) -> None:
    """Read all that was dropped.

    Args:
        dropped: Zips, archives, pictures.
        into: What there is already.
        told: Hears how far it is.

    Raises:
        ValueError: Something cannot be used at all; one line. Single pictures that cannot be read
            are in `Gathered.unread`.
    """
    jobs = [(each, _kind(each)) for each in dropped]
    zips = {each.path: _named(each, _opened_zip) for each, kind in jobs if kind == "zip"}
    _check(into, [listing for _, listing in zips.values()], [e for e, k in jobs if k == "picture"])
    total = sum(len(listing.members) for _, listing in zips.values())
    total += sum(kind == "picture" for _, kind in jobs)
    until, done = time.monotonic() + MOST_SECONDS, 0
    for each, kind in jobs:
        if kind == "npz":
            _named(each, lambda one: _arrays(one, into))
            continue
        for step in _from_zip(*zips[each.path], into) if kind == "zip" else _alone(each, into):
            done += step
            told(done, total)
            if time.monotonic() > until and done < total:
                raise ValueError(
                    f"reading took more than {duration_words(MOST_SECONDS)}, {done:,} of {total:,} "
                    "pictures were done: drop fewer, or smaller ones"
                )
    for _, listing in zips.values():
        into.left_out.update(listing.left_out)


def _kind(dropped: Dropped) -> str:
    with dropped.path.open("rb") as file:
        is_zip = file.read(2) == _ZIP_HEAD
    called = dropped.name.lower()
    if not (is_zip or called.endswith((".zip", ".npz"))):
        return "picture"
    if not is_zip:
        size = dropped.path.stat().st_size
        came = "it is empty" if not size else "it is no zip"
        raise ValueError(f"{shown(dropped.name)}: {came}: upload it again")
    archive = _named(dropped, lambda one: opened(one.path))
    with archive:
        names = archive.namelist()
    return "npz" if names and all(name.endswith(".npy") for name in names) else "zip"


def _opened_zip(dropped: Dropped) -> tuple[Path, Listing]:
    with opened(dropped.path) as archive:
        listing = listed(archive)
    if not listing.members:
        told = f" ({left_out_words(listing.left_out)})" if listing.left_out else ""
        raise ValueError(
            f"it holds no picture in a class folder{told}: make a folder for each class, put its "
            "pictures there, zip the folders"
        )
    return dropped.path, listing


def left_out_words(left_out: Counter[str]) -> str:
    """ "2 links, 1 picture in no class folder"."""
    parts = []
    for kind, count in left_out.items():
        noun, *rest = kind.split(" ")
        parts.append(" ".join([count_words(count, noun), *rest]))
    return ", ".join(parts)


def _check(into: Gathered, listings: Sequence[Listing], pictures: Sequence[Dropped]) -> None:
    """Whether it is not too much, before anything is decoded."""
    count = len(into.pictures) + len(pictures) + sum(len(each.members) for each in listings)
    if count > MOST_IMAGES:
        raise ValueError(f"up to {MOST_IMAGES:,} pictures fit, got {count:,}: drop fewer")
    names = {appearance(member.class_name) for each in listings for member in each.members}
    names |= {appearance(name) for name in into.class_names}
    if len(names) >= NUM_CLASSES.stop:
        raise ValueError(_too_many_classes(len(names)))
    if nameless := [each for each in pictures if not each.class_name]:
        raise ValueError(f"{shown(nameless[0].name)}: of which class? Name it first")


def _too_many_classes(count: int) -> str:
    return f"up to {NUM_CLASSES[-1]} classes fit, got {count:,}: leave some out"


def _from_zip(path: Path, listing: Listing, into: Gathered) -> Iterator[int]:
    with opened(path) as archive:
        for member in listing.members:
            try:
                data = read_member(archive, member.info)
            except ValueError as error:
                into.unread[member.place] = str(error)
            else:
                into.add_file(data, member.place, member.class_name, member.part)
            yield 1


def _alone(dropped: Dropped, into: Gathered) -> Iterator[int]:
    into.add_file(dropped.path.read_bytes(), shown(dropped.name), class_called(dropped.class_name))
    yield 1


def _arrays(dropped: Dropped, into: Gathered) -> None:
    with opened(dropped.path) as archive:
        names = set(archive.namelist())
    if "x_train.npy" in names:
        data = read_archive(dropped.path, "own")
        images = np.concatenate([data.x_train, data.x_test])
        labels = np.concatenate([data.y_train, data.y_test])
        parts = [0] * len(data.x_train) + [1] * len(data.x_test)
        class_names = data.class_names
    else:
        images, labels, class_names = read_unsplit(dropped.path)
        parts = [-1] * len(images)
    if (count := len(into.pictures) + len(images)) > MOST_IMAGES:
        raise ValueError(
            f"up to {MOST_IMAGES:,} pictures fit, got {count:,}: drop fewer, or put the file into "
            "the server's data folder"
        )
    sides = sorted(images.shape[1:3])
    into.num_wide += len(images) * (sides[1] > _WIDE * sides[0])
    for image, label, part in zip(images, labels, parts, strict=True):
        picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
        into.add(squared(picture), class_called(class_names[label]), part)


def _named(dropped: Dropped, make: Callable[[Dropped], Made]) -> Made:
    """What `make` makes of a file; an error names it as its owner does."""
    try:
        return make(dropped)
    except ValueError as error:
        line = str(error).removeprefix(f"{dropped.path.name}: ")
        raise ValueError(f"{shown(dropped.name)[:80]}: {line}") from None
