"""Sets of people's own pictures: a hidden folder beside the runs, and in it a folder for each.

A set never changes: what is added makes another one. Its folder has a drawn name, never one of
whoever dropped it, and holds ``record.json`` and ``pictures.npz``.
"""

import math
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from afn.data.entries import DatasetEntry, DatasetSource, ImageData
from afn.data.own.checking import alike_line, num_alike, once, warnings_of, why_unusable
from afn.data.own.gathering import Gathered
from afn.data.own.rules import PREFIX, SEED, SIDE, is_own
from afn.data.split import num_test_of, stratified_split
from afn.runs.recorded import Recorded
from afn.runs.store import runs_dir
from afn.wording import count_words
from afn.work.folder import read_json, write_json

FOLDER = ".own"
_STALE_SECONDS = 3600.0
"""An upload that nobody reads after so long never will be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnSet:
    """What is known of a set without its pictures."""

    name: str
    """Of the data set, by which runs and links name it."""
    class_names: tuple[str, ...]
    counts: tuple[tuple[int, int], ...]
    """Of each class how many are to learn, and to test."""
    channels: int
    """1 where all pictures are grey, else 3."""
    created: float
    """Seconds since 1970."""
    seed: int
    """Of the split."""
    digest: str
    """Of pictures, labels and split."""
    why_unusable: str
    """What is lacking before it can be learned; empty for nothing."""
    warnings: tuple[str, ...]
    owner: str | None = None
    """Who dropped it, on a server that several people share."""

    @property
    def title(self) -> str:
        """What it is called: its classes."""
        first, more = ", ".join(self.class_names[:3]), len(self.class_names) - 3
        return f"{first} and {more} more" if more > 0 else first

    @property
    def num_train(self) -> int:
        """Pictures to learn."""
        return sum(train for train, _ in self.counts)

    @property
    def num_test(self) -> int:
        """Pictures to test."""
        return sum(test for _, test in self.counts)

    def entry(self) -> DatasetEntry:
        """Its line in the catalogue."""
        return DatasetEntry(
            name=self.name,
            title=self.title,
            status="on disk",
            image_shape=(SIDE, SIDE, self.channels),
            class_names=self.class_names,
            num_train=self.num_train,
            num_test=self.num_test,
            source=f"Pictures of your own, {self.num_train + self.num_test:,} in all.",
        )


@dataclass(frozen=True, slots=True, eq=False)
class OwnPictures:
    """The arrays of a set."""

    x: np.ndarray
    """(N, 32, 32, C) uint8, in the order in which they came."""
    y: np.ndarray
    """(N,) int64."""
    given: np.ndarray
    """(N,) int8: 0 where the upload said that it is to learn, 1 to test, -1 neither."""
    train: np.ndarray
    """Places of what is to learn, shuffled."""
    test: np.ndarray


class OwnSets:
    """All sets below one folder.

    Args:
        runs: The run store's folder; that of ``AFN_RUNS_DIR`` by default.
    """

    def __init__(self, runs: Path | None = None) -> None:
        self.root = Path(runs_dir() if runs is None else runs) / FOLDER

    def list(self) -> list[OwnSet]:
        """Every set, newest first."""
        found = [self.find(path.name) for path in self.root.glob(f"{PREFIX}*")]
        return sorted((each for each in found if each), key=lambda one: -one.created)

    def find(self, name: str) -> OwnSet | None:
        """A set by its name; None where there is none."""
        if not is_own(name):
            return None
        path = self.root / name / "record.json"
        with suppress(OSError, ValueError, TypeError, KeyError):
            return _record(path, path.stat().st_mtime_ns)
        return None

    def pictures(self, name: str) -> OwnPictures:
        """Its arrays.

        Raises:
            ValueError: They are not there, or damaged.
        """
        try:
            with np.load(self.root / name / "pictures.npz", allow_pickle=False) as arrays:
                return OwnPictures(**{each.name: arrays[each.name] for each in fields(OwnPictures)})
        except Exception as error:
            raise ValueError(f"the pictures of {name} are gone or damaged: drop them anew") from (
                error
            )

    def load(self, found: OwnSet) -> ImageData:
        """The arrays as any data set's."""
        held = self.pictures(found.name)
        return ImageData(
            name=found.name,
            x_train=held.x[held.train],
            y_train=held.y[held.train],
            x_test=held.x[held.test],
            y_test=held.y[held.test],
            class_names=found.class_names,
        )

    def gathered(self, found: OwnSet) -> Gathered:
        """What it holds, to be added to."""
        held = self.pictures(found.name)
        return Gathered(
            pictures=list(held.x.repeat(3, axis=3) if found.channels == 1 else held.x),
            labels=held.y.tolist(),
            parts=held.given.tolist(),
            class_names=list(found.class_names),
        )

    def keep(self, gathered: Gathered, owner: str | None = None) -> OwnSet:
        """A new set: what comes twice is left out, the rest split.

        Raises:
            ValueError: There is no picture.
            OSError: The disk is full or read-only.
        """
        lines = once(gathered)
        _drop_empty_classes(gathered)
        if not gathered.pictures:
            raise ValueError(_nothing(gathered))
        x, y = np.stack(gathered.pictures), np.array(gathered.labels, dtype=np.int64)
        given = np.array(gathered.parts, dtype=np.int8)
        train, test = _split(y, given)
        counts = tuple(
            (int((y[train] == label).sum()), int((y[test] == label).sum()))
            for label in range(len(gathered.class_names))
        )
        lines += warnings_of(gathered, counts)
        if line := alike_line(num_alike(x[train], x[test]), len(test)):
            lines.append(line)
        if (x == x[..., :1]).all():
            x = np.ascontiguousarray(x[..., :1])
        digest = sha256(b"".join(each.tobytes() for each in (x, y, train, test))).hexdigest()[:16]
        found = OwnSet(
            name=f"{PREFIX}{secrets.token_hex(8)}",
            class_names=tuple(gathered.class_names),
            counts=counts,
            channels=x.shape[3],
            created=time.time(),
            seed=SEED,
            digest=digest,
            why_unusable=why_unusable(gathered.class_names, counts),
            warnings=tuple(lines),
            owner=owner,
        )
        self._write(found, OwnPictures(x=x, y=y, given=given, train=train, test=test))
        return found

    def _write(self, found: OwnSet, held: OwnPictures) -> None:
        """So that others find all of it or nothing."""
        part = self.root / f".{found.name}"
        try:
            part.mkdir(parents=True)
            np.savez(part / "pictures.npz", **{
                each.name: getattr(held, each.name) for each in fields(OwnPictures)
            })  # fmt: skip
            write_json(
                part / "record.json",
                {each.name: getattr(found, each.name) for each in fields(OwnSet)},
            )
            part.rename(self.root / found.name)
        except OSError:
            shutil.rmtree(part, ignore_errors=True)
            raise

    def forget(self, name: str) -> None:
        """Delete a set, and what was made of it to look at: pictures corrupted, networks untrained.

        Raises:
            OSError: Something of it is still there.
        """
        if is_own(name):
            with suppress(FileNotFoundError):
                shutil.rmtree(self.root / name)
            for traces in self._traces(name):
                traces.unlink() if traces.is_file() else shutil.rmtree(traces)

    def _traces(self, name: str) -> Iterator[Path]:
        runs = self.root.parent
        yield from (runs / ".pictures").glob(f"{name}.*")
        for look in (runs / ".looks").glob("*"):
            start, _ = Recorded("", look).events()
            if start and name in f"{start[0]}":
                yield look

    def clear(self, days: float) -> None:
        """Delete what is older, and uploads that were never read."""
        now = time.time()
        if math.isfinite(days):
            for each in self.list():
                if now - each.created > 86_400 * days:
                    with suppress(OSError):
                        self.forget(each.name)
        for part in self.root.glob(".*"):
            with suppress(OSError):
                if now - part.stat().st_mtime > _STALE_SECONDS:
                    shutil.rmtree(part)

    def size(self, name: str) -> float:
        """MB on the disk."""
        files = (self.root / name).glob("*")
        with suppress(OSError):
            return sum(file.stat().st_size for file in files) / 1e6
        return 0.0


