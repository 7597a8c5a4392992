"""A sweep's results in words and as a table: what stands out from the noise of the seeds."""

from collections import Counter
from html import escape

from afn.stats.over_seeds import OverSeeds
from afn.sweep.plan import Point
from afn.wording import enumerate_words, half_width_words

from ...kit.draw import table as draw
from ...kit.draw.chart import Rows
from ...kit.draw.palette import GREY
from ...kit.draw.table import LESS, MORE, chip, td, th, tr
from ...kit.results import Badge, badge
from ...kit.stage import StageNumber
from .against import chance_words
from .drawn import DrawnSweep, axis_title, figure_words, number, point_color, point_words

BADGES: dict[Badge, tuple[str, str]] = {
    "better": ("↑", MORE),
    "worse": ("↓", LESS),
    "within seed noise": ("≈", GREY),
    "too few seeds": ("?", "#6B5CC4"),
}


def reading(drawn: DrawnSweep) -> str:
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
    if lost := [point_words(point) for point, _ in known if drawn.results.at_chance(point)]:
        words.append(f"At chance, hollow: {chance_words(lost)}.")
    return " ".join(words)


def large_numbers(drawn: DrawnSweep) -> list[StageNumber]:
    """For the stage: where the baseline is missed by most; then what is best, with no baseline."""
    unit = "points" if drawn.metric.unit == "%" else drawn.metric.unit
    gains = [(p, gain) for p in drawn.results.points if (gain := drawn.gain(p))]
    gains.sort(key=lambda pair: -abs(pair[1].mean))
    sign = 1 if drawn.metric.more_is_better else -1
    values = [(p, each) for p in drawn.results.points if (each := drawn.figures.get(p))]
    values.sort(key=lambda pair: -sign * pair[1].mean)
    return [
        _large(p, each, unit, f"against {drawn.layout.baseline}", signed=True) for p, each in gains
    ] + [_large(p, each, drawn.metric.unit, drawn.metric.title) for p, each in values]


def _large(
    point: Point, each: OverSeeds, unit: str, about: str, *, signed: bool = False
) -> StageNumber:
    half = half_width_words(each.half_width, 1 if unit else 4)
    spread = f"± {half}" if each.n > 1 else ""
    told = " ".join(filter(None, [spread, unit, about]))
    value = number(each.mean, unit, signed=signed)
    return StageNumber(point_words(point), value, point_color(point), told)


def table_html(drawn: DrawnSweep) -> str:
    """Each point: mean and interval, difference to the baseline, and what is to be said of it."""
    numbers = ("seeds", drawn.metric.title, f"minus {drawn.layout.baseline}")
    heads = [th(escape(axis_title(name))) for name in drawn.results.axes]
    heads += [th(escape(text), "number") for text in numbers]
    body = (_row_html(drawn, point) for point in drawn.results.points)
    return draw.table("afn-ablation", [tr(*heads, th(""))], body)


def _row_html(drawn: DrawnSweep, point: Point) -> str:
    figure, gain, unit = drawn.figures.get(point), drawn.gain(point), drawn.metric.unit
    said = badge(gain, more_is_better=drawn.metric.more_is_better)
    lost = f"<small>{told}</small>" if (told := drawn.lost(point)) else ""
    is_faint = said in ("within seed noise", "too few seeds", "")
    return tr(
        *(td(escape(label)) for _, label in point),
        td(str(figure.n if figure else 0), "number"),
        td(_html(figure, unit), "number"),
        td(_html(gain, unit, signed=True), "number"),
        td(f"{chip(BADGES[said][0], said, BADGES[said][1]) if said else ''}{lost}"),
        css="faint" if is_faint else "",
    )


def _html(figure: OverSeeds | None, unit: str, *, signed: bool = False) -> str:
    if figure is None:
        return "–"
    half = half_width_words(figure.half_width, 1 if unit else 4)
    spread = f"<small>± {half}</small>" if figure.n > 1 else ""
    return f"{number(figure.mean, unit, signed=signed)}{spread}"


def table(drawn: DrawnSweep) -> Rows:
    """The same for download."""
    rows: Rows = []
    for point in drawn.results.points:
        figure, gain = drawn.figures.get(point), drawn.gain(point)
        has_interval, has_gain = figure and figure.n > 1, gain and gain.n > 1
        rows.append(
            {
                **dict(point), "metric": drawn.metric.name, "unit": drawn.metric.unit,
                "seeds": figure.n if figure else 0, "mean": figure.mean if figure else None,
                "low95": figure.low if figure and has_interval else None,
                "high95": figure.high if figure and has_interval else None,
                "baseline": drawn.layout.baseline, "gain": gain.mean if gain else None,
                "gain_low95": gain.low if gain and has_gain else None,
                "gain_high95": gain.high if gain and has_gain else None,
                "badge": badge(gain, more_is_better=drawn.metric.more_is_better),
            }
        )  # fmt: skip
    return rows
