"""The button at the end of every page: what it shows as one HTML file."""

import re
from datetime import datetime
from urllib.parse import urlencode

import streamlit as st

from ..plot import download
from ..view import here
from .document import Document
from .screen import Screen, screen
from .trained import trained

LABEL = "One HTML file"
_ABOUT = "This screen to hand out: opens in any browser, without a network. Its figures stay alive."


def offer_file() -> None:
    """Draw it; nothing is made before it is pressed."""
    shown, address, base = screen(), here(), st.context.url or ""
    if shown.is_empty:
        return

    def make() -> bytes:
        link = address.link(base)
        if shown.query is not None and base:
            link = f"{base}?{urlencode(shown.query)}"
        return document_of(shown, link).html().encode()

    with st.container(horizontal=True, vertical_alignment="center", key="hand-out"):
        download(
            LABEL, make, f"{_stem(shown.title)}.html", "text/html", key="hand-out.file",
            icon=":material/html:", help=_ABOUT,
        )  # fmt: skip


def document_of(shown: Screen, link: str) -> Document:
    """What is on the screen at this moment."""
    return Document(
        title=shown.title,
        parts=[*shown.parts(), *trained(shown.configs)],
        date=f"{datetime.now().astimezone():%-d %B %Y}",
        link=link,
    )


def _stem(title: str) -> str:
    """For a file's name."""
    return re.sub(r"[^\w]+", "-", title.lower()).strip("-")[:60] or "screen"
