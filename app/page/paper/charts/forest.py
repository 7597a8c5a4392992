"""Claim by claim: published effects as marks, ours as intervals."""

from collections.abc import Mapping, Sequence
from html import escape

from afn.pretrained.claims import Claim, claims, independent
from afn.pretrained.comparison import FEWEST_SEEDS
from afn.pretrained.published import TableName
from afn.pretrained.replication import COMPARISONS, PublishedDifference, Replicated
from afn.wording import count_words, half_width_words, signed_words

from ....kit.draw.palette import GREY
from ....kit.draw.table import table, tag, td, th, tr
from ....kit.letters import lettered_html
from .paper import LOOKS, verdict_html

_ROOM = 0.06
"""Of the span, on either side."""
_TICKS = (1, 2, 5, 10, 20)
_MOST_TICKS = 7


def forest_html(rows: Mapping[TableName, Sequence[Replicated]]) -> str:
    """A row for each published claim, by what is compared."""
    groups = "".join(_group_html(compared, claims(rows, compared)) for compared in COMPARISONS)
    return f'<div class="afn-forest">{groups}</div>{_KEY}'


def _group_html(compared: PublishedDifference, found: Sequence[Claim]) -> str:
    scale = Scale(found)
    about = f"{compared.how} · {trainings_words(found)}"
    heads = [
        td(""), th("paper", "said"), td(""), th("here, points", "here"), th("verdict"),
    ]  # fmt: skip
    ticks = td(tag("div", scale.ticks(), css="ticks"), "plot")
    return table(
        "", [tr(*heads)], [_row_html(claim, scale) for claim in found],
        caption=f"{compared.title}<small>{about}</small>",
        foot=tr(td(""), td(""), ticks, td(""), td("")),
    )  # fmt: skip


def trainings_words(found: Sequence[Claim]) -> str:
    """ "27 trainings of each norm"; networks behind two rows are counted once."""
    return f"{count_words(sum(c.trainings for c in independent(found)), 'training')} of each norm"


def _row_html(claim: Claim, scale: "Scale") -> str:
    condition = claim.replicated.condition
    title = lettered_html(escape(claim.title)) + (
        f"<small>{escape(condition)}</small>" if condition else ""
    )
    verdict = claim.verdict
    return tr(
        th(title, scope="row"),
        td(signed_words(claim.published), "said"),
        td(f'<div aria-hidden="true">{marks_html(claim, scale)}</div>', "plot"),
        td(figure_html(claim), "here"),
        td(verdict_html(verdict) if verdict else "<small>not measured here</small>", "chip"),
        title=claim.replicated.refusal or "",
    )


def figure_html(claim: Claim) -> str:
    """What was measured here, with its interval or its number of seeds; "" where nothing was."""
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


def marks_html(claim: Claim, scale: "Scale") -> str:
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


class Scale:
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
