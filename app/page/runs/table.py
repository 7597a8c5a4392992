"""The table of all runs: from lines of the index alone, so that thousands are quick."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from afn.runs.index import Line
from afn.settings.norms import NORM_TITLES

from ...kit import backend
from . import view as state

_SETTINGS = {"data": "dataset", "backbone": "backbone", "batch": "batch_size", "lr": "lr",
             "seed": "seed"}  # fmt: skip
"""Column -> setting."""
_CURVES = {"mu": "μ", "sigma": "σ"}
_ROW, _HEAD, _TALLEST = 35, 37, 562


def choose(lines: Sequence[Line]) -> list[Line]:
    """Draw the table; returns what is chosen in it, in the order of its rows."""
    ids = [line.id for line in lines]
    chosen = state.begin(ids)
    st.dataframe(
        rows_of(lines),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": chosen}},
        key=state.table_key(),
        placeholder="–",
        height=min(_HEAD + _ROW * len(lines), _TALLEST),
        column_config={
            "created": st.column_config.DatetimeColumn("created", format="distance"),
            "test accuracy": st.column_config.NumberColumn(format="percent"),
            "reason": st.column_config.TextColumn(width="medium"),
            "accuracy": st.column_config.LineChartColumn(
                "accuracy, 0–1", y_min=0, y_max=1, width="small"
            ),
            "loss": st.column_config.LineChartColumn("loss, from 0", y_min=0, width="small"),
            **{
                f"λ({letter})": st.column_config.LineChartColumn(
                    f"λ({letter}), 0–1", y_min=0, y_max=1, width="small"
                )
                for letter in _CURVES.values()
            },
            "tags": st.column_config.ListColumn("tags"),
        },
    )
    by_id = {line.id: line for line in lines}
    return [by_id[run_id] for run_id in state.take(ids)]


def rows_of(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """A row per run; what it was forked from is a column where any was."""
    names = {line.id: line.name or line.id for line in lines}
    has_forks = any(line.forked_from for line in lines)
    has_recorded = any(line.recorded for line in lines)
    return [_row(line, names, has_forks=has_forks, has_kinds=has_recorded) for line in lines]


def _row(line: Line, names: dict[str, str], *, has_forks: bool, has_kinds: bool) -> dict[str, Any]:
    known: dict[str, Any] = dict.fromkeys(["norm", *_SETTINGS, "created"])
    if line.recorded:
        known["norm"] = ", ".join(line.recording().norms)
        known["backbone"] = line.recording().model
    elif not line.is_damaged:
        known["norm"] = NORM_TITLES[line.setting("norm")]
        known |= {column: line.setting(name) for column, name in _SETTINGS.items()}
        known["data"] = backend.data_words(known["data"])
    if not line.is_damaged:
        known["created"] = datetime.fromtimestamp(line.created, UTC)
    if has_forks:
        origin = line.forked_from
        parent = names.get(origin.get("run", ""), "a deleted run")
        known["forked from"] = f"{parent}, step {origin['step']}" if origin else ""
    return {
        "name": names[line.id],
        "status": line.status,
        **({"kind": _kind(line)} if has_kinds else {}),
        "test accuracy": line.summary.get("accuracy"),
        "tags": line.tags or None,
        "accuracy": line.curves.get("accuracy"),
        "loss": line.curves.get("loss"),
        **{f"λ({letter})": line.curves.get(name) for name, letter in _CURVES.items()},
        "step": line.summary.get("step"),
        **known,
        "reason": line.reason,
        "run": line.id,
    }


def _kind(line: Line) -> str:
    return line.recording().kind_words if line.recorded else line.kind
