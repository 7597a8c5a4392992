"""Who is who in a figure, as one line of HTML."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Literal

from .table import tag

Stroke = Literal["dot", "line", "dashed", "thin"]
DASHES: dict[Stroke, str] = {"line": "solid", "dashed": "dash", "thin": "dot"}
"""The same, as Plotly calls it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, or one kind of dot, and what it stands for."""

    label: str
    color: str
    look: Stroke = "dot"


def legend_html(entries: Iterable[Entry]) -> str:
    """A legend for ``st.html``."""
    items = "".join(
        tag("span", tag("i", css=each.look, style=f"--hue:{each.color}") + escape(each.label))
        for each in entries
    )
    return tag("div", items, css="afn-key")


def translucent(color: str, share: float) -> str:
    """A colour for what lies behind others, such as intervals; ``share`` of 1 is opaque."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share:g})"
