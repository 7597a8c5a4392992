"""The first visit in three steps: choose contenders, press Start, watch.

A card above the controls that ticks off what is done. Nothing moves when a step is ticked; a
browser that has closed it is not shown it again, unless asked by the button beside the title.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from afn.work.folder import ENDED

from ...kit import routes
from ...kit.comparison import Comparison, default_comparison
from ...kit.view import in_session

COOKIE = "afn_tour"
"""Set in browsers that have seen the tour."""
_STEPS = (
    ("Choose contenders", "A preset, or each one's norm and λ start: at the left, on a phone "
     "behind the » on top."),
    ("Press Start", "They train here and now, side by side, for about half a minute."),
    ("Watch λ and accuracy", "Does λ grow? Who learns faster, and who holds up under corruption?"),
)  # fmt: skip
_remember = st.components.v2.component(
    "remember_tour",
    js=f"""export default () => {{
      document.cookie = "{COOKIE}=seen; max-age=31536000; path=/; samesite=lax"; }};
    """,
)


@dataclass(slots=True)
class Tour:
    """How far the tour has come."""

    is_open: bool | None = None
    """Whether it is on the page; None before the first look."""
    has_chosen: bool = False
    """Whether the visitor takes the contenders as they are."""
    is_seen: bool = False
    """Whether the browser is to remember it; it does not open by itself again."""

    def toggle(self) -> None:
        """Open or close it."""
        self.is_open, self.is_seen = not self.is_open, True

    def choose(self) -> None:
        """The visitor takes the contenders as they are."""
        self.has_chosen = True


def tour() -> Tour:
    """This session's."""
    return in_session(Tour)


def begin(*, is_linked: bool) -> None:
    """Open it for a browser that has not seen it, unless a link says what to see."""
    if tour().is_open is None:
        is_new = COOKIE not in st.context.cookies
        tour().is_open = is_new and not is_linked and not st.context.is_embedded


def title(text: str, about: str) -> None:
    """The page's title, a line, and the button that opens and closes the tour."""
    with st.container(horizontal=True, vertical_alignment="center", key="tour-title"):
        st.title(text, anchor=False, width="content")
        st.caption(about, width="stretch")
        st.button(
            "Tour", icon=":material/explore:", type="tertiary", key="tour.toggle",
            on_click=tour().toggle, help="The first steps, in three lines",
        )  # fmt: skip


def render(comparison: Comparison, statuses: Sequence[str]) -> None:
    """Draw it, where it is open."""
    if not tour().is_open:
        return
    done = _done(comparison, statuses)
    if all(done):
        tour().is_seen = True
    with st.container(border=True, key="tour"):
        st.html(_html(done))
        with st.container(horizontal=True, vertical_alignment="center", key="tour-next"):
            if not done[0]:
                st.button("Keep these contenders", key="tour.keep", on_click=tour().choose)
            if all(done):
                st.markdown("Go on to", width="content")
                for name in ("lessons", "inside", "dynamics"):
                    st.page_link(routes.to(name), width="content")
            st.button(
                "Close the tour" if all(done) else "Skip the tour", type="tertiary",
                key="tour.close", on_click=tour().toggle,
            )  # fmt: skip


def remember() -> None:
    """Have the browser remember that it has seen the tour; the last thing on the page."""
    if tour().is_seen:
        _remember(key="tour.remember", height=1)


def _done(comparison: Comparison, statuses: Sequence[str]) -> tuple[bool, bool, bool]:
    has_started = any(each != "ready" for each in statuses)
    has_chosen = tour().has_chosen or comparison != default_comparison()
    has_ended = any(each in ENDED for each in statuses)
    return has_chosen or has_started, has_started, has_ended


def _html(done: Sequence[bool]) -> str:
    current = list(done).index(False) if not all(done) else -1
    items = []
    for number, ((name, words), is_done) in enumerate(zip(_STEPS, done, strict=True)):
        how = ' class="is-done"' if is_done else ' aria-current="step"' * (number == current)
        mark = "✓" if is_done else f"{number + 1}"
        said = "<small>, done</small>" if is_done else ""
        items.append(
            f'<li{how}><i aria-hidden="true">{mark}</i><b>{name}{said}</b><span>{words}</span></li>'
        )
    return f'<ol class="afn-tour" aria-label="Tour">{"".join(items)}</ol>'
