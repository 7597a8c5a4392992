"""The server as it stands, for whoever holds its key: load, queue, and who has how much."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from afn.runs.index import Line
from afn.work.limits import LIMITS, Limit, Use

from ...kit import backend, belongings, people
from ...kit.jobs import follow
from ...kit.markdown import plain
from ...kit.view import here

TITLE, PATH = "Server", "server"
"""In the tab, and in the address."""
_TICK_SECONDS = 2.0
_GB = 1e9


def render() -> None:
    """Draw the page."""
    here().begin()
    st.title("Server", anchor=False)
    if not people.holds_key():
        line = "This page is for whoever started the server: its address, with a key, is told then."
        st.info(line, icon=":material/key:")
        return
    follow(_figures, None, every=_TICK_SECONDS)
    _people(backend.index().lines())
    if people.me():
        with st.expander("Limits"):
            st.dataframe([_told(limit) for limit in LIMITS.values()], hide_index=True)


def _told(limit: Limit) -> dict[str, str]:
    try:
        value = f"{limit.value:g} {limit.unit}"
    except OSError as error:
        value = f"{error}"
    return {"limit": limit.what, "value": value, "set by": limit.variable}


def _figures() -> None:
    counts = Counter(line.status for line in backend.index().lines())
    bars = {"Load": _load(), "Memory": _memory(), "Disk": _disk()}
    columns = iter(st.columns(4))
    for title, (share, words) in bars.items():
        with next(columns):
            st.metric(title, words)
            st.progress(min(share, 1.0))
    with next(columns):
        running, waiting = counts["running"], counts["waiting"]
        st.metric(f"Runs, {waiting} waiting", f"{running} running")
        st.progress(running / max(running + waiting, 1))


def _load() -> tuple[float, str]:
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return load / cores, f"{load:.1f} on {cores} cores"


def _memory() -> tuple[float, str]:
    table = Path("/proc/meminfo")
    lines = table.read_text().splitlines() if table.exists() else []
    known = {name: int(rest.split()[0]) * 1e3 for name, rest in (line.split(":") for line in lines)}
    free, total = known.get("MemAvailable", 0.0), known.get("MemTotal", 0.0)
    return (1 - free / total, f"{free / _GB:.1f} GB free") if total else (0.0, "not known")


def _disk() -> tuple[float, str]:
    root = backend.store().root
    disk = shutil.disk_usage(root if root.exists() else Path())
    return disk.used / disk.total, f"{disk.free / _GB:.0f} GB free"


# -- who has how much ------------------------------------------------------------------------------


def _people(lines: Sequence[Line]) -> None:
    owners: dict[str | None, list[Line]] = {}
    for line in lines:
        owners.setdefault(line.owner, []).append(line)
    if not owners:
        st.caption("There are no runs yet.")
        return
    used = backend.runner().use()
    rows = sorted(
        ((_row(owner, has, used.get(owner, Use())), owner) for owner, has in owners.items()),
        key=_most,
    )
    chosen = st.dataframe(
        [row for row, _ in rows], hide_index=True, on_select="rerun",
        selection_mode="single-row", key="server.people",
        column_config={
            "disk": st.column_config.ProgressColumn(
                "disk, MB", format="%.0f", max_value=max(row["disk"] for row, _ in rows)
            )
        },
    )["selection"]["rows"]  # fmt: skip
    owner = rows[chosen[0]][1] if chosen and chosen[0] < len(rows) else None
    with st.container(horizontal=True):
        is_none = not chosen
        st.button(
            "Stop their runs", icon=":material/stop:", disabled=is_none, on_click=_act,
            args=(belongings.stop, owner),
        )  # fmt: skip
        with st.popover("Delete all that is theirs", icon=":material/delete:", disabled=is_none):
            st.button("Delete for good", type="primary", on_click=_act,
                      args=(belongings.delete, owner))  # fmt: skip


def _row(owner: str | None, lines: Sequence[Line], used: Use) -> dict[str, Any]:
    name = "nobody known" if owner is None else owner[:6]
    return {
        "who": f"{name} (you)" if owner and owner == people.me() else name,
        "running": sum(line.status == "running" for line in lines),
        "comparisons waiting": used.waiting, "sweeps' runs waiting": used.behind,
        "runs": len(lines), "disk": used.disk,
    }  # fmt: skip


def _most(row: tuple[Mapping[str, Any], str | None]) -> tuple[float, ...]:
    return tuple(-row[0][name] for name in ("running", "comparisons waiting", "disk"))


def _act(act: Callable[[str | None], None], owner: str | None) -> None:
    if not people.holds_key():
        return
    try:
        act(owner)
    except OSError as error:
        st.toast(plain(f"Not all is done: {error}."), icon=":material/error:")
