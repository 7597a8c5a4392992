"""Taking turns: what several would compute at once, one computes, and the others find it done."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_LOOK_SECONDS = 0.1


class Turn:
    """A file's turn, among all processes; a context, with which it ends.

    Where there are no such locks (Windows, some shared file systems) it is everybody's turn: then
    all compute the same.

    Args:
        path: The file that is to be written; it need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.parent / f".{path.name}.lock"
        self._file: IO[str] | None = None

    def __enter__(self) -> "Turn":
        return self

    def __exit__(self, *raised: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def is_mine(self) -> bool:
        """Take it, unless another has it."""
        if self._file is not None:
            return True
        try:
            import fcntl
        except ImportError:
            return True
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        except OSError:  # no locks here
            file.close()
            return True
        self._file = file
        return True

    def wait(self) -> Iterator[None]:
        """Until it is one's own; comes back now and then."""
        while not self.is_mine():
            time.sleep(_LOOK_SECONDS)
            yield
