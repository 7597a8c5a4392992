"""A camera whose button is held: it takes five pictures a second until it is let go.

Pictures are made small in the browser, and sent once the button is let go. Where the browser has no
camera, or gives none (it wants https), it says so. It stays on while the page is drawn anew, which
mounts it anew, and is off some seconds after the page is left.
"""

from collections.abc import Callable

import streamlit as st

_SCRIPT = """
const SIDE = 96, EVERY = 200, MOST = 100, LEFT = 5000;
const known = { stream: null, timer: null, off: null, shots: [] };
export default function ({ data, parentElement, setTriggerValue }) {
  const find = (name) => parentElement.querySelector(name);
  const video = find("video"), button = find("button"), told = find("span");
  clearTimeout(known.off);
  const begin = async () => {
    told.textContent = "";
    try {
      known.stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: "environment" }, width: { ideal: 640 } },
      });
      video.srcObject = known.stream;
      await video.play();
      show();
    } catch {
      told.textContent = isSecureContext
        ? "No camera, or it is not allowed: choose photos instead."
        : "A camera needs https: choose photos instead.";
    }
  };
  const show = () => {
    video.hidden = !known.stream;
    button.textContent = known.stream ? `Hold: ${data.label}` : "Open the camera";
    button.classList.toggle("on", !!known.stream);
  };
  const shoot = () => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIDE;
    const { videoWidth: w, videoHeight: h } = video, side = Math.min(w, h);
    if (!side || known.shots.length >= MOST) return;
    const from = [(w - side) / 2, (h - side) / 2, side, side];
    canvas.getContext("2d").drawImage(video, ...from, 0, 0, SIDE, SIDE);
    known.shots.push(canvas.toDataURL("image/jpeg", 0.9));
    told.textContent = `${known.shots.length}`;
  };
  const press = (event) => {
    event.preventDefault();
    if (!known.stream) return begin();
    if (known.timer) return;
    known.shots = [];
    shoot();
    known.timer = setInterval(shoot, EVERY);
  };
  const release = () => {
    if (!known.timer) return;
    clearInterval(known.timer);
    known.timer = null;
    if (known.shots.length) setTriggerValue("taken", known.shots);
  };
  const key = (event) => [" ", "Enter"].includes(event.key) && !event.repeat && press(event);
  button.disabled = !data.label;
  button.onpointerdown = press;
  button.onkeydown = key;
  button.onkeyup = release;
  button.oncontextmenu = (event) => event.preventDefault();
  addEventListener("pointerup", release);
  addEventListener("pointercancel", release);
  if (known.stream && video.srcObject !== known.stream) {
    video.srcObject = known.stream;
    video.play().catch(() => {}); // it is being mounted anew
  }
  show();
  return () => {
    removeEventListener("pointerup", release);
    removeEventListener("pointercancel", release);
    clearTimeout(known.off);
    known.off = setTimeout(() => {
      known.stream?.getTracks().forEach((track) => track.stop());
      known.stream = null;
    }, LEFT);
  };
}
"""
_HTML = """<div><video hidden muted playsinline></video><button type="button"></button>
<span role="status"></span></div>"""
_LOOK = """
div { display: grid; }
video, span:not(:empty) { margin: .2rem 0; }
video { width: 100%; max-width: 20rem; aspect-ratio: 1; object-fit: cover; border-radius: 8px;
  background: #000; }
video[hidden] { display: none; }
button { font: inherit; min-height: 3rem; padding: .4rem 1rem; border-radius: 8px; cursor: pointer;
  color: var(--st-text-color); background: var(--st-secondary-background-color);
  border: 1px solid color-mix(in srgb, var(--st-text-color) 20%, transparent);
  touch-action: none; user-select: none; -webkit-user-select: none; }
button.on { min-height: 4rem; font-weight: 600; color: var(--st-background-color);
  background: var(--st-primary-color); }
button:disabled { opacity: .5; cursor: default; }
span:not(:empty) { font-size: .875rem; color: var(--st-text-color); }
"""
_component = st.components.v2.component("data_camera", html=_HTML, css=_LOOK, js=_SCRIPT)


def camera(key: str, *, label: str, on_taken: Callable[[], None]) -> None:
    """Draw it.

    Args:
        key: Of what it says.
        label: The class whose pictures are taken; empty where it has no name yet.
        on_taken: Called once pictures came, which are ``taken`` of what is said by the key: JPEGs
            as data URLs.
    """
    _component(key=key, data={"label": label}, on_taken_change=on_taken)
