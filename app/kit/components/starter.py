"""Start without a rerun: a press of Streamlit's own button is taken to the route instead.

Where the press may know more than the script (a field was changed since it ran), or the route does
not answer, the button does what it always does.
"""

from collections.abc import Callable

import streamlit as st

from ..orders import PATH
from ..view import said

_SCRIPT = """
export default function ({ data, parentElement, setTriggerValue }) {
  const told = parentElement.querySelector("span");
  let isStale = false, isUnderWay = false, isThrough = false;
  const press = async (event) => {
    const button = event.composedPath().find((each) => each.matches?.(data.button));
    if (!button) isStale = true; // the script may be about to run with something else
    if (!button || isThrough || (isStale && !isUnderWay)) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (isUnderWay) return;
    isUnderWay = true;
    told.textContent = "starting …";
    try {
      const answer = await fetch(data.path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ order: data.order, link: data.link }),
        signal: AbortSignal.timeout(8000),
      });
      const { runs, before, refused } = await answer.json();
      if (refused && answer.status === 422) {
        told.textContent = refused;
        isUnderWay = false;
        return;
      }
      if (!runs) throw new Error(answer.status);
      told.textContent = before ? `waiting, ${before} before it` : "starting …";
      setTriggerValue("started", runs);
    } catch {
      isThrough = true;
      button.click();
    }
  };
  const touch = () => (isStale = true);
  addEventListener("click", press, true);
  addEventListener("input", touch, true);
  told.textContent = "";
  return () => {
    removeEventListener("click", press, true);
    removeEventListener("input", touch, true);
  };
}
"""
_LOOK = "span { color: var(--st-text-color); font-size: 0.875rem; line-height: 2.5rem; }"
_component = st.components.v2.component(
    "starter", html='<span role="status"></span>', css=_LOOK, js=_SCRIPT
)


def start_by(
    button: str, *, order: str, link: str, on_started: Callable[[list[str]], None]
) -> None:
    """Have a button order what a link asks for.

    Args:
        button: Its key.
        order: The order's number.
        link: A query.
        on_started: Called with the ids of the runs.
    """
    base = st.get_option("server.baseUrlPath").strip("/")
    data = {
        "button": f".st-key-{button.replace('.', '-')} button",
        "path": f"{'/' if base else ''}{base}{PATH}",
        "order": order,
        "link": link,
    }
    _component(
        key="starter", data=data, width="content",
        on_started_change=lambda: on_started([*map(str, said("starter").started or [])]),
    )  # fmt: skip
