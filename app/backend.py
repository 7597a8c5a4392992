"""What all sessions of the server share: run store, runner, histories, and measurements."""

import atexit
import threading
from pathlib import Path

import streamlit as st

from afn.cost.records import Report
from afn.grids.evaluation import EvaluationStore
from afn.grids.pictures import Pictures, PicturesFile
from afn.history import History
from afn.index import RunIndex
from afn.runner import LocalRunner
from afn.runs import Run, RunStore
from app.costing import REFERENCE
from app.measuring import Measurements


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The run store below ``AFN_RUNS_DIR``."""
    return RunStore()


@st.cache_resource(show_spinner=False)
def index() -> RunIndex:
    """All runs at a glance; what ended ones say is read once."""
    return RunIndex(store())


@st.cache_resource(show_spinner=False)
def runner() -> LocalRunner:
    """The runner, its worker warming up from the first visit on."""
    local = LocalRunner(store())
    local.start()
    atexit.register(local.close)
    return local


@st.cache_resource(show_spinner=False)
def measurements() -> Measurements:
    """Live measurements; their reports lie beside the runs, hidden from the run store."""
    live = Measurements(store().root / ".measurements")
    atexit.register(live.close)
    return live


@st.cache_resource(show_spinner=False)
def evaluations() -> EvaluationStore:
    """Evaluations, hidden beside the runs."""
    return EvaluationStore.beside(store())


def pictures() -> Path:
    """The folder of corrupted images to look at."""
    return (store().root / ".pictures").absolute()


def read_pictures(file: PicturesFile) -> Pictures | None:
    """What the file holds, read once; None where there is none."""
    try:
        modified = file.path.stat().st_mtime_ns
    except OSError:
        return None
    return _pictures(file, modified)


@st.cache_resource(show_spinner=False, max_entries=32)
def _pictures(file: PicturesFile, modified: int) -> Pictures | None:
    return file.read()


@st.cache_resource(show_spinner=False)
def reference() -> Report:
    """What was measured on the reference machine."""
    return Report.read(REFERENCE)


@st.cache_resource(show_spinner=False, max_entries=64)
def _followed(run_id: str) -> tuple[History, threading.Lock]:
    return History(Run(store().root / run_id)), threading.Lock()


def history(run_id: str) -> History:
    """A run's history up to now; sessions that look at the same run share it."""
    followed, lock = _followed(run_id)
    with lock:
        followed.update()
    return followed
