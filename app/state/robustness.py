"""The Robustness page's settings, and which of its longer tests the visitor has asked for."""

import streamlit as st

from app import robustness
from app.state.views import ViewState

_VIEW = ViewState("robustness", robustness.from_url, robustness.to_url, anchor="models")
_TESTS = "robustness.tests"

key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write


def begin() -> list[str]:
    """Adopt what the URL says on the first look, ready the widgets; returns the link's problems."""
    _VIEW.begin()
    return _VIEW.problems()


def starts(test: str) -> bool:
    """Whether a test goes on by itself where settings change: once it was asked for."""
    return test in st.session_state.get(_TESTS, ())


def start(test: str) -> None:
    """Ask for a test."""
    st.session_state[_TESTS] = {*st.session_state.get(_TESTS, ()), test}
