"""What all sessions of a server share, used by many threads at once."""

import json

import pytest

from afn.runs.index import RunIndex
from afn.runs.store import Run
from afn.work.cluster.runner import ClusterRunner
from afn.work.runner import LocalRunner
from tests.hammering import hammer
from tests.runs.test_store import dead_process

ROUNDS = 8


def local(store, monkeypatch):
    monkeypatch.setattr(LocalRunner, "_tell", lambda self, message: None)
    return LocalRunner(store)


def cluster(store, monkeypatch):
    monkeypatch.setattr(ClusterRunner, "start", lambda self: None)
    return ClusterRunner(store, "tcp://127.0.0.1:1")


@pytest.mark.parametrize("kind", [local, cluster])
def test_what_many_submit_at_once_is_all_in_the_queue(kind, store, quick, monkeypatch):
    runner = kind(store, monkeypatch)

    def submit(number):
        runs = [store.create(quick, run_id=f"run-{number}-{i}") for i in range(ROUNDS)]
        for run in runs:
            runner.submit([run])
            assert runner.position(run)
        return runs

    runs = [run for each in hammer(submit) for run in each]
    assert sorted(map(runner.position, runs)) == list(range(1, len(runs) + 1))


def test_of_many_who_resume_a_run_at_once_one_does(store, quick):
    for i in range(ROUNDS):
        run = store.create(quick, run_id=f"run-{i}")
        (run.path / "checkpoints" / "step-00000001.safetensors").touch()
        run.claim()
        (run.path / "claim.json").write_text(json.dumps(dead_process()))
        if i % 2:
            run.end("failed", "by hand")
        assert sorted(hammer(lambda _, run=run: run.reopen())) == [False] * 7 + [True]
        assert run.is_unclaimed


def test_the_index_is_whole_for_all_who_look(store, quick):
    index = RunIndex(store)

    def look(number):
        for i in range(ROUNDS):
            run = store.create(quick, run_id=f"run-{number}-{i}")
            if i % 3 == 0:
                run.claim()
                run.end("finished")
            elif i % 3 == 1:
                run.delete()
            mine = {line.id for line in index.lines() if line.id.startswith(f"run-{number}-")}
            assert mine == {f"run-{number}-{j}" for j in range(i + 1) if j % 3 != 1}
            assert index.some([run.id]).keys() == mine & {run.id}

    hammer(look, 4)


def test_a_run_is_claimed_once(store, quick):
    for i in range(ROUNDS):
        run = store.create(quick, run_id=f"run-{i}")
        assert sorted(hammer(lambda _, run=run: Run(run.path).claim())) == [False] * 7 + [True]
