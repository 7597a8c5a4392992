"""A cluster that is not there, or cannot be used from here, is told in a line."""

import os
import subprocess
import sys

import pytest

from afn.runs.store import RunStore
from afn.work.cluster import ClusterRunner, runner_for
from afn.work.cluster.connection import difference
from afn.work.cluster.worker import survey
from afn.work.runner import LocalRunner
from tests.waiting import PATIENCE
from tests.work.test_cluster import ROOT, SPEC


@pytest.mark.parametrize(
    "address", ["", "10.0.0.1:8786", "http://host:1", "tcp://host", "tcp://host:0", "tls://a:99999"]
)
def test_an_address_that_is_none(store, address):
    with pytest.raises(ValueError, match=r"is tcp://host:port or tls://host:port, got"):
        ClusterRunner(store, address)


def test_without_an_address_runs_are_executed_here(store, monkeypatch):
    monkeypatch.delenv("AFN_CLUSTER", raising=False)
    assert isinstance(runner_for(store), LocalRunner)
    monkeypatch.setenv("AFN_CLUSTER", "nowhere")
    with pytest.raises(ValueError, match="got 'nowhere'"):
        runner_for(store)


def test_a_scheduler_that_is_not_there(store):
    with pytest.raises(OSError, match=r"no scheduler answers at tcp://127\.0\.0\.1:1 within 5 s"):
        runner_for(store, "tcp://127.0.0.1:1")


def test_the_command_says_it_in_one_line(tmp_path):
    spec = tmp_path / "spec.toml"
    spec.write_text(SPEC)
    answer = subprocess.run(
        [sys.executable, "-m", "afn", "sweep", spec, "--cluster", "tcp://127.0.0.1:1"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "AFN_RUNS_DIR": str(tmp_path / "runs")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("afn: no scheduler answers at tcp://127.0.0.1:1")
    assert answer.stderr.count("\n") == 1
    assert not RunStore(tmp_path / "runs").list()


def test_distributed_that_is_not_installed(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed.security", None)
    with pytest.raises(ImportError, match="pip install distributed, or afn with its extra"):
        ClusterRunner(store, "tcp://127.0.0.1:8786")


def test_tls_files_that_are_not_there_or_no_pem(store, tmp_path, monkeypatch):
    for name in ("AFN_CLUSTER_CA", "AFN_CLUSTER_CERT", "AFN_CLUSTER_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match="three PEM files, and AFN_CLUSTER_CA is not set"):
        ClusterRunner(store, "tls://127.0.0.1:8786")
    file = tmp_path / "a.pem"
    file.write_text("no certificate")
    with pytest.raises(ValueError, match=r"AFN_CLUSTER_KEY is no file: /"):
        ClusterRunner(
            store, "tls://127.0.0.1:1", ca=str(file), cert=str(file), key=str(tmp_path / "nothing")
        )
    with pytest.raises(ValueError, match="do not fit together"):
        ClusterRunner(store, "tls://127.0.0.1:1", ca=str(file), cert=str(file), key=str(file))


@pytest.mark.parametrize("name", ["Python", "distributed", "torch", "numpy", "afn"])
def test_versions_that_differ(name):
    ours = survey()
    assert difference("the worker w", ours, ours) == ""
    assert difference("the worker w", ours | {name: "0.1"}, ours) == (
        f"the worker w has {name} 0.1, and here it is {ours[name]}: install the same there and "
        "start it again"
    )
