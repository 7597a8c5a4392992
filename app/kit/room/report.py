"""What a class did, to take along: counts alone, nothing of anybody."""

import csv as tables
import io
from collections.abc import Sequence
from datetime import datetime
from html import escape

from ..handout.document import Document
from ..handout.parts import Heading, Markup, Piece, Words
from ..markdown import plain
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
    told = [f"{len(room.phones)} took part."]
    if any(room.phones.values()):
        told.append("Some or all of this class were pretended.")
    parts: list[Piece] = [Words(markdown=" ".join(told))]
    for number, question, rows in _polls(room, finding):
        parts += [Heading(title=f"{number + 1}. {question}"), Markup(html=_bars(rows))]
    if finding.answer:
        parts.append(Heading(title="What was measured"))
        parts += [Words(markdown=plain(words)) for words in (finding.answer, finding.told)]
    date = f"{datetime.now().astimezone():%-d %B %Y}"
    return Document(title=script.title, parts=parts, date=date, is_plain=True).html()


def _bars(rows: Sequence[tuple[str, bool | None, list[int]]]) -> str:
    """Who voted for what, before and behind the discussion; what is right is bold and marked."""
    most = max((n for _, _, counts in rows for n in counts), default=0) or 1
    lines = "".join(
        f'<tr><th scope="row" style="font-weight:{700 if is_right else 400}">{escape(words)}'
        f"{' ✓' if is_right else ''}</th>"
        + "".join(
            f'<td><i style="{_BAR};width:{100 * n / most:.0f}px"></i> {n}</td>' for n in counts
        )
        + "</tr>"
        for words, is_right, counts in rows
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("option", *_ROUNDS))
    return (
        f'<div class="table"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
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


_BAR = "display:inline-block;height:.8em;background:var(--st-primary-color)"
