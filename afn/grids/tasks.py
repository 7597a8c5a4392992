"""What an evaluation can be asked for. Needs no torch.

A task knows where its results are kept, so it can say what of it is left to do.
"""

import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from afn.grids.pictures import PicturesFile
from afn.grids.records import Place, Question
from afn.grids.rescaling import Condition, Rescaling, condition_from_json
from afn.grids.spread import Spread
from afn.grids.subjects import Subject
from afn.work import write_json


@dataclass(frozen=True, kw_only=True, slots=True)
class GridTask:
    """Places of a grid that a model is to answer."""

    subject: Subject
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
        """The places whose cells are not known yet."""
        known = self.subject.file(self.question).cells()
        return [place for place in self.places if place not in known]

    def left(self) -> "GridTask | None":
        """What of it is to be done; None if nothing is."""
        missing = self.missing()
        return replace(self, places=tuple(missing)) if missing else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "kind": "grid",
            "subject": self.subject.to_json(),
            "question": asdict(self.question),
            "places": [list(place) for place in self.places],
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class PicturesTask:
    """Pictures that are to be made."""

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
class SpreadTask:
    """How far domains lie apart at each layer of a model."""

    subject: Subject
    question: Question
    """Statistics mode, batch size and images of each domain; its data set is not heeded."""
    domains: tuple[str, ...]

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
        """Where the result is kept."""
        text = json.dumps([self.question.key, *self.domains])
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self.subject.folder / f"spread-{key}.json"

    def read(self) -> Spread | None:
        """The result; None where there is none that can be read."""
        try:
            return Spread.from_json(json.loads(self.path.read_bytes()))
        except (OSError, ValueError):
            return None

    def write(self, spread: Spread) -> None:
        """Keep the result: the whole file or none."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f".{secrets.token_hex(4)}")
        try:
            temporary.write_text(json.dumps(spread.to_json(), separators=(",", ":")))
            os.replace(temporary, self.path)  # noqa: PTH105 - a rename that overwrites
        finally:
            temporary.unlink(missing_ok=True)

    def left(self) -> "SpreadTask | None":
        """The task, unless its result is there."""
        return None if self.path.exists() else self

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "kind": "spread",
            "subject": self.subject.to_json(),
            "question": asdict(self.question),
            "domains": list(self.domains),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class RescalingTask:
    """γ̂ and β̂ of a model under several conditions."""

    subject: Subject
    question: Question
    """Statistics mode, batch size and images of each condition; its data set is not heeded."""
    conditions: tuple[Condition, ...]

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
        """Where the result is kept."""
        text = json.dumps([self.question.key, *self.conditions])
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self.subject.folder / f"rescaling-{key}.json"

    def read(self) -> Rescaling | None:
        """The result; None where there is none that can be read."""
        try:
            return Rescaling.from_json(json.loads(self.path.read_bytes()))
        except (OSError, ValueError):
            return None

    def write(self, rescaling: Rescaling) -> None:
        """Keep the result: the whole file or none."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.path, rescaling.to_json())

    def left(self) -> "RescalingTask | None":
        """The task, unless its result is there."""
        return None if self.path.exists() else self

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "kind": "rescaling",
            "subject": self.subject.to_json(),
            "question": asdict(self.question),
            "conditions": [list(condition) for condition in self.conditions],
        }


Task = GridTask | PicturesTask | SpreadTask | RescalingTask


def task_from_json(record: dict[str, Any]) -> Task:
    """The inverse of the tasks' ``to_json``."""
    if record["kind"] == "pictures":
        return PicturesTask(file=PicturesFile.from_json(record["file"]))
    subject = Subject.from_json(record["subject"])
    question = Question(**record["question"])
    if record["kind"] == "spread":
        return SpreadTask(subject=subject, question=question, domains=tuple(record["domains"]))
    if record["kind"] == "rescaling":
        conditions = tuple(condition_from_json(each) for each in record["conditions"])
        return RescalingTask(subject=subject, question=question, conditions=conditions)
    places = tuple((corruption, severity) for corruption, severity in record["places"])
    return GridTask(subject=subject, question=question, places=places)
