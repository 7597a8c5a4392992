"""What the Robustness page's figures are made of, to take along as tables."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from ...kit.draw.chart import Rows
from ...kit.draw.grid import grid_table
from ...kit.draw.tested import Tested
from ...kit.export import csv_button
from ...kit.networks import Chosen
from .charts.batches import batch_table
from .charts.steps import steps_table
from .view import RobustnessView, batch_points, way_steps


def render(chosen: Sequence[Chosen], tested: Sequence[Tested], view: RobustnessView) -> None:
    """An expander with downloads, each made when it is asked for."""
    expander = st.expander(
        "Data of these figures", icon=":material/download:", key="robustness.data",
        on_change="rerun",
    )  # fmt: skip
    if not expander.open:
        return
    with expander, st.container(horizontal=True):
        tables = {
            "All tests": lambda: grid_table(tested),
            "Batch sizes": lambda: batch_table(batch_points(chosen, view)),
            "Where the gain comes from": lambda: steps_table(way_steps(chosen, view)),
        }
        for title, table in tables.items():
            csv_button(
                f"{title} (CSV)", partial(_named, table, chosen, view),
                title.lower().replace(' ', '-'), icon=None,
            )  # fmt: skip


def _named(table: Callable[[], Rows], chosen: Sequence[Chosen], view: RobustnessView) -> Rows:
    """With data set and seeds in every row."""
    seeds = " ".join(dict.fromkeys(str(each.network.config.seed) for each in chosen))
    return [{"data": view.dataset, "seed": seeds, "order": view.order, **row} for row in table()]
