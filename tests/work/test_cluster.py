"""Runs on a real Dask scheduler and workers, started by docs/cluster.md, over TLS."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from afn.work.cluster import ClusterRunner, connection, runner_for
from afn.work.cluster.worker import survey
from afn.work.folder import read_json
from tests.waiting import wait_for

DASK = Path(sys.executable).with_name("dask")
ROOT = Path(__file__).parents[2]
SPEC = """
name = "on two workers"
seeds = 2
[base]
dataset = "digits8"
widths = [4, 8]
epochs = 8
eval_images = 100
corruptions = ["contrast"]
[axes]
norm = ["afn", "asrnorm", "bn"]
"""


def is_over(run):
    return run.state().status in ("finished", "stopped", "failed")


def has_steps(run):
    return any(event["kind"] == "step" for event in run.events()[0])


def kinds(run, kind):
    return [event for event in run.events()[0] if event["kind"] == kind]


def claim_of(run):
    return json.loads((run.path / "claim.json").read_bytes())


# -- a cluster of this machine -------------------------------------------------------------------


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    """An authority's certificate, and one with its key that it signed: by their variables."""
    folder = tmp_path_factory.mktemp("pem")

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *new, "-days", "2", "-subj", "/CN=authority",
            "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip
    openssl("req", *new, "-subj", "/CN=node", "-keyout", "node.key", "-out", "node.csr")
    openssl("x509", "-req", "-days", "2", "-in", "node.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", "node.pem")  # fmt: skip
    return {
        "AFN_CLUSTER_CA": str(folder / "ca.pem"),
        "AFN_CLUSTER_CERT": str(folder / "node.pem"),
        "AFN_CLUSTER_KEY": str(folder / "node.key"),
    }


def tls_flags(pem):
    return [
        "--tls-ca-file", pem["AFN_CLUSTER_CA"], "--tls-cert", pem["AFN_CLUSTER_CERT"],
        "--tls-key", pem["AFN_CLUSTER_KEY"],
    ]  # fmt: skip


@contextmanager
def process(log, *command, **variables):
    """A command in a group of its own, all of which is gone afterwards."""
    with log.open("wb") as file:
        started = subprocess.Popen(
            command,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
        )
    try:
        yield started
    finally:
        kill_group(started)


def kill_group(started):
    """At once: a worker's nanny and its process are one group."""
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


@contextmanager
def scheduler(folder, *flags, port=0):
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    with process(
        folder / "scheduler.log", DASK, "scheduler", "--host", "127.0.0.1", "--port", str(port),
        "--no-dashboard", "--scheduler-file", file, *flags,
        DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0",
    ) as started:  # fmt: skip
        # It is there before anything is in it.
        wait_for(lambda: file.exists() and file.read_text().strip().endswith("}"), "the scheduler")
        started.address = json.loads(file.read_text())["address"]
        yield started


@contextmanager
def worker(folder, address, *flags):
    """One that seems to be on another machine, so that nobody here sees whether it is alive."""
    file = folder / f"worker-{time.monotonic_ns()}.log"
    elsewhere = folder / "elsewhere.py"
    elsewhere.write_text("import socket\n\nsocket.gethostname = lambda: 'elsewhere'\n")
    with process(
        file, DASK, "worker", address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard",
        "--local-directory", folder, "--preload", elsewhere, *flags,
    ) as started:  # fmt: skip
        wait_for(lambda: b"Registered to" in file.read_bytes(), "a worker")
        started.log = file
        yield started


@pytest.fixture(scope="module")
def tls_cluster(tmp_path_factory, pem):
    """A scheduler with two workers, and the address."""
    folder, flags = tmp_path_factory.mktemp("dask"), tls_flags(pem)
    with (
        scheduler(folder, "--protocol", "tls", *flags) as started,
        worker(folder, started.address, *flags) as one,
        worker(folder, started.address, *flags) as two,
    ):
        started.workers = [one, two]
        yield started


@pytest.fixture
def trusted(pem, monkeypatch):
    for name, path in pem.items():
        monkeypatch.setenv(name, path)


@pytest.fixture
def runner(tls_cluster, store, trusted):
    made = ClusterRunner(store, tls_cluster.address)
    # The nanny takes a while for another process where a test killed one.
    wait_for(lambda: starts(made), "a worker")
    yield made
    made.close()


