"""The first visit: one sentence beside each thing that matters, pointed at where it is.

A browser that has closed it is not shown it again, unless asked by the button beside the title.
"""

from dataclasses import dataclass

import streamlit as st

from ...kit.components.pointer import point
from ...kit.view import in_session

COOKIE = "afn_tour"
"""Set in browsers that have seen the tour."""
_LANES = ".network-lane"
_STEPS = (
    (".network-valve.mixes",
     "A valve. It mixes the mean and spread that are measured with those that a small network "
     "proposes; its needle, λ, is the proposal's share: 0 none of it, 1 nothing else.",
     (_LANES, ".network-stages")),
    ("body:not(:has(.network-valve.mixes)) .network-valve",
     "A norm layer: it takes mean and spread out, and puts γ and β in. No network proposes others "
     "here: λ belongs to AFN and ASRNorm, which can stand beside.",
     (_LANES, ".network-stages")),
    (".st-key-twist",
     "BN reads pale digits badly, and not for want of λ: it normalizes by averages remembered from "
     "clear ones. Let it measure the test batch, and look at its row.",
     (_LANES, "[data-testid=stSidebar] [class*=st-key-open-]")),
    (".st-key-scrubber", "Drag or play: everything on the page shows that step.",
     (_LANES, ".afn-cards")),
    (".st-key-transport-Start, .st-key-transport-Start-again",
     "Now train them yourself. Then the lessons ask what λ is for.",
     (_LANES, ".st-key-timeline", "[data-testid=stHeader]")),
)  # fmt: skip
"""Where to point, the words, and what these speak of besides."""


@dataclass(slots=True)
class Tour:
    """How often it was opened."""

    opens: int | None = None
    """None before the first look."""
    is_asked: bool = False
    """Whether by the visitor."""

    def ask(self) -> None:
        """Open it."""
        self.opens, self.is_asked = (self.opens or 0) + 1, True


def begin(*, is_linked: bool) -> None:
    """Open it for a browser that has not seen it, unless a link says what to see."""
    tour = in_session(Tour)
    if tour.opens is None:
        is_new = COOKIE not in st.context.cookies
        tour.opens = int(is_new and not is_linked and not st.context.is_embedded)


def title(text: str, about: str) -> None:
    """The page's title, a line, and the button that opens the tour."""
    with st.container(horizontal=True, vertical_alignment="center", key="tour-title"):
        st.title(text, anchor=False, width="content")
        st.caption(about, width="stretch")
        st.button(
            "Tour", icon=":material/explore:", type="tertiary", key="tour.ask",
            on_click=in_session(Tour).ask, help="The page in four sentences",
        )  # fmt: skip


def render() -> None:
    """Point, where it is open."""
    tour = in_session(Tour)
    point(_STEPS, opens=tour.opens or 0, asked=tour.is_asked, cookie=COOKIE)
