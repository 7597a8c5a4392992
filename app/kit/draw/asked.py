"""What the source asks and what was found, as HTML."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from afn.pretrained.asked import Found

from .chart import Rows

_STYLE = """
<style>
.afn-asked {overflow-x:auto;}
.afn-asked table {border-collapse:collapse; width:100%; margin:0; font-size:.88rem;
  line-height:1.35; font-variant-numeric:tabular-nums;}
.afn-asked :is(th, td) {border:0; padding:.3rem .6rem .3rem 0; text-align:left;
  vertical-align:top; font-weight:400;}
.afn-asked thead th {font-size:.78rem; opacity:.75;}
.afn-asked tbody td {border-top:1px solid color-mix(in srgb, currentColor 12%, transparent);}
.afn-asked tbody th {border-top:1px solid color-mix(in srgb, currentColor 30%, transparent);
  font-weight:600; width:21%;}
.afn-asked small {display:block; font-size:.78rem; opacity:.75;}
.afn-asked .found {white-space:nowrap; font-weight:600;}
.afn-asked code {font-size:.76rem; overflow-wrap:anywhere;}
@media (max-width: 640px) {
  .afn-asked thead {display:none;}
  .afn-asked :is(table, tbody, tr, th, td) {display:block; width:auto !important;}
  .afn-asked td {border-top:0 !important; padding:.1rem 0;}
  .afn-asked td:not(:last-child):empty {display:none;}
  .afn-asked tr {padding-bottom:.35rem;}
}
</style>
"""


def asked_html(found: Sequence[Found]) -> str:
    """A row for each comparison, under the question that it answers."""
    body = "".join(
        _question_html(asks, list(rows)) for asks, rows in groupby(found, key=lambda row: row.asks)
    )
    head = "".join(
        f'<th scope="col">{title}</th>'
        for title in ("What the source asks", "held against each other", "found, points", "verdict")
    )
    return (
        f'{_STYLE}<div class="afn-asked" role="region" tabindex="0" '
        'aria-label="What the source asks and what was found"><table><thead>'
        f"<tr>{head}</tr></thead>{body}</table></div>"
    )


def _question_html(asks: str, rows: Sequence[Found]) -> str:
    first = f'<th scope="rowgroup" rowspan="{len(rows)}">{escape(asks)}</th>'
    known = ["", *(row.command for row in rows)]
    lines = (
        f"<tr>{first if i == 0 else ''}{_cells(row, is_told=row.command == known[i])}</tr>"
        for i, row in enumerate(rows)
    )
    return f"<tbody>{''.join(lines)}</tbody>"


def _cells(row: Found, *, is_told: bool) -> str:
    """Of a row; a command that the row above has is told there."""
    seeds = f"<small>{row.seeds} {'seed' if row.seeds == '1' else 'seeds'}</small>"
    code = f"<small><code>{escape(row.command)}</code></small>" if not is_told else ""
    link = f'<small><a href="{row.page}" target="_self">{row.page.capitalize()}</a></small>'
    return (
        f"<td>{escape(row.held)}<small>{escape(row.where)}</small></td>"
        f'<td class="found">{row.figure}{seeds if row.figure else ""}</td>'
        f"<td>{escape(row.verdict)}{code}{link}</td>"
    )


def asked_rows(found: Sequence[Found]) -> Rows:
    """For download."""
    return [
        {
            "asks": row.asks, "held": row.held, "where": row.where,
            "points": round(row.gain.mean, 4) if row.gain else None, "found": row.figure,
            "seeds": row.seeds, "verdict": row.verdict, "section": row.section,
            "command": row.command,
        }
        for row in found
    ]  # fmt: skip
