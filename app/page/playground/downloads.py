"""The data behind the Playground's figures, to take along."""

from collections.abc import Sequence

import streamlit as st

from ...kit.draw.chart import Chart, Shown
from ...kit.draw.corruptions import corruption_chart
from ...kit.draw.lambdas import lambda_chart
from ...kit.draw.learning import learning_chart
from ...kit.export import csv_button
from . import view as state
from .distribution import distribution_chart, layer_names


def downloads(shown: Sequence[Shown]) -> None:
    """A row of downloads; each file is made when it is asked for."""
    expander = st.expander(
        "Data of these figures",
        icon=":material/download:",
        key="open.downloads",
        on_change="rerun",
    )
    if not expander.open:
        return
    with expander, st.container(horizontal=True):
        for title, name, chart in _charts(shown):
            csv_button(title, chart.table, name, key=f"csv.{name}", icon=None)


def _charts(shown: Sequence[Shown]) -> list[tuple[str, str, Chart]]:
    layers = layer_names(shown)
    charts = [
        ("Every step (CSV)", "steps", learning_chart(shown)),
        ("λ (CSV)", "lambdas", lambda_chart(shown)),
        ("Tests (CSV)", "tests", corruption_chart(shown, shown[0].config.severity)),
    ]
    if layers:
        layer = state.view("layer") or layers[0]
        charts.append(("γ̂ and β̂ (CSV)", "gamma-beta", distribution_chart(shown, layer)))
    return charts
