"""Runs in real worker processes. Slow machines need time, so waits are long and events end them."""

import json
import os
import shutil
import signal
from dataclasses import replace

import pytest

from afn.ask.evaluation import EvaluationStore
from afn.ask.inside.look import Batch, Look
from afn.ask.network import Network
from afn.ask.records import places
from afn.ask.tasks import GridTask
from afn.engine.execution import execute
from afn.pretrained.cards import read_card
from afn.settings.corruptions import CORRUPTION_NAMES
from afn.work.inspector import Inspector
from afn.work.processes import is_alive
from afn.work.queue import Queue
from afn.work.runner import LocalRunner
from afn.work.worker import Worker, bury
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


def has_steps(run):
    return any(event["kind"] == "step" for event in run.events()[0])


def is_over(run):
    return run.state().status in ("finished", "stopped", "failed")


@pytest.fixture(params=["fork", "spawn"])
def runner(request, store, monkeypatch):
    monkeypatch.setenv("AFN_WORKER_FORK", "1" if request.param == "fork" else "0")
    local = LocalRunner(store)
    yield local
    local.close()


@pytest.fixture
def forking(store):
    local = LocalRunner(store)
    yield local
    local.close()


@pytest.fixture
def endless(quick):
    """Longer than anybody waits: 72,000 steps."""
    return replace(quick, epochs=200, batch_size=4)


def test_a_comparison_runs_to_its_end(runner, store, quick):
    runs = [store.create(replace(quick, norm=norm)) for norm in ("afn", "asrnorm", "bn")]
    runner.submit(runs)
    for run in runs:
        wait_for(lambda run=run: is_over(run), f"{run.id} to end")
        assert run.state().status == "finished", run.state().reason
        assert run.state().summary["peak_memory_mb"] > 0


def test_a_killed_run_is_failed_with_the_signal(runner, store, endless):
    run = store.create(endless)
    runner.submit([run])
    wait_for(lambda: has_steps(run), "the first step")
    runner.kill(run)
    wait_for((run.path / "end.json").exists, "the end marker")
    assert run.state().status == "failed"
    assert "signal 9" in run.state().reason
    assert run.events()[0]


def evaluation_of(store, run, *, num_images=60):
    network = Network.of_run(run)
    asking = GridTask(
        network=network,
        question=network.question(num_images=num_images),
        places=tuple(places(CORRUPTION_NAMES, (1, 2, 3, 4, 5))),
    )
    return asking, EvaluationStore.beside(store).create([asking])


def test_an_evaluation_goes_before_waiting_runs(runner, store, quick, endless):
    trained = store.create(quick)
    list(execute(trained))
    busy = [store.create(endless) for _ in range(os.cpu_count() or 1)]
    waiting = store.create(quick)
    runner.submit(busy)
    runner.submit([waiting])
    wait_for(lambda: all(has_steps(run) for run in busy), "the first steps")
    asking, evaluation = evaluation_of(store, trained)
    runner.evaluate(evaluation)
    wait_for(lambda: is_over(evaluation), "the evaluation")
    assert evaluation.state().status == "finished", evaluation.state().reason
    assert asking.missing() == []
    assert waiting.state().status == "waiting"
    for run in (waiting, *busy):
        runner.stop(run)


def test_an_evaluation_can_be_stopped_and_killed(forking, store, quick):
    trained = store.create(replace(quick, dataset="mnist5k", max_steps=2))
    list(execute(trained))
    _, never = evaluation_of(store, trained)
    forking.stop(never)
    assert never.state().status == "stopped"
    for end, status, reason in (
        (forking.stop, "stopped", "by hand"), (forking.kill, "failed", "signal 9"),
    ):  # fmt: skip
        shutil.rmtree(trained.path / "grids", ignore_errors=True)
        asking, evaluation = evaluation_of(store, trained, num_images=1000)
        forking.evaluate(evaluation)
        wait_for(lambda asking=asking: len(asking.missing()) < 96, "the first cell")
        end(evaluation)
        wait_for(lambda evaluation=evaluation: is_over(evaluation), "its end")
        wait_for((evaluation.path / "end.json").exists, "the end marker")
        assert evaluation.state().status == status
        assert reason in evaluation.state().reason
        assert 0 < len(asking.missing()) < 96


