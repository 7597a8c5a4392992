"""All runs of the store: open, compare, fork, rename, delete, download."""

import json
from collections.abc import Sequence
from typing import Any

import streamlit as st
from safetensors.numpy import load_file, save

from afn.runs.index import Line
from afn.runs.store import Run
from afn.work.folder import ENDED
from afn.work.secret import is_shared

from ...kit import backend, histories, people, routes
from ...kit.comparison import MAX_CONTENDERS
from ...kit.handout.screen import screen
from ...kit.markdown import plain
from ...kit.plot import download
from ...kit.take import Program, lambdas, offer, trainings
from ...kit.view import said
from . import forking, handed_out, pairs, recorded
from . import table as run_table
from . import view as runs
from .narrow import narrowed
from .words import HELP

TITLE, PATH = "Runs", "runs"
"""In the navigation, and in the address."""


def render() -> None:
    """Draw the page."""
    st.title("Runs", anchor=False)
    st.markdown(
        "Select **one** to fork, rename or download, **two** to see where they part, up to four to "
        "open side by side."
    )
    lines = people.listed(backend.index().lines())
    if not lines:
        routes.nothing_yet("**No runs yet.** Start one in the Playground; it will appear here.")
        return
    chosen = run_table.choose(narrowed(lines))
    runs.write_url([line.id for line in chosen])
    _actions(chosen, lines)
    match [_run(line) for line in chosen]:
        case [run]:
            _one(run, lines, chosen[0])
        case [newer, older]:
            pairs.render(older, newer)


def _run(line: Line) -> Run:
    return Run(backend.store().root / line.id)


def _actions(chosen: Sequence[Line], lines: Sequence[Line]) -> None:
    with st.container(horizontal=True):
        label = "Open side by side" if len(chosen) > 1 else "Open"
        has_recorded = any(line.recorded for line in chosen)
        if st.button(
            label,
            icon=":material/open_in_new:",
            type="primary",
            disabled=not 1 <= len(chosen) <= MAX_CONTENDERS or has_recorded,
            help=HELP["recorded"] if has_recorded else None,
        ):
            ids = [line.id for line in reversed(chosen)]
            routes.show_in_playground(ids)
        refused = people.why_not(*chosen) if chosen else {"disabled": True}
        with st.popover("Tags", icon=":material/sell:", **refused):
            _tags(chosen, lines)
        with st.popover("Delete", icon=":material/delete:", **refused):
            count = f"{len(chosen)} runs" if len(chosen) > 1 else "this run"
            st.markdown(f"Delete {count} for good, with events and weights?")
            st.button("Delete for good", type="primary", on_click=_delete, args=(chosen,))
    if len(chosen) > MAX_CONTENDERS:
        st.caption(f"Up to {MAX_CONTENDERS} runs fit side by side; {len(chosen)} are selected.")


def _tags(chosen: Sequence[Line], lines: Sequence[Line]) -> None:
    if not chosen:
        return
    mine = list(dict.fromkeys(tag for line in chosen for tag in line.tags))
    known = dict.fromkeys([*mine, *sorted({tag for line in lines for tag in line.tags})])
    key = runs.tags_key([line.id for line in chosen])
    st.multiselect(
        "Tags", list(known), mine, key=key, accept_new_options=True, max_selections=12,
        help=HELP["tags"], placeholder="choose, or type a new one", on_change=_set_tags,
        args=(chosen, mine, key),
    )  # fmt: skip


def _set_tags(chosen: Sequence[Line], before: Sequence[str], key: str) -> None:
    """What was added goes to all of them that are one's own, what was taken away leaves them."""
    now = [str(tag) for tag in said(key)]
    for line in chosen:
        run = _run(line)
        kept = [tag for tag in line.tags if tag in now or tag not in before]
        try:
            people.require(run)
            run.tag([*kept, *(tag for tag in now if tag not in before)])
        except OSError as error:
            st.toast(plain(f"{run.id} was not tagged: {error}."), icon=":material/error:")


def _delete(chosen: Sequence[Line]) -> None:
    for run in map(_run, chosen):
        try:
            people.require(run)
            if run.state().status not in ENDED:
                backend.runner().stop(run)
            run.delete()
        except OSError as error:
            st.toast(f"{run.id} was not deleted: {error}.", icon=":material/error:")


def _one(run: Run, lines: Sequence[Line], line: Line) -> None:
    try:
        record = run.record()
    except (ValueError, OSError) as error:
        st.error(f"{error}.")
        return
    if line.recorded:
        recorded.render(run)
    with st.container(border=True):
        name = st.text_input(
            "Name", value=record.get("name", ""), max_chars=80, key=runs.name_key(run.id),
            **people.why_not(run),
        )  # fmt: skip
        if name != record.get("name", "") and name.strip():
            try:
                people.require(run)
                run.rename(name)
                st.rerun()
            except OSError as error:
                st.error(f"It was not renamed: {error}.")
        if is_shared():
            _pin(run)
        _downloads(run, record)
        what = (
            f" · {line.recording().kind_words}: {line.recording().words}" if line.recorded else ""
        )
        st.caption(
            f"Run {run.id}{what} · made with "
            + ", ".join(f"{k} {v}" for k, v in record.get("versions", {}).items())
        )
    screen().stands_for(
        record.get("name", "") or run.id, {"run": run.id}, lambda: handed_out.parts_of(run.id)
    )
    if line.recorded:
        return
    forking.render(run, lines)
    offer("run", lambda: _experiments(run))


def _pin(run: Run) -> None:
    is_kept = run.is_pinned
    st.button(
        "Kept: let it go" if is_kept else "Keep", icon=":material/keep:", key="runs.pin",
        on_click=_set_pin, args=(run, not is_kept), **{
            "help": "Where your runs fill what one person may have, the oldest not kept go.",
            **people.why_not(run),
        },
    )  # fmt: skip
    if not is_kept and run.id in backend.runner().disk.going(run.owner):
        st.warning(
            "It goes with the next run that you start: keep it, or download it.",
            icon=":material/auto_delete:",
        )


def _set_pin(run: Run, stays: bool) -> None:
    try:
        people.require(run)
        run.pin(stays=stays)
    except OSError as error:
        st.toast(plain(f"That did not work: {error}."), icon=":material/error:")


def _experiments(run: Run) -> list[Program]:
    shown = histories.opened([run.id])[0]
    if not shown:
        return []
    return [*trainings.programs_of(shown), *lambdas.programs_of(shown, "lambda")]


def _downloads(run: Run, record: dict[str, Any]) -> None:
    weights, config = run.weights(), record.get("config")
    lacks = None if weights else "There is no checkpoint yet: the first comes with an epoch."
    with st.container(horizontal=True):
        if config is not None:
            download("Configuration (JSON)", json.dumps(config, indent=1),
                     f"{run.id}-config.json", "application/json")  # fmt: skip
        download("Events (JSON lines)", lambda: _events(run), f"{run.id}-events.jsonl",
                 "application/jsonl")  # fmt: skip
        if config is None:
            return
        download("Weights (safetensors)", lambda: _weights_only(run), f"{run.id}.safetensors",
                 "application/octet-stream", disabled=weights is None, help=lacks)  # fmt: skip


def _events(run: Run) -> bytes:
    return run.events_path.read_bytes() if run.events_path.exists() else b""


def _weights_only(run: Run) -> bytes:
    """The newest checkpoint without what only training needs."""
    path = run.weights()
    if path is None:
        return b""
    tensors = load_file(path)
    return save({name: t for name, t in tensors.items() if not name.startswith("optimizer/")})
