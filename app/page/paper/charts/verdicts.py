"""The page's one picture: a mark for every claim and question, published beside measured here."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from afn.pretrained.asked import Found
from afn.pretrained.claims import Claim, claims
from afn.pretrained.published import TableName
from afn.pretrained.replication import COMPARISONS, Replicated
from afn.wording import signed_words

from ....kit.draw.palette import GREY
from ....kit.draw.table import LESS, MORE, table, tag, td, th, tr
from ....kit.letters import lettered_html
from .forest import Scale, figure_html, marks_html


@dataclass(frozen=True, slots=True)
class VerdictMark:
    """What has become of a claim, in one of a few ways."""

    glyph: str
    color: str
    title: str
    verdicts: tuple[str, ...]
    """Those that mean it, by how they begin."""


OUTCOMES = (
    VerdictMark("✓", MORE, "holds", ("holds",)),
    VerdictMark("✗", LESS, "contradicted", ("does not hold", "the other way round")),
    VerdictMark("○", "#6B5CC4", "no such effect", ("not found", "worth less")),
    VerdictMark("≈", GREY, "open", ("cannot tell", "open", "too few seeds", "no verdict")),
    VerdictMark("·", GREY, "not measured", ("not measured", "not yet")),
)
"""In this order everywhere."""


def outcome(verdict: str | None) -> VerdictMark:
    """Of a verdict, of claims and of questions alike; None for what is not measured here."""
    told = verdict or OUTCOMES[-1].verdicts[0]
    return next(each for each in OUTCOMES if told.startswith(each.verdicts))


def picture_html(rows: Mapping[TableName, Sequence[Replicated]], found: Sequence[Found]) -> str:
    """How many claims and questions came out how; each of them; and what the marks are.

    Args:
        rows: Of each published table.
        found: What the source asks; its headline's tables, which are claims, count as those.
    """
    inner = f"{_claims_html(rows)}{_questions_html(_asked(found))}"
    told = _tally_html(outcomes(rows, found))
    return f'<div class="afn-verdicts">{told}<div class="both">{inner}</div></div>'


def outcomes(
    rows: Mapping[TableName, Sequence[Replicated]], found: Sequence[Found]
) -> list[VerdictMark]:
    """Of each published claim and of each question; a question that is a claim counts as that."""
    published = [claim for each in COMPARISONS for claim in claims(rows, each)]
    verdicts = [claim.verdict for claim in published] + [row.verdict for row in _asked(found)]
    return [outcome(verdict) for verdict in verdicts]


def _asked(found: Sequence[Found]) -> list[Found]:
    return [row for row in found if "published" not in row.verdict]


def tally_words(found: Iterable[VerdictMark]) -> str:
    """ "Of 52 claims and questions: holds 4, …", for whom the picture is read to."""
    counts = Counter(found)
    told = ", ".join(f"{each.title} {counts[each]}" for each in OUTCOMES)
    return f"Of {counts.total()} claims and questions: {told}."


def _tally_html(found: Sequence[VerdictMark]) -> str:
    counts = Counter(found)
    told = "".join(
        tag(
            "li", f"<b>{counts[each]}</b><span>{_mark(each)}{each.title}</span>",
            css="none" if not counts[each] else "", style=f"--hue:{each.color}",
        )
        for each in OUTCOMES
    )  # fmt: skip
    return tag("ul", told, aria_label=tally_words(found))


def _unseen(told: str) -> str:
    """Words for who hears the page."""
    return tag("em", lettered_html(escape(told)), css="unseen")


def _mark(each: VerdictMark) -> str:
    css = f"mark {each.title.replace(' ', '-')}"
    return tag("i", each.glyph, css=css, aria_hidden="true", style=f"--hue:{each.color}")


# -- published claims ------------------------------------------------------------------------------


def _claims_html(rows: Mapping[TableName, Sequence[Replicated]]) -> str:
    by_comparison = [claims(rows, each) for each in COMPARISONS]
    first = by_comparison[0]
    heads = [th(""), *(th(_column(claim)) for claim in first)]
    body = []
    for compared, found in zip(COMPARISONS, by_comparison, strict=True):
        scale, by_table = Scale(found), {claim.table: claim for claim in found}
        cells = [
            _cell(by_table[claim.table], scale) if claim.table in by_table else td("")
            for claim in first
        ]
        body.append(tr(th(f"{compared.title}<small>{compared.how}</small>", scope="row"), *cells))
    return table(
        "claims", [tr(*heads)], body, label="Published claims, and what came out here",
        caption="Published <b>◇</b> and here <b>●</b>, points",
    )  # fmt: skip


def _column(claim: Claim) -> str:
    condition = "<small>half the training images</small>" if claim.replicated.condition else ""
    return lettered_html(f"{escape(claim.title)}{condition}")


def _cell(claim: Claim, scale: Scale) -> str:
    each = outcome(claim.verdict)
    told = claim.verdict or "not measured here"
    why = " · ".join(filter(None, [told, claim.replicated.refusal, claim.replicated.condition]))
    figures = figure_html(claim) or tag("small", "not measured")
    return td(
        f'{_mark(each)}<div class="plot" aria-hidden="true"><div>{marks_html(claim, scale)}</div>'
        f'</div><span class="said">{signed_words(claim.published)}</span>'
        f'<span class="here">{figures}</span>{_unseen(told)}',
        f"cell {each.title.replace(' ', '-')}", title=why, data_test=claim.title,
    )  # fmt: skip


# -- questions -------------------------------------------------------------------------------------


def _questions_html(found: Sequence[Found]) -> str:
    body = []
    for asks, group in groupby(found, key=lambda row: row.asks):
        marks = "".join(
            tag(
                "li", f"{_mark(each)}{_unseen(told)}", title=told,
                style=f"--hue:{each.color}",
            )
            for row in group
            for each in [outcome(row.verdict)]
            for told in [f"{row.held}: {row.figure} {row.verdict}"]
        )  # fmt: skip
        body.append(tr(th(lettered_html(escape(asks)), scope="row"), td(f"<ul>{marks}</ul>")))
    return table(
        "questions", [], body, caption="Its questions, a mark for each comparison",
        label="What the source asks, and how each comparison came out",
    )  # fmt: skip
