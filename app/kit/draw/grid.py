"""A model's answers under every corruption at every severity, as a table in colours."""

from collections.abc import Iterable, Sequence
from html import escape

from afn.ask.records import STANDARD, Cell, Place
from afn.corruptions.applying import left_out_words
from afn.corruptions.severities import GROUPS
from afn.corruptions.severities import SEVERITIES as CORRUPTIONS
from afn.wording import count_words, difference_words

from .chart import Rows
from .corruptions import CLEAN, group_title
from .estimates import (
    SEVERITIES,
    accuracy_over,
    accuracy_words,
    gain_over,
    interval_words,
    is_alike,
    place_title,
    signed,
    take,
)
from .heat import FULL, diverging, heat
from .tested import Tested

FADED_TEXT = 78
"""Per cent of the text's colour where a difference may be chance."""

STYLE = f"""
<style>
.afn-grid {{width:100%; table-layout:fixed; border-collapse:separate; border-spacing:1px;
  font-size:.8rem; line-height:1; font-variant-numeric:tabular-nums; margin:0;}}
.afn-grid caption {{text-align:left; font-size:.9rem; line-height:1.35; padding:0 0 .4rem;}}
.afn-grid caption b {{font-weight:600;}}
.afn-grid caption i {{display:inline-block; width:.65rem; height:.65rem; border-radius:50%;
  background:var(--hue); margin-right:.4rem;}}
.afn-grid caption span {{opacity:.75; font-size:.8rem;}}
.afn-grid :is(th, td) {{border:0; padding:0; height:1.45rem; text-align:center;
  font-weight:400; overflow:hidden; white-space:nowrap;}}
.afn-grid col:first-child {{width:36%;}}
.afn-grid tbody th[scope=row] {{text-align:left; text-overflow:ellipsis; padding-right:.3rem;}}
.afn-grid th small {{opacity:.75; font-size:.65rem; margin-left:.3rem;}}
.afn-grid :is(thead th, th[scope=rowgroup]) {{opacity:.75; font-size:.7rem;}}
.afn-grid th[scope=rowgroup] {{text-align:left; vertical-align:bottom; height:1.3rem;
  padding-bottom:.2rem; letter-spacing:.05em;
  border-top:1px solid color-mix(in srgb, currentColor 25%, transparent);}}
.afn-grid td {{border-radius:3px; cursor:default;}}
.afn-grid :is(td.unknown, td.left-out) {{
  background:color-mix(in srgb, currentColor 4%, transparent);
  color:color-mix(in srgb, currentColor 45%, transparent);}}
.afn-grid td.clear {{font-weight:700;}}
.afn-grid td.chance {{color:color-mix(in srgb, currentColor {FADED_TEXT}%, transparent);}}
.afn-grid tbody + tbody::before {{content:""; display:table-row; height:.2rem;}}
.afn-grid :is(td, th).mean {{border-left:3px solid transparent; background-clip:padding-box;}}
.afn-scale {{display:flex; flex-wrap:wrap; align-items:center; gap:.2rem .5rem; font-size:.8rem;
  line-height:1.5;}}
.afn-scale i {{display:inline-block; width:8rem; height:.7rem; border-radius:3px;}}
.afn-scale em {{font-style:normal; opacity:.75; margin-left:.4rem;}}
</style>
"""


def heatmap_html(
    tested: Tested, corruptions: Sequence[str], *, baseline: Tested | None = None
) -> str:
    """A row per corruption, a column per severity and their mean; clean images on top.

    Args:
        tested: Whose accuracy is shown, in per cent. What is not known yet keeps its place.
        corruptions: Which rows.
        baseline: With one, what is shown is the difference to it in percentage points; bold where
            its paired 95 % interval excludes 0, faded where not.
    """
    header = "".join(
        f'<th scope="col" title="severity {severity}">{severity}</th>' for severity in SEVERITIES
    )
    clean = _cell(tested, [(None, 0)], CLEAN, baseline, span=len(SEVERITIES) + 1)
    bodies = "".join(
        f'<tbody><tr><th scope="rowgroup" colspan="{len(SEVERITIES) + 2}">{group}</th></tr>'
        + "".join(_row(tested, corruption, baseline) for corruption in members)
        + "</tbody>"
        for group, members in _grouped(corruptions)
    )
    columns = "<col>" * (len(SEVERITIES) + 2)
    return (
        f'{STYLE}<table class="afn-grid"><caption>{_caption(tested, baseline)}</caption>'
        f'<colgroup>{columns}</colgroup><thead><tr><th scope="col" style="text-align:left">'
        f'severity</th>{header}<th scope="col" class="mean">mean</th></tr></thead>'
        f'<tbody><tr><th scope="row">{CLEAN}</th>{clean}</tr></tbody>{bodies}</table>'
    )


