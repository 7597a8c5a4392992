"""The page's two drawings in the browser: the steps of a norm layer, and a canvas for a digit."""

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from afn.png import data_uri

from ...kit.components.scripts import module_line
from ...kit.view import in_session, said

Wish = Mapping[str, Any]
"""What the hand wants: λ by name, ``where``, ``layer``, ``channel``, ``image``, or ``do``: "off"
for all λ at 0, "trained" for none forced."""


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

    _steps(
        key=key, data={**data, "key": key, "seq": answered.seq}, on_change_change=wished
    )  # fmt: skip


@dataclass
class _Answered:
    """The number of the last wish that was heeded."""

    seq: int = 0


_steps = st.components.v2.component(
    "inside_layer",
    html='<div class="afn-inside" style="min-height: 40rem"></div>',
    js=module_line("inside_layer") + "export default async (call) => (await module).default(call);",
    isolate_styles=False,
)


_MOST_BYTES = 200_000


def drawing(key: str, shown: np.ndarray | None, *, on_drawn: Callable[[np.ndarray], None]) -> None:
    """Let the visitor draw.

    Args:
        key: Names the canvas in this session.
        shown: What a link brought along, (28, 28) uint8: the canvas begins with it.
        on_drawn: Called after every stroke with the canvas, (H, W) uint8, bright on dark; all 0
            where it was wiped.
    """

    def drawn() -> None:
        text = said(key).drawn or ""
        data = text.partition(",")[2]
        if len(data) > _MOST_BYTES:
            return
        image = Image.open(io.BytesIO(base64.b64decode(data)), formats=("PNG",))
        on_drawn(np.asarray(image.convert("L")))

    _canvas(
        key=key,
        data={"shown": "" if shown is None else data_uri(shown[..., None])},
        on_drawn_change=drawn,
    )


_canvas = st.components.v2.component(
    "drawing",
    html='<div class="afn-drawing" style="min-height: 15rem"></div>',
    js=module_line("drawing") + "export default async (call) => (await module).default(call);",
    isolate_styles=False,
)
