"""Data of one's own, by a name, a folder of classes or an archive."""

import tempfile
from dataclasses import replace
from pathlib import Path

from afn.data import ImageData, catalogue, load_dataset


def data_of(name: str) -> ImageData:
    """A data set of the catalogue; else a folder ``CLASS/IMAGE`` or an ``.npz``.

    A folder's images are split by the rule of the data folder's trees, see docs/data.md.

    Raises:
        ValueError: It is neither, or cannot be read.
        FileNotFoundError: A known one is not on disk.
    """
    if name in catalogue():
        return load_dataset(name)
    path = Path(name).expanduser()
    if not path.exists():
        return load_dataset(name)  # says what is known
    with tempfile.TemporaryDirectory() as folder:
        if path.is_dir():
            (Path(folder) / "own").mkdir()
            (Path(folder) / "own" / "data").symlink_to(path.resolve())
        elif path.suffix == ".npz":
            (Path(folder) / "own.npz").symlink_to(path.resolve())
        else:
            raise ValueError(f"{path}: expected a data set's name, a folder of classes or an .npz")
        here = [
            entry
            for entry in catalogue(Path(folder)).values()
            if entry.name in ("own", "own/data") and entry.status == "on disk"
        ]
        if not here:
            raise ValueError(f"{path} holds no images in folders of their classes: CLASS/IMAGE.png")
        return replace(load_dataset(here[0].name, Path(folder)), name=path.stem)
