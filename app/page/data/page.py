"""Own data: pictures dropped or taken here, checked, seen on a contact sheet, and taught."""

from functools import partial

import streamlit as st

from afn.data.own.rules import (
    MOST_FILE_MB,
    MOST_IMAGES,
    MOST_MB,
    NUM_CLASSES,
    SIDE,
)
from afn.data.own.store import OwnSet
from afn.wording import count_words
from afn.work.limits import LIMITS
from afn.work.secret import is_shared

from ...kit import people, routes
from ...kit.comparison import labels
from ...kit.jobs import follow
from ...kit.markdown import plain, warn
from ...kit.orders import refusal, start
from ...kit.uploads import upload_refused
from . import view as state
from .camera import camera
from .sheet import sheet
from .view import ALL, CAMERA, CLASS, GONE, VIEW, desk, guarded

TITLE, PATH = "Your data", "data"
"""In the tab, and in the address."""
_TICK_SECONDS = 0.4


def render() -> None:
    """Draw the page."""
    _, problems = VIEW.begin()
    state.settle()
    st.title("Your data", anchor=False)
    found = state.looked_at()
    if VIEW.take().set and not found:
        problems.append("There is no such set of yours: it was deleted, or its time is over.")
        VIEW.set(set="")
    VIEW.write(VIEW.take())
    warn(problems)
    if desk().error:
        st.error(plain(desk().error), icon=":material/error:")
    if found:
        _set(found)
    else:
        st.markdown("Teach it three things in two minutes: **twenty pictures of each**.")
        _others(None)
    _reading()
    _drop(found)
    if found:
        _others(found)
    st.caption(_limits())


def _set(found: OwnSet) -> None:
    try:
        st.html(sheet(found))
    except ValueError as error:
        st.error(plain(f"{error}."), icon=":material/error:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Teach it", type="primary", icon=":material/play_arrow:",
            disabled=bool(found.why_unusable), on_click=guarded(partial(_teach, found)),
        )  # fmt: skip
        with st.popover("Delete", icon=":material/delete:"):
            st.selectbox(
                "What", [ALL, *found.class_names], key=GONE,
                format_func=lambda name: name or "All of it",
            )  # fmt: skip
            st.button("Delete for good", type="primary", on_click=state.delete)
        if found.why_unusable:
            st.markdown(plain(found.why_unusable), width="stretch")
        else:
            st.caption(
                f"BN beside AFN. {state.why(found)} Framed: kept for the test.", width="stretch"
            )
    for line in found.warnings:
        st.caption(f":material/info: {plain(line)}")


def _teach(found: OwnSet) -> None:
    comparison = state.comparison_for(found)
    try:
        runs = start(comparison, names=labels(comparison), owner=people.me())
    except (OSError, ValueError, ImportError) as error:
        desk().error = refusal(error)
        return
    routes.show_in_playground([run.id for run in runs])


def _reading() -> None:
    if desk().reading:
        follow(_progress, False, every=_TICK_SECONDS)


def _progress() -> bool:
    """Draw how far it is; whether it is over."""
    reading = desk().reading
    if reading is None:
        return True
    words = f"{reading.done:,} of {count_words(reading.total, 'picture')}"
    st.progress(
        reading.done / reading.total if reading.total else 0.0,
        text=words if reading.total else "reading …",
    )
    return reading.is_over


def _drop(found: OwnSet | None) -> None:
    if refused := upload_refused():
        st.info(refused, icon=":material/open_in_new:")
        return
    kept, is_busy = desk(), bool(desk().reading)
    one, all_at_once = st.columns(2, gap="large")
    with one:
        st.subheader("Photos, a class at a time", anchor=False)
        st.selectbox(
            "Class", list(found.class_names) if found else [], index=None, key=CLASS,
            accept_new_options=True, placeholder="What is it? A cup, say",
        )  # fmt: skip
        label = state.class_now()
        camera(CAMERA, label=label, on_taken=state.take_shots)
        st.file_uploader(
            "Photos", "image", accept_multiple_files=True, key=kept.key("photos"),
            on_change=state.take_files, args=("photos",), disabled=is_busy or not label,
            max_upload_size=MOST_FILE_MB, label_visibility="collapsed",
        )  # fmt: skip
    with all_at_once:
        st.subheader("Or all at once", anchor=False)
        st.file_uploader(
            "A zip with a folder for each class, or an .npz (x, y, class_names)",
            ["zip", "npz"], key=kept.key("archive"), on_change=state.take_files,
            args=("archive",), disabled=is_busy, max_upload_size=MOST_MB,
        )  # fmt: skip


def _others(found: OwnSet | None) -> None:
    """What else is there of who looks."""
    others = [each for each in people.own_sets() if found is None or each.name != found.name]
    if not others and not found:
        return
    offered = {"": "A new one"}
    for each in [*([found] if found else []), *others]:
        pictures = count_words(each.num_train + each.num_test, "picture")
        offered[each.name] = f"{each.title} · {pictures}"
    VIEW.choice("set", "Yours", offered, like=st.selectbox, width=420)


def _limits() -> str:
    """What may be, told before."""
    words = (
        f"Up to {MOST_IMAGES:,} pictures, {NUM_CLASSES[0]} to {NUM_CLASSES[-1]} classes, "
        f"{MOST_MB} MB. Each is seen as a square of {SIDE}×{SIDE}."
    )
    if is_shared():
        days = LIMITS["own_days"].value
        words += f" For you alone; gone after {count_words(int(days), 'day')}."
    return words
