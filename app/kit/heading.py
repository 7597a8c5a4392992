"""The heading of a figure or section: its title, what it is, and its explanation one tap away."""

from collections.abc import Callable
from typing import Literal

import streamlit as st

_BADGES: dict[str, tuple[str, Literal["green", "gray"]]] = {
    "live": (":material/timer:", "green"),
    "precomputed": (":material/inventory_2:", "gray"),
}


def heading(
    title: str,
    key: str,
    about: str,
    *,
    kind: Literal["", "live", "precomputed"] = "",
    is_part: bool = False,
    side: Callable[[], None] | None = None,
) -> None:
    """Draw it.

    Args:
        title: Of the figure or section.
        key: Tells it from others.
        about: Its explanation, in Markdown.
        kind: What all below it is, where a badge is to say so.
        is_part: Whether it stands below another heading.
        side: Draws its own controls beside it.
    """
    with st.container(horizontal=True, vertical_alignment="center", key=f"head.{key}"):
        draw = st.subheader if is_part else st.header
        draw(title, anchor=False, width="content")
        if kind:
            icon, color = _BADGES[kind]
            st.badge(kind, icon=icon, color=color)
        with st.popover(f"About “{title}”", icon=":material/help:", type="tertiary"):
            st.markdown(about)
        if side is not None:
            side()
