"""What every experiment is."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Generic, TypeVar

from ....kit.jobs import Job

Data = TypeVar("Data")


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
    def job(self, folder: Path, work: str) -> Job:
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
