"""The γ/β page's settings."""

import streamlit as st

from app import rescaling
from app.state.views import ViewState

_VIEW = ViewState(
    "rescaling", rescaling.from_url, rescaling.to_url, anchor="run", things=("run", "layer")
)

key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write


def begin() -> tuple[bool, list[str]]:
    """Adopt what the address asks for; ready the widgets.

    Returns:
        Whether that is new, and the problems with it, to which more can be added.
    """
    is_asked, _ = _VIEW.begin()
    return is_asked, _VIEW.problems()


def propose(run: str) -> None:
    """A run for a visit that names none."""
    if not st.session_state[key("run")]:
        st.session_state[key("run")] = run
