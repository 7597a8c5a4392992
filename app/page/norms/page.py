"""Who is averaged with whom: one batch as a block, and what each norm takes one statistic of."""

from contextlib import suppress
from html import escape
from typing import Any

import streamlit as st

from afn.ask.inside.look import SHOWN_NORMS as INSIDE
from afn.settings.norms import NORM_NAMES, NORM_TITLES

from ...kit import cards, routes
from ...kit.components.scripts import module_line
from ...kit.draw.palette import NORM_COLORS
from ...kit.draw.table import tag
from ...kit.handout.parts import Drawing
from ...kit.handout.screen import screen
from ...kit.markdown import warn
from ...kit.plot import caption, heading, markup, say
from ...kit.view import said
from . import sharing
from .facts import at_a_point, facts, of_one_value, source
from .view import IMAGES, SIDES, VIEW
from .words import ABOUT

TITLE, PATH = "Norms", "norms"
"""In the navigation, and in the address."""
_BLOCK = "norms.block"
_OFFERED: dict[str, dict[Any, str]] = {
    "norm": {name: NORM_TITLES[name] for name in NORM_NAMES},
    "when": {"training": "training", "test": "tested"},
    "side": {side: f"{side}×{side}" for side in SIDES},
}
"""What can be chosen, on the page and on stage: setting -> value -> what it is called."""


def render() -> None:
    """Draw the page."""
    _, problems = VIEW.begin()
    st.title("Who is averaged with whom?", anchor=False)
    say("Lit are the values that share **one statistic** with the one that is followed.")
    VIEW.choice("norm", "Norm", _OFFERED["norm"], like=st.pills)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.slider("Images in the batch", IMAGES[0], IMAGES[-1], key=VIEW.key("images"), width=220)
        VIEW.choice("when", "While", _OFFERED["when"])
        VIEW.choice("side", "Maps", _OFFERED["side"])
    view = VIEW.take()
    VIEW.write(view)
    warn(problems)
    of, title = sharing.SHARING[view.norm], NORM_TITLES[view.norm]
    is_test = view.when == "test"
    heading(
        title, _BLOCK, ABOUT["block"],
        side=lambda: st.markdown(f"$\\displaystyle {of.formula}$", width="content"),
    )  # fmt: skip
    data = {
        "color": NORM_COLORS[view.norm],
        "title": f"What {title} takes one statistic of",
        "rules": [
            [name, sharing.WORDS[name]] for name in sharing.sets_of(view.norm, is_test=is_test)
        ],
        "images": view.images,
        "isPoint": view.side == 1,
        "isKept": sharing.is_kept(view.norm, is_test=is_test),
        "proposes": sharing.proposes(view.norm),
        "takes": of.takes,
        "atPoint": f"1×1: {at_a_point(view.norm)}.",
        "ofOne": of_one_value(view.norm),
    }
    drawing = Drawing(
        script=_NAME, css="afn-block", data=lambda: data, title=str(data["title"]),
        files=(f"{_NAME}/batch.json",),
    )  # fmt: skip
    screen().say(drawing)
    choices = [(name, getattr(view, name), list(each.items())) for name, each in _OFFERED.items()]
    _component(key=_BLOCK, data={**data, "choices": choices}, on_wish_change=_wished)
    told = [
        tag("div", tag("dt", escape(name)) + tag("dd", escape(text)))
        for name, text in facts(view.norm)
    ]
    markup(tag("dl", "".join(told), css="afn-facts"))
    caption(source())
    if view.norm in INSIDE:
        named = f"{_CARDS}-{view.norm}"
        st.page_link(
            routes.to("inside"), label="See it at work, step by step",
            icon=":material/arrow_forward:",
            query_params={"model": named} if named in cards.names() else None,
        )  # fmt: skip


def _wished() -> None:
    """What was chosen on stage; a browser may say anything."""
    with suppress(KeyError, TypeError, ValueError):
        setting, value = said(_BLOCK).wish
        if value in _OFFERED[setting]:
            VIEW.set(**{setting: value})


_NAME = "block"
_CARDS = "mnist5k"
"""Its pretrained models are of every norm."""
_component = st.components.v2.component(
    "norms_block",
    js=module_line(_NAME) + "export default async (call) => (await module).default(call);",
    isolate_styles=False,
    html='<div class="afn-block" style="min-height: 22rem"></div>',
)