def find_own(_folder: Path) -> Iterator[DatasetSource]:
    """Every set that can be learned; one that somebody owns is in no list."""
    sets = OwnSets()
    for found in sets.list():
        if not found.why_unusable:
            yield DatasetSource(
                found.entry(), partial(sets.load, found), is_private=found.owner is not None
            )


def gone(name: str) -> str:
    """Why there is no such set, in one line; "" where it is no name of one."""
    if not is_own(name):
        return ""
    return f"the pictures of {name} are no longer here: drop them anew"


@lru_cache(maxsize=1024)
def _record(path: Path, _modified: int) -> OwnSet:
    record: dict[str, Any] = read_json(path) or {}
    return OwnSet(
        **{
            **record,
            "class_names": tuple(record["class_names"]),
            "counts": tuple((train, test) for train, test in record["counts"]),
            "warnings": tuple(record["warnings"]),
        }
    )


def _split(y: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of what is to learn and to test: as the upload says, or a fifth of each class."""
    if (given == 1).any() and (given == 0).any():
        rng = np.random.default_rng(SEED)
        return rng.permutation(np.flatnonzero(given != 1)), rng.permutation(
            np.flatnonzero(given == 1)
        )
    return stratified_split(y, num_test_of(len(y)), seed=SEED)


def _drop_empty_classes(gathered: Gathered) -> None:
    held = sorted(set(gathered.labels))
    number = {label: new for new, label in enumerate(held)}
    gathered.class_names = [gathered.class_names[label] for label in held]
    gathered.labels = [number[label] for label in gathered.labels]


def _nothing(gathered: Gathered) -> str:
    if gathered.unread:
        place, why = next(iter(gathered.unread.items()))
        count = count_words(len(gathered.unread), "picture")
        return f"none of {count} can be read, such as {place}: {why}"
    return "there is no picture: drop some"


def without(gathered: Gathered, labels: Sequence[int]) -> Gathered:
    """What is left without some classes."""
    kept = [i for i, label in enumerate(gathered.labels) if label not in labels]
    gathered.pictures = [gathered.pictures[i] for i in kept]
    gathered.parts = [gathered.parts[i] for i in kept]
    gathered.labels = [gathered.labels[i] for i in kept]
    return gathered
