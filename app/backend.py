"""What all sessions of the server share: the run store, the runner, and the runs' histories."""

import atexit
import threading

import streamlit as st

from afn.history import History
from afn.runner import LocalRunner
from afn.runs import Run, RunStore


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The run store below ``AFN_RUNS_DIR``."""
    return RunStore()


@st.cache_resource(show_spinner=False)
def runner() -> LocalRunner:
    """The runner, its worker warming up from the first visit on."""
    local = LocalRunner(store())
    local.start()
    atexit.register(local.close)
    return local


@st.cache_resource(show_spinner=False, max_entries=64)
def _followed(run_id: str) -> tuple[History, threading.Lock]:
    return History(Run(store().root / run_id)), threading.Lock()


def history(run_id: str) -> History:
    """A run's history up to now; sessions that look at the same run share it."""
    followed, lock = _followed(run_id)
    with lock:
        followed.update()
    return followed
