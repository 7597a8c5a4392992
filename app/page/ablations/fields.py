"""The fields of a sweep that is being built on the page."""

import streamlit as st

from afn.data import catalogue, unread
from afn.settings.backbones import BACKBONE_NAMES

from ...kit import people
from ...kit.markdown import plain
from .view import TESTS, VARIED, VIEW, choices_of
from .words import HELP


def render() -> None:
    """Draw them; the page's settings hold what they say."""
    offered = {name: entry.title for name, entry in catalogue().items() if not entry.how_to_get}
    offered |= {own.name: own.title for own in people.own_sets() if not own.why_unusable}
    with st.container(border=True):
        for line in unread():
            st.caption(f":material/folder_off: {plain(line[0].upper() + line[1:])}.")
        with st.container(horizontal=True, gap="medium"):
            VIEW.choice("dataset", "Data", offered, like=st.selectbox, width=260)
            VIEW.choice("backbone", "Network", BACKBONE_NAMES)
            st.number_input("Epochs", 1, 200, key=VIEW.key("epochs"), width=120)
            st.number_input("Seeds", 1, 20, key=VIEW.key("seeds"), width=120, help=HELP["seeds"])
            told = {"six": "and six corruptions", "all": f"and all {len(TESTS['all'])}"}
            VIEW.choice("tests", "Tested", TESTS, titles=told)
            others = [name for name in offered if name != VIEW.take().dataset]
            VIEW.set(domains=[name for name in VIEW.take().domains if name in others])
            VIEW.choice(
                "domains", "Also tested on", others, like=st.multiselect, titles=offered, width=260
            )
        for i in (1, 2, 3):
            _axis(i)


def _axis(i: int) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        titles = {name: each.title for name, each in VARIED.items()}
        VIEW.choice(
            f"axis_{i}", "What varies" if i == 1 else "and",
            titles if i == 1 else {"": "nothing else"} | titles,
            like=st.selectbox, width=260, on_change=_begin_axis, args=(i,),
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
