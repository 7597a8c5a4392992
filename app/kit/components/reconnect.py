"""Have the page come back by itself where its server was restarted.

Streamlit's own script connects again and then waits for the visitor to do something, though the
new server knows nothing of the page.
"""

import streamlit as st

_SCRIPT = """
export default function () {
  const app = document.querySelector("[data-test-connection-state]");
  if (!app) return;
  const look = () => {
    const isConnected = app.dataset.testConnectionState === "CONNECTED";
    if (isConnected && window.afnWasLost) dispatchEvent(new PopStateEvent("popstate"));
    window.afnWasLost = !isConnected;
  };
  const observer = new MutationObserver(look);
  observer.observe(app, { attributeFilter: ["data-test-connection-state"] });
  return () => observer.disconnect();
}
"""
_component = st.components.v2.component("reconnect", js=_SCRIPT)


def come_back() -> None:
    """Draw the page by its address, as behind Back, once a lost connection is there again."""
    _component(key="reconnect", height=1)
