"""The norm layers of a model, drawn as a row."""

from html import escape
from math import sqrt
from urllib.parse import urlencode

from afn.own.kept import FoundLayer, KeptModel
from afn.settings.norms import NORM_TITLES

from ...kit import routes
from ...kit.draw.palette import GREY, NORM_COLORS

_LEAST, _MOST = 18, 64
"""Pixels, of a layer without channels and of the one with most."""


def color_of(layer: FoundLayer) -> str:
    """That of its norm."""
    return NORM_COLORS.get(layer.norm, GREY)


def row_html(kept: KeptModel) -> str:
    """A bar for each layer, in the model's order, which leads into it."""
    most = max((each.channels for each in kept.layers), default=1) or 1
    bars = [_bar(kept, each, most) for each in kept.layers]
    kinds = {each.kind: each for each in kept.layers}
    legend = "".join(
        f'<span style="--hue:{color_of(each)}"><i></i>'
        f"{sum(it.kind == kind for it in kept.layers)} {escape(kind)}</span>"
        for kind, each in kinds.items()
    )
    return (
        f'<div class="afn-yours"><div class="row" role="list">{"".join(bars)}</div>'
        f'<p class="key">{legend}</p></div>'
    )


def _bar(kept: KeptModel, each: FoundLayer, most: int) -> str:
    height = _LEAST + (_MOST - _LEAST) * sqrt(each.channels / most)
    fate = f"can become {each.becomes}" if each.becomes else f"stays: {each.reason}"
    kind = NORM_TITLES.get(each.norm, "")
    told = f"{each.path} · {each.kind}{f' ({kind})' if kind else ''}, {each.channels} channels · "
    query = urlencode({"model": kept.id, "layer": f"network.{each.path}"})
    css = "bar" if each.becomes else "bar hollow"
    tip = escape(f"{told}{fate}")
    return (
        f'<a class="{css}" role="listitem" href="{routes.path_of("inside")}?{escape(query)}" '
        f'target="_self" title="{tip}" aria-label="{tip}" '
        f'style="--hue:{color_of(each)};height:{height:.0f}px"></a>'
    )
