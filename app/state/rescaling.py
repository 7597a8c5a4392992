"""The γ/β page's settings."""

import streamlit as st

from app import rescaling
from app.state.views import ViewState

_VIEW = ViewState("rescaling", rescaling.from_url, rescaling.to_url, anchor="run")

key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write


def begin() -> tuple[bool, list[str]]:
    """Adopt what the URL says on the first look; ready the widgets.

    Returns:
        Whether this is the first look, and the link's problems, to which more can be added.
    """
    is_first, _ = _VIEW.begin()
    return is_first, _VIEW.problems()


def propose(run: str) -> None:
    """A run for a visit that names none."""
    if not st.session_state[key("run")]:
        st.session_state[key("run")] = run
