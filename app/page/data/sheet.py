"""The contact sheet: every class with its pictures as a network gets them."""

import base64
import io
from html import escape

import numpy as np
import streamlit as st
from PIL import Image

from afn.data.own.rules import SIDE
from afn.data.own.store import OwnSet
from afn.wording import count_words

from ...kit import backend

_SHOWN = 480
"""Pictures on the sheet, of all classes."""
_OF_A_CLASS = 24


@st.cache_data(show_spinner=False, max_entries=16)
def sheet(found: OwnSet) -> str:
    """HTML; those that are kept for the test have a frame.

    Raises:
        ValueError: The pictures are gone.
    """
    held = backend.own().pictures(found.name)
    most = max(1, min(_OF_A_CLASS, _SHOWN // len(found.class_names)))
    parts = []
    for label, (name, (num_train, num_test)) in enumerate(
        zip(found.class_names, found.counts, strict=True)
    ):
        shown = _of_class(held.y, held.train, label), _of_class(held.y, held.test, label)
        num_shown_tests = min(num_test, max(1, most // 5, most - num_train))
        places = [*shown[0][: most - num_shown_tests], *shown[1][:num_shown_tests]]
        cells = "".join(
            f'<i style="--at:{at}"{" class=test" if place in shown[1] else ""}></i>'
            for at, place in enumerate(places)
        )
        left = num_train + num_test - len(places)
        more = f"<b>+{left:,}</b>" if left else ""
        title = escape(name)
        told = escape(f"{count_words(num_train, 'picture')} to learn, {num_test:,} to test")
        parts.append(
            f'<figure style="--sheet:url({_sprite(held.x[places])})"><figcaption>'
            f'<strong dir="auto" title="{title}">{title}</strong> '
            f'<span title="{told}">{num_train:,} + {num_test:,}</span></figcaption>'
            f'<div role="img" aria-label="{title}: {told}">{cells}{more}</div></figure>'
        )
    return f'<div class="afn-contact">{"".join(parts)}</div>'


def _of_class(y: np.ndarray, places: np.ndarray, label: int) -> list[int]:
    return sorted(int(place) for place in places if y[place] == label)


def _sprite(pictures: np.ndarray) -> str:
    """Pictures side by side as a data URI."""
    row = pictures.transpose(1, 0, 2, 3).reshape(SIDE, -1, pictures.shape[3])
    image = Image.fromarray(row[..., 0] if row.shape[2] == 1 else row)
    file = io.BytesIO()
    image.save(file, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
