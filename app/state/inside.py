"""The Inside page's settings."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from afn.lambda_init import LAMBDAS
from app import inside
from app.state.views import ViewState

_VIEW = ViewState(
    "inside", inside.from_url, inside.to_url, anchor="model", things=("model", "layer")
)
_UPLOAD = "inside.upload.file"
UPLOADER = "inside_upload"
"""The uploader's key."""

key, keep, take, write_url = _VIEW.key, _VIEW.keep, _VIEW.take, _VIEW.write


def begin() -> tuple[bool, list[str]]:
    """Adopt what the address asks for; ready the widgets.

    Returns:
        Whether that is new, and the problems with it, to which more can be added.
    """
    is_asked, _ = _VIEW.begin()
    return is_asked, _VIEW.problems()


def wish(wanted: Mapping[str, Any]) -> None:
    """Do what the hand wants on the diagram."""
    session = st.session_state
    for name in LAMBDAS:
        if name in wanted:
            session[key(name)] = f"{float(wanted[name]):.4g}"
    for name in ("layer", "where", "channel", "image"):
        if name in wanted:
            session[key(name)] = wanted[name]
    if wanted.get("do") in ("off", "trained"):
        for name in LAMBDAS:
            session[key(name)] = "0" if wanted["do"] == "off" else ""
    if wanted.get("do") == "off":
        session[key("where")] = "everywhere"


def draw(picture: str) -> None:
    """Keep a drawing; empty where it was wiped off."""
    st.session_state[key("picture")] = picture
    st.session_state[key("image")] = 0


def keep_upload() -> None:
    """Keep what was uploaded for the session, or forget what was removed; it is not in the link."""
    file = st.session_state[UPLOADER]
    st.session_state[_UPLOAD] = b"" if file is None else file.getvalue()
    st.session_state[key("image")] = 0


def upload() -> bytes:
    """The file that was uploaded last; empty where there is none."""
    found: bytes = st.session_state.get(_UPLOAD, b"")
    return found
