"""A figure and its words."""

import streamlit as st

from .draw.axes import Figure
from .markdown import plain


def plot(figure: Figure, words: str, key: str, *, about: str = "", is_told: bool = False) -> None:
    """Draw it.

    Args:
        figure: Of Plotly.
        words: What it shows: its caption, and what a screen reader says.
        key: Tells it from other figures, and keeps it through reruns.
        about: What is drawn, for screen readers: they have it before the words.
        is_told: Whether the words stand on the page already, so that it has no caption.
    """
    alt = f"{about}. {words}" if about else words
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)
    if not is_told:
        st.caption(plain(words))
