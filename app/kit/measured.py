"""The table of all accuracies and the cards, read once and again where files have changed."""

from pathlib import Path

import streamlit as st

from afn.pretrained.asked import Found, table_of
from afn.pretrained.asks import Reading
from afn.pretrained.cards import Card, pretrained_dir, read_card
from afn.pretrained.measured import Results
from afn.pretrained.published import TABLES, Table
from afn.pretrained.replication import Replicated, replicated
from afn.pretrained.results import FILE


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


def rows(table: Table, reading: Reading) -> list[Replicated]:
    """A published table's rows beside ours.

    Raises:
        ValueError: The table of all accuracies is damaged.
    """
    folder = pretrained_dir()
    return _rows(table.name, reading, folder, written(folder / FILE), table, results())


@st.cache_resource(show_spinner=False, max_entries=32)
def _rows(
    name: str, reading: Reading, folder: Path, modified: int, _table: Table, _results: Results
) -> list[Replicated]:
    return replicated(_results, _table, reading)


def asked() -> list[Found]:
    """What the source asks and what was found.

    Raises:
        ValueError: The table of all accuracies is damaged.
    """
    folder = pretrained_dir()
    return _asked(folder, written(folder / FILE), results())


@st.cache_resource(show_spinner=False, max_entries=4)
def _asked(folder: Path, modified: int, _results: Results) -> list[Found]:
    return table_of(_results, {table.name: rows(table, "trains") for table in TABLES})


def card(name: str) -> Card | None:
    """A shipped model's card; None where it is not shipped, or damaged."""
    folder = pretrained_dir()
    modified = written(folder / f"{name}.json")
    return _card(name, folder, modified) if modified else None


@st.cache_resource(show_spinner=False, max_entries=256)
def _card(name: str, folder: Path, modified: int) -> Card | None:
    try:
        return read_card(name, folder)
    except ValueError:
        return None


def written(path: Path) -> int:
    """When a file was written, in ns; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
