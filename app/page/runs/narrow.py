"""Which of all runs are listed: by words, by comparison, and by what is brushed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from afn.runs.index import Line
from afn.settings.norms import NORM_TITLES
from afn.wording import count_words, enumerate_words

from ...kit import backend
from . import view as state
from .parallel import ParallelAxis, axes_of, brushed, parallel
from .words import HELP

_TOLD = ("dataset", "backbone", "norm")
"""Settings whose values can be searched for."""


def narrowed(lines: Sequence[Line]) -> list[Line]:
    """Draw the search, the choice of a comparison, and the axes to brush; returns what is left."""
    state.arrive()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search", key=state.SEARCH, icon=":material/search:", help=HELP["search"],
            placeholder="name, tag, norm, data, status …", width=320,
        )  # fmt: skip
        groups = groups_of(lines)
        if groups:
            titles = {"": "all runs"} | groups
            st.selectbox(
                "Comparison", list(titles), format_func=lambda one: titles.get(one, one),
                key=state.settled_group(titles), width=420,
            )  # fmt: skip
    group = state.group()
    found = [line for line in lines if (not group or line.group == group) and meets(line, words)]
    axes = axes_of(found)
    brushes = state.brushes((words, group))
    kept = brushed(found, axes, brushes)
    if len(axes) > 1:
        with st.expander("Brush settings and results", icon=":material/ssid_chart:"):
            _axes(found, kept, axes, brushes)
    if len(kept) < len(lines):
        st.caption(f"{len(kept)} of {count_words(len(lines), 'run')}")
    return kept


def meets(line: Line, words: str) -> bool:
    """Whether each word is in something that is told of a run."""
    told = [line.id, line.name, line.status, *line.tags]
    if line.recorded:
        setup = line.recording()
        told += [setup.kind_words, setup.model, *setup.norms]
    elif not line.is_damaged:
        told += [str(line.setting(name)) for name in _TOLD]
        told.append(NORM_TITLES[line.setting("norm")])
    text = " ".join(told).lower()
    return all(word in text for word in words.lower().split())


def groups_of(lines: Sequence[Line]) -> dict[str, str]:
    """Comparisons of which more than one run is there, newest first, and what they are called."""
    members: dict[str, list[Line]] = {}
    for line in lines:
        if line.group and not line.is_damaged and not line.recorded:
            members.setdefault(line.group, []).append(line)
    titles: dict[str, str] = {}
    for group, mine in members.items():
        if len(mine) < 2:
            continue
        norms = dict.fromkeys(NORM_TITLES[each.setting("norm")] for each in reversed(mine))
        data = dict.fromkeys(backend.data_words(each.setting("dataset")) for each in mine)
        when = f"{datetime.fromtimestamp(mine[-1].created):%d %b %H:%M}"
        title = f"{enumerate_words(list(norms))} · {', '.join(data)} · {when} · {len(mine)} runs"
        taken = title in titles.values()  # a widget tells its options by their titles
        titles[group] = f"{title} ({group[:6]})" if taken else title
    return titles


def _axes(
    found: Sequence[Line],
    kept: Sequence[Line],
    axes: Sequence[ParallelAxis],
    brushes: Mapping[str, tuple[float, float]],
) -> None:
    parallel(found, axes, brushes, on_brushed=state.brush, key=state.PARALLEL)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(HELP["brush"])
        if brushes:
            st.button("Brush away", type="tertiary", on_click=state.brush, args=({},))
