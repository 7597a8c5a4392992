from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from afn.data.own.reading import read
from afn.data.own.store import OwnSet, OwnSets
from afn.work.folder import write_json

Taken = Callable[..., OwnSet]


def picture(number: int = 0, size: tuple[int, int] = (40, 40), mode: str = "RGB") -> Image.Image:
    """One that looks like no other number's: a colour that goes over into another."""
    rng = np.random.default_rng(number)
    corners = Image.fromarray(rng.integers(0, 256, (3, 3, 3), dtype=np.uint8))
    return corners.resize(size, Image.Resampling.BILINEAR).convert(mode)


def file_of(image: Image.Image, kind: str = "png", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pictures(*classes: str, each: int = 5) -> dict[str, bytes]:
    """Files of a zip: so many pictures in a folder for each class."""
    return {
        f"{name}/{number}.png": file_of(picture(100 * place + number))
        for place, name in enumerate(classes)
        for number in range(each)
    }


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run store's folder; there is no data folder."""
    path = tmp_path / "runs"
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "no-data"))
    monkeypatch.setenv("AFN_RUNS_DIR", str(path))
    return path


@pytest.fixture
def take(runs: Path) -> Taken:
    """Reads files as an upload of them is read, in this process."""

    def taken(*files: tuple[str, bytes], class_name: str = "", base: str = "") -> OwnSet:
        folder = runs / ".own" / ".upload-0"
        folder.mkdir(parents=True, exist_ok=True)
        for number, (_, data) in enumerate(files):
            (folder / str(number)).write_bytes(data)
        names = [name for name, _ in files]
        manifest = {"names": names, "class_name": class_name, "base": base, "owner": None}
        write_json(folder / "manifest.json", manifest)
        found = OwnSets(runs).find(read(folder))
        assert found is not None
        return found

    return taken
