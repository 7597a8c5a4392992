"""How sure networks are, and how right: a section of several pages."""

from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from afn.corruptions.severities import rule_words
from afn.wording import count_words

from ..draw import calibration as charts
from ..draw.calibration import Rated
from ..draw.legend import legend_html
from ..export import csv_button
from ..heading import heading
from ..markdown import plain
from ..plot import plot
from ..words import ABOUT

_reliability = lru_cache(maxsize=16)(charts.reliability_figure)
_errors = lru_cache(maxsize=16)(charts.error_figure)


def render(rated: Sequence[Rated], *, key: str, told: str = "") -> None:
    """Draw it; nothing where nobody was asked about corrupted images.

    Args:
        rated: Who, and how well calibrated.
        key: Of the page.
        told: Where the answers are from, where the page does not say.
    """
    if not rated:
        return
    heading(
        "How sure, and how right", "calibration", ABOUT["calibration"],
        kind="precomputed" if told else "",
    )  # fmt: skip
    words = charts.calibration_reading(rated)
    st.html(legend_html(charts.calibration_legend(rated)))
    left, right = st.columns(2)
    with left:
        plot(_reliability(tuple(rated)), words, f"{key}.reliability", is_told=True)
    with right:
        plot(_errors(tuple(rated)), words, f"{key}.errors", is_told=True)
    st.caption(plain(words))
    older = rule_words(rated[0].rule)
    images = count_words(rated[0].calibration.n, "image")
    parts = [told, f"{images} in each test", f"images {older}" if older else ""]
    st.caption(plain(" · ".join(filter(None, [*parts, "95 % intervals over images"]))))
    csv_button(
        "Calibration (CSV)", lambda: charts.calibration_table(rated), "calibration",
        key=f"csv.{key}.calibration",
    )  # fmt: skip
