"""Runs that wait for somebody to execute them, in their order: in turn for each who wants some.

The order lies in a file beside the runs, one JSON object a line: ``{"add": [ids], "owner": who}``
for a comparison, ``{"behind": [ids], "owner": who}`` for runs that can wait, and
``{"began": [ids], "owner": who}`` by whoever begins them, each once. Several processes append and
read. Whether a run still waits, its folder alone says. What :mod:`afn.work.restart` takes over from
a server that ended begins with ``{"served": [owners]}``; ``"ahead"`` marks what had begun.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from afn.jsonl import append_line, read_lines
from afn.runs.store import Run

_FRESH_SECONDS = 0.3
"""So long a place told to one is true enough for the next who asks."""


@dataclass(eq=False, slots=True)
class Group:
    """Runs of one owner that go together."""

    ids: list[str]
    owner: str | None
    has_begun: bool = False
    """Whether some of them were begun: the others go before everything else."""


@dataclass(slots=True)
class _Lane:
    """Groups of all owners; whoever was served longest ago comes next."""

    groups: dict[str | None, list[Group]] = field(default_factory=dict)
    turns: dict[str | None, int] = field(default_factory=dict)
    """When each owner was served last, counted in turns."""

    def add(self, group: Group) -> None:
        groups = self.groups.setdefault(group.owner, [])
        for each in groups:
            if each.ids == group.ids:  # told again by a server that took over
                each.has_begun |= group.has_begun
                return
        groups.append(group)

    def began(self, ids: set[str], owner: str | None, *, stays: bool) -> None:
        for group in list(self.groups.get(owner, [])):
            if ids.isdisjoint(group.ids):
                continue
            if not group.has_begun:
                self.turns[owner] = max(self.turns.values(), default=0) + 1
            group.has_begun = True
            if not stays:
                self.drop(group)

    def drop(self, group: Group) -> None:
        groups = self.groups.get(group.owner, [])
        if group in groups:
            groups.remove(group)
        if not groups:
            self.groups.pop(group.owner, None)

    def __iter__(self) -> Iterator[Group]:
        everybody = [list(groups) for groups in self.groups.values()]
        yield from (group for groups in everybody for group in groups if group.has_begun)
        left = [[group for group in groups if not group.has_begun] for groups in everybody]
        left = [groups for groups in left if groups]
        left.sort(key=lambda groups: self.turns.get(groups[0].owner, 0))
        for turn in range(max(map(len, left), default=0)):
            yield from (groups[turn] for groups in left if turn < len(groups))


class Queue:
    """Comparisons, whose runs belong together, and behind them runs one by one.

    One owner's go first in, first out; among owners whoever was served longest ago comes next.

    Args:
        root: The run store's folder.
        file: Where the order is kept; shared by those who add and those who begin.
    """

    def __init__(self, root: Path, file: Path) -> None:
        self._root, self.file = root, file
        self._comparisons, self._behind = _Lane(), _Lane()
        self._offset = 0
        self._lock = threading.RLock()
        """Sessions submit at the same time."""
        self._places: dict[str, int] = {}
        self._placed_at = float("-inf")

    def add(self, runs: Sequence[Run]) -> None:
        """The runs of one comparison.

        Raises:
            OSError: The order cannot be written.
        """
        self._append("add", runs)

    def add_behind(self, runs: Sequence[Run]) -> None:
        """Runs that can wait.

        Raises:
            OSError: The order cannot be written.
        """
        self._append("behind", runs)

    def began(self, group: Group, *, stays: bool = False) -> None:
        """A group's owner has had a turn; the group is taken out.

        Args:
            group: What is begun.
            stays: Until its runs are claimed, since they may have to be begun once more.

        Raises:
            OSError: That cannot be written; it is so for this process alone.
        """
        record = {"began": group.ids, "owner": group.owner, "stays": stays}
        with self._lock:
            self._read()
            try:
                append_line(self.file, record)
            except OSError:
                self._take(record)
                raise
            self._read()

    def comparisons(self) -> list[list[str]]:
        """The ids of each comparison of which a run still waits, in their order."""
        return [group.ids for group in self._waiting(self._comparisons)]

    def behind(self) -> list[str]:
        """The ids of runs behind them that still wait, in their order."""
        return [group.ids[0] for group in self._waiting(self._behind)]

    def first(self) -> Group | None:
        """The comparison that comes next; None where none waits."""
        return next(self._waiting(self._comparisons), None)

    def first_behind(self) -> Group | None:
        """The run behind them that comes next, a group of its own; None where none waits."""
        return next(self._waiting(self._behind), None)

    def position(self, run: Run) -> int:
        """How many comparisons go before this waiting run, itself counted in; 0 if it is none."""
        with self._lock:
            if time.monotonic() - self._placed_at > _FRESH_SECONDS:
                groups = enumerate(self._waiting(self._comparisons), start=1)
                self._places = {run_id: i for i, group in groups for run_id in group.ids}
                self._placed_at = time.monotonic()
            return self._places.get(run.id, 0) if run.is_unclaimed else 0

    def counts(self, *, behind: bool = False) -> dict[str | None, int]:
        """How many comparisons of each owner wait, or runs behind them."""
        lane = self._behind if behind else self._comparisons
        return dict(Counter(group.owner for group in self._waiting(lane)))

    def served(self) -> list[str | None]:
        """Whose comparisons were begun, the latest last."""
        with self._lock:
            self._read()
            turns = self._comparisons.turns
        return sorted(turns, key=lambda owner: turns[owner])

    def __iter__(self) -> Iterator[tuple[Group, Run]]:
        """The runs that wait, as they come, each with its group."""
        for lane in (self._comparisons, self._behind):
            for group in self._waiting(lane):
                for run_id in list(group.ids):
                    if self._waits(run_id):
                        yield group, Run(self._root / run_id)

    def _append(self, how: str, runs: Sequence[Run]) -> None:
        if not runs:
            return
        with self._lock:
            append_line(self.file, {how: [run.id for run in runs], "owner": runs[0].owner})
            self._placed_at = float("-inf")

    def _waiting(self, lane: _Lane) -> Iterator[Group]:
        """Groups that still wait; the others are forgotten on the way."""
        with self._lock:
            self._read()
            groups = list(lane)
        for group in groups:
            if any(map(self._waits, list(group.ids))):
                yield group
            else:
                with self._lock:
                    lane.drop(group)

    def _read(self) -> None:
        records, self._offset = read_lines(self.file, self._offset)
        for record in records:
            self._take(record)

    def _take(self, record: dict[str, Any]) -> None:
        owner = record.get("owner")
        ahead = bool(record.get("ahead"))
        if ids := record.get("add"):
            self._comparisons.add(Group([*ids], owner, has_begun=ahead))
        for run_id in record.get("behind", []):
            self._behind.add(Group([run_id], owner, has_begun=ahead))
        for turn, each in enumerate(record.get("served", []), start=1):
            self._comparisons.turns[each] = turn
        if ids := record.get("began"):
            for lane in (self._comparisons, self._behind):
                lane.began(set(ids), owner, stays=bool(record.get("stays")))

    def _waits(self, run_id: str) -> bool:
        return Run(self._root / run_id).is_unclaimed
