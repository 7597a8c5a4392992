"""``python -m afn resume``."""

import json

import pytest

from afn.cli.main import main
from afn.engine.execution import execute
from afn.runs.history import History


@pytest.fixture
def runs(store, monkeypatch):
    monkeypatch.setenv("AFN_RUNS_DIR", str(store.root))
    return store


@pytest.fixture
def stopped(runs, quick):
    """A run that was stopped behind step 9."""
    run = runs.create(quick)
    events = execute(run)
    while next(events).step < 9:
        pass
    run.send({"command": "stop"})
    list(events)
    return run


def test_a_stopped_run_goes_on_with_other_settings(stopped, capsys):
    main(["resume", stopped.id, "--lr", "0.01", "--batch-size", "32", "--lambda", "mu=0", "--json"])
    *_, end = map(json.loads, capsys.readouterr().out.splitlines())
    assert (end["kind"], end["status"]) == ("end", "finished")
    told = History.of(stopped)
    at = told.steps.tolist().index(9) + 1
    assert set(told.columns["lr"][:at]) == {0.05}
    assert set(told.columns["lr"][at:]) == {0.01}
    assert set(told.columns["batch_size"][at:-1]) == {32}
    assert told.lambdas[0, 0, at] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--lr", "99"], "lr must be a number from 1e-05 to 10, got 99"),
        (["--lambda", "mu"], "--lambda takes NAME=LOGIT, for instance mu=0 sigma=-3, got 'mu'"),
        (["--lambda", "nu=1"], "lambda takes one or more of mu, sigma, gamma, beta"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line_and_the_run_stays_stopped(
    stopped, options, line, capsys
):
    with pytest.raises(SystemExit):
        main(["resume", stopped.id, *options])
    assert line in capsys.readouterr().err
    assert stopped.state().status == "stopped"


def test_what_cannot_be_resumed_is_one_line(runs, quick, capsys):
    finished, waiting = runs.create(quick), runs.create(quick)
    list(execute(finished))
    failed = runs.create(quick)
    failed.claim()
    failed.end("failed", "by hand")
    for run, line in (
        (finished, "is finished: only one that was stopped or failed can be resumed; fork it"),
        (waiting, "is waiting: only one that was stopped or failed can be resumed"),
        (failed, "has no checkpoint yet"),
    ):
        with pytest.raises(SystemExit):
            main(["resume", run.id])
        assert line in capsys.readouterr().err
