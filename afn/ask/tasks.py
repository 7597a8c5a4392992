"""What an evaluation can be asked for. Needs no torch.

A task knows where its results are kept, so it can say what of it is left to do.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from afn.adapt.task import SheetsTask, StreamTask
from afn.ask.looks import look_of
from afn.ask.map_task import MapTask
from afn.ask.movement import Movement
from afn.ask.network import Network
from afn.ask.pictures import PicturesFile
from afn.ask.records import Place, Question
from afn.ask.rescaling import Condition, Rescaling
from afn.ask.spread import Spread
from afn.plain import converted
from afn.runs.recorded import Recorded
from afn.settings.config import TrainConfig
from afn.settings.corruptions import RULE
from afn.work.folder import read_json, write_json


@dataclass(frozen=True, kw_only=True, slots=True)
class GridTask:
    """Places of a grid that a model is to answer."""

    UNIT: ClassVar[str] = "test"
    """What one of its results is called."""
    network: Network
    question: Question
    places: tuple[Place, ...]

    @property
    def size(self) -> int:
        """How many results there will be."""
        return len(self.places)

    @property
    def name(self) -> object:
        """What tells it from other tasks."""
        return self.question.key, self.places

    def missing(self) -> list[Place]:
        """The places whose cells are not known yet, under today's rule of corruptions."""
        known = self.network.file(self.question).cells()
        return [place for place in self.places if place not in known]

    def left(self) -> "GridTask | None":
        """What of it is to be done; None if nothing is."""
        missing = self.missing()
        return replace(self, places=tuple(missing)) if missing else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "kind": "grid",
            "subject": self.network.to_json(),
            "question": asdict(self.question),
            "places": [list(place) for place in self.places],
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class PicturesTask:
    """Pictures that are to be made."""

    UNIT: ClassVar[str] = "picture"
    file: PicturesFile

    @property
    def size(self) -> int:
        """How many results there will be."""
        return 1

    @property
    def name(self) -> object:
        """What tells it from other tasks."""
        return str(self.file.path)

    def left(self) -> "PicturesTask | None":
        """The task, unless the pictures are there."""
        return None if self.file.path.exists() else self

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"kind": "pictures", "file": self.file.to_json()}


@dataclass(frozen=True, kw_only=True, slots=True)
class LookTask:
    """A network to be looked at before its first step."""

    UNIT: ClassVar[str] = "network"
    config: TrainConfig
    folder: Path
    """Of all looks."""

    @property
    def look(self) -> Recorded:
        """Where it is kept."""
        return look_of(self.config, self.folder)

    @property
    def size(self) -> int:
        """How many results there will be."""
        return 1

    @property
    def name(self) -> object:
        """What tells it from other tasks."""
        return self.look.id

    def left(self) -> "LookTask | None":
        """The task, unless it was looked at."""
        return None if self.look.is_there else self

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"kind": "look", "config": self.config.to_json(), "folder": str(self.folder)}


@dataclass(frozen=True, kw_only=True, slots=True)
class _MeasuringTask:
    """A measurement of a model whose result is one record, kept whole in a file."""

    UNIT: ClassVar[str] = "measurement"
    KIND: ClassVar[str]
    network: Network
    question: Question
    """Statistics mode, batch size and images of each set of images; its data set is not heeded."""

    @property
    def about(self) -> tuple[Any, ...]:
        """The sets of images."""
        raise NotImplementedError

    @property
    def is_corrupted(self) -> bool:
        """Whether some of the images are corrupted."""
        return False

    @property
    def size(self) -> int:
        """How many results there will be."""
        return 1

    @property
    def name(self) -> object:
        """What tells it from other tasks."""
        return str(self.path)

    @property
    def path(self) -> Path:
        """Where the result is kept; one under another rule of corruptions is another file."""
        rule = [RULE] if self.is_corrupted else []
        text = json.dumps([self.question.key, *self.about, *rule])
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self.network.folder / f"{self.KIND}-{key}.json"

    def write(self, result: Spread | Rescaling | Movement) -> None:
        """Keep the result: the whole file or none."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        rule = {"rule": RULE} if self.is_corrupted else {}
        write_json(self.path, {**result.to_json(), **rule}, indent=None)

    def left(self) -> Self | None:
        """The task, unless its result is there."""
        return None if self.path.exists() else self

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "kind": self.KIND,
            "subject": self.network.to_json(),
            "question": asdict(self.question),
            "about": [list(each) if isinstance(each, tuple) else each for each in self.about],
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class SpreadTask(_MeasuringTask):
    """How far domains lie apart at each layer of a model."""

    KIND: ClassVar[str] = "spread"
    domains: tuple[str, ...]

    @property
    def about(self) -> tuple[str, ...]:
        """The domains."""
        return self.domains

    def read(self) -> Spread | None:
        """The result; None where there is none that can be read."""
        with suppress(ValueError):
            return Spread.from_json(read_json(self.path) or {})
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class _UnderConditions(_MeasuringTask):
    conditions: tuple[Condition, ...]

    @property
    def about(self) -> tuple[Condition, ...]:
        """The conditions."""
        return self.conditions

    @property
    def is_corrupted(self) -> bool:
        """Whether some conditions are corruptions."""
        return any(corruption for _, corruption, _ in self.conditions)


@dataclass(frozen=True, kw_only=True, slots=True)
class RescalingTask(_UnderConditions):
    """γ̂ and β̂ of a model under several conditions."""

    KIND: ClassVar[str] = "rescaling"

    def read(self) -> Rescaling | None:
        """The result; None where there is none that can be read."""
        with suppress(ValueError):
            return Rescaling.from_json(read_json(self.path) or {})
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class MovementTask(_UnderConditions):
    """How far a model's small networks moved, and what their answers do under conditions."""

    KIND: ClassVar[str] = "movement"

    def read(self) -> Movement | None:
        """The result; None where there is none that can be read."""
        with suppress(ValueError):
            return Movement.from_json(read_json(self.path) or {})
        return None


Task = (
    GridTask | PicturesTask | LookTask | SpreadTask | RescalingTask | MovementTask | MapTask
    | StreamTask | SheetsTask
)  # fmt: skip


def task_from_json(record: dict[str, Any]) -> Task:
    """The inverse of the tasks' ``to_json``."""
    if record["kind"] == "pictures":
        return PicturesTask(file=PicturesFile.from_json(record["file"]))
    if record["kind"] == "look":
        config = TrainConfig.from_json(record["config"])
        return LookTask(config=config, folder=Path(record["folder"]))
    if record["kind"] == "stream":
        return StreamTask.from_json(record)
    if record["kind"] == "sheets":
        return SheetsTask.from_json(record)
    network = Network.from_json(record["subject"])
    question = Question(**record["question"])
    if record["kind"] == "spread":
        return SpreadTask(network=network, question=question, domains=tuple(record["about"]))
    if record["kind"] in ("rescaling", "movement"):
        kind = RescalingTask if record["kind"] == "rescaling" else MovementTask
        conditions = converted(record["about"], tuple[Condition, ...], "conditions")
        return kind(network=network, question=question, conditions=conditions)
    if record["kind"] == "map":
        corruption, severity = record["place"]
        beside = tuple((mu, sigma) for mu, sigma in record["beside"])
        return MapTask(
            network=network, question=question, place=(corruption, severity),
            points=record["points"], beside=beside,
        )  # fmt: skip
    places = tuple((corruption, severity) for corruption, severity in record["places"])
    return GridTask(network=network, question=question, places=places)