def test_a_process_looks_into_layers_and_ends_with_the_worker(runner, tmp_path):
    network = read_card("mnist5k-afn").network(tmp_path / "answers")
    inspector = Inspector(runner.inspect)
    look = Look(subject=network, batch=Batch(dataset="mnist5k", size=4))
    assert inspector.look(look)["norm"] == "afn"
    runner.close()
    runner.start()
    assert inspector.look(look)["norm"] == "afn"  # by another one
    inspector.close()


def test_commands_reach_a_live_run(forking, store, endless):
    run = store.create(endless, commands=[{"command": "step"}])
    forking.submit([run])
    wait_for(lambda: has_steps(run), "the one step")
    run.send({"command": "set", "lr": 0.001})
    run.send({"command": "step"})
    wait_for(lambda: sum(e["kind"] == "step" for e in run.events()[0]) == 2, "the second step")
    forking.stop(run)
    wait_for(lambda: is_over(run), "the stop")
    assert run.state().status == "stopped"
    assert [e["lr"] for e in run.events()[0] if e["kind"] == "step"] == [0.05, 0.001]


def test_comparisons_wait_in_order_and_paused_ones_do_not_block(forking, store, endless):
    first = [store.create(endless) for _ in range(4)]
    second, third = [store.create(endless)], [store.create(endless)]
    for runs in (first, second, third):
        forking.submit(runs)
    wait_for(lambda: all(has_steps(run) for run in first), "all four of the first comparison")
    assert [forking.position(runs[0]) for runs in (first, second, third)] == [0, 1, 2]
    assert second[0].state().status == third[0].state().status == "waiting"
    forking.stop(second[0])
    assert second[0].state().reason == "stopped before it began"
    wait_for(lambda: forking.position(third[0]) == 1, "its place to be told anew")
    for run in first:
        run.send({"command": "pause"})
    wait_for(lambda: has_steps(third[0]), "the third, while the first is paused")
    assert not has_steps(second[0])


def test_nothing_outlives_the_runner_and_runs_keep_a_checkpoint(store, endless):
    local = LocalRunner(store)
    run = store.create(endless)
    local.submit([run])
    wait_for(lambda: has_steps(run), "the first step")
    claim = (run.path / "claim.json").read_text()
    local.close()
    assert is_over(run)
    assert run.state().status == "stopped"
    assert "worker" in run.state().reason
    assert run.weights() is not None
    assert not is_alive(json.loads(claim))


def test_a_killed_worker_is_replaced_and_hangs_nothing(forking, store, endless, quick):
    first = [store.create(endless) for _ in range(3)]
    waiting = store.create(quick)
    forking.submit(first)
    forking.submit([waiting])
    wait_for(lambda: all(has_steps(run) for run in first), "the first comparison")
    os.kill(forking.worker_pid, signal.SIGKILL)
    wait_for(lambda: forking.worker_pid is None, "the worker's death")
    for run in first:
        wait_for(lambda run=run: is_over(run), "its runs to notice")
    forking.start()  # as the page does at every look
    wait_for(lambda: is_over(waiting), "the waiting run in the new worker")
    assert waiting.state().status == "finished"


def test_a_stopped_run_is_resumed_in_the_worker(forking, store, quick):
    run = store.create(replace(quick, epochs=3))
    run.send({"command": "step"})
    forking.submit([run])
    wait_for(lambda: has_steps(run), "a step")
    forking.stop(run)
    wait_for(lambda: is_over(run), "the stop")
    assert run.reopen()
    forking.submit([run])
    wait_for(lambda: run.state().status == "finished", "the resumed run to finish")
    assert [e["step"] for e in run.events()[0] if e["kind"] == "step"] == list(range(1, 67))


def test_a_process_that_died_ends_its_own_work_alone(store, quick):
    run = store.create(quick)
    assert run.claim()  # by this process: whoever had it before was killed, and it was reopened
    bury(run, signal.SIGKILL, os.getpid() + 1)
    assert run.state().status == "running"
    bury(run, signal.SIGKILL, os.getpid())
    assert run.state().status == "failed"
    assert "was killed" in run.state().reason


def test_a_worker_begins_nothing_once_its_server_is_gone(store, quick, tmp_path):
    run, queue = store.create(quick), Queue(store.root, tmp_path / "queue.jsonl")
    queue.add([run])
    read, write = os.pipe()
    os.write(write, json.dumps({"queue": str(queue.file)}).encode() + b"\n")
    os.close(write)  # the server was killed while its worker warmed up
    worker = Worker(store, can_fork=True)
    worker.serve(read)
    worker.close()
    os.close(read)
    assert run.is_unclaimed
    assert queue.first().ids == [run.id]
