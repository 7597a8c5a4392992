from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, which AFN_DATA_DIR names."""
    path = tmp_path / "data"
    path.mkdir()
    monkeypatch.setenv("AFN_DATA_DIR", str(path))
    return path


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """A well-formed archive's content: 6 + 3 grey images of 8×9, three classes."""
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (6, 8, 9), dtype=np.uint8),
        "y_train": np.array([0, 1, 2, 0, 1, 2], dtype=np.uint8),
        "x_test": rng.integers(0, 256, (3, 8, 9), dtype=np.uint8),
        "y_test": np.array([0, 1, 2], dtype=np.uint8),
    }


@pytest.fixture
def write(folder: Path) -> Callable[..., Path]:
    """Writes arrays as an archive of the data folder."""

    def write_npz(name: str, **arrays: np.ndarray) -> Path:
        path = folder / f"{name}.npz"
        np.savez_compressed(path, **arrays)
        return path

    return write_npz
