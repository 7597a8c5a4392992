"""How sure networks are, and how right: a section of several pages, and whose answers it shows."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import streamlit as st

from afn.ask.records import STANDARD, Cell, Place
from afn.corruptions.severities import rule_words
from afn.pretrained.cards import Card
from afn.settings.norms import NORM_TITLES
from afn.stats.calibration import Calibration, calibration
from afn.wording import count_words

from ..draw import calibration as charts
from ..draw.calibration import Rated
from ..draw.estimates import Tested
from ..draw.legend import Stroke, legend_html
from ..draw.palette import NORM_COLORS
from ..markdown import plain
from ..plot import caption, csv_button, heading, markup, plot
from ..words import ABOUT

CALIBRATED = ("bn", "asrnorm", "afn")
"""The norms whose cards are held against each other, in the order of the page."""
_Way = tuple[str, str, str]
"""Norm, statistics, networks."""


def render(rated: Sequence[Rated], *, key: str, told: str = "") -> None:
    """Draw it; nothing where nobody was asked about corrupted images."""
    if not rated:
        return
    heading(
        "How sure, and how right", "calibration", ABOUT["calibration"],
        kind="precomputed" if told else "",
    )  # fmt: skip
    words = charts.calibration_reading(rated)
    markup(legend_html(charts.calibration_legend(rated)))
    left, right = st.columns(2)
    with left:
        plot(charts.reliability_figure(rated), words, f"{key}.reliability", is_told=True)
    with right:
        plot(charts.error_figure(rated), words, f"{key}.errors", is_told=True)
    caption(plain(words))
    older = rule_words(rated[0].rule)
    images = count_words(rated[0].calibration.n, "image")
    parts = [told, f"{images} in each test", f"images {older}" if older else ""]
    caption(plain(" · ".join(filter(None, [*parts, "95 % intervals over images"]))))
    csv_button("Calibration (CSV)", lambda: charts.calibration_table(rated), "calibration")


def of_tested(models: Sequence[Tested]) -> list[Rated]:
    """Networks in the corrupted tests that all of them have answered; none where there is none."""
    found = _in_common([each.cells for each in models])
    return [
        _rated(each.label, each.color, cells)
        for each, cells in zip(models, found, strict=True)
        if cells
    ]


def of_cards(cards: Sequence[Card]) -> list[Rated]:
    """Shipped networks in every way in which they were asked about corrupted images of their own.

    Only what was asked of all alike: the same images, corrupted under the same rule.
    """
    by_rule: dict[int, dict[_Way, dict[Place, Cell]]] = {}
    for card in cards:
        own = card.config.dataset.partition("@")[0]
        for question, cell in card.answers():
            if question.dataset == own and cell.corruption in STANDARD and cell.rule:
                way = (card.config.norm, question.statistics, question.networks)
                by_rule.setdefault(cell.rule, {}).setdefault(way, {})[cell.place] = cell
    if not by_rule:
        return []
    ways = by_rule[max(by_rule, key=lambda rule: (sum(map(len, by_rule[rule].values())), rule))]
    most = max(ways.values(), key=len)
    alike = {way: cells for way, cells in ways.items() if all(_in_common([most, cells]))}
    ordered = sorted(alike, key=lambda way: (CALIBRATED.index(way[0]), way[1], way[2] == "on"))
    found = _in_common([alike[way] for way in ordered])
    return [
        _rated(_label(*way), NORM_COLORS[way[0]], cells, _look(*way))
        for way, cells in zip(ordered, found, strict=True)
        if cells
    ]


def _in_common(models: Sequence[Mapping[Place, Cell]]) -> list[tuple[Cell, ...]]:
    """Each one's answers to the tests that are the same for all."""
    if not models:
        return []
    shared = [
        place
        for place, cell in models[0].items()
        if place[0] in STANDARD
        and all((its := each.get(place)) and its.is_alike(cell) for each in models)
    ]
    return [tuple(each[place] for place in shared) for each in models]


def _rated(label: str, color: str, cells: tuple[Cell, ...], look: Stroke = "line") -> Rated:
    return Rated(label, color, _calibration(cells), look, rule=cells[0].rule)


@lru_cache(maxsize=64)
def _calibration(cells: tuple[Cell, ...]) -> Calibration:
    return calibration(cells)


def _label(norm: str, statistics: str, networks: str) -> str:
    mode = "test batch" if statistics.startswith("test batch") else statistics
    return f"{NORM_TITLES[norm]}, {mode}" + ("" if networks == "on" else f", networks {networks}")


def _look(norm: str, statistics: str, networks: str) -> Stroke:
    if statistics == "running":
        return "thin"
    return "line" if networks == "on" else "dashed"
