"""Who is who in a figure, as one line of HTML."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Literal

Stroke = Literal["dot", "line", "dashed", "thin"]
_STYLE = """
<style>
.afn-key {display:flex; flex-wrap:wrap; gap:.2rem 1.2rem; font-size:.9rem; line-height:1.5;}
.afn-key i {display:inline-block; vertical-align:middle; margin-right:.4rem; color:var(--hue);}
.afn-key .dot {width:.65rem; height:.65rem; border-radius:50%; background:currentColor;}
.afn-key .line, .afn-key .dashed {width:1.6rem; border-top:3px solid;}
.afn-key .dashed {border-top-style:dashed;}
.afn-key .thin {width:1.6rem; border-top:2px dotted;}
</style>
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, or one kind of dot, and what it stands for."""

    label: str
    color: str
    look: Stroke = "dot"


def legend_html(entries: Iterable[Entry]) -> str:
    """A legend for ``st.html``."""
    items = "".join(
        f'<span><i class="{each.look}" style="--hue:{escape(each.color)}"></i>'
        f"{escape(each.label)}</span>"
        for each in entries
    )
    return f'{_STYLE}<div class="afn-key">{items}</div>'


def translucent(color: str, share: float) -> str:
    """A colour for what lies behind others, such as intervals; ``share`` of 1 is opaque."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share:g})"
