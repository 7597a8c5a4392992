"""A canvas to draw a digit on, by mouse, pen or finger."""

import base64
import io
from collections.abc import Callable

import numpy as np
import streamlit as st
from PIL import Image

from afn.png import data_uri

from ...kit.components.scripts import module_line
from ...kit.view import said

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

    _component(
        key=key,
        data={"shown": "" if shown is None else data_uri(shown[..., None])},
        on_drawn_change=drawn,
    )


_component = st.components.v2.component(
    "drawing",
    html='<div class="afn-drawing" style="min-height: 15rem"></div>',
    js=module_line("drawing") + "export default async (call) => (await module).default(call);",
    isolate_styles=False,
)
