"""The first thing that the keyboard reaches: a link past navigation and sidebar to the page."""

import streamlit as st

_SCRIPT = """
export default function () {
  if (document.querySelector(".afn-skip")) return;
  const link = document.createElement("a");
  Object.assign(link, { className: "afn-skip", href: "#", textContent: "Skip to the page" });
  link.onclick = (event) => {
    event.preventDefault();
    const main = document.querySelector("[data-testid=stMain]");
    main.tabIndex = -1;
    main.focus({ preventScroll: true });
  };
  document.body.prepend(link);
}
"""
_component = st.components.v2.component("skip", js=_SCRIPT)


def skip_link() -> None:
    """Have it on the page."""
    _component(key="skip", height=1)
