"""Evaluations: what is to be tested, as work that a runner's process executes. Needs no torch.

What comes out is kept where each task says, by its question; so an evaluation that was stopped
goes on where it ended when the same is asked again, and one that is done costs nothing.
"""

import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from afn.ask.tasks import Task, task_from_json
from afn.runs.store import RunStore
from afn.work.folder import ENDED, Work, read_json, write_json
from afn.work.processes import identity

_KEPT_SECONDS = 3600.0


class Evaluation(Work):
    """One evaluation's folder. Its end's summary names under ``problems`` what could not be had."""

    def record(self) -> dict[str, Any]:
        """The tasks, and who submitted them.

        Raises:
            ValueError: The file is damaged or gone.
        """
        record = read_json(self.path / "evaluation.json")
        if record is None or not isinstance(record.get("tasks"), list):
            raise ValueError(f"evaluation {self.id} is damaged or deleted: start it again")
        return record

    def tasks(self) -> list[Task]:
        """What is to be done, in this order."""
        try:
            return [task_from_json(task) for task in self.record()["tasks"]]
        except (KeyError, TypeError) as error:
            raise ValueError(f"evaluation {self.id} is damaged: {error!r}") from error

    @cached_property
    def owner(self) -> str | None:
        """Who asked, on a server that several people share; None where that is not known."""
        found = (read_json(self.path / "evaluation.json") or {}).get("owner")
        return found if isinstance(found, str) else None

    def ask_to_stop(self) -> None:
        """Have it stop after the cell that it is at."""
        (self.path / "stop").touch()

    @property
    def should_stop(self) -> bool:
        """Whether somebody asked, or deleted it."""
        return (self.path / "stop").exists() or not self.path.exists()


class EvaluationStore:
    """All evaluations below one folder; those that ended an hour ago make room for new ones."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def beside(cls, store: RunStore) -> "EvaluationStore":
        """The one that belongs to a run store; hidden in its folder."""
        return cls(store.root / ".evaluations")

    def create(self, tasks: Iterable[Task], *, owner: str | None = None) -> Evaluation:
        """A new evaluation, not yet executed.

        Args:
            tasks: What is to be known.
            owner: Who asks, on a server that several people share.

        Raises:
            OSError: The folder is full or read-only; the message names it.
        """
        self._forget_old()
        evaluation = Evaluation(self.root / secrets.token_hex(8))
        try:
            evaluation.path.mkdir(parents=True)
            write_json(
                evaluation.path / "evaluation.json",
                {
                    "tasks": [task.to_json() for task in tasks],
                    "created": time.time(),
                    "submitted_by": identity(),
                }
                | ({} if owner is None else {"owner": owner}),
            )
        except OSError as error:
            shutil.rmtree(evaluation.path, ignore_errors=True)
            raise OSError(
                f"cannot write an evaluation below {self.root}: {error.strerror or error}; free "
                "some space or point AFN_RUNS_DIR at a folder that can be written"
            ) from error
        return evaluation

    def open(self, evaluation_id: str) -> Evaluation:
        """An evaluation by its id, whether or not it is there; its state tells."""
        return Evaluation(self.root / evaluation_id)

    def left(self) -> list[Evaluation]:
        """Those that have not ended."""
        return [each for each in self._all() if each.state().status not in ENDED]

    def _all(self) -> Iterator[Evaluation]:
        for path in self.root.glob("*/evaluation.json"):
            yield Evaluation(path.parent)

    def _forget_old(self) -> None:
        for evaluation in self._all():
            try:
                written = (evaluation.path / "evaluation.json").stat().st_mtime
            except OSError:
                continue
            is_old = time.time() - written > _KEPT_SECONDS
            if is_old and evaluation.state().status in ENDED:
                shutil.rmtree(evaluation.path, ignore_errors=True)


def undone(tasks: Iterable[Task]) -> list[Task]:
    """What of it is not known yet."""
    return [left for task in tasks if (left := task.left())]
