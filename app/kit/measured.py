"""What was measured of pretrained networks, read once and again where its file has changed."""

from functools import lru_cache
from pathlib import Path

import streamlit as st

from afn.pretrained.asked import Found, table_of
from afn.pretrained.asks import Reading
from afn.pretrained.cards import pretrained_dir
from afn.pretrained.measured import Results
from afn.pretrained.published import TABLES, Table
from afn.pretrained.replication import Replicated, replicated
from afn.pretrained.results import FILE
from afn.pretrained.streamed import FILE as STREAMS_FILE
from afn.pretrained.streamed import StreamResults

from .cards import written


def results() -> Results:
    """The table of all accuracies.

    Raises:
        ValueError: It is damaged.
    """
    folder = pretrained_dir()
    return _results(folder, written(folder / FILE))


@st.cache_resource(show_spinner=False, max_entries=4)
def _results(folder: Path, modified: int) -> Results:
    return Results.read(folder)


def streams() -> StreamResults:
    """What they did on streams of test images.

    Raises:
        ValueError: The file is damaged.
    """
    folder = pretrained_dir()
    return _streams(folder, written(folder / STREAMS_FILE))


@st.cache_resource(show_spinner=False, max_entries=4)
def _streams(folder: Path, modified: int) -> StreamResults:
    return StreamResults.read(folder)


def rows(table: Table, reading: Reading) -> list[Replicated]:
    """A published table's rows beside ours.

    Raises:
        ValueError: The table of all accuracies is damaged.
    """
    return _rows(results(), table.name, reading)


@lru_cache(maxsize=32)
def _rows(known: Results, name: str, reading: Reading) -> list[Replicated]:
    [table] = [each for each in TABLES if each.name == name]
    return replicated(known, table, reading)


def asked() -> list[Found]:
    """What the source asks and what was found.

    Raises:
        ValueError: The table of all accuracies is damaged.
    """
    return _asked(results())


@lru_cache(maxsize=4)
def _asked(known: Results) -> list[Found]:
    return table_of(known, {table.name: _rows(known, table.name, "trains") for table in TABLES})
