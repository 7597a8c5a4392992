"""One HTML file that says what a screen says, wherever it is opened: nothing is loaded for it.

It holds the words, tables and figures of a page, the way back to it and the licence.
Figures of Plotly are drawn by the Plotly that is installed, the app's own ones by its own scripts,
both packed into the file; a policy in its head forbids the browser to ask anybody for anything.
"""

import base64
import html
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from afn import __version__
from afn.wording import number_words

from ..folders import STATIC
from ..markdown import plain
from . import scripts
from .parts import Drawing, Folded, Heading, Markup, Piece, Plot, Records, Words
from .text import to_html

_LICENCE = Path(__file__).parents[3] / "LICENSE"
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline' data:; "
    "img-src data: blob:; font-src data:; connect-src data:"
)
_LOOK = STATIC.parent / "look.css"
_OWN = (
    "style.css",
    "handout.js",
)
"""Of `app/static/handout`: how it looks, and what brings figures to life."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """What is handed out.

    Example:
        >>> made = Document(title="λ", parts=[Words(markdown="It **moves**.")], date="2026-11-29")
        >>> "<strong>moves</strong>" in made.html()
        True
    """

    title: str
    """Plain text."""
    parts: Sequence[Piece]
    date: str
    """When it was made, in words."""
    link: str = ""
    """The screen's address; empty where nobody has one."""
    is_plain: bool = False
    """Whether it needs no style of the app's tables."""

    def html(self) -> str:
        """The file. Equal parts and dates make equal files."""
        made = _Making(base=self.link if self.link.startswith(("http://", "https://")) else "")
        body = made.all(_said(self.parts))
        look, font = ("", "") if self.is_plain else (_LOOK.read_text(), scripts.letters())
        style, script = ((STATIC / "handout" / name).read_text() for name in _OWN)
        packed, drawer = scripts.plotly(frozenset(made.traces)) if made.traces else ("", "")
        look = re.sub(r"</?style>", "", look)
        return "\n".join(
            [
                '<!doctype html><html lang="en"><head><meta charset="utf-8">',
                f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                '<meta name="color-scheme" content="light dark">',
                f"<title>{html.escape(self.title)}</title><style>{font}{look}\n{style}</style></head>",
                f"<body><main><header><h1>{html.escape(self.title)}</h1>{self._origin(made.base)}",
                f"</header>{body}</main>{_footer(drawer, has_font=bool(font))}",
                _data("afn-files", made.files) if made.drawings else "",
                _data("afn-figures", made.figures) if made.figures else "",
                f'<script type="text/plain" id="afn-plotly">{packed}</script>' if packed else "",
                f"<script>{script}</script>" if made.figures else "",
                "</body></html>",
            ]
        )

    def _origin(self, base: str) -> str:
        name = f"AFN playground {__version__}"
        link = (
            f'<a href="{html.escape(base)}">The screen that this was taken from</a>' if base else ""
        )
        told = f"{html.escape(name)} · {html.escape(self.date)}"
        return f'<p class="small">{told}{f" · {link}" if link else ""}</p>'


def _said(parts: Iterable[Piece]) -> list[Piece]:
    """The parts without headings below which nothing stands."""
    found: list[Piece] = []
    for part in [*parts, None]:
        while isinstance(part, Heading | None) and found and isinstance(found[-1], Heading):
            if part is not None and part.is_part and not found[-1].is_part:
                break  # a part of that section
            found.pop()
        if part is not None:
            found.append(part)
    return found


