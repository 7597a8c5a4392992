"""A tiny model that goes through everything a planned one does."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from afn import TrainConfig
from afn.pretrained.cards import Card, read_card
from afn.pretrained.results import Accuracy
from afn.pretrained.spec import Spec
from afn.pretrained.train import make
from afn.runs.store import RunStore

TINY = Spec(
    name="tiny-afn",
    group="tiny",
    config=TrainConfig(
        dataset="digits8", norm="afn", widths=(4, 8), epochs=2, eval_images=100,
        evals_per_epoch=1, corruptions=(),
    ),
    domains=("digits8",),
    domain_images=360,
    grid_images=20,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Made:
    """What came of making the tiny model."""

    store: RunStore
    folder: Path
    accuracies: list[Accuracy]
    said: list[dict]
    card: Card


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Made:
    """The tiny model, shipped; to be read only."""
    root = tmp_path_factory.mktemp("made")
    store, folder, said = RunStore(root / "runs"), root / "pretrained", []
    accuracies = make(TINY, store, folder, said.append)
    card = read_card(TINY.name, folder)
    return Made(store=store, folder=folder, accuracies=accuracies, said=said, card=card)


@pytest.fixture
def tiny() -> Spec:
    """What `made` was made from."""
    return TINY
