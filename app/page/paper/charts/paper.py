"""Published tables beside ours: as HTML, as rows for download, and in a sentence."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from afn.pretrained.claims import Claim, claims
from afn.pretrained.comparison import FEWEST_SEEDS
from afn.pretrained.gains import Gain
from afn.pretrained.published import PublishedNorm, Table, TableName
from afn.pretrained.replication import COMPARISONS, PublishedDifference, Replicated
from afn.pretrained.ways import WAYS
from afn.stats.over_seeds import OverSeeds
from afn.wording import count_words, half_width_words, interval_words, signed_words

from ....kit.draw.chart import Rows
from ....kit.draw.palette import NORM_COLORS
from .verdicts import CHIPS, verdict_html

NORM_TITLES: dict[PublishedNorm, str] = {
    "bn": "BN",
    "asrnorm": "ASRNorm",
    "afn": "AFN",
    "bin": "BIN",
}
_MODES = {
    "bn": "running averages", "bn-batch": "test batch", "asrnorm": "each image",
    "bin": "running and image", "afn-running": "running averages", "afn": "test batch",
    "afn-off": "networks off", "afn-frozen": "networks frozen",
}  # fmt: skip
_NOT_PUBLISHED = '<span title="not published">·</span>'
_STYLE = """
<style>
.afn-paper {overflow-x:auto; margin:0 0 .3rem;}
.afn-paper table {border-collapse:separate; border-spacing:0; font-size:.88rem; line-height:1.35;
  width:100%; min-width:67rem; font-variant-numeric:tabular-nums; margin:0;}
.afn-paper :is(th, td) {border:0; padding:.4rem .45rem; text-align:right; vertical-align:top;
  font-weight:400;}
.afn-paper thead th {font-size:.8rem; vertical-align:bottom; white-space:nowrap;}
.afn-paper thead b {font-weight:600; font-size:.88rem;}
.afn-paper thead i {display:inline-block; width:.6rem; height:.6rem; border-radius:50%;
  background:var(--hue); margin-right:.3rem;}
.afn-paper tbody :is(th, td) {border-top:1px solid
  color-mix(in srgb, currentColor 18%, transparent);}
.afn-paper tbody tr.average :is(th, td) {border-top-width:2px;}
.afn-paper :is(th, td):first-child {text-align:left; padding-left:0; position:sticky; left:0;
  z-index:1; min-width:6.2rem; max-width:9rem;}
.afn-paper tbody th {font-weight:600;}
/* What slides below the first column must not shine through it: the page's own background. */
[data-testid=stApp] details:has(.afn-paper)::details-content {background-color:inherit;}
[data-testid=stApp] :has(.afn-paper), .afn-paper, .afn-paper :is(table, thead, tbody, tr,
  th:first-child) {background-color:inherit;}
.afn-paper small {display:block; font-size:.75rem; font-weight:400; opacity:.75;}
.afn-paper .said {display:block; opacity:.72;}
.afn-paper .here {display:block; font-weight:600;}
.afn-paper .here small {display:inline; margin-left:.15rem; white-space:nowrap;}
.afn-paper td.gain {border-left:1px solid color-mix(in srgb, currentColor 12%, transparent);}
.afn-paper .key {font-size:.8rem; opacity:.8;}
</style>
"""


# -- the table -------------------------------------------------------------------------------------


def table_html(table: Table, rows: Sequence[Replicated]) -> str:
    """Published figures above, ours below them, in every cell."""
    ways = _ways(table)
    head = "".join(
        f'<th scope="col"><i style="--hue:{NORM_COLORS[WAYS[way].norm]}"></i>'
        f"<b>{NORM_TITLES[WAYS[way].norm]}</b><small>{_MODES[way]}</small></th>"
        for way in ways
    )
    head += "".join(
        f'<th scope="col"><b>{each.title}</b><small>{each.how}</small></th>' for each in COMPARISONS
    )
    body = "".join(_row_html(table, row, ways) for row in rows)
    label = escape(f"{table.title}: published and measured here")
    return (
        f'{_STYLE}{CHIPS}<div class="afn-paper" role="region" tabindex="0" aria-label="{label}">'
        f'<table><thead><tr><th scope="col">'
        f'<span class="said">published, %</span><span class="here">here, %</span></th>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _ways(table: Table) -> list[str]:
    return [name for name, way in WAYS.items() if way.norm in table.columns]


def _row_html(table: Table, row: Replicated, ways: Sequence[str]) -> str:
    note = f"<small>{escape(row.note)}</small>" if row.note else ""
    css = ' class="average"' if row.row.name == "average" else ""
    cells = "".join(_accuracy_html(table, row, way) for way in ways)
    cells += "".join(_gain_html(table, row, each) for each in COMPARISONS)
    return f'<tr{css}><th scope="row">{escape(row.row.name)}{note}</th>{cells}</tr>'


def _accuracy_html(table: Table, row: Replicated, way: str) -> str:
    published = row.row.accuracies.get(WAYS[way].norm) if way in NORM_TITLES else None
    said = _NOT_PUBLISHED if published is None else f"{published:.{table.decimals}f}"
    measured = row.measured[way]
    here = accuracy_words(measured, row.half_widths[way]) if measured else ""
    return f'<td><span class="said">{said}</span>{_here(here, measured)}</td>'


def _gain_html(table: Table, row: Replicated, compared: PublishedDifference) -> str:
    points = row.published(compared.way, compared.over)
    said = _NOT_PUBLISHED if points is None else signed_words(points, table.decimals)
    if not row.is_planned:
        return f'<td class="gain"><span class="said">{said}</span></td>'
    gain = row.gain(compared.way, compared.over)
    verdict = row.verdict(compared.way, compared.over)
    ours = _here(gain_words(gain) if gain else "–", gain.differences if gain else None)
    ours += verdict_html(verdict) if verdict else ""
    if gain and (words := power_words(gain, points, table.decimals)):
        ours += f"<small>{words}</small>"
    return f'<td class="gain"><span class="said">{said}</span>{ours}</td>'


def _here(words: str, measured: OverSeeds | None) -> str:
    return f'<span class="here" title="{_by_seed(measured)}">{words}</span>'


def _by_seed(measured: OverSeeds | None) -> str:
    if measured is None:
        return ""
    return ", ".join(
        f"seed {seed}: {value:.2f}".replace("-", "−") for seed, value in measured.values
    )


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
    bounds = interval_words(gain.mean, gain.low, gain.high, of="seed", is_signed=True)
    return f"{signed_words(gain.mean)} <small>({bounds}){'' if gain.is_paired else ' †'}</small>"


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
    figure = f"{comparison.title}{how}: {signed_words(gain.mean)}"
    if gain.n >= FEWEST_SEEDS:
        figure += f" ({interval_words(gain.mean, gain.low, gain.high, of='seed', is_signed=True)})"
    return f"{figure}, {claim.verdict}"


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
        "table": table.name,
        "row": row.row.name,
        "what": what,
        "published": published,
        "measured": round(measured.mean, 4) if measured else None,
        "low95": round(measured.mean - half_width, 4) if measured and has_interval else None,
        "high95": round(measured.mean + half_width, 4) if measured and has_interval else None,
        "seeds": measured.n if measured else 0,
        "by seed": _by_seed(measured),
        "tests": len(row.asks),
        "condition": row.condition,
        "paired": None,
        "smallest effect": None,
        "verdict": "",
    }
