"""How one image's answer depends on the images beside it."""

from collections.abc import Sequence
from html import escape

from afn.ask.inside.look import Neighbours
from afn.wording import enumerate_words

from ...kit.draw.legend import Entry
from ...kit.draw.table import dot


def neighbours_html(found: Neighbours, contenders: Sequence[Entry]) -> str:
    """A row of answers per network: alone, among random images, among those of one class.

    Each is shaded by its confidence, which stands below it in percent.
    """
    names, those = found["class_names"], found["classes"]
    alike = "images corrupted alike" if any(found["clean"]) else "random images"
    rows = []
    for at, who in enumerate(contenders):
        alone = found["alone"][at]
        drawn = "".join(_square(each, alone, names, "") for each in found["mixed"][at])
        clean = "".join(_square(each, alone, names, "") for each in found["clean"][at])
        classes = "".join(
            _square(each, alone, names, f"among {name} alone: ")
            for each, name in zip(found["by_class"][at], those, strict=True)
        )
        rows.append(
            f'<div class="who" style="--hue:{escape(who.color)}">'
            f'<span class="name">{dot(who.color)}{escape(who.label)}</span>'
            f'<span class="what">alone: {escape(names[int(alone[0])])}, {alone[1]:.0%}</span>'
            f'<span class="what">among {alike}</span><div class="squares">{drawn}</div>'
            + (
                f'<span class="what">among clean images</span><div class="squares">{clean}</div>'
                if clean
                else ""
            )
            + (
                f'<span class="what">among {escape(those[0])} … {escape(those[-1])} alone</span>'
                f'<div class="squares">{classes}</div>'
                if those
                else ""
            )
            + "</div>"
        )
    return f'<div class="afn-beside">{"".join(rows)}</div>'


def _square(each: Sequence[float], alone: Sequence[float], names: Sequence[str], how: str) -> str:
    answer, confidence = int(each[0]), each[1]
    css = ' class="other"' if answer != int(alone[0]) else ""
    title = escape(f"{how}{names[answer]}, {confidence:.0%}")
    return (
        f'<b{css} style="--sure:{confidence:.2f}" title="{title}">{escape(names[answer])}'
        f"<small>{100 * confidence:.0f}</small></b>"
    )


def neighbours_reading(found: Neighbours, contenders: Sequence[Entry]) -> str:
    """One sentence: whose answer depends on the neighbours, and how often."""
    parts, calm = [], []
    for at, who in enumerate(contenders):
        alone, sure = found["alone"][at]
        each = [*found["mixed"][at], *found["clean"][at], *found["by_class"][at]]
        others = sum(answer != alone for answer, _ in each)
        spread = max(sure, *(c for _, c in each)) - min(sure, *(c for _, c in each))
        if others:
            among = sum(answer != alone for answer, _ in found["clean"][at])
            parts.append(
                f"{who.label} answers otherwise in {others} of {len(each)} batches"
                + (f", {among} of them of clean images" if among else "")
            )
        elif spread > 0.005:
            parts.append(
                f"{who.label} keeps its answer, its confidence moves by up to "
                f"{100 * spread:.0f} points"
            )
        else:
            calm.append(who.label)
    if calm:
        verb = "give" if len(calm) > 1 else "gives"
        parts.append(
            f"{enumerate_words(calm)} {verb} the same answer, whatever is beside the image"
        )
    return "; ".join(parts) + "."
