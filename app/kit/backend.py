"""What all sessions of the server share: run store, runner, histories, and measurements."""

import atexit
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from afn.ask.evaluation import EvaluationStore
from afn.ask.pictures import Pictures, PicturesFile
from afn.data.own.reading import Readings
from afn.data.own.rules import own_in
from afn.data.own.store import OwnSets
from afn.runs.history import Follower, History
from afn.runs.index import Line, RunIndex
from afn.runs.store import Run, RunStore
from afn.sweep.store import GROUP, SweepStore
from afn.work.cluster import runner_for
from afn.work.inspector import Inspector
from afn.work.limits import Disk
from afn.work.runner import Runner

from .markdown import plain
from .measuring import Measurements

_closing: list[Callable[[], None]] = []


@atexit.register
def close() -> None:
    """End the processes that work for this server; it calls this before it ends by a signal."""
    while _closing:
        _closing.pop()()


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The run store below ``AFN_RUNS_DIR``."""
    return RunStore()


def runner() -> Runner:
    """The runner, its worker warming up from the first visit on; ``AFN_CLUSTER`` makes it Dask's.

    Where the cluster cannot be used, the page says so in a line and ends there.
    """
    try:
        return ready_runner()
    except (OSError, ValueError, ImportError) as error:
        st.error(plain(f"{error}."))
        st.stop()


@st.cache_resource(show_spinner=False)
def ready_runner() -> Runner:
    """The runner, also where there is no page.

    Raises:
        OSError: There is no cluster where ``AFN_CLUSTER`` says.
        ValueError: It is not fit.
        ImportError: What it needs is not installed.
    """
    made = runner_for(store(), lasting=True)
    made.start()
    _closing.append(made.close)
    return made


@st.cache_resource(show_spinner=False)
def inspector() -> Inspector:
    """Looks into layers of any network for all sessions."""
    made = Inspector(lambda address: runner().inspect(address))
    _closing.append(made.close)
    return made


@st.cache_resource(show_spinner=False)
def measurements() -> Measurements:
    """Live measurements; their reports lie beside the runs, hidden from the run store."""
    live = Measurements(store().root / ".measurements")
    _closing.append(live.close)
    return live


@st.cache_resource(show_spinner=False)
def index() -> RunIndex:
    """What is known of all runs without their events."""
    return RunIndex(store())


@st.cache_resource(show_spinner=False)
def sweeps() -> SweepStore:
    """The sweeps that were begun, hidden beside the runs."""
    return SweepStore(store())


@st.cache_resource(show_spinner=False)
def evaluations() -> EvaluationStore:
    """Evaluations, hidden beside the runs."""
    return EvaluationStore.beside(store())


@st.cache_resource(show_spinner=False)
def own() -> OwnSets:
    """People's own pictures, hidden beside the runs."""
    return OwnSets(store().root)


def data_words(dataset: str) -> str:
    """What a data set is called, or the same of a text that names one: people's own pictures by
    their classes, in whichever form.
    """
    name = own_in(dataset)
    if not name:
        return dataset
    found = own().find(name)
    return dataset.replace(name, found.title if found else "pictures that are gone")


@st.cache_resource(show_spinner=False)
def readings() -> Readings:
    """What reads uploads of such, in processes of its own."""
    return Readings(store().root)


@st.cache_resource(show_spinner=False)
def disk() -> Disk:
    """What each has of the disk."""
    return Disk(store())


def lines() -> list[Line]:
    """What is known of the runs that were begun one by one, newest first.

    Those of sweeps are on the Ablations page; there are too many of them to choose from by name.
    Those that were recorded have no configuration, which most pages need: `all_lines`.
    """
    return [line for line in all_lines() if line.kind == "trained"]


def all_lines() -> list[Line]:
    """The same, and those that were recorded in a loop of somebody's own."""
    return [line for line in index().lines() if line.group != GROUP]


def run(run_id: str) -> Run:
    """A run by its id, whether or not it is there."""
    return Run(store().root / run_id)


def has_run(run_id: str) -> bool:
    """Whether the store has a run of that id."""
    return (store().root / run_id / "config.json").is_file()


def experiments() -> Path:
    """The folder of what lessons try out."""
    return (store().root / ".lessons").absolute()


def looks() -> Path:
    """The folder of networks before Start."""
    return (store().root / ".looks").absolute()


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


@st.cache_resource(show_spinner=False, max_entries=64)
def _follower(run_id: str) -> Follower:
    return Follower(run(run_id))


def history(run_id: str) -> History:
    """A run's history up to now; sessions that look at the same run follow it together."""
    return _follower(run_id).now()
