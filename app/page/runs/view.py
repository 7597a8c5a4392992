"""The Runs page's choice of runs: kept by their ids, for rows move as runs come and go."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import streamlit as st

from ...kit.view import here, in_session, settle

PARAMETER = "run"
SEARCH, GROUP, PARALLEL = "runs.search", "runs.group", "runs_parallel"
"""Widget keys."""
_KEPT = ("runs.kept.search", "runs.kept.group")
"""What the widgets said, for when they come back from another page."""


@dataclass(slots=True)
class RunSelection:
    """What a session keeps of the page."""

    chosen: list[str] = field(default_factory=list)
    """Ids."""
    drawn: list[str] | None = None
    """All ids, in the order of the table's rows as it was last drawn."""
    mounted: int = 0
    """How often the table was mounted anew."""
    problem: str = ""
    """Why no fork was started."""
    is_asked: bool = False
    """Whether the address of this rerun is new."""
    brushes: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By the axis, from where to where."""
    brushed_of: object = None
    """Among which runs that was: among others the axes are others."""


def selection() -> RunSelection:
    """This session's."""
    return in_session(RunSelection)


def table_key() -> str:
    """The table's widget key."""
    return f"runs.table.{selection().mounted}"


def name_key(run_id: str) -> str:
    """The widget key of a run's name."""
    return f"rename.{run_id}"


def fork_key(run_id: str, name: str) -> str:
    """The widget key of what a fork of a run changes."""
    return f"fork.{run_id}.{name}"


LAMBDA_KIND, LAMBDA_VALUE = "runs.recorded.which", "runs.recorded.value"
"""Widget keys of the λ that a recorded loop is to take."""


def tags_key(ids: Sequence[str]) -> str:
    """The widget key of the tags of some runs."""
    return f"runs.tags.{'~'.join(ids)}"


def arrive() -> None:
    """Take in what the address asks for; then all runs are listed, whatever was searched before."""
    kept = selection()
    url, kept.is_asked = here().begin()
    session = st.session_state
    if kept.is_asked:
        kept.chosen = [part for part in url.get(PARAMETER, [""])[-1].split("~") if part]
        kept.mounted += kept.drawn is not None  # one on screen knows what was chosen before
        kept.brushes = {}
        session[SEARCH] = session[GROUP] = ""
    for key, before in zip((SEARCH, GROUP), _KEPT, strict=True):
        session[key] = session[before] = session.get(key, session.get(before, ""))


def settled_group(offered: Collection[str]) -> str:
    """The widget key of the comparison, which gives way where it is gone."""
    settle(GROUP, offered)
    return GROUP


def group() -> str:
    """The comparison whose runs alone are listed; empty for all."""
    return st.session_state.get(GROUP) or ""


def brushes(of: object) -> dict[str, tuple[float, float]]:
    """What is brushed among these runs."""
    kept = selection()
    if kept.brushed_of != of:
        kept.brushed_of, kept.brushes = of, {}
    return kept.brushes


def brush(brushes: dict[str, tuple[float, float]]) -> None:
    """Brush this, and nothing else."""
    selection().brushes = brushes


def begin(ids: Sequence[str]) -> list[int]:
    """Take in what was chosen, and ready the table for these rows, of which some are chosen.

    Returns:
        The rows that are chosen.
    """
    kept = selection()
    if not kept.is_asked:
        take(kept.drawn or [])
    if kept.drawn not in (None, list(ids)):
        kept.mounted += 1  # a mounted table knows rows, not runs
    kept.drawn = list(ids)
    places = {run_id: row for row, run_id in enumerate(ids)}
    kept.chosen = [run_id for run_id in kept.chosen if run_id in places]
    return sorted(places[run_id] for run_id in kept.chosen)


def take(ids: Sequence[str]) -> list[str]:
    """What the table says is chosen, of runs in the order of its rows; as before if it is gone."""
    if (event := st.session_state.get(table_key())) is not None:
        rows = event["selection"]["rows"]
        selection().chosen = [ids[row] for row in sorted(rows) if row < len(ids)]
    return selection().chosen


def write_url(ids: Sequence[str]) -> None:
    """Make the address a link to what is chosen."""
    here().write({PARAMETER: "~".join(ids)} if ids else {}, things=(PARAMETER,))
