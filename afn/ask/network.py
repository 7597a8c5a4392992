"""Trained networks as evaluation sees them. Needs no torch."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from afn.ask.records import GridFile, Networks, Order, Question, classes_of, networks_of
from afn.data import dataset_entry
from afn.data.entries import digit_names
from afn.runs.progress import progress_of
from afn.runs.store import Run
from afn.settings.config import TrainConfig
from afn.settings.norms import SWITCHABLE_NORMS

Stats = Literal["running", "batch"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rebuilt:
    """What it takes to build a model of one's own again; see `afn.own`."""

    label: str
    """A short name."""
    source: str
    """As `afn.own.source.ModelSource` reads it."""
    file_digest: str
    """SHA-256 of the file that is executed, or has the weights: it must not have changed."""
    became: str
    """The norm that it was converted to; empty as it is."""
    pick: str | int | None
    """Where in its output the logits are."""
    has_choice: bool
    """Whether its norms can use running and test-batch statistics."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """A trained network: what it is, where its weights are, and where its answers are kept."""

    id: str
    """The run's."""
    config: TrainConfig
    image_shape: tuple[int, int, int]
    """(H, W, C) of the images that it takes."""
    class_names: tuple[str, ...]
    """What each of its logits stands for."""
    weights: Path
    """A safetensors file."""
    sha256: str
    """Of that file; of a model of one's own, of all that makes it what it is."""
    folder: Path
    """Where answers are kept by their question."""
    rebuilt: Rebuilt | None = None
    """Of a model of one's own, whose configuration says no more than its norm, its statistics and
    a data set of its classes, which is empty where there is none; None of what was trained here."""

    @classmethod
    def of_run(cls, run: Run, weights: Path | None = None) -> "Network":
        """The network that a run has trained so far.

        Args:
            run: Of the store.
            weights: One of its checkpoints; the newest by default.

        Raises:
            ValueError: It has no weights yet, its configuration is damaged, or nobody knows its
                data set any more.
            FileNotFoundError: It was deleted.
        """
        config, weights = run.config(), weights or run.require_weights()
        entry = dataset_entry(config.dataset)
        modified = weights.stat().st_mtime_ns
        return cls(
            id=run.id,
            config=config,
            image_shape=entry.image_shape,
            class_names=_class_names(weights, modified) or entry.class_names,
            weights=weights.absolute(),
            sha256=_sha256(weights, modified),
            folder=(run.path / "grids").absolute(),
        )

    @property
    def has_choice(self) -> bool:
        """Whether its norms can use running and test-batch statistics."""
        if self.rebuilt:
            return self.rebuilt.has_choice
        return self.config.norm in SWITCHABLE_NORMS

    @property
    def num_classes(self) -> int:
        """Logits."""
        return len(self.class_names)

    @property
    def knows_digits(self) -> bool:
        """Whether its classes are digits."""
        return set(self.class_names) <= set(digit_names())

    def question(
        self,
        *,
        num_images: int,
        dataset: str = "",
        classes: Sequence[str] = (),
        stats: Stats | None = None,
        batch_size: int = 128,
        order: Order = "mixed",
        networks: bool | Networks = "on",
    ) -> Question:
        """What to ask of it. Whatever cannot change the answer is not in the question.

        Args:
            num_images: The first so many test images.
            dataset: Whose; its own by default.
            classes: That set's class names, if it is not its own; looked up where they are left
                out.
            stats: Whose statistics its norms use, where they have the choice; None is as trained.
            batch_size: Of the test.
            order: Of the test images.
            networks: Whether they take part; True is "on" and False "off".
        """
        networks = networks_of(networks)
        config = self.config
        if self.has_choice:
            config = replace(config, eval_stats=stats or config.eval_stats)
        config = replace(config, eval_batch_size=batch_size)
        if not config.statistics.startswith("test batch"):
            batch_size, order = 128, "mixed"
        if dataset and dataset != config.dataset:
            classes = tuple(classes) or _catalogued(dataset) or self.class_names
        else:
            classes = self.class_names
        return Question(
            weights=self.sha256,
            dataset=dataset or config.dataset,
            num_images=num_images,
            statistics=config.statistics,
            batch_size=batch_size,
            order=order,
            networks=networks if _heeds(config, networks) else "on",
            classes=classes_of(classes, self.class_names),
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
            "class_names": list(self.class_names),
            "weights": str(self.weights),
            "sha256": self.sha256,
            "folder": str(self.folder),
            **({"rebuilt": asdict(self.rebuilt)} if self.rebuilt else {}),
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Network":
        """The inverse of `to_json`."""
        height, width, channels = record["image_shape"]
        return cls(
            id=record["id"],
            config=TrainConfig.from_json(record["config"]),
            image_shape=(height, width, channels),
            class_names=tuple(record["class_names"]),
            weights=Path(record["weights"]),
            sha256=record["sha256"],
            folder=Path(record["folder"]),
            rebuilt=Rebuilt(**record["rebuilt"]) if "rebuilt" in record else None,
        )


Subject = Network
"""As programs handed out earlier call it."""


def _heeds(config: TrainConfig, networks: Networks) -> bool:
    """Whether it makes a difference to a network that was trained so."""
    if networks == "frozen" and (config.frozen_networks or config.statistics == "running"):
        return False  # they are given running averages as it is
    return config.is_adaptive


def _catalogued(dataset: str) -> tuple[str, ...]:
    """A data set's class names; none where nobody knows it."""
    try:
        return dataset_entry(dataset).class_names
    except ValueError:
        return ()


@lru_cache(maxsize=256)
def _class_names(path: Path, modified: int) -> tuple[str, ...]:
    """As the checkpoint has them; none in those of before names were kept, or in a damaged one."""
    with suppress(ValueError):  # whoever restores it is told
        return tuple(progress_of(path).get("class_names", ()))
    return ()


@lru_cache(maxsize=256)
def _sha256(path: Path, modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
