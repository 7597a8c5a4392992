"""Runs that are resumed with other settings."""

import math
from dataclasses import replace

import numpy as np
import pytest

from afn import LambdaInit
from afn.engine.execution import execute
from afn.runs.history import Follower, History
from afn.runs.store import RunStore

pytestmark = pytest.mark.slow

FATAL = [{"command": "set", "lr": 10.0}, {"command": "set", "lambda_lr_factor": 1000.0}]


@pytest.fixture
def diverged(store, quick):
    """A run with a checkpoint at step 22 that a change behind step 25 made diverge."""
    run = store.create(replace(quick, epochs=3, lambda_init=LambdaInit.REFERENCE))
    for event in execute(run):
        if event.kind == "step" and event.step == 25:
            for change in FATAL:
                run.send(change)
    assert run.state().status == "failed", run.state()
    assert "diverged" in run.state().reason
    return run


def rates(run):
    return {event["step"]: event["lr"] for event in run.events()[0] if event["kind"] == "step"}


def test_resuming_takes_back_what_made_a_run_diverge(diverged):
    follower = Follower(diverged)
    before = follower.now()
    assert [command["step"] for command in before.commands] == [25, 25]
    assert diverged.reopen()
    list(execute(diverged))
    assert diverged.state().status == "finished"
    assert set(rates(diverged).values()) == {0.05}
    after = follower.now()
    assert after.commands == ()
    assert after.revision > before.revision
    assert list(after.steps) == list(range(1, 67))
    uninterrupted = RunStore(diverged.path.parent / "other").create(diverged.config())
    list(execute(uninterrupted))
    np.testing.assert_equal(after.lambdas, History.of(uninterrupted).lambdas)


def test_a_resumed_run_obeys_what_was_set_since_it_ended(diverged):
    for change in ({"lr": 0.01}, {"batch_size": 96}, {"lambda": {"mu": -1.0}}):
        diverged.send({"command": "set", **change})
    assert diverged.reopen()
    list(execute(diverged))
    assert diverged.state().status == "finished"
    told = History.of(diverged)
    assert [command["step"] for command in told.commands] == [22, 22, 22]
    assert told.columns["lr"][:22].tolist() == [0.05] * 22
    assert set(told.columns["lr"][22:]) == {0.01}
    assert told.columns["batch_size"][22] == 96
    assert told.lambdas[0, 0, 22] == pytest.approx(1 / (1 + math.exp(1)), abs=1e-3)


def test_a_run_that_diverges_once_more_takes_back_both(diverged):
    for change in FATAL:
        diverged.send(change)
    assert diverged.reopen()
    list(execute(diverged))
    assert "diverged" in diverged.state().reason
    assert diverged.reopen()
    list(execute(diverged))
    assert diverged.state().status == "finished"
    assert History.of(diverged).commands == ()
