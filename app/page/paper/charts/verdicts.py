"""Verdicts as chips; and what was done there and here."""

from collections.abc import Mapping, Sequence
from html import escape

from afn.pretrained.comparison import Verdict

from ....kit.draw.palette import GREY
from ....kit.draw.table import chip, table, td, th, tr

LOOKS: dict[Verdict, tuple[str, str, str]] = {
    "holds here": ("✓", "#0E8F86", "holds"),
    "does not hold here": ("✗", "#C2660A", "not"),
    "not found here": ("○", "#6B5CC4", "missed"),
    "cannot tell": ("≈", GREY, "noise"),
    "too few seeds": ("·", GREY, "few"),
    "no verdict": ("–", GREY, "none"),
    "not measured yet": ("…", GREY, "none"),
}
"""Sign, colour and CSS class of each verdict."""


def verdict_html(verdict: Verdict) -> str:
    """A chip that says the verdict in words, and by sign and colour too."""
    glyph, color, css = LOOKS[verdict]
    return chip(glyph, verdict, color, css)


def protocol_html(
    published: Mapping[str, str], here: Mapping[str, str], aspects: Sequence[str]
) -> str:
    """What was done there and here, aspect by aspect."""
    body = [
        tr(
            th(escape(aspect), scope="row"),
            td(escape(published.get(aspect, "not stated"))),
            td(escape(here.get(aspect, "–"))),
        )
        for aspect in aspects
        if aspect in published or aspect in here
    ]
    return table("afn-protocol", [tr(th(""), th("published"), th("here"))], body)
