"""How much each may have, and all together, on a server that several share; elsewhere all of it.

A row of `LIMITS` is one limit; the environment sets it. Disk is made room on: what its owner has
that ended longest ago and is not pinned goes first, and says so before (`Disk.going`).
"""

import math
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from afn.ask.evaluation import Evaluation, EvaluationStore
from afn.data import dataset_entry
from afn.data.own.store import OwnSets
from afn.runs.index import Line, RunIndex
from afn.runs.store import Run, RunStore
from afn.settings.config import TrainConfig
from afn.sweep.store import GROUP
from afn.wording import count_words
from afn.work.folder import ENDED
from afn.work.queue import Queue
from afn.work.secret import is_shared

_MB = 1e6
_FULL = 0.9
"""From this share of the disk on, what would go next says so."""


class OverLimitError(OSError):
    """More than one may have: what may be, what came, what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """One limit."""

    name: str
    unit: str
    default: float
    what: str
    """It limits."""

    @property
    def variable(self) -> str:
        """Of the environment."""
        return f"AFN_LIMIT_{self.name.upper()}"

    @property
    def value(self) -> float:
        """As set; none at all where the server is not shared.

        Raises:
            OverLimitError: What is set is no number.
        """
        if not is_shared():
            return math.inf
        text = os.environ.get(self.variable, "")
        try:
            return float(text) if text else self.default
        except ValueError:
            raise OverLimitError(f"{self.variable} is a number, not {text[:40]!r}") from None


LIMITS = {
    limit.name: limit
    for limit in (
        Limit(name="waiting", unit="comparisons", default=8, what="of one person that wait"),
        Limit(name="waiting_all", unit="comparisons", default=200, what="of all that wait"),
        Limit(name="behind", unit="runs", default=120, what="of one person's sweeps that wait"),
        Limit(name="behind_all", unit="runs", default=1000, what="of all sweeps that wait"),
        Limit(name="asking", unit="evaluations", default=8, what="of one person at a time"),
        Limit(name="minutes", unit="minutes", default=30, what="that a run may train"),
        Limit(
            name="work", unit="million", default=100,
            what="channels × epochs × training images of a run",
        ),
        Limit(name="disk", unit="MB", default=1000, what="of one person's runs and pictures"),
        Limit(name="disk_all", unit="MB", default=10_000, what="of all runs and pictures"),
        Limit(name="own_days", unit="days", default=7, what="that people's own pictures are kept"),
    )
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """What one person, or all, have of what is limited."""

    waiting: int = 0
    """Comparisons."""
    behind: int = 0
    """Runs of sweeps, behind them."""
    disk: float = 0.0
    """MB."""


def work_of(config: TrainConfig) -> float:
    """Channels × epochs × training images, in millions."""
    try:
        images = min(config.train_images, dataset_entry(config.dataset).num_train)
    except ValueError:
        images = config.train_images
    return sum(config.widths) * config.epochs * images / 1e6


def check_config(config: TrainConfig) -> None:
    """Whether a run may be so long.

    Raises:
        OverLimitError: It may not.
    """
    minutes, work = LIMITS["minutes"].value, LIMITS["work"].value
    if config.max_seconds > 60 * minutes:
        raise OverLimitError(
            f"a run trains {minutes:g} minutes at most here, not "
            f"{config.max_seconds / 60:g}: lower its limit of seconds"
        )
    if (wanted := work_of(config)) > work:
        raise OverLimitError(
            f"a run has {work:g} million channels × epochs × images at most here, not "
            f"{wanted:,.0f}: take fewer of one of them"
        )


def admit(queue: Queue, runs: Sequence[Run], disk: "Disk", *, behind: bool = False) -> None:
    """Let runs into the queue, or take back that they wait.

    Args:
        queue: What waits already.
        runs: Of one owner.
        disk: Where room is made for them.
        behind: Whether they are a sweep's.

    Raises:
        OverLimitError: They are more than their owner, or all, may have.
    """
    if not is_shared() or not runs:
        return
    try:
        _check(queue, runs, behind=behind)
        for run in runs:
            check_config(run.config())
        disk.make_room(runs[0].owner)
    except OverLimitError as error:
        for run in runs:
            with suppress(OSError):
                if run.events_path.exists():
                    if run.claim():
                        run.end("stopped", f"{error}")
                else:
                    run.delete()
        raise


def admit_evaluation(evaluation: Evaluation, store: EvaluationStore) -> None:
    """Let an evaluation be executed, or end it; what the server itself asks is not counted.

    Raises:
        OverLimitError: Its owner has as many already as one may have.
    """
    if (most := LIMITS["asking"].value) == math.inf or evaluation.owner is None:
        return
    mine = sum(each.owner == evaluation.owner for each in store.left())
    if mine > most:
        reason = (
            f"one person has {count_words(int(most), 'evaluation')} at most at a time, not "
            f"{mine:,}: wait until one is done, or stop one"
        )
        with suppress(OSError):
            if evaluation.claim():
                evaluation.end("stopped", reason)
        raise OverLimitError(reason)


def _check(queue: Queue, runs: Sequence[Run], *, behind: bool) -> None:
    name, count, unit = ("behind", len(runs), "run") if behind else ("waiting", 1, "comparison")
    waiting = queue.counts(behind=behind)
    mine = waiting.get(runs[0].owner, 0) + count
    most = LIMITS[name].value
    if mine > most:
        raise OverLimitError(
            f"one person has {count_words(int(most), unit)} waiting at most, not {mine:,}: wait "
            "until one is done, or stop one"
        )
    everybody = sum(waiting.values()) + count
    if everybody > (most := LIMITS[f"{name}_all"].value):
        raise OverLimitError(
            f"{count_words(int(most), unit)} wait at most on this server, not {everybody:,}: try "
            "again in a while"
        )


class Disk:
    """What the runs of a store, and the pictures beside them, take of the disk.

    Args:
        store: The runs.
    """

    def __init__(self, store: RunStore) -> None:
        self._index = RunIndex(store)
        self._root = store.root
        self._own = OwnSets(store.root)
        self._sizes: dict[str, tuple[int, float]] = {}
        """Of ended runs by id: when their folder changed, and MB."""

    def used(self) -> dict[str | None, float]:
        """MB by owner."""
        found: dict[str | None, float] = {}
        for line in self._index.lines():
            found[line.owner] = found.get(line.owner, 0.0) + self.size(line)
        for each in self._own.list():
            found[each.owner] = found.get(each.owner, 0.0) + self._own.size(each.name)
        return found

    def size(self, line: Line) -> float:
        """MB of a run."""
        path = self._root / line.id
        try:
            changed = max(path.stat().st_mtime_ns, (path / "checkpoints").stat().st_mtime_ns)
            known = self._sizes.get(line.id)
            if known and known[0] == changed and line.status != "running":
                return known[1]
            size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / _MB
        except OSError:
            return 0.0
        self._sizes[line.id] = changed, size
        return size

    def going(self, owner: str | None) -> list[str]:
        """The runs of an owner that go when more is started, the first to go first."""
        return [line.id for line in self._too_many(owner, _FULL)]

    def make_room(self, owner: str | None) -> None:
        """Remove the oldest runs that ended and are not pinned, until the owner is within limits.

        People's own pictures go by their age.

        Raises:
            OverLimitError: That is not enough.
        """
        self.clear_pictures()
        for line in self._too_many(owner, 1.0):
            with suppress(OSError):
                Run(self._root / line.id).delete()
        for name, used in (("disk", self.used().get(owner, 0.0)), ("disk_all", self._all())):
            if used > (most := LIMITS[name].value):
                whose = "your runs may" if name == "disk" else "all runs together may"
                raise OverLimitError(
                    f"{whose} take {most:,.0f} MB here, not {used:,.0f}: delete some of yours"
                )

    def clear_pictures(self) -> None:
        """Delete people's own pictures whose days are over, and uploads that nobody read."""
        self._own.clear(LIMITS["own_days"].value)

    def _all(self) -> float:
        return sum(self.used().values())

    def _too_many(self, owner: str | None, share: float) -> list[Line]:
        if not is_shared():  # then nothing is limited, and nothing need be measured
            return []
        lines, used = self._index.lines(), self.used()
        over = max(
            used.get(owner, 0.0) - share * LIMITS["disk"].value,
            sum(used.values()) - share * LIMITS["disk_all"].value,
        )
        return list(self._first(reversed(lines), owner, over)) if over > 0 else []

    def _first(self, lines: Iterable[Line], owner: str | None, over: float) -> Iterable[Line]:
        for line in lines:
            if over <= 0:
                return
            is_free = line.owner == owner and line.status in ENDED and line.group != GROUP
            if is_free and not Run(self._root / line.id).is_pinned:
                over -= self.size(line)
                yield line


def use(queue: Queue, disk: Disk) -> dict[str | None, Use]:
    """What each has, by owner."""
    waiting, behind, used = queue.counts(), queue.counts(behind=True), disk.used()
    return {
        owner: Use(
            waiting=waiting.get(owner, 0),
            behind=behind.get(owner, 0),
            disk=used.get(owner, 0.0),
        )
        for owner in {**used, **waiting, **behind}
    }
