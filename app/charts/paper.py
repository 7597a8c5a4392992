"""Published tables beside ours: as HTML, as rows for download, and in a sentence."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from afn.over_seeds import OverSeeds
from afn.pretrained.comparison import VERDICTS, Verdict
from afn.pretrained.published import Norm, Table
from afn.pretrained.replication import WAYS, Replicated
from afn.wording import count_words, signed_words
from app.charts.chart import Rows, enumerate_words
from app.charts.palette import NORM_COLORS
from app.charts.verdicts import CHIPS, verdict_html

NORM_TITLES: dict[Norm, str] = {"bn": "BN", "asrnorm": "ASRNorm", "afn": "AFN", "bin": "BIN"}
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


@dataclass(frozen=True, slots=True)
class _Gain:
    """A column of differences: of one way over another."""

    way: Norm
    over: str
    title: str
    mode: str


_GAINS = (
    _Gain("afn", "bn", "AFN − BN", "as published"),
    _Gain("afn", "bn-batch", "AFN − BN", "both on the test batch"),
    _Gain("asrnorm", "bn", "ASRNorm − BN", "as published"),
)


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
        f'<th scope="col"><b>{gain.title}</b><small>{gain.mode}</small></th>' for gain in _GAINS
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
    cells += "".join(_gain_html(table, row, gain) for gain in _GAINS)
    return f'<tr{css}><th scope="row">{escape(row.row.name)}{note}</th>{cells}</tr>'


def _accuracy_html(table: Table, row: Replicated, way: str) -> str:
    published = row.row.accuracies.get(WAYS[way].norm) if way in NORM_TITLES else None
    said = _NOT_PUBLISHED if published is None else f"{published:.{table.decimals}f}"
    measured = row.measured[way]
    here = accuracy_words(measured) if measured else "–" if row.is_planned else ""
    return f'<td><span class="said">{said}</span>{_here(here, measured)}</td>'


def _gain_html(table: Table, row: Replicated, gain: _Gain) -> str:
    points = row.row.gain(gain.way)
    said = _NOT_PUBLISHED if points is None else signed_words(points, table.decimals)
    if not row.is_planned:
        ours = "<small>not measured here</small>"
    else:
        measured, verdict = row.gain(gain.way, gain.over), row.verdict(gain.way, gain.over)
        ours = _here(gain_words(measured) if measured else "–", measured)
        ours += verdict_html(verdict) if verdict else ""
    return f'<td class="gain"><span class="said">{said}</span>{ours}</td>'


def _here(words: str, measured: OverSeeds | None) -> str:
    return f'<span class="here" title="{_by_seed(measured)}">{words}</span>'


def _by_seed(measured: OverSeeds | None) -> str:
    if measured is None:
        return ""
    return ", ".join(
        f"seed {seed}: {value:.2f}".replace("-", "−") for seed, value in measured.values
    )


def accuracy_words(measured: OverSeeds) -> str:
    """ "71.2 ± 1.4", in percent; without an interval where one seed was measured."""
    spread = f"<small>± {measured.half_width:.1f}</small>" if measured.n > 1 else ""
    return f"{measured.mean:.1f}{spread}"


def gain_words(measured: OverSeeds) -> str:
    """ "+2.1 (+0.7 to +3.5)", in points; without an interval where one seed was measured."""
    if measured.n == 1:
        return signed_words(measured.mean)
    bounds = f"{signed_words(measured.low)} to {signed_words(measured.high)}"
    return f"{signed_words(measured.mean)} <small>({bounds})</small>"


# -- in words --------------------------------------------------------------------------------------


def verdicts_of(rows: Sequence[Replicated], way: Norm = "afn", over: str = "bn") -> list[Verdict]:
    """The verdicts of the rows that are measured here, or will be."""
    found = [row.verdict(way, over) for row in rows if row.is_planned]
    return [each for each in found if each]


def table_reading(rows: Sequence[Replicated]) -> str:
    """What of the published gains over BN is found here: as published, and on equal statistics."""
    if not any(row.is_planned for row in rows):
        return "None of these rows is measured here."
    parts = [
        _tally_words("AFN over BN, as published", rows, "afn", "bn"),
        _tally_words("With both on the test batch", rows, "afn", "bn-batch"),
        _tally_words("ASRNorm over BN", rows, "asrnorm", "bn"),
    ]
    if not any(parts):
        return "BN and a rival are not both measured yet; the command below makes what is lacking."
    return " ".join(part for part in parts if part)


def _tally_words(what: str, rows: Sequence[Replicated], way: Norm, over: str) -> str:
    verdicts = [(row, row.verdict(way, over)) for row in rows if row.is_planned]
    planned = [(row, verdict) for row, verdict in verdicts if verdict]
    counts = Counter(verdict for _, verdict in planned)
    if counts["not measured yet"] == len(planned):
        return ""
    words = []
    for verdict in VERDICTS:
        if not counts[verdict]:
            continue
        said = f"{verdict} in {counts[verdict]}"
        if verdict == "one seed only":
            gains = [row.gain(way, over) for row, each in planned if each == verdict]
            above = sum(gain.mean > 0 for gain in gains if gain)
            said += f", {above} of them above BN"
        words.append(said)
    return f"{what}, of {count_words(len(planned), 'row')}: {enumerate_words(words)}."


# -- for download ----------------------------------------------------------------------------------


def table_rows(table: Table, rows: Sequence[Replicated]) -> Rows:
    """A row per published row and contender: accuracies, then differences with their verdicts."""
    found: Rows = []
    for row in rows:
        for way in _ways(table):
            published = row.row.accuracies.get(WAYS[way].norm) if way in NORM_TITLES else None
            measured = row.measured[way]
            name = f"{NORM_TITLES[WAYS[way].norm]}, {_MODES[way]}"
            found.append(_record(table, row, name, published, measured, ""))
        for gain in _GAINS:
            verdict = row.verdict(gain.way, gain.over) if row.is_planned else None
            found.append(
                _record(
                    table, row, f"{gain.title}, {gain.mode}", row.row.gain(gain.way),
                    row.gain(gain.way, gain.over), verdict or "",
                )
            )  # fmt: skip
    return found


def _record(
    table: Table,
    row: Replicated,
    what: str,
    published: float | None,
    measured: OverSeeds | None,
    verdict: str,
) -> dict[str, object]:
    has_interval = measured is not None and measured.n > 1
    return {
        "table": table.name,
        "row": row.row.name,
        "what": what,
        "published": published,
        "measured": round(measured.mean, 4) if measured else None,
        "low95": round(measured.low, 4) if measured and has_interval else None,
        "high95": round(measured.high, 4) if measured and has_interval else None,
        "seeds": measured.n if measured else 0,
        "by seed": _by_seed(measured),
        "tests": len(row.asks),
        "verdict": verdict if row.is_planned else "not measured here",
    }
