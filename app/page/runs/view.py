"""The Runs page's choice of runs: kept by their ids, for rows move as runs come and go."""

from collections.abc import Sequence

import streamlit as st

from ...kit.view import here

PARAMETER = "run"
CHOSEN = "runs.chosen"
DRAWN = "runs.drawn"
"""The ids in the order of the table's rows as it was last drawn."""
TABLE = "runs.table"
"""How often the table was mounted anew; its widget key is ``runs.table.<count>``."""


def table_key() -> str:
    """The table's widget key."""
    return f"{TABLE}.{st.session_state.get(TABLE, 0)}"


def begin(ids: Sequence[str]) -> list[int]:
    """Take in what was chosen, and ready the table for these rows.

    Args:
        ids: Of all runs, in the order of the rows.

    Returns:
        The rows that are chosen.
    """
    session = st.session_state
    url, is_asked = here().begin()
    if is_asked:
        session[CHOSEN] = [part for part in url.get(PARAMETER, [""])[-1].split("~") if part]
        session[TABLE] = session.get(TABLE, -1) + 1  # one on screen knows what was chosen before
    else:
        take(session.get(DRAWN, []))
    if session.get(DRAWN, ids) != list(ids):
        session[TABLE] = session.get(TABLE, 0) + 1  # a mounted table knows rows, not runs
    session[DRAWN] = list(ids)
    places = {run_id: row for row, run_id in enumerate(ids)}
    session[CHOSEN] = [run_id for run_id in session[CHOSEN] if run_id in places]
    return sorted(places[run_id] for run_id in session[CHOSEN])


def take(ids: Sequence[str]) -> list[str]:
    """What the table says is chosen, of runs in the order of its rows; as before if it is gone."""
    session = st.session_state
    if (event := session.get(table_key())) is not None:
        rows = event["selection"]["rows"]
        session[CHOSEN] = [ids[row] for row in sorted(rows) if row < len(ids)]
    chosen: list[str] = session[CHOSEN]
    return chosen


def choose(ids: Sequence[str]) -> None:
    """Choose runs; the table follows."""
    st.session_state[CHOSEN] = list(ids)
    st.session_state[TABLE] = st.session_state.get(TABLE, 0) + 1


def write_url(ids: Sequence[str]) -> None:
    """Make the address a link to what is chosen."""
    here().write({PARAMETER: "~".join(ids)} if ids else {}, things=(PARAMETER,))
