"""What the Robustness page's figures are made of, to take along: tables, settings, code."""

import json
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from app import robustness
from app.charts.batches import batch_table
from app.charts.chart import Rows
from app.charts.grid import grid_table
from app.charts.steps import steps_table
from app.charts.tested import Tested
from app.export import csv_of
from app.robustness import RobustnessView
from app.subjects import Chosen


def render(chosen: Sequence[Chosen], tested: Sequence[Tested], view: RobustnessView) -> None:
    """An expander with downloads, each made when it is asked for, and code for every model."""
    expander = st.expander(
        "Data and code of these figures", icon=":material/download:", key="robustness.data",
        on_change="rerun",
    )  # fmt: skip
    if not expander.open:
        return
    with expander:
        with st.container(horizontal=True):
            tables = {
                "All tests": lambda: grid_table(tested),
                "Batch sizes": lambda: batch_table(robustness.batch_points(chosen, view)),
                "Where the gain comes from": lambda: steps_table(
                    robustness.way_steps(chosen, view)
                ),
            }
            for title, table in tables.items():
                st.download_button(
                    f"{title} (CSV)", csv_of(partial(_named, table, chosen, view)),
                    f"{title.lower().replace(' ', '-')}.csv", "text/csv", on_click="ignore",
                )  # fmt: skip
            st.download_button(
                "Configurations (JSON)",
                lambda: json.dumps(
                    {each.label: each.subject.config.to_json() for each in chosen},
                    indent=1, ensure_ascii=False,
                ),
                "configurations.json", "application/json", on_click="ignore",
            )  # fmt: skip
        for each in chosen:
            st.caption(f"{each.label} under all corruptions, as Python")
            st.code(snippet(each, view), language="python")


def _named(table: Callable[[], Rows], chosen: Sequence[Chosen], view: RobustnessView) -> Rows:
    """With data set and seeds in every row."""
    seeds = " ".join(dict.fromkeys(str(each.subject.config.seed) for each in chosen))
    return [{"data": view.dataset, "seed": seeds, "order": view.order, **row} for row in table()]


def snippet(chosen: Chosen, view: RobustnessView) -> str:
    """Python that prints the same accuracies."""
    subject, question = chosen.subject, view.question(chosen.subject)
    imports = ["from afn import corruption_grid", "from afn.data import load_dataset"]
    if chosen.is_pretrained:
        imports[0] += ", load_pretrained"
        model = f"load_pretrained({subject.id!r})"
    else:
        imports += [
            "from afn.grids.models import restored",
            "from afn.grids.subjects import Subject",
            "from afn.runs import RunStore",
        ]
        model = f"restored(Subject.of_run(RunStore().open({subject.id!r})))"
    lines = [f"model = {model}"]
    if subject.has_choice:
        imports[0] += ", set_eval_stats"
        mode = "running" if question.statistics == "running" else "batch"
        lines.append(f'set_eval_stats(model, "{mode}")')
    return "\n".join(
        [
            *imports,
            "",
            *lines,
            f"data = load_dataset({question.dataset!r})",
            f"settings = dict(num_images={question.num_images}, "
            f"batch_size={question.batch_size}, order={question.order!r})",
            "for cell in corruption_grid(model, data, **settings):",
            '    print(cell.corruption or "clean", cell.severity, cell.accuracy)',
        ]
    )
