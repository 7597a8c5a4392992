"""One place in the comparison on screen."""

from dataclasses import dataclass

from afn.runs.origin import ForkedFrom
from afn.runs.recorded import Recorded
from afn.runs.store import Run
from afn.settings.config import TrainConfig

from ...kit import backend


@dataclass(frozen=True, slots=True)
class Slot:
    """A configuration and, once started, its run."""

    config: TrainConfig
    run: Run | None
    origin: ForkedFrom | None = None
    """Where the run was forked from."""
    demo: Recorded | None = None
    """What is shown before anything was started, if it was recorded."""

    @property
    def shown(self) -> str:
        """The id of what is shown of it; what tells it from others where nothing is."""
        source = self.run or self.demo
        return source.id if source else self.config.hash()


def started(run_id: str) -> Slot:
    """A run in its place.

    Raises:
        ValueError: There is no such run.
        OSError: It cannot be read.
    """
    run = backend.store().open(run_id)
    return Slot(run.config(), run, run.origin())
