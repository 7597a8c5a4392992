"""Corrupted test images to look at: one file for all severities of a corruption. Needs no torch."""

import hashlib
import json
import os
import secrets
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from afn.data.own.rules import own_in
from afn.settings.corruptions import RULE

KEPT = 200
"""Pictures are kept of the first so many test images; a file holds 1.2 MB at 32×32 in colour."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pictures:
    """The first test images of a data set, clean and under all severities of one corruption."""

    images: np.ndarray
    """(6, N, H, W, C) uint8; the first axis is the severity, 0 for clean."""
    labels: np.ndarray
    """(N,) int64, of the corrupted images, as the clean ones unless `source` is an archive."""
    class_names: tuple[str, ...]
    source: str
    """Where the corrupted images are from, as a cell's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PicturesFile:
    """Where the pictures of one corruption are kept."""

    folder: Path
    dataset: str
    num_images: int
    """Of the test. At most ``KEPT`` are kept."""
    corruption: str

    @property
    def path(self) -> Path:
        """The file; those of another rule of corruptions are other files.

        Of people's own pictures its name begins with that of their set, with which it goes.
        """
        text = json.dumps([self.dataset, self.num_images, self.corruption, RULE])
        own = own_in(self.dataset)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self.folder / f"{own and f'{own}.'}{digest}.npz"

    def read(self) -> Pictures | None:
        """What the file holds; None where there is none that can be read."""
        try:
            with np.load(self.path, allow_pickle=False) as file:
                return Pictures(
                    images=file["images"],
                    labels=file["labels"],
                    class_names=tuple(file["class_names"].tolist()),
                    source=str(file["source"]),
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def write(self, pictures: Pictures) -> None:
        """Keep pictures: the whole file or none.

        Raises:
            OSError: The folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".{secrets.token_hex(4)}.npz"
        try:
            np.savez(
                temporary,
                images=pictures.images,
                labels=pictures.labels,
                class_names=np.array(pictures.class_names),
                source=np.array(pictures.source),
                rule=np.array(RULE),
            )
            os.replace(temporary, self.path)  # noqa: PTH105 - a rename that overwrites
        finally:
            temporary.unlink(missing_ok=True)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "folder": str(self.folder),
            "dataset": self.dataset,
            "num_images": self.num_images,
            "corruption": self.corruption,
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "PicturesFile":
        """The inverse of `to_json`."""
        return cls(**{**record, "folder": Path(record["folder"])})
