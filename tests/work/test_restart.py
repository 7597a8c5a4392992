"""Servers that end, in whatever way: what waited waits on, what ran goes on, once and in order."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from afn.work.queue import Queue
from afn.work.restart import Tenure
from afn.work.runner import LocalRunner
from tests.runs.test_store import dead_process
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

SERVER = """
import sys
import time
from pathlib import Path
from afn.runs.store import RunStore
from afn.work.runner import LocalRunner

store = RunStore(Path(sys.argv[1]))
runner = LocalRunner(store, lasting=True)
runner.start()
for ids in sys.argv[2:]:
    runner.submit([store.open(run_id) for run_id in ids.split("+")])
print("ready", flush=True)
sys.stdin.read()
runner.close()
"""
"""Serves until its input closes; submits comparisons."""


@contextmanager
def server(store, *comparisons, env=None):
    child = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(store.root), *comparisons],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | (env or {}),
    )  # fmt: skip
    try:
        assert child.stdout.readline() == b"ready\n"
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()


@contextmanager
def next_server(store):
    runner = LocalRunner(store, lasting=True)
    runner.start()
    try:
        yield runner
    finally:
        runner.close()


def submitted_by(run, process):
    (run.path / "config.json").write_text(json.dumps(run.record() | {"submitted_by": process}))


def steps(run):
    return [event["step"] for event in run.events()[0] if event["kind"] == "step"]


def has_ended(run):
    return (run.path / "end.json").exists()


@pytest.fixture
def endless(quick):
    return replace(quick, epochs=200, batch_size=4)


@pytest.fixture
def left(store, quick):
    """What a server left that was killed: who ran, who waited, as by its folder's files."""

    def left(records, ran=(), waited=()):
        gone = dead_process()
        for run_id in (*ran, *waited):
            owner = "ben" if run_id in "xt" else "ann"
            submitted_by(store.create(quick, run_id=run_id, owner=owner), gone)
        for run_id in ran:
            (store.root / run_id / "claim.json").write_text(json.dumps(gone))
        text = "".join(json.dumps(record) + "\n" for record in records)
        (store.root / ".queue.jsonl").write_text(text)

    return left


def taken_over(store):
    """The queue of the next server, all taken over, before its worker has begun anything."""
    tenure = Tenure(store.root, lasting=True)
    queue = Queue(store.root, tenure.file)
    tenure.take_over(queue)
    tenure.go_on(queue)
    tenure.end()
    return queue


ADDED = [{"add": [name], "owner": "ben" if name == "x" else "ann"} for name in "abcx"]


@pytest.mark.parametrize("end", [subprocess.Popen.kill, lambda server: server.stdin.close()])
def test_what_ran_goes_on_and_what_waited_waits(end, store, endless, quick):
    ran = [store.create(endless, run_id=f"ran{i}") for i in range(3)]
    waited = store.create(quick, run_id="waited")
    with server(store, "ran0+ran1+ran2", "waited") as child:
        wait_for(lambda: all(map(steps, ran)), "the first steps")
        end(child)
        child.wait()
        wait_for(lambda: all(map(has_ended, ran)), "the runs to end with it")
    submitted_by(waited, dead_process())
    before = {run.id: len(steps(run)) for run in ran}
    with next_server(store) as runner:
        assert waited.state().status == "waiting"
        wait_for(lambda: all(len(steps(run)) > before[run.id] for run in ran), "them to go on")
        for run in ran:
            assert steps(run) == list(range(1, len(steps(run)) + 1))
            assert run.restarted_from == before[run.id]
            runner.stop(run)
        wait_for(lambda: waited.state().status == "finished", "the one that waited")
        assert waited.restarted_from is None


def test_the_order_is_as_it_was_and_what_had_begun_goes_first(store, left):
    left(
        [*ADDED, {"began": ["a"], "owner": "ann"}, {"behind": ["s", "t"], "owner": "ben"},
         {"began": ["s"], "owner": "ben"}],
        ran="as", waited="bcxt",
    )  # fmt: skip
    queue = taken_over(store)
    assert queue.comparisons() == [["a"], ["x"], ["b"], ["c"]]
    assert queue.behind() == ["s", "t"]
    assert {store.open(name).state().status for name in "abcxst"} == {"waiting"}


def test_a_server_that_ends_while_it_takes_over_loses_nothing(store, left):
    left([*ADDED, {"began": ["a"], "owner": "ann"}], ran="a", waited="bcx")
    tenure = Tenure(store.root, lasting=True)
    tenure.take_over(Queue(store.root, tenure.file))
    tenure.end()
    assert taken_over(store).comparisons() == [["a"], ["x"], ["b"], ["c"]]
    assert [path.name for path in store.root.glob(".queue.left*")] == []