def starts(made):
    try:
        made.start()
    except OSError as error:
        if "has no workers" in str(error):
            return False
        raise
    return True


@pytest.fixture
def endless(store, quick):
    """Makes a run that keeps its worker after its first step for as long as nobody ends it."""
    return lambda: store.create(quick, commands=[{"command": "step"}])


# -- runs ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_sweep_whose_worker_is_killed_loses_nothing(runner, store, tls_cluster, tmp_path, quick):
    spec = tmp_path / "spec.toml"
    spec.write_text(SPEC)
    # Both workers are taken until one of the sweep's runs has been told to wait at its 30th step.
    blocking = [store.create(quick, commands=[{"command": "pause"}]) for _ in range(2)]
    runner.submit(blocking)
    wait_for(lambda: not any(run.is_unclaimed for run in blocking), "both workers to be taken")
    log = tmp_path / "sweep.log"
    command = (sys.executable, "-m", "afn", "sweep", spec, "--cluster", tls_cluster.address)
    with process(log, *command, AFN_RUNS_DIR=str(store.root)) as sweep:

        def goes_on():
            assert sweep.poll() is None, log.read_text()
            return True

        def its_runs():
            taken = {run.id for run in blocking}
            return [run for run in store.list() if run.id not in taken]

        wait_for(lambda: goes_on() and len(its_runs()) == 6, "the sweep's runs")
        killed, *others = runs = its_runs()
        for _ in range(30):
            killed.send({"command": "step"})
        for run in blocking:
            runner.stop(run)
        wait_for(
            lambda: goes_on() and any(map(is_over, others)) and len(kinds(killed, "step")) == 30,
            "a run between two checkpoints, and one that is over",
        )
        lost = claim_of(killed)
        assert {claim_of(run)["host"] for run in others if is_over(run)} == {lost["host"]}
        assert lost["host"] == "elsewhere"
        os.kill(lost["pid"], signal.SIGKILL)
        wait_for(lambda: sweep.poll() is not None, "the sweep's end")
    text = log.read_text()
    assert sweep.returncode == 0, text
    assert f"{killed.id} goes on from its last checkpoint: its worker" in text
    assert text.count("goes on") == 1
    assert claim_of(killed)["pid"] != lost["pid"]
    assert "6 of 6 runs have their result, 0 diverged, 0 failed" in text
    for run in runs:
        assert run.state().status == "finished"
        assert len(kinds(run, "start")) == 1
        assert len(kinds(run, "resume")) == (run.id == killed.id)
        # The last checkpoint was that of step 22: what came behind it was done once more.
        before = range(1, 31) if run.id == killed.id else ()
        after = range(23 if run.id == killed.id else 1, 177)
        assert [event["step"] for event in kinds(run, "step")] == [*before, *after]

    def workers_tell():
        logs = "".join(each.log.read_text() for each in tls_cluster.workers)
        return all(f"after run {run.id} this worker takes" in logs for run in runs)

    wait_for(workers_tell, "the memory behind each run")


@pytest.mark.slow
def test_runs_begin_in_order_and_can_be_stopped_and_killed(runner, store, endless, quick):
    first = [endless(), endless()]
    second, third = [endless()], [store.create(quick)]
    swept = store.create(quick)
    runner.submit_behind([swept])
    wait_for(lambda: is_over(swept), "a run that nobody waits for, while workers are free")
    last = store.create(quick)
    runner.submit(first)
    wait_for(lambda: all(map(has_steps, first)), "the first comparison")
    runner.submit_behind([last])
    runner.submit(second)
    runner.submit(third)
    assert [runner.position(each[0]) for each in (first, second, third)] == [0, 1, 2]
    assert runner.position(last) == 0
    runner.stop(third[0])
    assert third[0].state().reason == "stopped before it began"
    runner.stop(first[0])
    wait_for(lambda: has_steps(second[0]), "the second in the stopped one's place")
    assert first[0].state().status == "stopped"
    assert first[0].weights() is not None
    assert last.is_unclaimed
    runner.kill(first[1])
    wait_for(lambda: read_json(first[1].path / "end.json"), "the end marker")
    assert first[1].state().status == "failed"
    assert "was lost (killed by hand" in first[1].state().reason
    assert first[1].state().summary is None
    wait_for(lambda: is_over(last), "the last, on the worker that came back")
    assert last.state().status == "finished"


