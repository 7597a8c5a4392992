"""Having a sweep's runs executed: what is done is not done again, what was cut short goes on."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from afn.runs.index import Line
from afn.runs.store import Run, RunStore
from afn.settings.corruptions import RULE
from afn.sweep.plan import Planned, words
from afn.sweep.store import GROUP
from afn.wording import count_words
from afn.work.runner import Runner

Standing = Literal["done", "diverged", "failed", "running", "waiting", "interrupted", "not begun"]


def standing(line: Line | None) -> Standing:
    """Where a run of a sweep stands.

    A run that failed by its own doing (it diverged, say) has its result; one that was stopped, or
    whose process was lost, is interrupted and can go on.
    """
    if line is None:
        return "not begun"
    match line.status:
        case "finished":
            return "done"
        case "running" | "waiting" as status:
            return status
        case "failed" if line.summary.get("diverged"):
            return "diverged"
        case "failed" if line.summary:
            return "failed"
    return "interrupted"


def outdated_words(runs: Sequence[Planned], ids: Container[str]) -> str:
    """How many runs are trained again for their tests' sake; empty for none.

    Args:
        runs: Of a sweep.
        ids: Of the runs that there are.
    """
    count = sum(
        run.run_id not in ids
        and any(run.config.run_id_under(rule) in ids for rule in range(1, RULE))
        for run in runs
    )
    if not count:
        return ""
    were = "was" if count == 1 else "were"
    what = f"{count_words(count, 'run')} {were} tested under an older rule of corruptions"
    return f"{what}: trained again"


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a sweep is."""

    counts: Mapping[Standing, int]
    share: float
    """Of the runs that have their result, 0 to 1."""

    @classmethod
    def of(cls, runs: Sequence[Planned], lines: Mapping[str, Line]) -> "Progress":
        """From what is known of the runs, by their ids."""
        found = [standing(lines.get(run.run_id)) for run in runs]
        return cls(
            counts=Counter(found),
            share=sum(each in ("done", "diverged", "failed") for each in found) / len(found),
        )

    def to_json(self) -> dict[str, int]:
        """How many runs stand where, and how many there are."""
        return {**{str(name): count for name, count in self.counts.items()}, "total": self.total}

    @property
    def total(self) -> int:
        """Runs."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """Runs that have their result, good or bad."""
        return sum(self.counts.get(each, 0) for each in ("done", "diverged", "failed"))

    @property
    def active(self) -> int:
        """Runs that are executed or queued."""
        return self.counts.get("running", 0) + self.counts.get("waiting", 0)

    @property
    def left(self) -> int:
        """Runs that nobody executes and that have no result."""
        return self.total - self.ended - self.active


def begin(
    runs: Sequence[Planned],
    lines: Mapping[str, Line],
    store: RunStore,
    runner: Runner,
    *,
    owner: str | None = None,
) -> list[Run]:
    """Queue every run that has no result and is not under way.

    Args:
        runs: Of a sweep.
        lines: What is known of them, by their ids.
        store: Where they are kept.
        runner: Who executes them, behind what somebody waits for.
        owner: Who begins them, on a server that several people share; what was cut short is theirs
            then, too.

    Returns:
        The runs queued.

    Raises:
        OSError: The folder is full, or there is no worker.
    """
    queued = []
    for planned in runs:
        match standing(lines.get(planned.run_id)):
            case "not begun":
                with suppress(FileExistsError):  # another sweep was faster
                    queued.append(
                        store.create(
                            planned.config, name=words(planned.point), group=GROUP,
                            run_id=planned.run_id, keeps="last", owner=owner,
                        )
                    )  # fmt: skip
            case "interrupted":
                run = store.open(planned.run_id)
                if run.reopen(anew=True, owner=owner):
                    queued.append(run)
    if queued:
        runner.submit_behind(queued)
    return queued


def stop(
    runs: Sequence[Planned], lines: Mapping[str, Line], store: RunStore, runner: Runner
) -> None:
    """Have what is queued not begin, and what runs stop at its next step with a checkpoint."""
    active = [p for p in runs if standing(lines.get(p.run_id)) in ("running", "waiting")]
    # Those that wait first: otherwise they would begin in the place of those that stop.
    active.sort(key=lambda planned: standing(lines[planned.run_id]) == "running")
    for planned in active:
        with suppress(OSError):
            runner.stop(store.open(planned.run_id))
