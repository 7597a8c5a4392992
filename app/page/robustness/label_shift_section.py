"""Robustness: what it costs that a test batch holds few classes."""

from collections.abc import Sequence

import streamlit as st

from afn.wording import distinct

from ...kit import families, jobs
from ...kit.draw.legend import legend_html
from ...kit.export import csv_button
from ...kit.heading import heading
from ...kit.jobs import Job
from ...kit.markdown import plain
from ...kit.networks import Chosen
from ...kit.plot import plot
from ...kit.take import offer
from . import label_shift
from . import take_label_shift as experiments
from .charts import label_shift as charts
from .charts.label_shift import Shifted
from .view import VIEW, RobustnessView, start, starts
from .words import ABOUT

_HEIGHT = 360
"""Pixels that are kept free for the figure to come."""


def render(chosen: Sequence[Chosen]) -> None:
    """Draw the section; nothing where no model depends on the batch."""
    having = [each for each in chosen if each.network.has_choice]
    is_here = families.is_here(VIEW.take().dataset)
    if not having or not (is_here or label_shift.precomputed(having)):
        return
    heading("How many classes a test batch holds", "robustness.classes", ABOUT["classes"])

    def ask_now() -> tuple[Job]:
        tasks = label_shift.tasks(chosen, VIEW.take())
        return (jobs.ask("classes", tasks, starts=is_here and starts("classes")),)

    def draw(asked: Job) -> None:
        view = VIEW.take()
        is_live = asked.is_done or asked.is_running
        models = label_shift.shifted(chosen, view) if is_live else label_shift.precomputed(chosen)
        if is_here and not asked.is_done and not starts("classes"):
            st.button(
                "Test batches of 1 to 10 classes", icon=":material/play_arrow:",
                key="robustness.start.classes", on_click=start, args=("classes",),
            )  # fmt: skip
        jobs.show("classes", asked)
        if asked.is_running:
            st.skeleton(height=_HEIGHT)
        elif any(model.points for model in models):
            seeds = distinct(each.network.config.seed for each in chosen)
            _draw(models, view, seeds, is_live=is_live)
            if is_here:
                offer("robustness.classes", lambda: experiments.programs_of(chosen, view))

    jobs.part(ask_now, draw)


def _draw(models: Sequence[Shifted], view: RobustnessView, seeds: str, *, is_live: bool) -> None:
    words = charts.shift_reading(models)
    st.html(legend_html(charts.shift_legend(models)))
    plot(charts.shift_figure(models), words, "robustness.classes")
    point = next(point for model in models for point in model.points)
    sizes = {p.batch_size for model in models for p in model.of("batch")}
    st.caption(
        plain(
            f"{'Cached' if is_live else 'Precomputed'} · clean images · first {point.n:,} test "
            f"images of {view.dataset} · seed {seeds} · test batches of at most "
            f"{max(sizes, default=128)}, of the same sizes for every number of "
            "classes · bands: 95 % intervals over images"
        )
    )
    csv_button("Classes in a batch (CSV)", lambda: charts.shift_table(models), "classes-in-a-batch")
