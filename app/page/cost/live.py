"""Measuring on this machine: start, progress, stop, and how the last measurement ended."""

from contextlib import suppress

import streamlit as st

from afn.cost.records import Report
from afn.wording import duration_words

from ...kit import backend, jobs, people
from ...kit.markdown import plain, warn
from ...kit.measuring import BusyError
from .view import VIEW, CostView, measurement, reference, seconds_of, show_measurement, take
from .words import HELP


def render(view: CostView) -> Report | None:
    """The button, and the progress of what is measured; returns the visitor's own result where it
    is one for this view."""
    live = backend.measurements()
    running = live.running
    mine = _own(running)
    seconds = seconds_of(view.plan, reference(), mine)
    with st.container(horizontal=True, vertical_alignment="center", key="cost.measure"):
        st.button(
            "Measure on this machine", icon=":material/timer:", type="primary",
            key="cost.start", disabled=running is not None, on_click=_start, args=(view,),
            help=HELP["measure"],
        )  # fmt: skip
        if seconds and not running:
            st.caption(f"takes about {duration_words(seconds)}", width="content")
        if running and running != measurement() and not live.what:
            st.caption("A measurement is running here.", width="content")
            st.button("Show what is measured", key="cost.follow", on_click=_open, args=(running,))
    if running and not live.what:  # else its progress is elsewhere
        jobs.follow(
            lambda: jobs.measuring(running, "cost.stop"), running, every=jobs.MEASURING_SECONDS
        )
    return _fitting(view, mine) if mine else None


def _own(running: str | None) -> Report | None:
    """What the visitor has measured on this machine."""
    mine = measurement()
    if not mine or mine == running:
        return None
    try:
        return backend.measurements().report(mine)
    except (ValueError, OSError) as error:
        warn([f"{error}."])
        show_measurement("")
        return None


def _start(view: CostView) -> None:
    try:
        show_measurement(backend.measurements().start(view.plan, people.me()))
    except BusyError as error:
        st.toast(f"{error}.", icon=":material/info:")
    except OSError as error:
        st.toast(plain(f"Nothing was measured: {error}."), icon=":material/error:")


def _open(measurement: str) -> None:
    """Show a measurement, with the settings that it was made for."""
    show_measurement(measurement)
    report = backend.measurements().report(measurement)
    if view := _made_for(report, take().scale):
        VIEW.put(view)


def _made_for(report: Report, scale: str) -> CostView | None:
    """The settings that it was measured for; None where it does not say."""
    with suppress(ValueError):
        return CostView.of(report.head.get("plan") or {}, scale)
    return None


def _fitting(view: CostView, report: Report) -> Report | None:
    """The visitor's own measurement where it is one for this view, and how it ended."""
    end = report.end or {}
    if end.get("status") == "failed":
        line = f"The measurement failed: {end.get('reason')}."
        st.error(plain(line), icon=":material/error:")
    fits = view.fits(report.measurements)
    if not fits and _made_for(report, view.scale) in (view, None):
        if end.get("status") == "stopped":
            st.caption("The measurement was stopped before anything was done.")
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        if not fits:
            st.caption("What was measured here has other settings.", width="content")
            st.button(
                "Show what was measured", key="cost.back", on_click=_open, args=(measurement(),)
            )
        elif end.get("status") == "stopped":
            words = "The measurement was stopped; what was done is shown."
            st.caption(words, width="content")
        st.button(
            "Back to the precomputed figures", key="cost.reference", type="tertiary",
            icon=":material/undo:", on_click=show_measurement, args=("",),
        )  # fmt: skip
    return report if fits else None
