"""A tour that points: a ring around something on the page, and one sentence beside it.

Nothing on the page moves, nothing is covered but what the sentence stands on, and all of it can be
used meanwhile. What is not on the screen, as the sidebar on a phone, is left out.
"""

from collections.abc import Sequence

import streamlit as st

_SCRIPT = """
export default function ({ data, parentElement }) {
  const { steps, opens, cookie } = data;
  const place = parentElement.querySelector(".afn-pointer");
  const known = (window.afnPointed ??= { opens: 0, at: null });
  if (opens > known.opens) Object.assign(known, { opens, at: 0, takes: opens > 1 || data.asked });
  const box = (node) => node.getBoundingClientRect();
  const target = ({ at }) =>
    [...document.querySelectorAll(at)].find((node) => {
      const { width, height, right, left } = box(node);
      return width && height && right > 0 && left < innerWidth;
    });
  const close = () => {
    known.at = null;
    document.cookie = `${cookie}=seen; max-age=31536000; path=/; samesite=lax`;
    draw();
  };
  const make = (tag, properties, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };
  let shown = null;
  const draw = () => {
    if (known.at === null) {
      place.replaceChildren();
      place.hidePopover();
      shown = null;
      return;
    }
    const there = steps.filter(target);
    const step = there[Math.min(known.at, there.length - 1)];
    if (!step) return;
    if (!place.matches(":popover-open")) place.showPopover(); // above the sidebar, too
    const key = `${step.at} ${there.length}`;
    if (shown !== key) {
      shown = key;
      const number = there.indexOf(step) + 1;
      const isLast = number === there.length;
      const next = make("button", { type: "button", textContent: isLast ? "Done" : "Next" });
      next.onclick = () => (isLast ? close() : go(1));
      const skip = make("button", { type: "button", textContent: "Skip", className: "plain" });
      skip.onclick = close;
      const words = make("p", { textContent: step.words });
      words.setAttribute("role", "status");
      const count = make("small", { textContent: `${number} of ${there.length}` });
      const buttons = isLast ? [next] : [skip, next];
      const card = make("div", { className: "card" }, words, count, ...buttons);
      card.setAttribute("role", "dialog");
      card.setAttribute("aria-label", "Tour");
      place.replaceChildren(make("div", { className: "ring" }), card);
      target(step).scrollIntoView({ block: "nearest" });
      if (known.takes) next.focus({ preventScroll: true });
    }
    put(target(step));
  };
  const go = (by) => {
    known.at += by;
    known.takes = true;
    draw();
  };
  const put = (node) => {
    const [ring, card] = place.children;
    const { left, top, width, height } = box(node);
    const gap = 5;
    Object.assign(ring.style, {
      left: `${left - gap}px`, top: `${top - gap}px`,
      width: `${width + 2 * gap}px`, height: `${height + 2 * gap}px`,
    });
    const { offsetWidth: w, offsetHeight: h } = card;
    const below = top + height + 14;
    const isBeside = height > innerHeight / 3 && left + width + w + 14 < innerWidth;
    const y = isBeside ? top + 20 : below + h < innerHeight ? below : Math.max(top - h - 14, 70);
    const x = isBeside ? left + width + 14 : left;
    Object.assign(card.style, {
      left: `${Math.max(8, Math.min(x, innerWidth - w - 8))}px`,
      top: `${Math.min(y, innerHeight - h - 8)}px`,
    });
  };
  const key = ({ key }) => key === "Escape" && known.at !== null && close();
  addEventListener("keydown", key);
  const timer = setInterval(draw, 200); // what it points at comes and moves while the page loads
  draw();
  return () => {
    clearInterval(timer);
    removeEventListener("keydown", key);
  };
}
"""
_component = st.components.v2.component(
    "pointer",
    html='<div class="afn-pointer" popover="manual"></div>',
    js=_SCRIPT,
    isolate_styles=False,
)


def point(steps: Sequence[tuple[str, str]], *, opens: int, asked: bool, cookie: str) -> None:
    """Point at things, one after the other.

    Args:
        steps: What to point at, as a selector, and the sentence beside it.
        opens: How often it was opened; once more opens it anew.
        asked: Whether the visitor asked for it, so that it may take the focus.
        cookie: Set in the browser once it was closed.
    """
    data = {
        "steps": [{"at": at, "words": words} for at, words in steps],
        "opens": opens, "asked": asked, "cookie": cookie,
    }  # fmt: skip
    _component(key="pointer", data=data, height=1)