class _Making:
    """The body as it comes about, and what its figures need."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.figures: list[dict[str, Any]] = []
        self.files: dict[str, str] = {}
        self.drawings: set[str] = set()
        self.traces: set[str] = set()

    def all(self, parts: Iterable[Piece]) -> str:
        """All of these, those of one section in one."""
        return "\n".join(filter(None, map(self.one, parts)))

    def one(self, part: Piece) -> str:
        """One of them."""
        match part:
            case Heading():
                tag = "h3" if part.is_part else "h2"
                title = html.escape(part.title)
                about = part.about and _details(f"About “{title}”", to_html(part.about, self.base))
                return f"<{tag}>{title}</{tag}>{about}"
            case Words():
                css = "words small" if part.is_small else "words"
                return f'<div class="{css}">{to_html(part.markdown, self.base)}</div>'
            case Markup():
                return f'<div class="markup">{part.html}</div>'
            case Records():
                return _records(part)
            case Plot():
                return self._plot(part)
            case Drawing():
                return self._drawing(part)
            case Folded():
                inner = self.all(part.parts)
                return _details(_line(part.line), inner, reveals=part.reveals)

    def _plot(self, part: Plot) -> str:
        steps = part.steps() if part.steps else ()
        frames = [_bare(each.figure) for each in steps] or [_bare(part.figure)]
        self.traces |= {trace.get("type", "scatter") for frame in frames for trace in frame["data"]}
        entry: dict[str, Any] = {"kind": "plot", "frames": frames}
        if len(steps) > 1:
            entry |= {"names": [each.name for each in steps],
                      "words": [each.words for each in steps]}  # fmt: skip
            entry["at"] = entry["names"].index(part.at) if part.at else len(steps) - 1
        elif part.replays:
            entry["replays"] = True
        height = max(int(frame["layout"].get("height") or 0) for frame in frames) or 360
        slot = f'<div class="plot" style="min-height:{height}px"></div>'
        return self._figure(entry, slot, part.about, part.words, is_told=part.is_told)

    def _drawing(self, part: Drawing) -> str:
        data = part.data()
        if data is None:
            return ""
        if part.needs_plotly:
            self.traces.add("scatter")
        self.drawings.add(part.script)
        self.files |= scripts.files_of(part.script)
        for name in part.files:
            self.files[name] = (STATIC / name).read_text()
        entry = {"kind": "drawing", "script": part.script, "data": data, "asks": part.asks,
                 "needsPlotly": part.needs_plotly}  # fmt: skip
        return self._figure(entry, f'<div class="{part.css}"></div>', part.title, part.words)

    def _figure(
        self, entry: dict[str, Any], slot: str, title: str, words: str, *, is_told: bool = False
    ) -> str:
        number = len(self.figures)
        self.figures.append(entry | {"said": f"{title}. {words}" if title else words})
        head = f'<p class="title">{_line(plain(title))}</p>' if title else ""
        said = f"<figcaption>{_line(plain(words))}</figcaption>" if words and not is_told else ""
        return f'<figure data-figure="{number}">{head}{slot}{said}</figure>'


def _line(markdown: str) -> str:
    """Markdown within a line."""
    return to_html(markdown).removeprefix("<p>").removesuffix("</p>")


def _bare(figure: Any) -> dict[str, Any]:
    """A figure of Plotly as plain values, without the look of any page."""
    made: dict[str, Any] = json.loads(figure.to_json())
    made.get("layout", {}).pop("template", None)
    return {"data": _unpacked(made.get("data", [])), "layout": made.get("layout", {})}


def _unpacked(value: Any) -> Any:
    """The same with numbers that Plotly has packed as lists, in as many digits as they have."""
    if isinstance(value, list):
        return [_unpacked(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "bdata" not in value:
        return {name: _unpacked(each) for name, each in value.items()}
    numbers = np.frombuffer(base64.b64decode(value["bdata"]), np.dtype(value["dtype"]))
    if "shape" in value:
        numbers = numbers.reshape([int(size) for size in str(value["shape"]).split(",")])
    return _finite(numbers.tolist(), 7 if numbers.dtype.itemsize < 8 else 15)


def _finite(value: Any, digits: int) -> Any:
    if isinstance(value, list):
        return [_finite(each, digits) for each in value]
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    return value


def _details(line: str, inner: str, *, reveals: bool = False) -> str:
    told = " data-reveals" if reveals else ""
    return f"<details{told}><summary>{line}</summary><div>{inner}</div></details>"


def _framed(label: str, rows: str) -> str:
    """A table that scrolls by itself, also by keyboard."""
    return (
        f'<div class="table" role="region" tabindex="0" aria-label="{html.escape(label)}">'
        f"<table>{rows}</table></div>"
    )


def _records(part: Records) -> str:
    if not part.rows:
        return ""
    css = {
        name: ' class="number"' if all(_is_number(row.get(name)) for row in part.rows) else ""
        for name in part.rows[0]
    }
    heads = "".join(
        f'<th scope="col"{kind}>{html.escape(f"{name}")}</th>' for name, kind in css.items()
    )
    lines = (
        "".join(f"<td{css[name]}>{html.escape(_cell(value))}</td>" for name, value in row.items())
        for row in part.rows
    )
    rows = "".join(f"<tr>{line}</tr>" for line in lines)
    title = f"<p class='title'>{html.escape(part.title)}</p>" if part.title else ""
    body = f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>"
    return title + _framed(part.title or "Table", body)


def _cell(value: Any) -> str:
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, np.generic):
        value = value.item()
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return number_words(value, 4)
    return f"{value}"


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return value is None or is_real


def _data(name: str, value: Any) -> str:
    """Values for a script; nothing in them can end its element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    safe = text.replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{safe}</script>'


def _footer(drawer: str, *, has_font: bool) -> str:
    text = _LICENCE.read_text() if _LICENCE.exists() else "MIT licence"
    drawn = (
        f" Figures are drawn by {drawer}, © Plotly, Inc., under the same licence." if drawer else ""
    )
    if has_font:
        drawn += " The font is Source Sans, © Adobe, under the SIL Open Font License 1.1."
    paragraphs = "".join(f"<p>{html.escape(each)}</p>" for each in text.strip().split("\n\n"))
    return f"<footer><p>MIT licence.{drawn}</p>{_details('The licence', paragraphs)}</footer>"
