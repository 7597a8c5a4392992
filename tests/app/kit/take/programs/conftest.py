"""Small networks trained here, as the app's runs, and where what is taken along is run."""

import shutil
from dataclasses import replace

import matplotlib as mpl
import pytest
import streamlit as st

from afn.engine.execution import execute
from afn.runs.fork import fork
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from afn.settings.lambda_init import LambdaInit

QUICK = TrainConfig(
    dataset="digits8", widths=(4, 8), epochs=1, evals_per_epoch=2, eval_images=100,
    corruptions=("contrast", "fog"), lambda_init=LambdaInit(mu=-1.0, sigma=-2.0),
)  # fmt: skip
SCRIPT = [
    (5, {"command": "set", "lr": 0.2}),
    (7, {"command": "set", "batch_size": 32}),
    (9, {"command": "set", "lambda": {"mu": 0.5, "gamma": -2.0}}),
    (11, {"command": "evaluate", "severity": 5}),
]


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """A store with runs by name: bn, afn, one that was changed as it trained, and a fork."""
    store = RunStore(tmp_path_factory.mktemp("world") / "runs")
    ids = {}
    for norm in ("bn", "afn"):
        run = store.create(replace(QUICK, norm=norm))
        list(execute(run))
        ids[norm] = run.id
    changed = store.create(replace(QUICK, seed=1))
    list(execute(changed, script=SCRIPT))
    made = fork(store, store.open(ids["afn"]), step=22, changes={"epochs": 2, "lr": 0.01})
    list(execute(made))
    return store, ids | {"changed": changed.id, "fork": made.id}


@pytest.fixture
def runs(world, tmp_path, monkeypatch):
    """That store as the app's, by the names of its runs."""
    store, ids = world
    shutil.copytree(store.root, tmp_path / "runs")
    monkeypatch.setenv("AFN_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "no-data"))
    mpl.use("Agg")
    st.cache_resource.clear()
    st.cache_data.clear()
    yield ids
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def folder(tmp_path):
    """Where commands are run."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    return place
