"""The pages by the names of their folders, for links from one to another."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from . import address

PLAYGROUND_RUNS = "run"
DYNAMICS_RUNS = "runs"
RESCALING_RUN = "run"
"""What these pages call the runs in their addresses."""
_pages: dict[str, Any] = {}


def know(pages: Mapping[str, Any]) -> None:
    """Say which pages there are; they are the same for every visitor."""
    _pages.update(pages)


def to(name: str) -> Any:
    """The page of a folder, as Streamlit's links take it."""
    return _pages[name]


def path_of(name: str) -> str:
    """Where a page is on this server, for links that the browser makes."""
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"{'/' if base else ''}{base}/{to(name).url_path}"


def show_in_playground(run_ids: Sequence[str]) -> None:
    """Open runs in the Playground."""
    address.go(to("playground"), {PLAYGROUND_RUNS: "~".join(run_ids)})


def show_in_dynamics(run_ids: Sequence[str]) -> None:
    """Open runs on the page of λ dynamics."""
    address.go(to("dynamics"), {DYNAMICS_RUNS: "~".join(run_ids)})


def show_in_rescaling(run_id: str) -> None:
    """Open a run on the page of γ and β."""
    address.go(to("rescaling"), {RESCALING_RUN: run_id})


def nothing_yet(words: str) -> None:
    """Say what a page has nothing of, and lead to where it is made."""
    with st.container(border=True):
        st.markdown(words)
        st.page_link(to("playground"), label="To the Playground", icon=":material/play_arrow:")
