"""Sweeps in a store, with a runner that executes at once, and one in a real worker."""

import shutil
import time
from dataclasses import replace

import pytest

from afn.engine.execution import execute
from afn.index import RunIndex
from afn.processes import identity
from afn.runner import LocalRunner
from afn.runs import Run
from afn.sweep.command import lines_of
from afn.sweep.execution import Progress, begin, standing, stop
from afn.sweep.plan import plan
from afn.sweep.spec import SweepSpec
from afn.sweep.store import SweepStore
from afn.work import write_json

TINY = {
    "dataset": "digits8", "widths": [4, 8], "epochs": 1, "corruptions": [], "eval_images": 50,
    "evals_per_epoch": 1,
}  # fmt: skip


class AtOnce:
    """Executes what it is given while it is given it."""

    def __init__(self):
        self.executed = []

    def submit_behind(self, runs):
        for run in runs:
            self.executed.append(run.id)
            for _ in execute(run):
                pass


class Never:
    """Takes runs and leaves them."""

    def submit_behind(self, runs):
        pass

    def stop(self, run):
        LocalRunner.stop(self, run)


@pytest.fixture
def sweep(store):
    spec = SweepSpec.from_json({"base": TINY, "axes": {"norm": ["bn", "afn"]}, "seeds": 2})
    return plan(spec)


def standings(sweep, store):
    lines = lines_of(sweep.runs, RunIndex(store))
    return [standing(lines.get(run.run_id)) for run in sweep.runs]


def go_on(sweep, store, runner):
    return begin(sweep.runs, lines_of(sweep.runs, RunIndex(store)), store, runner)


def test_every_run_is_executed_once(sweep, store):
    runner = AtOnce()
    assert standings(sweep, store) == ["not begun"] * 4
    go_on(sweep, store, runner)
    assert runner.executed == [run.run_id for run in sweep.runs]
    assert standings(sweep, store) == ["done"] * 4
    assert go_on(sweep, store, runner) == []
    assert len(runner.executed) == 4
    for run in sweep.runs:
        assert store.open(run.run_id).config() == run.config
        assert len(list((store.root / run.run_id / "checkpoints").iterdir())) == 1


def test_another_sweep_takes_the_runs_that_are_there(sweep, store):
    go_on(sweep, store, AtOnce())
    wider = plan(replace(sweep.spec, seeds=(0, 1, 2)))
    runner = AtOnce()
    go_on(wider, store, runner)
    assert runner.executed == [run.run_id for run in wider.runs if run.config.seed == 2]


def test_what_was_cut_short_goes_on_and_what_diverged_does_not(sweep, store):
    go_on(sweep, store, Never())
    first, second, third, fourth = (store.open(run.run_id) for run in sweep.runs)
    lost = identity() | {"pid": 2**22 + 1}
    assert first.claim()
    first.end("failed", "the loss is nan", {"step": 3, "diverged": True})
    assert second.claim()
    second.end("failed", "its process was killed")
    write_json(third.path / "claim.json", lost)
    write_json(fourth.path / "config.json", fourth.record() | {"submitted_by": lost})
    assert standings(sweep, store) == ["diverged", "interrupted", "interrupted", "interrupted"]
    runner = AtOnce()
    go_on(sweep, store, runner)
    assert runner.executed == [second.id, third.id, fourth.id]
    assert standings(sweep, store) == ["diverged", "done", "done", "done"]


def test_a_stopped_sweep_leaves_nothing_waiting_and_goes_on(sweep, store):
    go_on(sweep, store, Never())
    assert standings(sweep, store) == ["waiting"] * 4
    lines = lines_of(sweep.runs, RunIndex(store))
    stop(sweep.runs, lines, store, Never())
    assert standings(sweep, store) == ["interrupted"] * 4
    go_on(sweep, store, AtOnce())
    assert standings(sweep, store) == ["done"] * 4


def test_progress_counts_what_has_its_result(sweep, store):
    go_on(sweep, store, Never())
    run = store.open(sweep.runs[0].run_id)
    assert run.claim()
    run.end("finished", "", {"step": 1})
    progress = Progress.of(sweep.runs, lines_of(sweep.runs, RunIndex(store)))
    assert (progress.total, progress.ended, progress.active, progress.left) == (4, 1, 3, 0)
    assert progress.share == 0.25
    assert progress.to_json() == {"done": 1, "waiting": 3, "total": 4}


def test_sweeps_are_kept_by_what_they_ask(sweep, store):
    sweeps = SweepStore(store)
    kept = sweeps.keep(sweep.spec)
    assert sweeps.keep(sweep.spec) == kept
    other = sweeps.keep(replace(sweep.spec, seeds=(5,)))
    assert {each.id for each in sweeps.list()} == {kept.id, other.id}
    assert sweeps.open(kept.id).spec == sweep.spec
    (sweeps.root / f"{other.id}.json").write_text("{")
    assert [each.id for each in sweeps.list()] == [kept.id]
    with pytest.raises(ValueError, match=f"the sweep {other.id} is damaged"):
        sweeps.open(other.id)
    sweeps.forget(kept.id)
    with pytest.raises(FileNotFoundError, match="there is no sweep"):
        sweeps.open(kept.id)
    assert store.list() == []


@pytest.mark.slow
def test_runs_behind_let_a_comparison_go_first(store, quick):
    """Two of a sweep occupy the worker; a comparison starts at once, further ones of it after."""
    endless = replace(quick, epochs=200, corruptions=())
    runner = LocalRunner(store)
    try:
        behind = [store.create(replace(endless, seed=seed)) for seed in range(40)]
        runner.submit_behind(behind)
        wait_for(lambda: any(run.state().status == "running" for run in behind))
        comparison = [store.create(quick), store.create(replace(quick, norm="bn"))]
        runner.submit(comparison)
        wait_for(lambda: all(run.state().status == "finished" for run in comparison))
        assert any(run.is_unclaimed for run in behind)
        for run in reversed(behind):
            runner.stop(run)
        wait_for(lambda: all(run.state().status == "stopped" for run in behind))
    finally:
        runner.close()


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_index_and_folders_agree(sweep, store):
    go_on(sweep, store, AtOnce())
    index = RunIndex(store)
    first = index.lines()
    assert [line.id for line in first] == [run.run_id for run in reversed(sweep.runs)]
    again = RunIndex(store)  # from the file that the first one left
    assert again.lines() == first
    run: Run = store.open(sweep.runs[0].run_id)
    run.rename("a name")
    assert {line.id: line.name for line in again.lines()}[run.id] == "a name"
    shutil.rmtree(run.path)
    assert run.id not in {line.id for line in again.lines()}
