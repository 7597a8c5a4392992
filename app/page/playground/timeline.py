"""The step that the page shows: from the first to now, dragged or played in the browser alone."""

from collections.abc import Callable

import streamlit as st

from ...kit.draw.live_chart import live_chart, told_by
from ...kit.draw.scrubber import scrubber_chart
from ...kit.handout.screen import screen
from . import view as state
from .live import Live

_KEY = "scrubber"


def render(live: Callable[[], Live], *, every: float | None) -> None:
    """Draw the scrubber, a part of its own: a step that is chosen reruns nothing else."""

    place = screen().place()

    def draw() -> None:
        with screen().within(place):
            _draw(live)

    st.fragment(draw, run_every=every)()


def _draw(live: Callable[[], Live]) -> None:
    comparison, _ = state.take()
    state.write_url(comparison)
    looked = live()
    live_chart(
        _KEY, "Steps", looked.key, lambda: scrubber_chart(looked.shown()),
        props={"at": state.view("step"), "arrival": state.session().arrivals,
               "plays": looked.is_recorded},
        told={"step": _choose},
    )  # fmt: skip


def _choose() -> None:
    state.show_step(f"{told_by(_KEY, 'step')}")
