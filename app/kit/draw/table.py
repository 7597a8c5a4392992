"""Tables as HTML, for ``st.html``, and colours of cells; the rest is in ``app/look.css``."""

from collections.abc import Iterable
from html import escape

_SHARE = "#6B5CC4"
MORE, LESS = "#0E8F86", "#C2660A"  # teal and amber, which colour-blind eyes tell apart
_STRONGEST = 65
"""Percent of colour over the page's background; with more, text would lose its contrast."""
FULL = 20.0
"""Points from which on differences look alike."""


def heat(share: float) -> str:
    """CSS background of an accuracy, 0 to 1: the higher, the stronger."""
    return _mixed(_SHARE, min(max(share, 0.0), 1.0))


def diverging(points: float) -> str:
    """CSS background of a difference in percentage points: teal for more, amber for less."""
    return _mixed(MORE if points > 0 else LESS, min(abs(points) / FULL, 1.0))


def _mixed(color: str, strength: float) -> str:
    return f"color-mix(in srgb, {color} {_STRONGEST * strength:.0f}%, transparent)"


def tag(name: str, inner: str = "", *, css: str = "", **attributes: object) -> str:
    """An element of HTML; attributes are escaped and left out where empty; ``_`` is a hyphen."""
    given = {"class": css.strip(), **attributes}
    told = "".join(
        f' {key.replace("_", "-")}="{escape(str(value))}"' for key, value in given.items() if value
    )
    return f"<{name}{told}>{inner}</{name}>"


def dot(color: str) -> str:
    """A dot in the colour of what is named behind it."""
    return tag("i", css="afn-dot", style=f"--hue:{color}")


def chip(glyph: str, text: str, color: str, css: str = "") -> str:
    """A verdict: in words, by sign and by colour."""
    sign = tag("b", glyph, aria_hidden="true")
    return tag("span", f"{sign}{escape(text)}", css=f"afn-chip {css}", style=f"--hue:{color}")


def td(
    inner: str,
    css: str = "",
    *,
    title: str = "",
    background: str = "",
    span: int = 1,
    **more: str,
) -> str:
    """A cell; of the class ``number`` at the right. Its title is told when pointed at."""
    style = f"background:{background}" if background else ""
    return tag("td", inner, css=css, colspan=span > 1 and span, style=style, title=title, **more)


def th(
    inner: str, css: str = "", *, scope: str = "col", title: str = "", span: int = 1, rows: int = 1
) -> str:
    """A head of a column, or of what `scope` says: row, colgroup, rowgroup."""
    spans = {"colspan": span > 1 and span, "rowspan": rows > 1 and rows}
    return tag("th", inner, css=css, scope=scope, title=title, **spans)


def tr(*cells: str, css: str = "", title: str = "") -> str:
    """A row."""
    return tag("tr", "".join(cells), css=css, title=title)


def table(
    css: str,
    heads: Iterable[str],
    *bodies: Iterable[str],
    caption: str = "",
    label: str = "",
    foot: str = "",
    note: str = "",
    style: str = "",
) -> str:
    """A table; what belongs together is a body of its own, with a label keyboards can scroll it."""
    parts = [tag("caption", caption)] if caption else []
    parts += [tag("thead", "".join(heads)), *(tag("tbody", "".join(body)) for body in bodies)]
    parts += [tag("tfoot", foot, aria_hidden="true")] if foot else []
    inner = tag("table", "".join(parts)) + (tag("p", note) if note else "")
    spoken = {"role": "region", "tabindex": "0", "aria_label": label} if label else {}
    return tag("div", inner, css=f"afn-table {css}", style=style, **spoken)
