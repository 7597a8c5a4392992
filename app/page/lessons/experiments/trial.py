"""A lesson's experiment in this store: whether it was begun, how far it is, and what came out.

All visitors of a server share it. A folder of its own, named by the configuration, holds the mark
that it was begun and in the end the outcome, in the format of those that come along.
"""

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

from afn.cost.records import describe_machine
from afn.work.folder import read_json, write_json

from ....kit import backend, folders, people
from ....kit.jobs import Job
from .experiment import Data, Experiment

REFERENCE = folders.REFERENCE / "lessons"
"""Outcomes that come along, one file a lesson."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came out of an experiment, when and where."""

    config: dict[str, Any]
    machine: str
    created: str
    """As in 2026-11-25 22:10."""
    seconds: float
    """From its beginning to its end."""
    record: dict[str, Any]
    owner: str | None = None
    """Who began it, on a server that is shared."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "config": self.config, "machine": self.machine, "created": self.created,
            "seconds": self.seconds, "record": self.record,
            **({} if self.owner is None else {"owner": self.owner}),
        }  # fmt: skip

    @classmethod
    def read(cls, path: Path) -> "Outcome | None":
        """What a file holds; None where there is none that can be read."""
        try:
            return cls(**(read_json(path) or {}))
        except TypeError:
            return None


class Trial(Generic[Data]):
    """One experiment, in the store of this server.

    Args:
        name: Of the lesson.
        experiment: What is tried out.

    Raises:
        ValueError, OSError: Something that it needs is missing.
    """

    def __init__(self, name: str, experiment: Experiment[Data]) -> None:
        self.name, self.experiment = name, experiment
        self.config = experiment.config()
        text = json.dumps(self.config, sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:10]
        self.folder = backend.experiments() / f"{name}-{key}"

    @property
    def precomputed(self) -> Outcome | None:
        """What came along; None where it is missing, or of another configuration."""
        found = Outcome.read(REFERENCE / f"{self.name}.json")
        return found if found and found.config == self.config else None

    @property
    def live(self) -> Outcome | None:
        """What came out here."""
        return Outcome.read(self._outcome)

    @property
    def owner(self) -> str | None:
        """Who began it last."""
        found = read_json(self._begun) or read_json(self._outcome) or {}
        return found.get("owner")

    def begin(self) -> None:
        """Start it, or go on with it; nothing happens where it runs already.

        Raises:
            ValueError, OSError, RuntimeError: It cannot be started; the line says why.
        """
        if (job := self.job()) and job.is_running:
            return
        before = self.seconds()
        self.folder.mkdir(parents=True, exist_ok=True)
        work = self.experiment.begin(self.folder)
        begun = {"work": work, "at": time.time(), "before": before, "owner": people.me()}
        write_json(self._begun, begun)
        share = self.experiment.job(self.folder, work).share
        write_json(self._begun, begun | {"share": share})

    def job(self) -> Job | None:
        """How far it is; None where it was not begun, or where its outcome is there.

        Once all is done the outcome is written, by whoever looks first.
        """
        if (begun := read_json(self._begun)) is None:
            return None
        try:
            found = self.experiment.job(self.folder, begun["work"])
            if found.is_done:
                self._keep(begun["work"])
                return None
        except (ValueError, OSError, KeyError) as error:
            return Job(share=0.0, told="", is_running=False, reason=str(error))
        if not found.is_running and "spent" not in begun:
            write_json(self._begun, begun | {"spent": self.seconds()})
        return found

    def seconds(self) -> float:
        """That it has run; the time between a stop and going on is not counted."""
        begun = read_json(self._begun) or {}
        since = time.time() - begun["at"] if begun else 0.0
        return float(begun.get("spent", begun.get("before", 0.0) + since))

    def seconds_left(self, share: float) -> float | None:
        """At the pace since it was begun, or gone on with; None before it is known."""
        begun = read_json(self._begun) or {}
        done = share - begun.get("share", 0.0)
        return (time.time() - begun["at"]) * (1 - share) / done if begun and done > 0 else None

    def end(self) -> None:
        """Stop it; what is done stays.

        Raises:
            OSError: It cannot be told so.
        """
        people.require(self)
        if begun := read_json(self._begun):
            self.experiment.end(self.folder, begun["work"])

    def again(self) -> None:
        """Forget what came out and start anew.

        Raises:
            ValueError, OSError, RuntimeError: It cannot be started; the line says why.
        """
        if (job := self.job()) and job.is_running:
            return
        people.require(self)
        self.experiment.forget(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.begin()

    def _keep(self, work: str) -> None:
        outcome = Outcome(
            config=self.config,
            machine=describe_machine().split(", 1 thread")[0],
            created=time.strftime("%Y-%m-%d %H:%M"),
            seconds=round(self.seconds(), 1),
            record=self.experiment.record(self.folder, work),
            owner=self.owner,
        )
        write_json(self._outcome, outcome.to_json(), indent=None)
        self._begun.unlink(missing_ok=True)

    @property
    def _begun(self) -> Path:
        return self.folder / "begun.json"

    @property
    def _outcome(self) -> Path:
        return self.folder / "outcome.json"