@pytest.mark.slow
def test_what_the_program_began_ends_with_it(runner, store, endless):
    running = [endless() for _ in range(2)]
    waiting = endless()
    runner.submit([*running, waiting])
    wait_for(lambda: all(map(has_steps, running)), "the first steps")
    runner.close()
    for run in running:
        assert run.state().status == "stopped"
        assert run.weights() is not None
    assert waiting.state().status == "stopped"
    assert waiting.state().reason == "the program that queued it ended before it began"
    assert waiting.reopen(anew=True)
    assert waiting.state().status == "waiting"


@pytest.mark.slow
def test_a_run_given_up_for_lost_is_left_to_others(runner, store, endless):
    run = endless()
    runner.submit([run])
    wait_for(lambda: has_steps(run), "a step")
    run.end("failed", "given up")
    (run.path / "claim.json").rename(run.path / "claim-before.json")
    wait_for(lambda: not runner._in_flight, "the worker to notice")
    assert run.state().reason == "given up"
    assert not kinds(run, "resume")


@pytest.mark.slow
def test_a_dead_scheduler_fails_what_ran_and_keeps_what_waits(tmp_path, store, endless, quick):
    with scheduler(tmp_path) as started:
        port = int(started.address.rpartition(":")[2])
        with worker(tmp_path, started.address):
            runner = ClusterRunner(store, started.address)
            runner.start()
            running, waiting = endless(), store.create(quick)
            runner.submit([running])
            runner.submit([waiting])
            wait_for(lambda: has_steps(running), "a step")
            kill_group(started)
            wait_for(lambda: is_over(running), "the end of what ran")
            assert running.state().status in ("stopped", "failed")
            assert waiting.state().status == "waiting"
    with scheduler(tmp_path, port=port), worker(tmp_path, f"tcp://127.0.0.1:{port}"):
        wait_for(lambda: is_over(waiting), "what waited, once there is a scheduler again")
        assert waiting.state().status == "finished"
        assert len(kinds(waiting, "start")) == 1
        runner.close()


# -- what is told --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "who"), [("distributed", "the scheduler tls"), ("torch", "the worker tls")]
)
def test_a_cluster_of_another_version(tls_cluster, store, trusted, monkeypatch, name, who):
    # Sent to the workers by its value; there, with a token, it is the real one.
    monkeypatch.setattr(
        connection, "survey", lambda token="": survey(token) if token else survey() | {name: "0.0"}
    )
    with pytest.raises(ValueError, match=rf"{who}\S+ has {name} \S+, and here it is 0\.0:"):
        runner_for(store, tls_cluster.address)


@pytest.mark.slow
def test_a_worker_that_sees_another_folder(tls_cluster, store, trusted, monkeypatch):
    monkeypatch.setattr(
        connection, "survey", lambda token="": survey(token and f"{token}-elsewhere")
    )
    with pytest.raises(ValueError, match=r"the worker \S+ does not see the runs folder .*runs: "):
        runner_for(store, tls_cluster.address)
    assert list(store.root.iterdir()) == []


@pytest.mark.slow
def test_a_worker_that_cannot_load_this(tls_cluster, store, trusted, monkeypatch):
    def survey_there(token=""):
        if token:
            raise ModuleNotFoundError("No module named 'afn'")
        return survey()

    monkeypatch.setattr(connection, "survey", survey_there)
    with pytest.raises(ValueError, match=r"cannot load afn as it is here \(ModuleNotFoundError: "):
        runner_for(store, tls_cluster.address)


@pytest.mark.slow
def test_a_scheduler_without_workers_and_one_that_speaks_tls(tmp_path, store, pem, trusted):
    with scheduler(tmp_path) as plain:
        with pytest.raises(OSError, match=r"at tcp://\S+ has no workers: start some with"):
            runner_for(store, plain.address)
        with pytest.raises(OSError, match="do not agree on TLS"):
            runner_for(store, plain.address.replace("tcp", "tls"))
