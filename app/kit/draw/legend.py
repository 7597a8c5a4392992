"""Who is who in a figure: a line of HTML; layers as shades of one colour, the first light."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from ..letters import lettered_html
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
        tag(
            "span",
            tag("i", css=each.look, style=f"--hue:{each.color}")
            + lettered_html(escape(each.label)),
        )
        for each in entries
    )
    return tag("div", items, css="afn-key")


def translucent(color: str, share: float) -> str:
    """A colour for what lies behind others, such as intervals; ``share`` of 1 is opaque."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share:g})"


_LIGHT, _DARK = 0.5, 0.2
"""Shares of white in the first layer's colour and of black in the last one's."""
_NAMED = 4
"""With more layers than these, only the ends of the scale are named."""


def short_layer(name: str) -> str:
    """A layer's name as people read it, all counted from 1: "norm 2", "stage 1.2 norm 1".

    Names that are built otherwise stay as they are, without the part that all have.
    """
    match name.removeprefix("backbone.").split("."):
        case ["norm"]:
            return "stem norm"
        case ["blocks", block, "norm"] if block.isdigit():
            return f"norm {int(block) + 1}"
        case ["stages", stage, block, norm] if stage.isdigit() and block.isdigit():
            return f"stage {int(stage) + 1}.{int(block) + 1} {norm.replace('norm', 'norm ')}"
        case ["stem" | "head" as part, "norm"]:
            return f"{part} norm"
        case ["blocks", block, part, "norm"] if block.isdigit():
            return f"block {int(block) + 1} {part} norm"
    return name.removeprefix("backbone.").removeprefix("network.")


def ramp(color: str, count: int) -> list[str]:
    """A shade per layer."""
    if count == 1:
        return [color]
    return [_shade(color, i / (count - 1)) for i in range(count)]


def _shade(color: str, place: float) -> str:
    """Light at 0, the colour itself in the middle, dark at 1."""
    white = max(0.0, _LIGHT * (1 - 2 * place))
    black = max(0.0, _DARK * (2 * place - 1))
    channels = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round((c + (255 - c) * white) * (1 - black)):02X}" for c in channels)


def depth_legend(entries: Iterable[tuple[str, str, str, Sequence[str]]]) -> str:
    """Who is who, and which shade is which layer: HTML for ``st.html``.

    Args:
        entries: Of each series its label, colour, dashes, and the layers that are shades of it;
            none where layers have panels of their own.
    """
    items = []
    for label, color, dash, layers in entries:
        line = f'<b style="background:{escape(_dashed(color, dash))}"></b>'
        items.append(f"<span>{line}{escape(label)}{_layers(color, layers)}</span>")
    return f'<div class="afn-depth">{"".join(items)}</div>'


def _dashed(color: str, dash: str) -> str:
    """A line with these dashes, as CSS's background."""
    if dash == "solid":
        return color
    at, stops = 0, []
    for i, length in enumerate(int(part.removesuffix("px")) for part in dash.split(",")):
        stops.append(f"{'transparent' if i % 2 else color} {at}px {at + length}px")
        at += length
    return f"repeating-linear-gradient(90deg,{','.join(stops)})"


def _layers(color: str, layers: Sequence[str]) -> str:
    if not layers:
        return ""
    shades, names = ramp(color, len(layers)), [escape(short_layer(name)) for name in layers]
    if len(layers) <= _NAMED:
        parts = (
            f'<i style="background:{shade}"></i>{name}'
            for shade, name in zip(shades, names, strict=True)
        )
        return f"<small>{' '.join(parts)}</small>"
    scale = f'<i class="scale" style="background:linear-gradient(90deg,{",".join(shades)})"></i>'
    return f"<small>{names[0]} {scale} {names[-1]} ({len(layers)} layers)</small>"
