"""A list of names that the visitor's browser remembers, from visit to visit.

Kept in ``localStorage``; where a browser forbids that (in a frame of a foreign page, say) nothing
is remembered, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

_SCRIPT = """
export default function ({ data, setStateValue }) {
  const read = () => {
    try { return JSON.parse(localStorage.getItem(data.name)) ?? []; } catch { return []; }
  };
  const known = data.forgets ? data.items : [...new Set([...data.items, ...read()])].sort();
  try { localStorage.setItem(data.name, JSON.stringify(known)); } catch { /* not allowed */ }
  if (!data.forgets && known.length > data.items.length) setStateValue("known", known);
}
"""
_component = st.components.v2.component("memory", js=_SCRIPT)


def remembered(name: str, items: Iterable[str], *, forgets: bool = False) -> list[str]:
    """What the browser knows, with the items added.

    Args:
        name: Under which it is kept.
        items: What is to be remembered besides.
        forgets: That these are all, whatever was there.

    Returns:
        All items; at first only the given ones, until the browser has told.
    """
    given = sorted(items)
    told = _component(
        key=f"memory.{name}", data={"name": name, "items": given, "forgets": forgets}, height=1,
        default={"known": given}, on_known_change=lambda: None,
    )  # fmt: skip
    found = told["known"]
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else given
