"""The Playground: contenders that train side by side, live."""

import time
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode

import streamlit as st

from ...kit import backend
from ...kit.comparison import Comparison, names_of, to_url
from ...kit.draw.live_chart import is_fed, preload_charts
from ...kit.draw.palette import run_colors
from ...kit.handout.screen import screen
from ...kit.jobs import follow
from ...kit.markdown import plain, warn
from ...kit.room.rooms import ROOMS
from ...kit.take import lambdas, offer, trainings
from . import controls, figures, rail, status, timeline, tour, transport
from . import view as state
from .figures import downloads
from .live import Live
from .network import render_network
from .slot import Slot

TITLE, PATH = "Playground", "home"
"""In the navigation, and in the address."""

TICK_SECONDS = 1.0
"""How often the page looks for news while something runs, where no feed brings them."""
FIRST_LOOK_SECONDS = 0.6
"""After Start, the page waits so long for the first steps, to come with them and not before."""
_ABOUT = "One network, one start, one order of images: only the **norm** differs."
_RECORDED = f"{_ABOUT} Recorded: press **Start** to train it yourself."


def render() -> None:
    """Draw the page."""
    tour.begin(is_linked=state.is_linked())
    state.begin()
    with st.sidebar:
        comparison, errors, changes = controls.render()
    state.write_url(comparison)
    backend.runner().start()
    slots = state.slots(comparison)
    is_recorded = any(slot.demo for slot in slots)
    tour.title("Watch normalization layers learn", _RECORDED if is_recorded else _ABOUT)
    _wait_for_first_steps(slots)
    statuses = [transport.status(slot) for slot in slots]
    is_live = transport.is_live(statuses)
    fed = is_fed()  # until the browser says that it cannot be
    every = TICK_SECONDS if is_live and not fed else None
    scrubber = partial(timeline.render, _looked, every=every)
    transport.render(slots, statuses, is_valid=not errors, scrubber=scrubber)
    with changes:
        rail.render(slots, statuses)
    warn(errors)
    for line in dict.fromkeys(w for config in comparison for w in config.warnings()):
        st.info(line, icon=":material/lightbulb:")
    tour.render()
    follow(lambda: (_live(statuses), is_fed()), (statuses, fed), every=every)


def _live(statuses_around: list[str]) -> list[str]:
    """What changes while runs train, unless the page is drawn anew; how they stand.

    Figures and cards are fed; the rest is drawn again where it changes.
    """
    comparison, _ = state.take()
    slots = state.slots(comparison)
    statuses = [transport.status(slot) for slot in slots]
    if statuses != statuses_around:
        return statuses  # the buttons follow, and the page begins or ceases to look
    state.write_url(comparison)
    warn(state.session().problems)
    backend.runner().start()
    live = _looked()
    status.render(live)
    render_network(live)
    _tell_failures(slots, live.names)
    shown = live.shown()
    if not shown:
        _empty()
        figures.render_past(live)
        return statuses
    _settings_hint(comparison, slots)
    screen().configs = {each.label: each.config for each in shown}
    figures.render(live, comparison)
    downloads(shown)
    if ROOMS.is_served and len(comparison) > 1:
        address = ROOMS.link("playground", urlencode(to_url(comparison), doseq=True))
        label = "Open a room: each phone trains one"
        st.link_button(label, address, icon=":material/groups:")
    if live.is_recorded:
        return statuses
    offer(
        "playground", lambda: [*trainings.programs_of(shown), *lambdas.programs_of(shown, "lambda")]
    )
    return statuses


def _looked() -> Live:
    """The contenders on screen."""
    slots = state.slots(state.take()[0])
    names = names_of([slot.config for slot in slots], [slot.origin for slot in slots])
    return Live(slots, names, run_colors([slot.config.norm for slot in slots]))


def _wait_for_first_steps(slots: list[Slot]) -> None:
    kept = state.session()
    started, kept.started = kept.started, None
    if started is None:
        return
    runs = [slot.run for slot in slots if slot.run and slot.config.is_adaptive]
    while time.monotonic() < started + FIRST_LOOK_SECONDS and not any(
        backend.history(run.id).num_steps for run in runs
    ):
        time.sleep(0.01)


def _tell_failures(slots: list[Slot], names: list[str]) -> None:
    for slot, name in zip(slots, names, strict=True):
        if slot.run is None:
            continue
        found = slot.run.state()
        if found.status == "failed":
            st.error(plain(f"{name} failed: {found.reason}."), icon=":material/error:")
        elif found.status == "stopped" and found.reason != "stopped by hand":
            st.info(plain(f"{name} stopped: {found.reason}."), icon=":material/stop_circle:")
        elif found.status == "running" and (at := slot.run.restarted_from) is not None:
            words = f"{name} went on from step {at:,}: the server was restarted."
            st.caption(f":material/restart_alt: {plain(words)}")
        for command in backend.history(slot.run.id).commands[-1:]:
            if "error" in command:
                line = f"{name} did not obey: {command['error']}."
                st.warning(plain(line), icon=":material/info:")


def _empty() -> None:
    st.caption("**Nothing runs yet.** Press **Start**, or **Step** for a single step.")
    preload_charts()


def _settings_hint(comparison: Comparison, slots: list[Slot]) -> None:
    started = [
        (wanted, slot.config)
        for wanted, slot in zip(comparison, slots, strict=False)
        if slot.run is not None
    ]
    severity = comparison[0].severity
    if any(wanted != replace(config, severity=severity) for wanted, config in started):
        st.caption(
            ":material/edit_note: The settings differ from the runs below; they count from the "
            "next **Reset** and **Start**."
        )
