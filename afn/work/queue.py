"""Runs that wait for somebody to execute them, in their order."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from afn.runs.store import Run


class Queue:
    """Comparisons, whose runs belong together, and behind them runs one by one.

    What was begun or ended, by whomever, is forgotten: the runs' folders are the only truth.

    Args:
        root: The run store's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._comparisons: list[list[str]] = []
        self._behind: list[str] = []
        self._lock = threading.Lock()
        """Sessions submit at the same time."""

    def add(self, runs: Sequence[Run]) -> None:
        """The runs of one comparison."""
        with self._lock:
            self._comparisons = [*self.comparisons(), [run.id for run in runs]]

    def add_behind(self, runs: Sequence[Run]) -> None:
        """Runs that can wait."""
        with self._lock:
            self._behind = [*self.behind(), *(run.id for run in runs)]

    def comparisons(self) -> list[list[str]]:
        """The ids of each comparison of which a run still waits."""
        return [ids for ids in list(self._comparisons) if any(map(self._waits, list(ids)))]

    def behind(self) -> list[str]:
        """The ids of runs behind them that still wait."""
        return [run_id for run_id in list(self._behind) if self._waits(run_id)]

    def position(self, run: Run) -> int:
        """How many comparisons go before this waiting run, itself counted in; 0 if it is none."""
        for position, ids in enumerate(self.comparisons(), start=1):
            if run.id in ids:
                return position
        return 0

    def __iter__(self) -> Iterator[Run]:
        """The runs that wait, as they come; the others are forgotten on the way."""
        with self._lock:
            groups = [*self._comparisons, self._behind]
        for ids in groups:
            for run_id in list(ids):
                if self._waits(run_id):
                    yield Run(self._root / run_id)
                else:
                    with self._lock:
                        ids.remove(run_id)

    def _waits(self, run_id: str) -> bool:
        return Run(self._root / run_id).is_unclaimed
