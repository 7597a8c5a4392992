"""One colour per norm and one mark per domain, everywhere, in light and dark.

All can be told apart by colour-blind eyes; the norms' are after Okabe and Ito.
"""

from collections.abc import Collection, Sequence
from colorsys import hls_to_rgb
from dataclasses import dataclass

from afn.settings.norms import NORM_NAMES

GREY = "#8A8A8A"
"""For what is of no norm and no domain."""
_CHOSEN = {
    "afn": "#D55E00",
    "asrnorm": "#009E73",
    "bn": "#2B7FC4",
    "in": "#CC79A7",
    "gn": "#E69F00",
    "ln": "#56B4E9",
    "bin": "#A39B00",
    "sn": "#7A0CE9",
    "frn": "#AE095C",
    "evos0": "#F320F3",
    "evob0": "#2A9108",
    "dyt": "#F65A5A",
    "brn": "#775540",
    "wsgn": "#A85AF6",
    "gbn": "#9336A1",
    "none": GREY,
}
_HUES, _LIGHTNESS, _STRENGTH = 48, (0.42, 0.48, 0.54, 0.6), (0.3, 0.6, 0.9)


def _furthest(taken: Collection[str]) -> str:
    """Of colours as light as the others, the one that is least like any that is taken."""
    hues = (
        hls_to_rgb(hue / _HUES, lightness, strength)
        for hue in range(_HUES)
        for lightness in _LIGHTNESS
        for strength in _STRENGTH
    )
    offered = ["#" + "".join(f"{round(255 * channel):02X}" for channel in hue) for hue in hues]
    return max(offered, key=lambda color: min(_distance(color, other) for other in taken))


def _distance(color: str, other: str) -> int:
    pairs = zip(_channels(color), _channels(other), strict=True)
    return sum((one - another) ** 2 for one, another in pairs)


def _channels(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


NORM_COLORS = dict(_CHOSEN)
"""By the norm's name; one for which no colour was chosen has the one that is least like others."""
for _norm in NORM_NAMES:
    if _norm not in NORM_COLORS:
        NORM_COLORS[_norm] = _furthest(NORM_COLORS.values())


@dataclass(frozen=True, slots=True)
class Mark:
    """How a domain is drawn; never by its colour alone."""

    color: str
    symbol: str
    """Plotly's name of it."""
    glyph: str
    """The same in text."""


_MARKS = (
    Mark("#7C5CD6", "circle", "●"),
    Mark("#B58900", "diamond", "◆"),
    Mark("#C2255C", "triangle-up", "▲"),
    Mark("#1098AD", "square", "■"),
    Mark("#5F8D1E", "triangle-down", "▼"),
    Mark("#A8674A", "star", "★"),
    Mark("#5B7FBF", "cross", "✚"),
    Mark("#B0559E", "hexagon", "⬢"),
)
_MIXED = Mark(GREY, "circle-open", "○")
_PLACES = {
    "mnist": 0, "mnist5k": 0, "usps": 1, "digits8": 1, "mnistm": 2, "mnistm5k": 2, "svhn": 3,
    "syn": 3, "pacs/photo": 0, "pacs/art_painting": 1, "pacs/cartoon": 2, "pacs/sketch": 3,
}  # fmt: skip
"""A published set and its embedded relative look the same."""


def run_colors(norms: Sequence[str]) -> list[str]:
    """A colour per run: its norm's, mixed with white for the second and third of one norm."""
    return [
        _lighter(NORM_COLORS[norm], 0.32 * norms[:i].count(norm)) for i, norm in enumerate(norms)
    ]


def domain_mark(name: str, known: Sequence[str] = ()) -> Mark:
    """A domain's mark, whatever form its images are brought to; several together have one too.

    Args:
        name: ``mnist5k``, ``syn@grey``, ``pacs/photo``, ``pacs/photo+pacs/sketch``, ...
        known: All domains that are shown, in any order. Those of trees other than PACS have their
            marks by their place among them.
    """
    name = name.partition("@")[0]
    if "+" in name:
        return _MIXED
    if name in _PLACES:
        return _MARKS[_PLACES[name]]
    tree = name.rpartition("/")[0]
    beside = {part for each in known for part in each.partition("@")[0].split("+")}
    mates = sorted({name} | {each for each in beside if each.rpartition("/")[0] == tree})
    return _MARKS[[each for each in mates if each not in _PLACES].index(name) % len(_MARKS)]


def _lighter(color: str, share: float) -> str:
    mixed = (round(c + (255 - c) * min(share, 0.7)) for c in _channels(color))
    return "#" + "".join(f"{channel:02X}" for channel in mixed)
