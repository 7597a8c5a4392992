"""A page whose part reruns more often than the machine can draw it."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[3]))

from app.kit.view import View, ViewState, in_link


@dataclass(frozen=True, kw_only=True, slots=True)
class OneView(View):
    """What it shows."""

    side: str = in_link("side", "left", ("left", "right"))


VIEW = ViewState("one", OneView, anchor="side")


@st.fragment(run_every=0.4)
def part() -> None:
    VIEW.keep()
    time.sleep(0.4)
    VIEW.choice("side", "Side", ("left", "right"))
    st.markdown(f"It is {VIEW.take().side}.")
    time.sleep(0.3)  # Streamlit may drop what is drawn as the next rerun begins


VIEW.begin()
part()