@pytest.mark.parametrize("how", ["stopped", "paused", "worker", "diverged", "finished"])
def test_what_did_not_end_with_the_server_stays_as_it_is(how, store, left):
    lost = [{"lost": True}] if how == "worker" else []
    left([*ADDED[:1], {"began": ["a"], "owner": "ann"}, *lost], ran="a")
    run = store.open("a")
    match how:
        case "stopped":
            run.end("stopped", "stopped by hand")
        case "paused":
            run.events_path.write_text('{"kind": "state", "state": "paused"}\n')
        case "diverged":
            run.end("failed", "the loss is not finite", {"diverged": True})
        case "finished":
            run.end("finished")
    status = run.state().status
    assert taken_over(store).comparisons() == []
    assert run.state().status == status
    assert not run.is_unclaimed


def test_a_run_that_ends_its_server_goes_on_once_from_each_checkpoint(store, left):
    left([*ADDED[:1], {"began": ["a"], "owner": "ann"}], ran="a")
    run = store.open("a")

    def killed_again():
        Queue(store.root, store.root / ".queue.jsonl").began(taken_over(store).first())
        (run.path / "claim.json").write_text(json.dumps(dead_process()))

    killed_again()  # it began anew, having no checkpoint
    assert run.restarted_from == 0
    (run.path / "checkpoints" / "step-00000007.safetensors").touch()
    killed_again()
    assert run.restarted_from == 7
    assert taken_over(store).comparisons() == []
    assert run.state().status == "failed"
    assert run.reopen()  # by hand it does
    assert run.restarted_from is None


def test_the_runs_of_a_container_that_is_gone_go_on_in_the_next(store, left, monkeypatch):
    monkeypatch.setattr("afn.work.restart._GRACE_SECONDS", 0.0)
    left([*ADDED[:2], {"began": ["a"], "owner": "ann"}], ran="a", waited="b")
    elsewhere = {"host": "another", "pid": 1, "started": "1"}
    (store.root / "a" / "claim.json").write_text(json.dumps(elsewhere))
    submitted_by(store.open("b"), elsewhere)
    assert store.open("a").state().status == "running"  # nobody can see that it does not
    assert taken_over(store).comparisons() == [["a"], ["b"]]


def test_one_server_at_a_time_takes_over(store, left):
    left([*ADDED[:1]], waited="a")
    first, second = (Tenure(store.root, lasting=True) for _ in range(2))
    assert (first.is_lasting, second.is_lasting) == (True, False)
    assert first.file != second.file
    first.end()
    assert Tenure(store.root, lasting=True).is_lasting


def test_what_was_deleted_or_is_damaged_does_not_keep_the_others(store, left):
    left([*ADDED, {"began": ["a"], "owner": "ann"}], ran="a", waited="bcx")
    store.open("b").delete()
    (store.root / "c" / "config.json").write_text("{")
    (store.root / "a" / "config.json").write_text("")
    assert ["x"] in taken_over(store).comparisons()


@pytest.mark.slow
def test_a_server_that_is_killed_at_ten_moments_loses_nothing(store, quick):
    config = replace(quick, epochs=6)
    ids = [f"run{i}" for i in range(6)]
    runs = [store.create(config, run_id=name, owner="ann") for name in ids]
    moments = random.Random(20)
    first = ["run0+run1", *ids[2:]]
    for number in range(10):
        with server(store, *(first if not number else ())) as child:
            with suppress(subprocess.TimeoutExpired):
                child.wait(moments.uniform(0, 2.5))
            child.send_signal(signal.SIGKILL)
            child.wait()
        begun = [bool(steps(run)) for run in runs]
        assert begun == sorted(begun, reverse=True)  # in their order
        for run in runs:
            assert run.config() == config
            run.state()
    with next_server(store):
        for run in runs:
            wait_for(lambda run=run: run.state().status == "finished", f"{run.id} to finish")
    for run in runs:
        assert sorted(set(steps(run))) == list(range(1, steps(run)[-1] + 1))
    assert len(store.list()) == len(ids)


@pytest.mark.parametrize("jump", [-3600, 86_400])
def test_a_clock_that_jumps_moves_nobody_in_the_queue_and_makes_nobody_dead(
    jump, store, quick, left, monkeypatch
):
    left([*ADDED, {"began": ["a"], "owner": "ann"}], ran="a", waited="bcx")
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + jump)
    assert taken_over(store).comparisons() == [["a"], ["x"], ["b"], ["c"]]
    y, alive = store.create(quick, run_id="y", owner="ben"), store.create(quick, run_id="alive")
    queue = Queue(store.root, store.root / ".queue.jsonl")
    queue.add([y])
    assert alive.claim()
    monkeypatch.setattr(time, "time", now)
    assert queue.comparisons() == [["a"], ["x"], ["b"], ["y"], ["c"]]
    assert alive.state().status == "running"
    assert {store.open(name).state().status for name in "abcxy"} == {"waiting"}
