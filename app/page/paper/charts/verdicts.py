"""Verdicts as chips: in words, by sign and by colour; and what was done there and here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from afn.pretrained.comparison import VERDICTS, Verdict

from ....kit.draw.palette import GREY

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
CHIPS = """
<style>
.afn-verdict {display:inline-block; white-space:nowrap; font-size:.76rem; font-weight:600;
  line-height:1.5; padding:0 .45rem; border-radius:.7rem; border:1px solid var(--hue);
  background:color-mix(in srgb, var(--hue) 16%, transparent);}
.afn-verdict.none {border-style:dotted; font-weight:400;}
.afn-verdict.few {border-style:dashed; font-weight:400;}
.afn-verdict b {margin-right:.3rem;}
.afn-tally {display:flex; flex-wrap:wrap; gap:.35rem .6rem; align-items:center; font-size:.9rem;}
</style>
"""


def verdict_html(verdict: Verdict, count: int | None = None) -> str:
    """A chip that says the verdict in words, and by sign and colour too."""
    glyph, color, css = LOOKS[verdict]
    many = f"{count} × " if count is not None else ""
    return (
        f'<span class="afn-verdict {css}" style="--hue:{color}"><b aria-hidden="true">{glyph}</b>'
        f"{many}{verdict}</span>"
    )


def tally_html(label: str, verdicts: Sequence[Verdict]) -> str:
    """How often each verdict was reached, as chips behind a label."""
    counts = Counter(verdicts)
    chips = "".join(verdict_html(each, counts[each]) for each in VERDICTS if counts[each])
    return f'{CHIPS}<div class="afn-tally"><span>{escape(label)}</span>{chips}</div>'


def protocol_html(
    published: Mapping[str, str], here: Mapping[str, str], aspects: Sequence[str]
) -> str:
    """What was done there and here, aspect by aspect."""
    body = "".join(
        f'<tr><th scope="row">{escape(aspect)}</th>'
        f"<td>{escape(published.get(aspect, 'not stated'))}</td>"
        f"<td>{escape(here.get(aspect, '–'))}</td></tr>"
        for aspect in aspects
        if aspect in published or aspect in here
    )
    return (
        "<style>.afn-protocol {border-collapse:collapse; font-size:.85rem; width:100%; margin:0;} "
        ".afn-protocol :is(th, td) {border:0; text-align:left; vertical-align:top; "
        "font-weight:400; padding:.3rem .8rem .3rem 0;} .afn-protocol thead th {opacity:.75;} "
        ".afn-protocol tbody th {white-space:normal; font-weight:600; width:22%;} "
        ".afn-protocol td {width:39%;} .afn-protocol tbody tr {border-top:1px solid "
        "color-mix(in srgb, currentColor 15%, transparent);}</style>"
        '<table class="afn-protocol"><thead><tr><th scope="col"></th>'
        '<th scope="col">published</th><th scope="col">here</th></tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
