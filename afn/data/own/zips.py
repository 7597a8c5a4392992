"""Zips of class folders, listed before anything of them is unpacked.

Nothing is written under a name that stands in a zip: its paths only say a picture's class and
whether it is to test. What is not taken is counted by kind.
"""

import re
import struct
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISLNK
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from afn.data.entries import composed, shown
from afn.data.own.rules import MOST_FILE_MB, MOST_MEMBERS, MOST_UNPACKED_MB
from afn.data.picture_files import SUFFIXES

READ_ERRORS = (
    OSError, EOFError, ValueError, KeyError, RuntimeError, NotImplementedError, OverflowError,
    BadZipFile, struct.error, zlib.error,
)  # fmt: skip
"""What comes of an archive that is not whole."""
_TRAIN = ("train", "training")
_TEST = ("test", "testing", "val", "valid", "validation")
_OUTSIDE = re.compile(r"^/|^[A-Za-z]:|(^|/)\.\.(/|$)")
_CHUNK = 1 << 16
_LONGEST_NAME = 60


class Member(NamedTuple):
    """A picture in a zip."""

    info: ZipInfo
    place: str
    """Its folder and its name, to be shown."""
    class_name: str
    part: int
    """0 where its folder says that it is to learn, 1 to test, -1 where none says."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What is in a zip."""

    members: list[Member] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """How many of each kind, in words for one of it: a noun, and what kind of it."""


def opened(path: Path) -> ZipFile:
    """A zip that is whole and no bomb.

    Raises:
        ValueError: It is not; one line without the file's name.
    """
    try:
        archive = ZipFile(path)
    except READ_ERRORS:
        raise ValueError("it is cut short or damaged: upload it again") from None
    try:
        _check(archive.infolist())
    except ValueError:
        archive.close()
        raise
    return archive


def _check(infos: Sequence[ZipInfo]) -> None:
    """Whether they may be read, by what they declare."""
    if len(infos) > MOST_MEMBERS:
        raise ValueError(f"it holds {len(infos):,} files, up to {MOST_MEMBERS:,} are read")
    if any(info.flag_bits & 1 for info in infos):
        raise ValueError("it has a password: zip the pictures again without one")
    if (size := sum(info.file_size for info in infos)) > MOST_UNPACKED_MB * 1e6:
        raise ValueError(
            f"it would unpack to {size / 1e6:,.0f} MB, up to {MOST_UNPACKED_MB:,} are read: make "
            "the pictures fewer or smaller"
        )


def listed(archive: ZipFile) -> Listing:
    """The pictures by their class, which is the folder right above; what else there is, counted.

    Folders further above count for nothing, but for ``train`` and ``test`` (``val`` is to test).
    """
    found = Listing()
    for info in archive.infolist():
        path = _path(info)
        *folders, name = path.rstrip("/").split("/")
        if _OUTSIDE.search(path):
            found.left_out["file with a path outside of the zip"] += 1
        elif info.is_dir() or path.endswith("/"):
            continue
        elif S_ISLNK(info.external_attr >> 16):
            found.left_out["link"] += 1
        elif "__MACOSX" in folders or any(part.startswith(".") for part in (*folders, name)):
            found.left_out["file of the system"] += 1
        elif name.lower().endswith((".zip", ".npz", ".rar", ".7z", ".tar", ".gz", ".tgz")):
            found.left_out["archive within the archive"] += 1
        elif not name.lower().endswith(SUFFIXES):
            found.left_out["file of another kind"] += 1
        elif info.file_size > MOST_FILE_MB * 1e6:
            found.left_out[f"picture of more than {MOST_FILE_MB} MB"] += 1
        elif info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            found.left_out["file packed in an unusual way (zip it as usual)"] += 1
        elif (class_name := _class_of(folders)) is None:
            found.left_out["picture in no class folder"] += 1
        else:
            place = shown("/".join([*folders[-1:], name]))
            found.members.append(Member(info, place, class_name, _part_of(folders)))
    return found


def read_member(archive: ZipFile, info: ZipInfo) -> bytes:
    """A file's content; never more than it may be, whatever it declares.

    Raises:
        ValueError: It is damaged, or larger than it says.
    """
    parts, size = [], 0
    try:
        with archive.open(info) as member:
            while chunk := member.read(_CHUNK):
                parts.append(chunk)
                size += len(chunk)
                if size > MOST_FILE_MB * 1e6:
                    raise ValueError(f"it has more than {MOST_FILE_MB} MB")
    except READ_ERRORS as error:
        told = " ".join(str(error).split())[:100]
        raise ValueError(f"it is cut short or damaged in the zip ({told})") from None
    return b"".join(parts)


def class_called(text: str) -> str:
    """A class's name as it is kept: on one line, in its script, without what turns text around."""
    seen = " ".join(shown(text).split())
    kept = "".join(sign for sign in seen if unicodedata.category(sign) not in ("Cc", "Cs", "Co"))
    return kept if len(kept) <= _LONGEST_NAME else f"{kept[: _LONGEST_NAME - 1]}…"


def _path(info: ZipInfo) -> str:
    """The path as whoever zipped it wrote it; zips that do not say that it is UTF-8 often are."""
    path = info.orig_filename.split("\0")[0]
    if not info.flag_bits & 0x800:
        with suppress(ValueError):  # else it is in cp437
            path = path.encode("cp437").decode("utf-8")
    return composed(path.replace("\\", "/"))


def _class_of(folders: list[str]) -> str | None:
    if not folders or folders[-1].lower() in (*_TRAIN, *_TEST):
        return None
    return class_called(folders[-1]) or None


def _part_of(folders: list[str]) -> int:
    for folder in map(str.lower, folders[:-1]):
        if folder in _TRAIN:
            return 0
        if folder in _TEST:
            return 1
    return -1
