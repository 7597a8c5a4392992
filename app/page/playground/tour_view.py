"""The first visit's tour: whether it is open, and how far it has come."""

import streamlit as st

COOKIE = "afn_tour"
"""Set in browsers that have seen the tour."""
_OPEN, _CHOSEN, _SEEN = "tour.open", "tour.chosen", "tour.seen"


def begin(*, is_linked: bool) -> None:
    """Open it on the first look of a browser that has not seen it.

    Args:
        is_linked: Whether the visitor came for something that the link names.
    """
    if _OPEN not in st.session_state:
        is_new = COOKIE not in st.context.cookies
        st.session_state[_OPEN] = is_new and not is_linked and not st.context.is_embedded


def is_open() -> bool:
    """Whether it is on the page."""
    return bool(st.session_state.get(_OPEN))


def toggle() -> None:
    """Open or close it; once closed it does not open by itself again."""
    st.session_state[_OPEN] = not is_open()
    st.session_state[_SEEN] = True


def choose() -> None:
    """The visitor takes the contenders as they are."""
    st.session_state[_CHOSEN] = True


def has_chosen() -> bool:
    """Whether the visitor has."""
    return bool(st.session_state.get(_CHOSEN))


def finish() -> None:
    """All steps are done: it stays until it is closed, and is not shown to this browser again."""
    st.session_state[_SEEN] = True


def is_seen() -> bool:
    """Whether the browser is to remember it."""
    return bool(st.session_state.get(_SEEN))
