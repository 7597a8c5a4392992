"""The data behind the page: CSV per figure, the configuration, and code that runs it again."""

import csv
import io
import json
import re
from collections.abc import Callable, Sequence

import streamlit as st

from afn.engine.config import TrainConfig
from afn.fork import CHANGEABLE
from afn.origin import Origin
from app.charts.chart import Chart, Rows, Shown
from app.charts.corruptions import corruption_chart
from app.charts.distribution import distribution_chart, layer_names
from app.charts.lambdas import lambda_chart
from app.charts.learning import learning_chart

_PRINTS = (
    '    if event.kind == "evaluation":\n'
    "        values = event.values\n"
    '        print(event.step, values["corruption"] or "clean", values["accuracy"])\n'
)


def downloads(shown: Sequence[Shown]) -> None:
    """A row of downloads; each file is made when it is asked for."""
    expander = st.expander(
        "Data and code of these figures",
        icon=":material/download:",
        key="open.downloads",
        on_change="rerun",
    )
    if not expander.open:
        return
    with expander:
        with st.container(horizontal=True):
            for title, name, chart in _charts(shown):
                st.download_button(
                    title,
                    data=csv_of(chart.table),
                    file_name=f"{name}.csv",
                    mime="text/csv",
                    key=f"csv.{name}",
                    on_click="ignore",
                )
            st.download_button(
                "Configurations (JSON)",
                data=lambda: json.dumps(
                    {each.label: each.config.to_json() for each in shown},
                    indent=1,
                    ensure_ascii=False,
                ),
                file_name="configurations.json",
                mime="application/json",
                key="json.config",
                on_click="ignore",
            )
        for each in shown:
            st.caption(f"{each.label} as Python")
            st.code(snippet(each.config, each.origin), language="python")


def _charts(shown: Sequence[Shown]) -> list[tuple[str, str, Chart]]:
    layers = layer_names(shown)
    charts = [
        ("Every step (CSV)", "steps", learning_chart(shown)),
        ("λ (CSV)", "lambdas", lambda_chart(shown)),
        ("Tests (CSV)", "tests", corruption_chart(shown, shown[0].config.severity)),
    ]
    if layers:
        layer = st.session_state.get("view.layer") or layers[0]
        charts.append(("γ̂ and β̂ (CSV)", "gamma-beta", distribution_chart(shown, layer)))
    return charts


def csv_of(table: Callable[[], Rows]) -> Callable[[], bytes]:
    """Writes the table as CSV when it is called."""

    def write() -> bytes:
        rows, text = table(), io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()

    return write


def snippet(config: TrainConfig, origin: Origin | None = None) -> str:
    """Python that trains the same run, or forks it again, and prints the same numbers."""
    if origin is not None:
        return _fork_snippet(config, origin)
    default = TrainConfig()
    changed = {
        name: getattr(config, name)
        for name in TrainConfig.__slots__
        if name == "norm" or getattr(config, name) != getattr(default, name)
    }
    settings = ", ".join(f"{name}={value!r}" for name, value in changed.items())
    imports = ["TrainConfig", "train"]
    if "lambda_init" in changed:
        imports.insert(0, "LambdaInit")
    infinity = "from math import inf\n\n" if re.search(r"\binf\b", settings) else ""
    return (
        f"{infinity}from afn import {', '.join(imports)}\n\n"
        f"for event in train(TrainConfig({settings})):\n{_PRINTS}"
    )


def _fork_snippet(config: TrainConfig, origin: Origin) -> str:
    changes = {
        name: value
        for name in CHANGEABLE
        if (value := getattr(config, name)) != getattr(origin.config, name)
    }
    arguments = [f"step={origin.step}"]
    arguments += [f"changes={changes!r}"] if changes else []
    arguments += [f"lambda_logits={origin.logits!r}"] if origin.logits else []
    return (
        "from afn.engine.execution import execute\nfrom afn.fork import fork\n"
        "from afn.runs import RunStore\n\nstore = RunStore()\n"
        f"run = fork(store, store.open({origin.run!r}), {', '.join(arguments)})\n"
        f"for event in execute(run):\n{_PRINTS}"
    )
