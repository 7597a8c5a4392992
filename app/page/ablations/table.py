"""A sweep's results in words and as a table: what stands out from the noise of the seeds."""

from collections import Counter
from html import escape

from afn.stats.over_seeds import OverSeeds
from afn.sweep.plan import Point
from afn.sweep.table import Metric
from afn.wording import half_width_words

from ...kit.draw.chart import Rows, enumerate_words
from ...kit.draw.heat import LESS, MORE
from ...kit.draw.palette import GREY
from ...kit.results import Badge, SweepResults, badge
from .charts import pareto_points
from .drawn import Drawn, axis_title, figure_words, number, point_words

_STYLE = """
<style>
.afn-ablation {overflow-x:auto;}
.afn-ablation table {border-collapse:collapse; width:100%; font-size:.86rem;
  font-variant-numeric:tabular-nums;}
.afn-ablation :is(th, td) {border:0; padding:.3rem .7rem .3rem 0; text-align:left;
  vertical-align:top; font-weight:400;}
.afn-ablation thead th {font-size:.8rem; opacity:.75;}
.afn-ablation tbody tr {border-top:1px solid color-mix(in srgb, currentColor 15%, transparent);}
.afn-ablation :is(td, th).number {text-align:right; white-space:nowrap;}
.afn-ablation small {opacity:.75; margin-inline-start:.3rem;}
.afn-badge {display:inline-block; white-space:nowrap; font-size:.76rem; font-weight:600;
  line-height:1.5; padding:0 .45rem; border-radius:.7rem; border:1px solid var(--hue);
  background:color-mix(in srgb, var(--hue) 16%, transparent);}
.afn-ablation tr.faint .afn-badge {font-weight:400;}
</style>
"""
BADGES: dict[Badge, tuple[str, str]] = {
    "better": ("↑", MORE),
    "worse": ("↓", LESS),
    "within seed noise": ("≈", GREY),
    "too few seeds": ("?", "#6B5CC4"),
}


def reading(drawn: Drawn) -> str:
    """Which setting is best, and how many differences to the baseline can be told from noise."""
    known = [(p, drawn.figures[p]) for p in drawn.results.points if p in drawn.figures]
    if not known:
        return "No run has this figure yet."
    sign = 1 if drawn.metric.more_is_better else -1
    best, figure = max(known, key=lambda pair: sign * pair[1].mean)
    superlative = "Highest" if drawn.metric.more_is_better else "Lowest"
    words = [
        f"{superlative} {drawn.metric.title}: {figure_words(figure, drawn.metric.unit)} with "
        f"{point_words(best)}."
    ]
    gains = [gain for point, _ in known if (gain := drawn.gain(point))]
    badges = Counter(badge(gain, more_is_better=drawn.metric.more_is_better) for gain in gains)
    if len(gains) == 1:
        [told] = badges
        words.append(f"Against {drawn.layout.baseline}, the one other setting: {told}.")
    elif gains:
        told = enumerate_words([f"{name} in {badges[name]}" for name in BADGES if badges[name]])
        words.append(f"Against {drawn.layout.baseline}, of {len(gains)} settings: {told}.")
    return " ".join(words)


def pareto_reading(results: SweepResults, metric: Metric) -> str:
    """What nothing cheaper beats."""
    points = pareto_points(results, metric)
    front = sorted((cost, point) for point, cost, _, is_front in points if is_front)
    if not front:
        return "No run has both figures yet."
    best = enumerate_words([point_words(point) for _, point in front[:4]])
    more = f" and {len(front) - 4} more" if len(front) > 4 else ""
    return f"Nothing cheaper is better than {best}{more}."


def table_html(drawn: Drawn) -> str:
    """Each point: mean and interval, difference to the baseline, and what is to be said of it."""
    heads = [*(axis_title(name) for name in drawn.results.axes), "seeds", drawn.metric.title]
    heads += [f"minus {drawn.layout.baseline}", ""]
    numbers = {len(drawn.results.axes), len(drawn.results.axes) + 1, len(drawn.results.axes) + 2}
    head = "".join(
        f'<th scope="col"{_numeric(i in numbers)}>{escape(text)}</th>'
        for i, text in enumerate(heads)
    )
    body = "".join(_row_html(drawn, point) for point in drawn.results.points)
    return (
        f'{_STYLE}<div class="afn-ablation"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row_html(drawn: Drawn, point: Point) -> str:
    figure, gain = drawn.figures.get(point), drawn.gain(point)
    said = badge(gain, more_is_better=drawn.metric.more_is_better)
    cells = [f"<td>{escape(label)}</td>" for _, label in point]
    cells.append(f'<td class="number">{figure.n if figure else 0}</td>')
    cells.append(f'<td class="number">{_html(figure, drawn.metric.unit)}</td>')
    cells.append(f'<td class="number">{_html(gain, drawn.metric.unit, signed=True)}</td>')
    lost = drawn.diverged(point)
    diverged = f"<small>{lost} diverged</small>" if lost else ""
    cells.append(f"<td>{_badge_html(said)}{diverged}</td>")
    css = ' class="faint"' if said in ("within seed noise", "too few seeds", "") else ""
    return f"<tr{css}>{''.join(cells)}</tr>"


def _badge_html(said: Badge) -> str:
    if not said:
        return ""
    glyph, color = BADGES[said]
    return (
        f'<span class="afn-badge" style="--hue:{color}"><b aria-hidden="true">{glyph}</b> '
        f"{said}</span>"
    )


def _html(figure: OverSeeds | None, unit: str, *, signed: bool = False) -> str:
    if figure is None:
        return "–"
    half = half_width_words(figure.half_width, 1 if unit else 4)
    spread = f"<small>± {half}</small>" if figure.n > 1 else ""
    return f"{number(figure.mean, unit, signed=signed)}{spread}"


def _numeric(is_number: bool) -> str:
    return ' class="number"' if is_number else ""


def table(drawn: Drawn) -> Rows:
    """The same for download."""
    rows: Rows = []
    for point in drawn.results.points:
        figure, gain = drawn.figures.get(point), drawn.gain(point)
        has_interval, has_gain = figure and figure.n > 1, gain and gain.n > 1
        rows.append(
            {
                **dict(point),
                "metric": drawn.metric.name,
                "unit": drawn.metric.unit,
                "seeds": figure.n if figure else 0,
                "mean": figure.mean if figure else None,
                "low95": figure.low if figure and has_interval else None,
                "high95": figure.high if figure and has_interval else None,
                "baseline": drawn.layout.baseline,
                "gain": gain.mean if gain else None,
                "gain_low95": gain.low if gain and has_gain else None,
                "gain_high95": gain.high if gain and has_gain else None,
                "badge": badge(gain, more_is_better=drawn.metric.more_is_better),
            }
        )
    return rows
