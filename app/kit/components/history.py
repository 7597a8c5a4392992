"""The browser's address, where Streamlit has no say in it: replaced, not added to."""

from collections.abc import Sequence

import streamlit as st

_REPLACE = """
export default function ({ data }) {
  const { path, query, when, over } = data;
  const here = location.pathname.split("/").pop();
  if (here !== path || when <= (window.afnAddressed ?? 0)) return; // left, or written before
  if (over.length && !over.includes(location.search.slice(1))) return; // gone on since
  window.afnAddressed = when;
  const search = query && `?${query}`;
  if (location.search !== search)
    history.replaceState(history.state, "", location.pathname + search + location.hash);
}
"""
_REDIRECT = """
export default function ({ data }) {
  const folder = location.pathname.replace(/[^/]*\\/?$/, "");
  history.replaceState({}, "", folder + data.path + location.search + location.hash);
  dispatchEvent(new PopStateEvent("popstate")); // Streamlit goes where Back would have gone
}
"""
_replacement = st.components.v2.component("address", js=_REPLACE)
_redirection = st.components.v2.component("redirect", js=_REDIRECT)


def replace(path: str, query: str, when: float, *, over: Sequence[str], part: str) -> None:
    """Have the browser show this query, as long as it is on the page with this path.

    Args:
        path: Of the page.
        query: Without its question mark.
        when: It was written; one that is older than the last one shown is left out.
        over: Queries that it may replace, any if empty.
        part: Of the page, that draws it.
    """
    data = {"path": path, "query": query, "when": when, "over": over}
    _replacement(key=f"address-{path}-{part}", data=data, height=1)


def redirect(path: str) -> None:
    """Go on to the page with this path, with the settings of the link."""
    _redirection(key="redirect", data={"path": path}, height=1)
