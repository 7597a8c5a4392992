"""The evaluations that this session's pages have started, one for each section of a page."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from afn.ask.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Started:
    """The evaluation that a section started last."""

    wanted: tuple[Any, ...]
    """What tells its tasks from others."""
    evaluation: Evaluation
    at: float
    """On the monotonic clock."""
    left_then: int
    """How much was not known when it started."""


def started(section: str) -> Started | None:
    """What a section has started last."""
    found: Started | None = st.session_state.get(_key(section))
    return found


def put(section: str, what: Started) -> None:
    """Remember it."""
    st.session_state[_key(section)] = what


def forget(section: str) -> None:
    """Let the section start anew."""
    st.session_state.pop(_key(section), None)


def _key(section: str) -> str:
    return f"asking.{section}"
