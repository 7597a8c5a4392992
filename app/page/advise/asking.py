"""Advice on a model that the app was started with, measured from the page."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from afn.data import catalogue
from afn.own.kept import KeptModel

from ...kit import backend, jobs, own, people
from ...kit.markdown import plain
from ...kit.measuring import BusyError
from ...kit.view import in_session
from .view import VIEW

WHAT = "advice"
"""What is measured, to whoever looks."""


@dataclass(slots=True)
class AskedAdvice:
    """What this session has started: the measurement's id; empty for nothing."""

    name: str = ""
    error: str = ""


def settle() -> None:
    """Show what this session asked for, once it is there; or keep why it is not."""
    asked, live = in_session(AskedAdvice), backend.measurements()
    if not asked.name or asked.name == live.running:
        return
    try:
        end = live.report(asked.name).end or {}
    except (ValueError, OSError) as error:
        end = {"reason": f"{error}"}
    asked.name = ""
    if end.get("status") == "finished":
        VIEW.set(of=f"{end.get('kept', '')}")
    else:
        asked.error = f"{end.get('reason', 'it ended early')}"


def render() -> None:
    """Draw what can be asked, and how far what is asked is; nothing without such a model."""
    models = {each.id: each for each in own.models() if each.digest == each.base}
    if not models:
        return
    VIEW.settle("model", models)
    live = backend.measurements()
    running = live.running
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(models) > 1:
            VIEW.choice("model", "Your model", list(models), like=st.selectbox, width=260)
        kept = models[VIEW.take().model]
        datasets = _fitting(kept)
        if datasets:
            VIEW.settle("dataset", datasets, kept.dataset if kept.dataset in datasets else None)
            VIEW.choice("dataset", "On", datasets, like=st.selectbox, width=260)
            st.button(
                f"Ask about {kept.what}", type="primary", icon=":material/balance:",
                key="advise.ask", disabled=running is not None, on_click=_start, args=(kept,),
            )  # fmt: skip
            st.caption("3 seeds of each way: minutes, for a small network", width="content")
    if not datasets:
        st.caption(
            f"{plain(kept.id)}: no data set here has its {len(kept.class_names):,} classes, in "
            f"their order."
        )
    if error := in_session(AskedAdvice).error:
        st.error(plain(f"Nothing was measured: {error}."), icon=":material/error:")
    if running and live.what == WHAT:
        jobs.follow(
            lambda: jobs.measuring(running, "advise.stop"), running, every=jobs.MEASURING_SECONDS
        )
    elif running:
        st.caption("A measurement is running here: two at once would disturb each other.")


def _fitting(kept: KeptModel) -> Mapping[str, str]:
    """Data sets whose classes can be its logits, in their order: name -> title."""
    found = {
        entry.name: entry.name
        for entry in catalogue().values()
        if not entry.how_to_get and _fits(kept, entry.class_names)
    }
    for each in people.own_sets():
        if not each.why_unusable and _fits(kept, each.class_names):
            found[each.name] = f"{each.title} (yours)"
    return found


def _fits(kept: KeptModel, class_names: tuple[str, ...]) -> bool:
    if kept.has_names:
        return class_names == kept.class_names
    return len(class_names) == len(kept.class_names)


def _start(kept: KeptModel) -> None:
    asked = in_session(AskedAdvice)
    asked.error = ""
    command = ("advise", kept.source, "--data", VIEW.take().dataset)
    try:
        asked.name = backend.measurements().start(command, people.me(), what=WHAT)
    except BusyError as error:
        st.toast(f"{error}.", icon=":material/info:")
    except OSError as error:
        asked.error = f"{error}"
