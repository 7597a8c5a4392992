"""Answers of models that never were: cells and grids of 100 images, and a reader of tables."""

from html.parser import HTMLParser

from afn.ask.records import Cell
from app.kit.draw.estimates import Tested as Model

N = 100
LABELS = bytes(i % 10 for i in range(N))


def cell(right, corruption=None, severity=0, *, source=None, wrong=()):
    """Right on the first so many of 100 images, but for those named."""
    hits = [i < right and i not in wrong for i in range(N)]
    return Cell(
        corruption=corruption, severity=severity, loss=0.5,
        source=source or ("generated" if corruption else "clean"),
        answers=bytes(c if hit else (c + 1) % 10 for c, hit in zip(LABELS, hits, strict=True)),
        confidences=bytes([204] * N), labels=LABELS,
    )  # fmt: skip


def grid(clean=95, **rights):
    """Cells by place: ``fog=80`` is right on 80 images at every severity, a list says each."""
    cells = [cell(clean)]
    for name, right in rights.items():
        per_severity = right if isinstance(right, list) else [right] * 5
        cells += [cell(r, name, s) for s, r in enumerate(per_severity, 1) if r is not None]
    return {each.place: each for each in cells}


def answered(label, cells):
    return Model(label, "#2B7FC4", "bn", "running", cells)


class Table(HTMLParser):
    """Rows of (tag, attributes, text) of the cells of a table."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.open = [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        self.open = tag in ("td", "th") or (self.open and tag not in ("tr", "caption"))
        if tag in ("td", "th"):
            self.rows[-1].append([tag, dict(attrs), ""])

    def handle_endtag(self, tag):
        self.open = self.open and tag not in ("td", "th")

    def handle_data(self, data):
        if self.open and self.rows and self.rows[-1]:
            self.rows[-1][-1][2] += data

    def row(self, name):
        return next(row for row in self.rows if row[0][2] == name)
