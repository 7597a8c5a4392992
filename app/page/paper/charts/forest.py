"""All verdicts in one picture: published effects as marks, ours as intervals."""

from collections.abc import Mapping, Sequence
from html import escape

from afn.pretrained.claims import Claim, claims, independent
from afn.pretrained.comparison import FEWEST_SEEDS
from afn.pretrained.published import TableName
from afn.pretrained.replication import COMPARISONS, PublishedDifference, Replicated
from afn.wording import count_words, half_width_words, signed_words

from ....kit.draw.palette import GREY
from .verdicts import CHIPS, LOOKS, verdict_html

_ROOM = 0.06
"""Of the span, on either side."""
_TICKS = (1, 2, 5, 10, 20)
_MOST_TICKS = 7
_STYLE = """
<style>
.afn-forest {display:grid; grid-template-columns:repeat(auto-fit, minmax(min(100%, 36rem), 1fr));
  gap:.6rem 2rem; font-size:.88rem; line-height:1.25; font-variant-numeric:tabular-nums;}
.afn-forest table {border-collapse:collapse; width:100%; margin:0;}
.afn-forest caption {caption-side:top; text-align:left; font-weight:600; padding:0 0 .15rem;
  color:inherit; font-size:.95rem;}
.afn-forest caption small {font-weight:400; margin-left:.5rem;}
.afn-forest :is(th, td) {border:0; padding:.1rem .35rem; height:2rem; text-align:left;
  font-weight:400; vertical-align:middle;}
.afn-forest tbody tr :is(th, td) {border-top:1px solid
  color-mix(in srgb, currentColor 12%, transparent);}
.afn-forest thead :is(th, td) {font-size:.76rem; opacity:.75; height:1.2rem;}
.afn-forest :is(th, td):first-child {padding-left:0; width:11.2rem;}
.afn-forest small {font-size:.74rem; opacity:.75;}
.afn-forest th small {display:block;}
.afn-forest .said {white-space:nowrap; width:2.6rem; text-align:right;}
.afn-forest .here {white-space:nowrap; width:5.6rem; text-align:right;}
.afn-forest .chip {width:7.6rem;}
.afn-forest .plot > div {position:relative; height:1.6rem;}
.afn-forest .plot i {position:absolute; top:50%;}
.afn-forest .zero {top:0 !important; bottom:0; border-left:1px solid currentColor; opacity:.4;}
.afn-forest .span {height:4px; margin-top:-2px; border-radius:2px; background:var(--hue);}
.afn-forest .mean {width:11px; height:11px; margin:-5.5px; border-radius:50%;
  background:var(--hue);}
.afn-forest .seed {width:7px; height:7px; margin:-3.5px; border-radius:50%; background:var(--hue);}
.afn-forest .published {width:9px; height:9px; margin:-5.5px; transform:rotate(45deg);
  border:2px solid currentColor;}
.afn-forest .ticks {font-size:.72rem; opacity:.75; height:1.1rem !important;}
.afn-forest .ticks span {position:absolute; transform:translateX(-50%);}
.afn-forest tfoot td {height:1.2rem; padding-top:0;}
.afn-forest-key {display:flex; flex-wrap:wrap; gap:.2rem 1.2rem; font-size:.82rem; opacity:.85;
  margin-top:.5rem;}
@media (max-width: 640px) {
  .afn-forest :is(thead, tfoot td:not(.plot)) {display:none;}
  .afn-forest :is(table, caption, tbody, tfoot) {display:block;}
  .afn-forest tr {display:grid; grid-template-columns:1fr auto auto; column-gap:.6rem;}
  .afn-forest :is(.plot, tbody th) {grid-column:1 / -1; width:auto !important; height:auto;
    padding-left:0;}
  .afn-forest tbody tr :is(.plot, .said, .here, .chip) {border-top:0;}
  .afn-forest :is(.said, .here, .chip) {width:auto; height:auto; padding:.1rem 0 .35rem;
    text-align:left;}
  .afn-forest .plot {order:1;}
  .afn-forest :is(.said, .here, .chip) {order:2;}
  .afn-forest .said::before {content:"paper ";}
  .afn-forest .here:not(:empty)::before {content:"here ";}
}
</style>
"""


def forest_html(rows: Mapping[TableName, Sequence[Replicated]]) -> str:
    """A row for each published claim, by what is compared.

    Args:
        rows: Of every published table.
    """
    groups = "".join(_group_html(compared, claims(rows, compared)) for compared in COMPARISONS)
    return f'{_STYLE}{CHIPS}<div class="afn-forest">{groups}</div>{_KEY}'


