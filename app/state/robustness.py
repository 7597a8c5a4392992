"""The Robustness page's settings, and which of its longer tests the visitor has asked for."""

from collections.abc import Sequence

import streamlit as st

from app import robustness
from app.state.views import ViewState

_VIEW = ViewState("robustness", robustness.from_url, robustness.to_url, anchor="models")
_TESTS, _PROPOSED = "robustness.tests", "robustness.proposed"

key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write


def begin() -> tuple[bool, list[str]]:
    """Adopt what the address asks for; ready the widgets.

    Returns:
        Whether that is new, and the problems with it, to which more can be added.
    """
    is_asked, _ = _VIEW.begin()
    if is_asked:
        st.session_state.pop(_PROPOSED, None)
    return is_asked, _VIEW.problems()


def propose(models: Sequence[str]) -> None:
    """Models for an address that names none: once, for the visitor may want to clear them."""
    if _PROPOSED not in st.session_state:
        st.session_state[_PROPOSED] = True
        if not st.session_state[key("models")]:
            st.session_state[key("models")] = list(models)


def starts(test: str) -> bool:
    """Whether a test goes on by itself where settings change: once it was asked for."""
    return test in st.session_state.get(_TESTS, ())


def start(test: str) -> None:
    """Ask for a test."""
    st.session_state[_TESTS] = {*st.session_state.get(_TESTS, ()), test}
