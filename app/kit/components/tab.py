"""What a tab remembers of who it is, where its browser keeps no cookies; and forgetting it all.

Kept in ``sessionStorage``: it outlasts a refresh and ends with the tab. Where a browser forbids
even that (a private window, in a foreign frame), each refresh is somebody new.
"""

from collections.abc import Callable

import streamlit as st

from ..view import said

FORGET, HEADER = "forget-me", "x-afn"
"""Where the cookie is taken back, and what a request says that no foreign page can send."""
_NAME = "afn-person"
_TELL = """
export default function ({ data, setStateValue }) {
  const { name, token, told } = data;
  try {
    const known = sessionStorage.getItem(name);
    if (known && known !== token && known !== told) setStateValue("token", known);
    else sessionStorage.setItem(name, token);
  } catch { /* not allowed */ }
}
"""
_FORGET = """
export default async function ({ data }) {
  try { sessionStorage.clear(); localStorage.removeItem("afn.lessons"); } catch { /* no more */ }
  await fetch(new URL(data.path, location), { method: "POST", headers: { [data.header]: "1" } });
  location.reload();
}
"""
_telling = st.components.v2.component("tab", js=_TELL)
_forgetting = st.components.v2.component("forget", js=_FORGET)


def ask(token: str, told: str, *, on_told: Callable[[str], None]) -> None:
    """Let the tab say who it was before it was refreshed.

    Args:
        token: To be remembered where it knows none, or what it has told is not to be had.
        told: What it has told.
        on_told: Called with what it knows.
    """
    _telling(
        key="address-tab", data={"name": _NAME, "token": token, "told": told}, height=1,
        on_token_change=lambda: on_told(f"{said('address-tab').token}"),
    )  # fmt: skip


def forget() -> None:
    """Have the browser forget who it is, and load the page as somebody new."""
    _forgetting(key="address-forget", data={"path": FORGET, "header": HEADER}, height=1)
