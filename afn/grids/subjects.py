"""Trained networks as evaluation sees them. Needs no torch."""

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from afn.data import dataset_entry
from afn.data.derived import parts_of
from afn.data.domains import DIGIT_SETS
from afn.engine.config import SWITCHABLE_NORMS, TrainConfig
from afn.grids.records import GridFile, Order, Question
from afn.runs import Run

Stats = Literal["running", "batch"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A trained network: what it is, where its weights are, and where its answers are kept."""

    id: str
    """The run's."""
    config: TrainConfig
    image_shape: tuple[int, int, int]
    """(H, W, C) of the images that it takes."""
    num_classes: int
    weights: Path
    """A safetensors file."""
    sha256: str
    """Of that file."""
    folder: Path
    """Where answers are kept by their question."""

    @classmethod
    def of_run(cls, run: Run) -> "Subject":
        """The network that a run has trained so far.

        Raises:
            ValueError: It has no weights yet, its configuration is damaged, or nobody knows its
                data set any more.
            FileNotFoundError: It was deleted.
        """
        config, weights = run.config(), run.require_weights()
        entry = dataset_entry(config.dataset)
        return cls(
            id=run.id,
            config=config,
            image_shape=entry.image_shape,
            num_classes=entry.num_classes,
            weights=weights.absolute(),
            sha256=_sha256(weights, weights.stat().st_mtime_ns),
            folder=(run.path / "grids").absolute(),
        )

    @property
    def has_choice(self) -> bool:
        """Whether its norms can use running and test-batch statistics."""
        return self.config.norm in SWITCHABLE_NORMS

    @property
    def knows_digits(self) -> bool:
        """Whether its classes are the ten digits."""
        parts = parts_of(self.config.dataset) or [self.config.dataset]
        return all(part.partition("@")[0] in DIGIT_SETS for part in parts)

    def question(
        self,
        *,
        num_images: int,
        dataset: str = "",
        stats: Stats | None = None,
        batch_size: int = 128,
        order: Order = "mixed",
        networks: bool = True,
    ) -> Question:
        """What to ask of it. Whatever cannot change the answer is not in the question.

        Args:
            num_images: The first so many test images.
            dataset: Whose; its own by default.
            stats: Whose statistics its norms use, where they have the choice; None is as trained.
            batch_size: Of the test.
            order: Of the test images.
            networks: False forces every λ to 0.
        """
        config = self.config
        if self.has_choice:
            config = replace(config, eval_stats=stats or config.eval_stats)
        config = replace(config, eval_batch_size=batch_size)
        if not config.statistics.startswith("test batch"):
            batch_size, order = 128, "mixed"
        return Question(
            weights=self.sha256,
            dataset=dataset or config.dataset,
            num_images=num_images,
            statistics=config.statistics,
            batch_size=batch_size,
            order=order,
            networks=networks or not config.is_adaptive,
        )

    def file(self, question: Question) -> GridFile:
        """Where the answers to a question are kept."""
        return GridFile(self.folder, question)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "id": self.id,
            "config": self.config.to_json(),
            "image_shape": list(self.image_shape),
            "num_classes": self.num_classes,
            "weights": str(self.weights),
            "sha256": self.sha256,
            "folder": str(self.folder),
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Subject":
        """The inverse of `to_json`."""
        height, width, channels = record["image_shape"]
        return cls(
            id=record["id"],
            config=TrainConfig.from_json(record["config"]),
            image_shape=(height, width, channels),
            num_classes=record["num_classes"],
            weights=Path(record["weights"]),
            sha256=record["sha256"],
            folder=Path(record["folder"]),
        )


@lru_cache(maxsize=256)
def _sha256(path: Path, modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
