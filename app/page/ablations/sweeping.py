"""Sweeps on the page: planned, begun, followed, stopped, and where their results come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import streamlit as st

from afn.data import dataset_entry
from afn.engine.ready import check_ready
from afn.runs.index import Line
from afn.sweep.execution import Progress, begin, outdated_words, standing, stop
from afn.sweep.plan import Planned, Skipped, SweepPlan, plan
from afn.sweep.saved import read_saved
from afn.sweep.spec import SweepSpec, read_spec
from afn.wording import count_words
from afn.work.estimate import entries, expected_seconds, paces

from ...kit import backend, people
from ...kit.markdown import plain
from ...kit.results import SweepResults
from .ready_made import READY_MADE


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """A sweep as it stands in the store."""

    plan: SweepPlan
    lines: Mapping[str, Line]
    """What is known of its runs, by their ids."""
    progress: Progress
    older: str
    """What is trained again for its tests' sake, in words."""
    seconds: float | None
    """Expected for what is left; None where nothing like it was ever timed."""
    is_timed_here: bool
    """Whether that is this machine's pace, not that of the results that came along."""

    @property
    def results(self) -> SweepResults:
        """What came out so far."""
        done = self.progress.ended
        what = f"**Live** · {done} of {count_words(self.progress.total, 'run')} have their result"
        return SweepResults(runs=self.plan.runs, lines=self.lines, provenance=what)


@st.cache_resource(show_spinner=False)
def ready_made_plan(name: str) -> SweepPlan:
    """A ready-made sweep."""
    return plan(read_spec(READY_MADE[name].path(name, ".toml")))


@st.cache_resource(show_spinner=False, max_entries=256)
def plan_of(sweep_id: str) -> SweepPlan:
    """A sweep that was begun here.

    Raises:
        ValueError: It is damaged.
        FileNotFoundError: There is none.
    """
    return plan(backend.sweeps().open(sweep_id).spec)


@st.cache_resource(show_spinner=False)
def saved_results(name: str) -> SweepResults | None:
    """What came along of a ready-made sweep; None where nothing did."""
    try:
        saved = read_saved(READY_MADE[name].path(name, ".jsonl"))
    except FileNotFoundError:
        return None
    machine = saved.machine.split(", 1 thread")[0]
    return SweepResults(
        runs=ready_made_plan(name).runs,
        lines=saved.lines,
        provenance=f"**Precomputed** · {machine} · {saved.created}",
    )


def checked_plan(spec: SweepSpec) -> SweepPlan:
    """A sweep's runs, those left out that do not fit their data.

    Raises:
        ValueError: Nothing is left, it is too much, or the data is not there.
    """
    found = plan(spec)
    runs: list[Planned] = []
    skipped: list[Skipped] = list(found.skipped)
    entry_of = cache(dataset_entry)
    for run in found.runs:
        try:
            check_ready(run.config, entry_of, to_its_end=True)
        except FileNotFoundError as error:
            raise ValueError(str(error)) from error
        except ValueError as error:
            if run.config.seed == spec.seeds[0]:
                skipped.append(Skipped(point=run.point, reason=str(error)))
            continue
        runs.append(run)
    if not runs:
        raise ValueError(f"no run is left, the first because {skipped[0].reason}")
    return SweepPlan(spec=spec, runs=tuple(runs), skipped=tuple(skipped))


def looked_at(planned: SweepPlan) -> Looked:
    """How a sweep stands in the store."""
    everything = backend.index().lines()
    by_id = {line.id: line for line in everything}
    lines = {run.run_id: by_id[run.run_id] for run in planned.runs if run.run_id in by_id}
    left = [
        run for run in planned.runs
        if standing(lines.get(run.run_id)) not in ("done", "diverged", "failed")
    ]  # fmt: skip
    shares = [_share_done(run, lines.get(run.run_id)) for run in left]
    mine = _expected(left, everything, shares)
    return Looked(
        plan=planned,
        lines=lines,
        progress=Progress.of(planned.runs, lines),
        older=outdated_words(planned.runs, by_id),
        seconds=_by_reference(left, shares) if mine is None else mine,
        is_timed_here=mine is not None,
    )


def _share_done(run: Planned, line: Line | None) -> float:
    if line is None or line.status != "running":
        return 0.0
    return backend.history(run.run_id).share_done(run.config.epochs)


def _by_reference(runs: Sequence[Planned], shares: Sequence[float]) -> float | None:
    """At the pace of the results that came along."""
    saved = [results for name in READY_MADE if (results := saved_results(name))]
    return _expected(runs, [line for each in saved for line in each.lines.values()], shares)


def _expected(
    runs: Sequence[Planned], lines: Sequence[Line], shares: Sequence[float]
) -> float | None:
    configs, entry_of = [run.config for run in runs], entries()
    return expected_seconds(configs, paces(lines, configs, entry_of), entry_of, shares=shares)


def start(planned: SweepPlan) -> None:
    """Have a sweep's missing runs executed, behind everything that somebody waits for."""
    try:
        backend.sweeps().keep(planned.spec, owner=people.me())
        lines = looked_at(planned).lines
        begin(planned.runs, lines, backend.store(), backend.runner(), owner=people.me())
    except OSError as error:
        st.toast(plain(f"Not all was started: {error}."), icon=":material/error:")


def end(runs: Sequence[Planned], lines: Mapping[str, Line]) -> None:
    """Stop one's own runs of a sweep; what is done stays."""
    try:
        own = {name: line for name, line in lines.items() if people.may_change(line)}
        stop(runs, own, backend.store(), backend.runner())
    except OSError as error:
        st.toast(plain(f"Not all was stopped: {error}."), icon=":material/error:")
