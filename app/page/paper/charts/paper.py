"""Published tables beside ours: as HTML, as rows for download, and in a sentence."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from afn.pretrained.asked import figure_words
from afn.pretrained.claims import Claim, claims
from afn.pretrained.comparison import FEWEST_SEEDS, Verdict
from afn.pretrained.gains import Gain
from afn.pretrained.published import Table, TableName
from afn.pretrained.replication import COMPARISONS, PublishedDifference, Replicated
from afn.pretrained.ways import WAYS
from afn.settings.norms import NORM_TITLES
from afn.stats.over_seeds import OverSeeds
from afn.wording import count_words, fixed_words, half_width_words, signed_words

from ....kit.draw import table as draw
from ....kit.draw.chart import Rows
from ....kit.draw.palette import GREY, NORM_COLORS
from ....kit.draw.table import chip, dot, table, tag, td, th, tr

_MODES = {
    "bn": "running averages", "bn-batch": "test batch", "asrnorm": "each image",
    "bin": "running and image", "afn-running": "running averages", "afn": "test batch",
    "afn-off": "networks off", "afn-frozen": "networks frozen",
}  # fmt: skip
_NOT_PUBLISHED = '<span title="not published">·</span>'


# -- the table -------------------------------------------------------------------------------------


def table_html(table: Table, rows: Sequence[Replicated]) -> str:
    """Published figures above, ours below them, in every cell; verdicts come first."""
    ways = _ways(table)
    heads = [th(f"<b>{each.title}</b><small>{each.how}</small>", "gain") for each in COMPARISONS]
    heads += [
        th(
            f"{dot(NORM_COLORS[WAYS[way].norm])}<b>{NORM_TITLES[WAYS[way].norm]}</b>"
            f"<small>{_MODES[way]}</small>"
        )
        for way in ways
    ]
    corner = f'{_said("published, %")}<span class="here">here, %</span>'
    return draw.table(
        "afn-paper",
        [tr(th(corner), *heads)],
        [_row_html(table, each, ways) for each in rows],
        label=f"{table.title}: published and measured here",
    )


def _ways(table: Table) -> list[str]:
    return [name for name, way in WAYS.items() if way.norm in table.columns]


def _row_html(table: Table, row: Replicated, ways: Sequence[str]) -> str:
    note = f"<small>{escape(row.note)}</small>" if row.note else ""
    return tr(
        th(f"{escape(row.row.name)}{note}", scope="row"),
        *(_gain_html(table, row, each) for each in COMPARISONS),
        *(_accuracy_html(table, row, way) for way in ways),
        css="average" if row.row.name == "average" else "",
    )


def _accuracy_html(table: Table, row: Replicated, way: str) -> str:
    published = row.row.accuracies.get(WAYS[way].norm) if way in NORM_TITLES else None
    said = _NOT_PUBLISHED if published is None else f"{published:.{table.decimals}f}"
    measured = row.measured[way]
    here = accuracy_words(measured, row.half_widths[way]) if measured else ""
    return td(f"{_said(said)}{_here(here, measured)}")


def _gain_html(table: Table, row: Replicated, compared: PublishedDifference) -> str:
    points = row.published(compared.way, compared.over)
    told = _said(_NOT_PUBLISHED if points is None else signed_words(points, table.decimals))
    if row.is_planned:
        gain = row.gain(compared.way, compared.over)
        told += _here(gain_words(gain) if gain else "–", gain.differences if gain else None)
        if verdict := row.verdict(compared.way, compared.over):
            told += verdict_html(verdict)
        if gain and (words := power_words(gain, points, table.decimals)):
            told += f"<small>{words}</small>"
    return td(told, "gain")


def _said(words: str) -> str:
    return f'<span class="said">{words}</span>'


def _here(words: str, measured: OverSeeds | None) -> str:
    return tag("span", words, css="here", title=_by_seed(measured))


def _by_seed(measured: OverSeeds | None) -> str:
    if measured is None:
        return ""
    return ", ".join(f"seed {seed}: {fixed_words(value)}" for seed, value in measured.values)


def accuracy_words(measured: OverSeeds, half_width: float) -> str:
    """ "71.2 ± 1.4", in percent; with fewer than three seeds the mean alone."""
    has_interval = measured.n >= FEWEST_SEEDS
    spread = f"<small>± {half_width_words(half_width)}</small>" if has_interval else ""
    return f"{measured.mean:.1f}{spread}"


def gain_words(gain: Gain) -> str:
    """ "+2.1 (+0.7 to +3.5)", in points; with fewer than three seeds the mean alone.

    A dagger marks an interval that is not paired, since pairing by seed would not narrow it.
    """
    if gain.n < FEWEST_SEEDS:
        return f"{signed_words(gain.mean)} <small>({count_words(gain.n, 'seed')})</small>"
    return (
        f"{signed_words(gain.mean)} <small>({gain.bounds}){'' if gain.is_paired else ' †'}</small>"
    )


def power_words(gain: Gain, published: float | None, decimals: int = 1) -> str:
    """ "sees ±1.4; +0.9 takes 7 seeds"; empty with one seed, which cannot say."""
    if gain.n < 2:
        return ""
    sees = f"sees ±{gain.smallest_effect:.1f}"
    if not published:
        return sees
    seeds = gain.seeds_for(published)
    takes = f"takes {seeds} seeds" if seeds else "takes more images too"
    return f"{sees}; {signed_words(published, decimals)} {takes}"


# -- in words --------------------------------------------------------------------------------------


def table_reading(rows: Mapping[TableName, Sequence[Replicated]], name: TableName) -> str:
    """What of a table's published differences is found here, on average or in the one row."""
    found = [
        claim
        for each in COMPARISONS
        for claim in claims(rows, each)
        if claim.table == name and claim.gain
    ]
    if not found:
        return ""
    row = found[0].replicated
    where = "on average" if row.row.name == "average" else f"beside {row.row.name}"
    lead = ", ".join(filter(None, [where, row.condition]))
    told = "; ".join(map(_claim_words, found))
    return " ".join(filter(None, [row.refusal, f"{lead[0].upper()}{lead[1:]}, {told}."]))


