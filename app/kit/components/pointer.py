"""A tour that points: a ring around something on the page, and one sentence beside it.

Nothing on the page moves, all of it can be used meanwhile, and the sentence stands where it covers
least of what it speaks of. What is not on the screen, as the sidebar on a phone, is left out.
"""

from collections.abc import Sequence

import streamlit as st

_SCRIPT = """
const WIDTHS = [416, 336, 272]; // px of the card: narrow, it has room in the sidebar
const EDGE = 8; // px

/** Where a card of this size may stand: below, above, right, left; on the screen in any case. */
function around({ left, top, right, bottom }, w, h) {
  const within = (value, most) => Math.max(EDGE, Math.min(value, most - EDGE));
  const places = [
    [left, bottom], [right - w, bottom], [left, top - h], [right - w, top - h],
    [right, top], [left - w, top],
  ];
  return places.map(([x, y]) => [within(x, innerWidth - w), within(y, innerHeight - h)]);
}

/** px² that two boxes share. */
const shared = (one, other) =>
  Math.max(0, Math.min(one.right, other.right) - Math.max(one.left, other.left)) *
  Math.max(0, Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top));

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
    put(target(step), step);
  };
  const go = (by) => {
    known.at += by;
    known.takes = true;
    draw();
  };
  const put = (node, step) => {
    const [ring, card] = place.children;
    const { left, top, width, height } = box(node);
    const gap = 5;
    Object.assign(ring.style, {
      left: `${left - gap}px`, top: `${top - gap}px`,
      width: `${width + 2 * gap}px`, height: `${height + 2 * gap}px`,
    });
    const kept = step.clear.flatMap((at) => [...document.querySelectorAll(at)].map(box));
    const far = 2 * gap;
    const [right, bottom] = [left + width + far, top + height + far];
    const ringed = { left: left - far, top: top - far, right, bottom };
    const reaching = (each) => ({
      ...ringed, top: Math.min(top - far, each.top), bottom: Math.max(bottom, each.bottom),
    });
    const seen = [ringed, ...kept.map(reaching)];
    const now = JSON.stringify([ringed, kept, innerWidth, innerHeight]);
    if (card.put === now) return;
    card.put = now;
    const { style } = card;
    let best = null;
    for (const width of WIDTHS) {
      style.maxWidth = `min(${width}px, 94vw)`;
      const [w, h] = [card.offsetWidth, card.offsetHeight];
      for (const [x, y] of seen.flatMap((each) => around(each, w, h))) {
        const at = { left: x, top: y, right: x + w, bottom: y + h };
        const covers = (sum, each) => sum + shared(at, each);
        const covered = kept.reduce(covers, 9 * shared(at, ringed));
        if (!best || covered < best.covered) best = { covered, width, x, y };
      }
      if (!best.covered) break;
    }
    style.maxWidth = `min(${best.width}px, 94vw)`;
    Object.assign(style, { left: `${best.x}px`, top: `${best.y}px` });
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


def point(
    steps: Sequence[tuple[str, str, Sequence[str]]], *, opens: int, asked: bool, cookie: str
) -> None:
    """Point at things, one after the other.

    Args:
        steps: What to point at, as a selector, the sentence beside it, and selectors of what that
            speaks of besides, which stays in sight.
        opens: How often it was opened; once more opens it anew.
        asked: Whether the visitor asked for it, so that it may take the focus.
        cookie: Set in the browser once it was closed.
    """
    data = {
        "steps": [{"at": at, "words": words, "clear": [*clear]} for at, words, clear in steps],
        "opens": opens, "asked": asked, "cookie": cookie,
    }  # fmt: skip
    _component(key="pointer", data=data, height=1)
