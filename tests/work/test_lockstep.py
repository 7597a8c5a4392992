"""Contenders wait for each other, and for nobody who does not come."""

import os
from dataclasses import replace

import pytest

from afn.engine.execution import execute
from afn.engine.pace import Free
from afn.runs.history import History
from afn.work import lockstep
from afn.work.lockstep import EVERY, Lockstep, pace_of
from afn.work.runner import LocalRunner
from tests.waiting import wait_for


@pytest.fixture
def paced(store, quick):
    """Makes a run's place among those of one comparison; those named are to begin with it."""
    made = []

    def make(norm="bn", together=(), at=None):
        run = store.create(replace(quick, norm=norm), group="a", run_id=f"run-{len(made)}")
        pace = Lockstep(run, "a", [*together, run.id])
        made.append(pace)
        if at is not None:
            pace.lets(at)
        return pace

    yield make
    for pace in made:
        pace.leave()


def test_who_is_ahead_waits_at_every_fourth_step(paced):
    first = paced(together=["run-1"])
    assert not first.lets(0)  # the other begins just now
    second = paced()
    assert not first.lets(0)
    assert second.lets(0)
    assert first.lets(0)
    assert [first.lets(step) for step in range(1, EVERY)] == [True] * (EVERY - 1)
    assert not first.lets(EVERY)
    assert all(second.lets(step) for step in range(1, EVERY))
    assert not first.lets(EVERY)
    assert second.lets(EVERY)
    assert first.lets(EVERY)
    assert first.without == second.without == ()


def test_nobody_waits_for_one_that_has_ended_or_was_killed(paced, store):
    ended, killed, first = paced(at=0), paced(at=0), paced(at=0)
    assert not first.lets(EVERY)
    ended.leave()
    assert not first.lets(EVERY)
    os.close(killed._descriptor)  # as its process does, whatever ends it
    assert first.lets(EVERY)
    killed._descriptor = -1


def test_nobody_waits_for_one_that_failed_before_its_first_step(paced, store, quick):
    failed = store.create(quick, group="a", run_id="failed")
    first = paced(together=["failed"])
    assert not first.lets(0)
    failed.end("failed", "no data")
    assert first.lets(0)


def test_nobody_waits_for_one_that_waits_for_its_turn(paced, store, quick):
    store.create(quick, group="a", run_id="waiting")
    assert paced().lets(0)


def test_nobody_waits_for_one_that_is_paused_until_it_goes_on(paced):
    paused, first = paced(at=0), paced(at=0)
    paused.rest(0)
    assert first.lets(EVERY)
    first.lets(EVERY + 1)
    paused.lets(0)
    assert first.lets(2 * EVERY - 1)
    assert not first.lets(2 * EVERY)


def test_one_that_comes_too_late_is_waited_for_again_once_it_has_caught_up(paced, monkeypatch):
    late, first = paced(at=0), paced(at=0)
    monkeypatch.setattr(lockstep, "PATIENCE_SECONDS", 0.0)
    wait_for(lambda: first.lets(EVERY), "the end of its patience")
    assert first.without == ("run-0",)
    monkeypatch.setattr(lockstep, "PATIENCE_SECONDS", 1e9)
    assert first.lets(2 * EVERY)  # not again
    assert first.without == ("run-0",)
    late.lets(3 * EVERY)
    assert first.lets(3 * EVERY)
    assert first.without == ()
    assert not first.lets(4 * EVERY)


def test_one_that_is_added_is_waited_for_while_it_catches_up(paced):
    first = paced(at=10 * EVERY)
    added = paced()
    assert not first.lets(11 * EVERY)
    assert all(added.lets(step) for step in range(11 * EVERY + 1))
    assert first.lets(11 * EVERY)


def test_one_that_goes_on_from_a_later_step_waits_there_for_the_others(paced):
    later, earlier = paced(together=["run-1"]), paced(together=["run-0"])
    assert not later.lets(62)
    assert all(earlier.lets(step) for step in range(40, 62))
    assert not later.lets(62)
    assert earlier.lets(62)
    assert later.lets(62)


def test_runs_that_belong_to_no_comparison_go_alone(store, quick):
    alone, swept = store.create(quick), store.create(quick, group="sweep")
    assert isinstance(pace_of(alone, [alone.id]), Free)
    assert isinstance(pace_of(swept, None), Free)  # one by one, behind comparisons
    assert not (store.root / ".groups").exists()


def test_what_was_left_behind_is_cleared_away(paced, store):
    first = paced(at=0)
    left = first._file.with_name("dead")
    left.write_bytes(bytes(9))
    assert first.lets(EVERY)
    assert not left.exists()


def test_a_run_says_whom_it_no_longer_waits_for(store, quick):
    class Held(Free):
        def lets(self, step):
            self.without = ("slow",) if 3 <= step < 7 else ()
            return True

    run = store.create(quick)
    list(execute(run, pace=Held()))
    told = [(event["step"], event["without"]) for event in History.of(run).lockstep]
    assert told == [(3, ["slow"]), (7, [])]


@pytest.mark.slow
def test_a_comparison_is_held_changed_and_stepped_at_one_step(store, quick):
    """Also where one is killed meanwhile."""
    config = replace(quick, epochs=40, corruptions=(), evals_per_epoch=0)
    runner = LocalRunner(store)
    try:
        runs = [store.create(replace(config, norm=n), group="a") for n in ("afn", "asrnorm", "bn")]
        for run in runs:
            run.send({"command": "set", "lr": 0.01, "at": 9})
            run.send({"command": "pause", "at": 30})
        runner.submit(runs)

        def are_paused():
            return all(History.of(run).is_paused for run in runs)

        wait_for(are_paused, "the pause")
        assert {History.of(run).step for run in runs} == {30}
        for run in runs:
            told = {each["step"]: each for each in History.of(run).commands}
            assert {step: each["at"] for step, each in told.items()} == {9: 9, 30: 30}
            lr = History.of(run).columns["lr"]
            assert [lr[8], lr[9]] == [config.lr, 0.01]
            run.send({"command": "step"})
        wait_for(lambda: {History.of(run).step for run in runs} == {31}, "the step")
        runner.kill(runs[0])
        wait_for((runs[0].path / "end.json").exists, "the end")
        for run in runs[1:]:
            run.send({"command": "resume"})
            run.send({"command": "stop", "at": 90})
        for run in runs[1:]:
            wait_for((run.path / "end.json").exists, "the end")
            assert (run.state().status, run.state().summary["step"]) == ("stopped", 90)
            assert History.of(run).lockstep == ()
    finally:
        runner.close()
    assert not list((store.root / ".groups").iterdir())
