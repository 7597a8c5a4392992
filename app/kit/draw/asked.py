"""What the source asks and what was found, as HTML."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from afn.pretrained.asked import Found

from ..letters import lettered_html
from .chart import Rows
from .table import table, td, th, tr


def asked_html(found: Sequence[Found]) -> str:
    """A row for each comparison, under the question that it answers."""
    titles = ("What the source asks", "held against each other", "found, points", "verdict")
    groups = [(asks, list(rows)) for asks, rows in groupby(found, key=lambda row: row.asks)]
    return table(
        "afn-asked",
        [tr(*map(th, titles))],
        *(_question_rows(asks, rows) for asks, rows in groups),
        label="What the source asks and what was found",
    )


def _question_rows(asks: str, rows: Sequence[Found]) -> list[str]:
    first = [th(lettered_html(escape(asks)), scope="rowgroup", rows=len(rows))]
    known = ["", *(each.command for each in rows)]
    return [
        tr(*([] if i else first), *_cells(each, is_told=each.command == known[i]))
        for i, each in enumerate(rows)
    ]


def _cells(row: Found, *, is_told: bool) -> list[str]:
    """Of a row; a command that the row above has is told there."""
    seeds = f"<small>{row.seeds} {'seed' if row.seeds == '1' else 'seeds'}</small>"
    code = f"<small><code>{escape(row.command)}</code></small>" if not is_told else ""
    link = f'<small><a href="{row.page}" target="_self">{row.page.capitalize()}</a></small>'
    return [
        td(lettered_html(f"{escape(row.held)}<small>{escape(row.where)}</small>")),
        td(f"{row.figure}{seeds if row.figure else ''}", "found"),
        td(f"{lettered_html(escape(row.verdict))}{code}{link}"),
    ]


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
