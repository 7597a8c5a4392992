"""Trainings as they end: a dot each, and from three on the interval of their mean."""

from collections.abc import Sequence

import streamlit as st

from afn.pretrained.comparison import FEWEST_SEEDS
from afn.stats.over_seeds import OverSeeds
from afn.wording import number_words

from ...kit.components.scripts import module_line
from .charts import Dot
from .experiments.experiment import Data
from .lessons.lesson import SeedsChart


def draw(key: str, chart: SeedsChart[Data], data: Data, *, of: int) -> None:
    """Draw what has ended by now, of so many trainings in each row."""
    _component(key=key, data=told(chart, data, of=of))


def told(chart: SeedsChart[Data], data: Data, *, of: int) -> dict[str, object]:
    """What `lesson_figure.js` is told of it."""
    rows = [_row(dot, of) for dot in chart.dots(data)]
    seeds = {
        "quantity": chart.quantity, "range": list(chart.range), "isLog": chart.is_log,
        "mark": chart.mark, "rows": rows,
    }  # fmt: skip
    return {"seeds": seeds}


def _row(dot: Dot, of: int) -> dict[str, object]:
    values: Sequence[float] = dot.each
    over = OverSeeds.of(dict(enumerate(values)))
    is_enough = over is not None and over.n >= FEWEST_SEEDS
    return {
        "label": dot.label, "color": dot.color, "values": list(values), "of": of,
        "mean": over.mean if over else None,
        "low": over.low if over and is_enough else None,
        "high": over.high if over and is_enough else None,
        "told": number_words(over.mean, 3) if over and is_enough else f"{len(values)} of {of}",
    }  # fmt: skip


_component = st.components.v2.component(
    "lesson_seeds",
    html='<div class="afn-seeds"></div>',
    js=module_line("lesson_figure")
    + "export default async (call) => (await module).default(call);",
    isolate_styles=False,
)
