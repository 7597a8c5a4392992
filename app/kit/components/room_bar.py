"""For whoever leads a room: one press takes all phones to the page that is open here."""

import streamlit as st

from ..room.rooms import COOKIE, ROOMS, is_code

_SCRIPT = """
export default function ({ parentElement, data }) {
  const { code, base } = data;
  const token = localStorage.getItem(`afn-room-${code}-teacher`);
  const bar = parentElement.querySelector(".afn-room");
  const [say, show, free] = bar.children;
  bar.hidden = !token;
  if (!token) return;
  const tell = async (link) => {
    const answer = await fetch(`${base}/room/${code}/follow`, {
      method: "POST", body: JSON.stringify({ token, link }),
    });
    if (answer.status === 404 || answer.status === 410) {
      document.cookie = `${data.cookie}=; max-age=0; path=${base}/`;
      bar.hidden = true;
    }
    const { refused } = await answer.json();
    const done = link ? "phones show this page" : "phones are free";
    say.textContent = refused ?? `Room ${code}: ${done}`;
  };
  say.textContent = `Room ${code}`;
  show.onclick = () => {
    const query = new URLSearchParams(location.search);
    query.set("embed", "true");
    tell(`${location.pathname.slice(base.length + 1)}?${query}`);
  };
  free.onclick = () => tell("");
}
"""
_component = st.components.v2.component(
    "room_bar",
    html='<div class="afn-room" hidden><span role="status"></span>'
    '<button type="button">Show this on all phones</button>'
    '<button type="button">Let them go</button></div>',
    js=_SCRIPT,
    isolate_styles=False,
)


def lead() -> None:
    """Draw it, where this browser leads a room and the page is no frame in one."""
    code = f"{st.context.cookies.get(COOKIE)}"
    if not ROOMS.is_served or not is_code(code) or st.context.is_embedded:
        return
    _component(key="room-bar", data={"code": code, "base": ROOMS.base, "cookie": COOKIE}, height=1)
