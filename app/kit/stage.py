"""The stage: one thing of a page on the whole screen, to be read from the back row.

``?stage=2`` or the key ``f``: ``static/stage.js`` finds what can stand there (figures, and what is
a `slide`) in the order of the page, and does the rest in the browser; it knows no page either.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from .address import STAGE, on_stage
from .components.scripts import module_line

__all__ = ["StageNumber", "on_stage", "render", "slide", "stage_numbers"]
_ROLES = ("slide", "answer")


@dataclass(frozen=True, slots=True)
class StageNumber:
    """One of those that stand large beside what is on stage."""

    label: str
    value: str
    """As it is told, "97.5 %"."""
    color: str = ""
    """Of whose it is."""
    about: str = ""
    """What it is of, below it: "contrast 5"."""


def slide(name: str, *, is_answer: bool = False) -> DeltaGenerator:
    """A part of a page that stands on stage as a whole, in its order.

    Args:
        name: Tells it from others of the page.
        is_answer: Whether it is covered until the presenter reveals it.
    """
    return st.container(key=f"stage-{_ROLES[is_answer]}-{name}")


def without_numbers(name: str) -> DeltaGenerator:
    """A part of a page beside whose figures the page's numbers would be taken for theirs."""
    return st.container(key=f"no-numbers-{name}")


def stage_numbers(numbers: Iterable[StageNumber]) -> None:
    """Name the numbers that matter to the page: the first three are shown on stage, or all four.

    What changes by itself says so where it stands: an element with ``data-stage-number``, its
    label, and ``--hue``, counts as one.
    """
    told = "".join(
        f'<b data-stage-number="{escape(each.label)}" style="--hue:{escape(each.color)}">'
        f"{escape(each.value)}<small>{escape(each.about)}</small></b>"
        for each in numbers
    )
    st.html(f'<div class="afn-stage-numbers">{told}</div>')


def render(asked: str) -> None:
    """The button that leads there, and the stage itself; at the end of every page.

    Args:
        asked: What `on_stage` said before the page wrote the address.
    """
    _component(key="stage", data={"parameter": STAGE, "asked": asked})


_component = st.components.v2.component(
    "stage",
    html='<button type="button" class="stage-enter" hidden>present</button>',
    js=module_line("stage") + "export default async (call) => (await module).default(call);",
    isolate_styles=False,
)