def _claim_words(claim: Claim) -> str:
    gain = claim.gain
    assert gain is not None, "asked of what is measured"
    comparison = claim.comparison
    how = f", {comparison.how}" if comparison.over == "bn-batch" else ""
    return f"{comparison.title}{how}: {figure_words(gain)}, {claim.verdict}"


# -- for download ----------------------------------------------------------------------------------


def table_rows(table: Table, rows: Sequence[Replicated]) -> Rows:
    """A row per published row and contender: accuracies, then differences with their verdicts."""
    found: Rows = []
    for row in rows:
        for way in _ways(table):
            published = row.row.accuracies.get(WAYS[way].norm) if way in NORM_TITLES else None
            measured = row.measured[way]
            name = f"{NORM_TITLES[WAYS[way].norm]}, {_MODES[way]}"
            found.append(_record(table, row, name, published, measured, row.half_widths[way]))
        for each in COMPARISONS:
            gain, verdict = row.gain(each.way, each.over), row.verdict(each.way, each.over)
            found.append(
                _record(
                    table, row, f"{each.title}, {each.how}", row.published(each.way, each.over),
                    gain.differences if gain else None, gain.half_width if gain else math.inf,
                )
                | {
                    "paired": gain.is_paired if gain else None,
                    "smallest effect": round(gain.smallest_effect, 4)
                    if gain and gain.n > 1
                    else None,
                    "verdict": verdict or "" if row.is_planned else "not measured here",
                }
            )  # fmt: skip
    return found


def _record(
    table: Table,
    row: Replicated,
    what: str,
    published: float | None,
    measured: OverSeeds | None,
    half_width: float,
) -> dict[str, object]:
    has_interval = measured is not None and measured.n > 1
    return {
        "table": table.name, "row": row.row.name, "what": what, "published": published,
        "measured": round(measured.mean, 4) if measured else None,
        "low95": round(measured.mean - half_width, 4) if measured and has_interval else None,
        "high95": round(measured.mean + half_width, 4) if measured and has_interval else None,
        "seeds": measured.n if measured else 0, "by seed": _by_seed(measured),
        "tests": len(row.asks), "condition": row.condition, "paired": None, "smallest effect": None,
        "verdict": "",
    }  # fmt: skip


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


def verdict_html(verdict: Verdict) -> str:
    """A chip that says the verdict in words, and by sign and colour too."""
    glyph, color, css = LOOKS[verdict]
    return chip(glyph, verdict, color, css)


def protocol_html(
    published: Mapping[str, str], here: Mapping[str, str], aspects: Sequence[str]
) -> str:
    """What was done there and here, aspect by aspect."""
    body = [
        tr(
            th(escape(aspect), scope="row"),
            td(escape(published.get(aspect, "not stated"))),
            td(escape(here.get(aspect, "–"))),
        )
        for aspect in aspects
        if aspect in published or aspect in here
    ]
    return table("afn-protocol", [tr(th(""), th("published"), th("here"))], body)
