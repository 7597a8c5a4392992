"""What every experiment is."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

Data = TypeVar("Data")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an experiment is."""

    share: float
    """Of its work, 0 to 1."""
    told: str
    """The same in words, as "3 of 9 trainings"."""
    is_running: bool
    reason: str = ""
    """Why it ended without a result, in one line."""

    @property
    def is_done(self) -> bool:
        """Whether all of it is there."""
        return self.share >= 1 and not self.is_running


class Experiment(ABC, Generic[Data]):
    """Something to be tried out. Its configuration says all that its outcome depends on."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """All that decides what comes out, as plain JSON values.

        Raises:
            ValueError, OSError: Something that it needs is missing.
        """

    @abstractmethod
    def begin(self, folder: Path) -> str:
        """Start it, or go on with what is missing; returns a name for what was started.

        Args:
            folder: Its own, for what comes out.

        Raises:
            ValueError, OSError, RuntimeError: It cannot be started; the line says why.
        """

    @abstractmethod
    def standing(self, folder: Path, work: str) -> Standing:
        """How far what was started is.

        Raises:
            ValueError, OSError: What was started is gone.
        """

    @abstractmethod
    def end(self, folder: Path, work: str) -> None:
        """Stop it; what is done stays."""

    @abstractmethod
    def record(self, folder: Path, work: str) -> dict[str, Any]:
        """What came out, once it is done, as plain JSON values."""

    @abstractmethod
    def read(self, record: dict[str, Any]) -> Data:
        """What a record says.

        Raises:
            ValueError, KeyError, TypeError: It is damaged.
        """

    @abstractmethod
    def conditions(self, data: Data) -> str:
        """Seeds, data and statistics mode, in words."""

    def forget(self, folder: Path) -> None:
        """Take away what it keeps outside of its folder."""
