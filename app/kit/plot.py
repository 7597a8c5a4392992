"""A figure: its heading, its words and its data; and when the next ones come."""

import csv
import io
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import streamlit as st

from .draw.axes import Figure
from .draw.chart import Rows
from .handout.parts import Heading, Markup, Plot, PlotStep, Records, Words
from .handout.screen import screen
from .markdown import lettered, plain

_BADGES: dict[str, tuple[str, Literal["green", "gray"]]] = {
    "live": (":material/timer:", "green"),
    "precomputed": (":material/inventory_2:", "gray"),
}


def heading(
    title: str,
    key: str,
    about: str,
    *,
    kind: Literal["", "live", "precomputed"] = "",
    is_part: bool = False,
    side: Callable[[], object] | None = None,
    taken: str = "",
) -> None:
    """Draw it, with its own controls and a badge beside it; a part stands below another heading.

    `taken` is what it says in a file, where that is not of one step alone.
    """
    screen().say(Heading(title=taken or title, about=about, is_part=is_part))
    with st.container(horizontal=True, vertical_alignment="center", key=f"head.{key}"):
        draw = st.subheader if is_part else st.header
        draw(title, anchor=False, width="content")
        if kind:
            icon, color = _BADGES[kind]
            st.badge(kind, icon=icon, color=color)
        with st.popover(f"About “{title}”", icon=":material/help:", type="tertiary"):
            st.markdown(lettered(about))
        if side is not None:
            side()


def header(title: str, *, is_part: bool = False, **more: Any) -> None:
    """The beginning of a section that needs no explanation."""
    screen().say(Heading(title=title, is_part=is_part))
    (st.subheader if is_part else st.header)(title, anchor=False, **more)


def say(markdown: str) -> None:
    """Text of the page that goes with its figures where they are handed out; Markdown."""
    screen().say(Words(markdown=markdown))
    st.markdown(markdown)


def caption(markdown: str) -> None:
    """The same, small: where something is from."""
    screen().say(Words(markdown=markdown, is_small=True))
    st.caption(markdown)


def markup(html: str, **more: Any) -> None:
    """A table or a legend of our own HTML."""
    screen().say(Markup(html=html))
    st.html(html, **more)


def records(rows: Rows, title: str = "", **more: Any) -> None:
    """A table in long form; `more` is what ``st.dataframe`` takes."""
    screen().say(Records(rows=rows, title=title))
    st.dataframe(rows, hide_index=True, **more)


def plot(
    figure: Figure,
    words: str,
    key: str,
    *,
    about: str = "",
    is_told: bool = False,
    steps: Callable[[], Sequence[PlotStep]] | None = None,
    at: str = "",
    replays: bool = False,
) -> None:
    """Draw it.

    Args:
        figure: Of Plotly.
        words: What it shows: its caption, and what a screen reader says.
        key: Tells it from other figures, and keeps it through reruns.
        about: What is drawn, for screen readers: they have it before the words.
        is_told: Whether the words stand on the page already, so that it has no caption.
        steps: Makes it for every step: a slider goes through them where it is handed out.
        at: Which of them this is.
        replays: Whether it is of curves over the steps: there a slider cuts them off.
    """
    screen().say(
        Plot(
            figure=figure, words=words, about=about, is_told=is_told, steps=steps, at=at,
            replays=replays,
        )
    )  # fmt: skip
    alt = f"{about}. {words}" if about else words
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)
    if not is_told:
        st.caption(plain(words))


_PAINT_SECONDS = 0.15


def painted() -> None:
    """Wait a moment, so that the browser draws what is above before it is sent what is below.

    What comes within one frame is mounted together, and Plotly takes a browser's only thread for
    tenths of a second: without a pause a table that is there at once would show with the last
    figure.
    """
    time.sleep(_PAINT_SECONDS)


def csv_button(
    label: str, table: Callable[[], Rows], name: str, told: str = "", *, in_list: bool = False
) -> None:
    """A button that downloads a table, made when somebody presses it, and what is told beside."""
    with st.container(
        horizontal=True, vertical_alignment="center", width="content" if in_list else "stretch"
    ):
        icon = None if in_list else ":material/download:"
        download(label, csv_of(table), f"{name}.csv", "text/csv", key=f"csv.{name}", icon=icon)
        if told:
            screen().say(Words(markdown=plain(told), is_small=True))
            st.caption(plain(told), width="stretch")


def download(label: str, data: Any, name: str, mime: str, **more: Any) -> None:
    """A button that downloads a file, or what a function makes of it; the page stays as it is."""
    st.download_button(label, data, name, mime, on_click="ignore", **more)


def csv_of(table: Callable[[], Rows]) -> Callable[[], bytes]:
    """Writes the table as CSV when it is called."""

    def write() -> bytes:
        rows, text = table(), io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()

    return write
