"""The page's drawing in the browser: the steps of a norm layer, beside them λ, pad and answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ...kit.components.scripts import module_line
from ...kit.handout.parts import Drawing
from ...kit.handout.screen import screen
from ...kit.view import in_session, said

Wish = Mapping[str, Any]
"""What the hand wants: λ by name, ``where``, ``layer``, ``channel``, ``image``, ``pixel``,
``card``, ``source``, ``damaged``, ``drawn`` (a PNG as data URI), or ``do``: "off" for all λ at 0,
"trained" for none forced."""


def inside_layer(key: str, data: Mapping[str, Any], *, on_wish: Callable[[Wish], None]) -> None:
    """Draw a layer's steps.

    Args:
        key: Names the diagram in this session.
        data: What was seen and in which words; see ``app/page/inside/page.py``.
        on_wish: Called with what the hand wants, before the page's part runs again.
    """
    answered = in_session(_Answered, key)

    def wished() -> None:
        if wish := said(key).change:
            answered.seq = wish["seq"]
            on_wish(wish)

    screen().say(
        Drawing(
            script="inside_layer", css="afn-inside", title=f"Inside {data['label']}",
            asks=_ASKS,
            data=lambda: {**data, "key": key, "seq": answered.seq},
        )
    )  # fmt: skip
    _steps(
        key=key, data={**data, "key": key, "seq": answered.seq}, on_change_change=wished
    )  # fmt: skip


_ASKS = (
    "[data-lambda], [data-here], [data-do], [name=layer], [name=channel], [data-source], "
    "[data-damaged], [data-image], .pad button"
)
"""What in it wants another look at the layer."""


@dataclass
class _Answered:
    """The number of the last wish that was heeded."""

    seq: int = 0


_steps = st.components.v2.component(
    "inside_layer",
    html='<div class="afn-inside" style="min-height: 33rem"></div>',
    js=module_line("inside_layer") + "export default async (call) => (await module).default(call);",
    isolate_styles=False,
)
