"""What a class did, to take along: counts alone, nothing of anybody."""

import csv as tables
import io
from html import escape

from .room import Room
from .script import Finding

_ROUNDS = ("votes", "votes behind the discussion")


def csv(room: Room, finding: Finding) -> str:
    """One row an option of each poll."""
    file = io.StringIO()
    table = tables.writer(file, lineterminator="\n")
    table.writerow(["poll", "question", "option", "words", "right", *_ROUNDS])
    for number, question, rows in _polls(room, finding):
        for option, (words, is_right, counts) in enumerate(rows):
            right = "" if is_right is None else int(is_right)
            table.writerow([number, question, option, _harmless(words), right, *counts])
    return file.getvalue()


def page(room: Room, finding: Finding) -> str:
    """One page of HTML that needs nothing else."""
    script = room.script
    assert script is not None
    parts = []
    for number, question, rows in _polls(room, finding):
        most = max((n for _, _, counts in rows for n in counts), default=0) or 1
        bars = "".join(
            f'<tr{" class=right" if is_right else ""}><td>{escape(words)}'
            + "".join(
                f'<td><i style="width:{100 * n / most:.0f}px"></i>{n}' for n in counts
            )
            for words, is_right, counts in rows
        )  # fmt: skip
        parts.append(
            f"<h2>{number + 1}. {escape(question)}</h2><table><tr><th><th>{_ROUNDS[0]}"
            f"<th>{_ROUNDS[1]}{bars}</table>"
        )
    pretends = "<p>Some or all of this class were pretended.</p>"
    told = f"<h2>What was measured</h2><p>{escape(finding.answer)}</p><p>{escape(finding.told)}</p>"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(script.title)}'
        f"</title><style>{_STYLE}</style><h1>{escape(script.title)}</h1>"
        f"<p>{len(room.phones)} took part.</p>{pretends if any(room.phones.values()) else ''}"
        f"{''.join(parts)}{told if finding.answer else ''}</html>"
    )


def _polls(
    room: Room, finding: Finding
) -> list[tuple[int, str, list[tuple[str, bool | None, list[int]]]]]:
    assert room.script is not None
    found = []
    for number, poll in enumerate(room.script.polls):
        right = poll.right if number else finding.right
        counts = zip(room.counts(number, 0), room.counts(number, 1), strict=True)
        rows = [
            (words, None if right is None else option == right, list(pair))
            for option, (words, pair) in enumerate(zip(poll.options, counts, strict=True))
        ]
        found.append((number, poll.question, rows))
    return found


def _harmless(words: str) -> str:
    """A table program takes what begins so for a formula."""
    return f"'{words}" if words[:1] in "=+-@" else words


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.3rem .8rem .3rem 0}"
    "i{display:inline-block;height:.8em;background:#5b4bb5;margin-right:.5em}"
    ".right{font-weight:700;color:#1a7431}"
)