def _group_html(compared: PublishedDifference, found: Sequence[Claim]) -> str:
    scale = _Scale(found)
    return (
        f"<table><caption>{compared.title}<small>{compared.how} · {trainings_words(found)}</small>"
        '</caption><thead><tr><td></td><th scope="col" class="said">paper</th><td></td>'
        '<th scope="col" class="here">here, points</th><th scope="col">verdict</th></tr></thead>'
        f"<tbody>{''.join(_row_html(claim, scale) for claim in found)}</tbody>"
        f'<tfoot aria-hidden="true"><tr><td></td><td></td><td class="plot"><div class="ticks">'
        f"{scale.ticks()}</div></td><td></td><td></td></tr></tfoot></table>"
    )


def trainings_words(found: Sequence[Claim]) -> str:
    """ "27 trainings of each norm"; networks behind two rows are counted once."""
    return f"{count_words(sum(c.trainings for c in independent(found)), 'training')} of each norm"


def _row_html(claim: Claim, scale: "_Scale") -> str:
    condition = claim.replicated.condition
    title = escape(claim.title) + (f"<small>{escape(condition)}</small>" if condition else "")
    verdict = claim.verdict
    chip = verdict_html(verdict) if verdict else "<small>not measured here</small>"
    why = f' title="{escape(claim.replicated.refusal)}"' if claim.replicated.refusal else ""
    return (
        f'<tr{why}><th scope="row">{title}</th>'
        f'<td class="said">{signed_words(claim.published)}</td>'
        '<td class="plot" aria-hidden="true">'
        f"<div>{_marks(claim, scale)}</div></td>"
        f'<td class="here">{_figure(claim)}</td><td class="chip">{chip}</td></tr>'
    )


def _figure(claim: Claim) -> str:
    gain = claim.gain
    if gain is None:
        return ""
    has_interval = gain.n >= FEWEST_SEEDS
    told = (
        f"± {half_width_words(gain.half_width)}"
        if has_interval
        else f"({count_words(gain.n, 'seed')})"
    )
    return f"{signed_words(gain.mean)} <small>{told}</small>"


def _marks(claim: Claim, scale: "_Scale") -> str:
    """The published effect, and ours: an interval or, with too few seeds, a dot for each."""
    gain = claim.gain
    color = LOOKS[claim.verdict][1] if claim.verdict else GREY
    drawn = f'<i class="zero" style="left:{scale.at(0):.2f}%"></i>'
    if gain and gain.n >= FEWEST_SEEDS:
        low, high = scale.at(gain.low), scale.at(gain.high)
        drawn += (
            f'<i class="span" style="left:{low:.2f}%; width:{high - low:.2f}%; --hue:{color}"></i>'
            f'<i class="mean" style="left:{scale.at(gain.mean):.2f}%; --hue:{color}"></i>'
        )
    elif gain:
        drawn += "".join(
            f'<i class="seed" style="left:{scale.at(value):.2f}%; --hue:{GREY}"></i>'
            for _, value in gain.differences.values
        )
    return drawn + f'<i class="published" style="left:{scale.at(claim.published):.2f}%"></i>'


class _Scale:
    """From points to places, the same in all rows of a group."""

    def __init__(self, found: Sequence[Claim]) -> None:
        ends = [0.0, *(claim.published for claim in found)]
        for gain in filter(None, (claim.gain for claim in found)):
            ends += [gain.low, gain.high] if gain.n >= FEWEST_SEEDS else []
            ends += [value for _, value in gain.differences.values]
        span = max(ends) - min(ends) or 1.0
        self._low, self._high = min(ends) - _ROOM * span, max(ends) + _ROOM * span

    def at(self, points: float) -> float:
        """In percent of the width."""
        return 100 * (points - self._low) / (self._high - self._low)

    def ticks(self) -> str:
        """The axis below the group."""
        span = self._high - self._low
        step = next((each for each in _TICKS if span / each <= _MOST_TICKS), _TICKS[-1])
        first, last = int(self._low // step) + 1, int(self._high // step)
        return "".join(
            f'<span style="left:{self.at(i * step):.2f}%">'
            f"{signed_words(i * step, 0) if i else 0}</span>"
            for i in range(first, last + 1)
        )


_KEY = (
    '<div class="afn-forest-key"><span>◇ published</span><span>━●━ here, 95 % over seeds and '
    "images</span><span>• one seed: below three no interval and no verdict</span><span>grey: "
    "speaks neither for the claim nor against it</span></div>"
)
