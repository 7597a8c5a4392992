"""The fields of a sweep that is being built on the page."""

import streamlit as st

from afn.data import catalogue, unread
from afn.settings.backbones import BACKBONE_NAMES

from ...kit.markdown import plain
from .view import TESTS, VARIED, VIEW, choices_of
from .words import HELP


def render() -> None:
    """Draw them; the page's settings hold what they say."""
    offered = {name: entry.title for name, entry in catalogue().items() if not entry.how_to_get}
    with st.container(border=True):
        for line in unread():
            st.caption(f":material/folder_off: {plain(line[0].upper() + line[1:])}.")
        with st.container(horizontal=True, gap="medium"):
            VIEW.settle("dataset", offered)
            st.selectbox(
                "Data", list(offered), key=VIEW.key("dataset"), width=260,
                format_func=offered.__getitem__,
            )  # fmt: skip
            st.segmented_control("Network", BACKBONE_NAMES, key=VIEW.key("backbone"), required=True)
            st.number_input("Epochs", 1, 200, key=VIEW.key("epochs"), width=120)
            st.number_input(
                "Seeds",
                1,
                20,
                key=VIEW.key("seeds"),
                width=120,
                help=HELP["seeds"],
            )
            st.segmented_control(
                "Tested", list(TESTS), key=VIEW.key("tests"), required=True,
                format_func={
                    "clean": "clean", "six": "and six corruptions",
                    "all": f"and all {len(TESTS['all'])}",
                }.__getitem__,
            )  # fmt: skip
            others = [name for name in offered if name != VIEW.take().dataset]
            VIEW.set(domains=[name for name in VIEW.take().domains if name in others])
            st.multiselect(
                "Also tested on", others, key=VIEW.key("domains"), width=260,
                format_func=offered.__getitem__, help=HELP["domains"],
            )  # fmt: skip
        for i in (1, 2, 3):
            _axis(i)


def _axis(i: int) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.selectbox(
            "What varies" if i == 1 else "and", ["", *VARIED] if i > 1 else list(VARIED),
            key=VIEW.key(f"axis_{i}"), width=260, on_change=_begin_axis, args=(i,),
            format_func=lambda name: VARIED[name].title if name else "nothing else",
        )  # fmt: skip
        if name := getattr(VIEW.take(), f"axis_{i}"):
            known = ", ".join(choices_of(VARIED[name]))
            st.text_input(
                f"Values: {known}" if known else "Values, with commas between",
                key=VIEW.key(f"values_{i}"), width=420, placeholder=VARIED[name].varied,
                help=HELP["values"] if name == "lambda_init" else None,
            )  # fmt: skip


def _begin_axis(i: int) -> None:
    name = getattr(VIEW.take(), f"axis_{i}")
    VIEW.set(**{f"values_{i}": VARIED[name].varied if name else ""})
