"""A model's answers under every corruption at every severity, as a table in colours."""

from collections.abc import Iterable, Sequence
from html import escape

from afn.ask.records import STANDARD, Cell, Place
from afn.corruptions.applying import left_out_words
from afn.settings.corruptions import CORRUPTION_NAMES, KINDS
from afn.wording import count_words, difference_words

from .chart import Rows
from .corruptions import CLEAN, group_title
from .estimates import (
    SEVERITIES,
    Tested,
    accuracy_over,
    accuracy_words,
    gain_over,
    interval_words,
    is_alike,
    place_title,
    signed,
    take,
)
from .table import FULL, diverging, dot, heat, table, tag, td, th, tr


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
    severities = [th(str(severity), title=f"severity {severity}") for severity in SEVERITIES]
    clean = _cell(tested, [(None, 0)], CLEAN, baseline, span=len(SEVERITIES) + 1)
    return table(
        "afn-grid",
        [tr(th("severity"), *severities, th("mean", "mean"))],
        [tr(th(CLEAN, scope="row"), clean)],
        *(
            [
                tr(th(group, scope="rowgroup", span=len(SEVERITIES) + 2)),
                *(_row(tested, corruption, baseline) for corruption in members),
            ]
            for group, members in _grouped(corruptions)
        ),
        caption=_caption(tested, baseline),
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
    colors = tag("i", style=f"background:linear-gradient(90deg, {', '.join(stops)})")
    return tag("div", f"{left}{colors}{right}<em>{note}</em>", css="afn-scale")


def _grouped(corruptions: Iterable[str]) -> list[tuple[str, list[str]]]:
    asked = in_order(corruptions)
    groups = {group: [name for name in asked if name in names] for group, names in KINDS.items()}
    groups["other"] = [name for name in asked if name not in CORRUPTION_NAMES]
    return [(group, names) for group, names in groups.items() if names]


def in_order(corruptions: Iterable[str]) -> list[str]:
    """The standard fifteen kind by kind, then the extra ones, then any others."""
    asked = list(corruptions)
    kinds = [name for names in KINDS.values() for name in names]
    return [name for name in dict.fromkeys((*STANDARD, *kinds, *asked)) if name in asked]


def _caption(tested: Tested, baseline: Tested | None) -> str:
    over = f" minus {escape(baseline.label)}, points" if baseline else ", accuracy in %"
    return (
        f"{dot(tested.color)}<b>{escape(tested.label)}</b>{over}<br>"
        f"<span>statistics: {escape(tested.told_statistics)}</span>"
    )


def _row(tested: Tested, corruption: str, baseline: Tested | None) -> str:
    places: list[Place] = [(corruption, severity) for severity in SEVERITIES]
    title = group_title(corruption)
    cells = [_cell(tested, [place], place_title(place), baseline) for place in places]
    mean = _cell(tested, places, f"{title}, mean of the five severities", baseline, css="mean")
    told, name = title, escape(title)
    if corruption in CORRUPTION_NAMES and corruption not in STANDARD:
        told, name = f"{title}, which mCE leaves out", f"{name}<small>extra</small>"
    return tr(th(name, scope="row", title=told), *cells, mean)


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
            words = f"{title}: {left_out_words(reasons)}"
            return td("–", f"{css} left-out", title=words, span=span)
    cells = [tested.cells[place] for place in places if place in tested.cells]
    missing = len(cells) < len(places)
    if missing or (baseline is not None and not _is_alike(cells, baseline)):
        whom = tested.label if missing or baseline is None else baseline.label
        words = f"{title}: {whom} is not tested on these images yet"
        return td("·", f"{css} unknown", title=words, span=span)
    accuracy = accuracy_over(cells)
    images = f"{count_words(cells[0].n, 'image')}, {cells[0].told_source}"
    if baseline is None:
        words = f"{title}: {accuracy_words(accuracy)}, {images}"
        text, background = f"{100 * accuracy.value:.0f}", _shade(accuracy.value)
        return td(text, css, title=words, background=background, span=span)
    others = take(baseline.cells, places)
    gain = gain_over(cells, others)
    theirs = accuracy_over(others)
    own, other, difference = difference_words(accuracy.value, theirs.value)
    words = (
        f"{title}: {difference} points ({interval_words(gain)}) over {baseline.label}, {own} "
        f"({interval_words(accuracy)}) beside {other} ({interval_words(theirs)}), {images}"
    )
    certainty, strength = ("clear", 100) if gain.is_clear else ("chance", 40)
    return td(
        signed(gain.value), f"{css} {certainty}", title=words,
        background=diverging(strength * gain.value), span=span,
    )  # fmt: skip


def _is_alike(cells: Sequence[Cell], baseline: Tested) -> bool:
    others = baseline.cells
    return all(cell.place in others and is_alike(cell, others[cell.place]) for cell in cells)


def _shade(accuracy: float) -> str:
    """Cubed, for most models differ where accuracies are high."""
    return heat(accuracy**3)


def grid_table(tested: Sequence[Tested]) -> Rows:
    """Every known cell of every model, in long form."""
    return [
        {
            "model": each.label, "norm": each.norm, "statistics": each.statistics,
            "corruption": cell.corruption or CLEAN, "severity": cell.severity,
            "source": cell.source, "rule": cell.rule, "n": cell.n, "correct": cell.correct,
            "accuracy": cell.accuracy, "low95": accuracy.low, "high95": accuracy.high,
            "loss": cell.loss,
        }
        for each in tested
        for cell in each.cells.values()
        for accuracy in [accuracy_over([cell])]
    ]  # fmt: skip
