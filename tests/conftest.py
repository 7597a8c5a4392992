"""What all tests share: one thread, folders of their own, and small quick configurations."""

from pathlib import Path

import pytest

from afn import TrainConfig
from afn.runs.store import RunStore


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--renew`` writes what the golden tests hold, instead of comparing; see `tests/golden`."""
    parser.addoption("--renew", action="store_true", help="write golden files anew")


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """An empty run store."""
    return RunStore(tmp_path / "runs")


@pytest.fixture
def quick() -> TrainConfig:
    """A run of well under a second: 8×8 digits, 22 steps, two corruptions."""
    return TrainConfig(
        dataset="digits8",
        widths=(4, 8),
        epochs=1,
        evals_per_epoch=2,
        eval_images=100,
        corruptions=("contrast", "gaussian_noise"),
    )
