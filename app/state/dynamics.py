"""The λ page's settings."""

from collections.abc import Sequence

import streamlit as st

from app import dynamics
from app.state.views import ViewState

_VIEW = ViewState("dynamics", dynamics.from_url, dynamics.to_url, anchor="runs")
_PROPOSED = "dynamics.proposed"

key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write


def begin() -> list[str]:
    """Adopt what the address asks for, ready the widgets; returns its problems."""
    is_asked, _ = _VIEW.begin()
    if is_asked:
        st.session_state.pop(_PROPOSED, None)
    return _VIEW.problems()


def propose(runs: Sequence[str]) -> None:
    """Runs for an address that names none: once, for the visitor may want to clear them."""
    if _PROPOSED not in st.session_state:
        st.session_state[_PROPOSED] = True
        if not st.session_state[key("runs")]:
            st.session_state[key("runs")] = list(runs)