def scale_html(baseline: Tested | None = None) -> str:
    """What the colours of such tables mean; the same in every table."""
    if baseline is None:
        stops = [_shade(step / 8) for step in range(9)]
        left, right, note = "0 %", "100 %", "accuracy"
    else:
        stops = [diverging(FULL * step / 4) for step in range(-4, 5)]
        left, right = signed(-FULL / 100), f"{signed(FULL / 100)} points and beyond"
        note = (
            f"over {escape(baseline.label)}; bold where the paired 95 % interval excludes 0, "
            "faded where it may be chance"
        )
    return (
        f'{STYLE}<div class="afn-scale">{left}'
        f'<i style="background:linear-gradient(90deg, {", ".join(stops)})"></i>'
        f"{right}<em>{note}</em></div>"
    )


def _grouped(corruptions: Iterable[str]) -> list[tuple[str, list[str]]]:
    asked = in_order(corruptions)
    groups = {group: [name for name in asked if name in names] for group, names in GROUPS.items()}
    groups["other"] = [name for name in asked if name not in CORRUPTIONS]
    return [(group, names) for group, names in groups.items() if names]


def in_order(corruptions: Iterable[str]) -> list[str]:
    """The standard fifteen kind by kind, then the extra four, then any others."""
    asked = list(corruptions)
    kinds = [name for names in GROUPS.values() for name in names]
    return [name for name in dict.fromkeys((*STANDARD, *kinds, *asked)) if name in asked]


def _caption(tested: Tested, baseline: Tested | None) -> str:
    over = f" minus {escape(baseline.label)}, points" if baseline else ", accuracy in %"
    return (
        f'<i style="--hue:{escape(tested.color)}"></i><b>{escape(tested.label)}</b>{over}<br>'
        f"<span>statistics: {escape(tested.told_statistics)}</span>"
    )


def _row(tested: Tested, corruption: str, baseline: Tested | None) -> str:
    places: list[Place] = [(corruption, severity) for severity in SEVERITIES]
    title = group_title(corruption)
    cells = "".join(_cell(tested, [place], place_title(place), baseline) for place in places)
    mean = _cell(tested, places, f"{title}, mean of the five severities", baseline, css="mean")
    told = head = escape(title)
    if corruption in CORRUPTIONS and corruption not in STANDARD:
        told, head = f"{title}, which mCE leaves out", f"{title}<small>extra</small>"
    return f'<tr><th scope="row" title="{told}">{head}</th>{cells}{mean}</tr>'


def _cell(
    tested: Tested,
    places: Sequence[Place],
    title: str,
    baseline: Tested | None,
    css: str = "",
    span: int = 1,
) -> str:
    if reasons := [tested.left_out[place] for place in places if place in tested.left_out]:
        places = [place for place in places if place not in tested.left_out]
        if not places:
            return _td("–", f"{title}: {left_out_words(reasons)}", f"{css} left-out", span)
    cells = [tested.cells[place] for place in places if place in tested.cells]
    missing = len(cells) < len(places)
    if missing or (baseline is not None and not _is_alike(cells, baseline)):
        whom = tested.label if missing or baseline is None else baseline.label
        words = f"{title}: {whom} is not tested on these images yet"
        return _td("·", words, f"{css} unknown", span)
    accuracy = accuracy_over(cells)
    images = f"{count_words(cells[0].n, 'image')}, {cells[0].told_source}"
    if baseline is None:
        words = f"{title}: {accuracy_words(accuracy)}, {images}"
        return _td(f"{100 * accuracy.value:.0f}", words, css, span, _shade(accuracy.value))
    others = take(baseline.cells, places)
    gain = gain_over(cells, others)
    theirs = accuracy_over(others)
    own, other, difference = difference_words(accuracy.value, theirs.value)
    words = (
        f"{title}: {difference} points ({interval_words(gain)}) over {baseline.label}, {own} "
        f"({interval_words(accuracy)}) beside {other} ({interval_words(theirs)}), {images}"
    )
    certainty, strength = ("clear", 100) if gain.is_clear else ("chance", 40)
    background = diverging(strength * gain.value)
    return _td(signed(gain.value), words, f"{css} {certainty}", span, background)


def _is_alike(cells: Sequence[Cell], baseline: Tested) -> bool:
    others = baseline.cells
    return all(cell.place in others and is_alike(cell, others[cell.place]) for cell in cells)


def _td(text: str, title: str, css: str, span: int, background: str = "") -> str:
    style = f' style="background:{background}"' if background else ""
    colspan = f' colspan="{span}"' if span > 1 else ""
    return f'<td class="{css.strip()}"{colspan}{style} title="{escape(title)}">{text}</td>'


def _shade(accuracy: float) -> str:
    """Cubed, for most models differ where accuracies are high."""
    return heat(accuracy**3)


def grid_table(tested: Sequence[Tested]) -> Rows:
    """Every known cell of every model, in long form."""
    return [
        {
            "model": each.label,
            "norm": each.norm,
            "statistics": each.statistics,
            "corruption": cell.corruption or CLEAN,
            "severity": cell.severity,
            "source": cell.source,
            "rule": cell.rule,
            "n": cell.n,
            "correct": cell.correct,
            "accuracy": cell.accuracy,
            "low95": accuracy.low,
            "high95": accuracy.high,
            "loss": cell.loss,
        }
        for each in tested
        for cell in each.cells.values()
        for accuracy in [accuracy_over([cell])]
    ]
