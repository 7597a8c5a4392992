"""A sweep's results on the page: chosen, drawn, read, compared, against cost, to take along."""

import streamlit as st

from afn.sweep.plan import Point
from afn.wording import count_words

from ...kit import backend, routes
from ...kit.comparison import MAX_CONTENDERS
from ...kit.handout.parts import Plot
from ...kit.handout.screen import screen
from ...kit.markdown import plain
from ...kit.plot import caption, csv_button, heading, markup, plot
from ...kit.results import Layout, SweepResults
from ...kit.stage import stage_numbers
from . import against, charts, table
from .drawn import DrawnSweep, axis_title, picked, point_words
from .view import FIGURES, SHOWN, VIEW
from .words import ABOUT


def render(results: SweepResults, *, metric: str, over: str, figure: str) -> None:
    """Draw a sweep's results, in this way unless the visitor chose another."""
    known, axes = results.metrics, results.axes
    VIEW.settle("over", list(axes), over if over in axes else Layout.of(axes).over)
    VIEW.settle("figure", FIGURES, figure)
    layout = Layout.of(axes, VIEW.take().over)
    with st.container(horizontal=True, gap="medium"):
        VIEW.choice(
            "metric", "Shown", {name: each.title for name, each in known.items()},
            like=st.selectbox, default=metric if metric in known else "clean", width=240,
        )  # fmt: skip
        if len(axes) > 1:
            VIEW.choice("over", "Along", axes, titles=axis_title)
        VIEW.choice(
            "x",
            "x-axis",
            {"": axis_title(layout.over)}
            | {name: each.title for name, each in known.items() if name != VIEW.take().metric},
            like=st.selectbox,
            width=220,
        )
        VIEW.choice("shown", "As", SHOWN)
        VIEW.choice(
            "baseline", "Compared with", axes[layout.compared], like=st.selectbox,
            default=layout.baseline, width=220,
        )  # fmt: skip
        if len(axes) > 1:
            VIEW.choice("figure", "Drawn as", FIGURES)
    view = VIEW.take()
    layout = Layout.of(axes, view.over, view.baseline)
    drawn = DrawnSweep.of(
        results, layout, known[view.metric], is_difference=view.shown == "difference"
    )
    stage_numbers(table.large_numbers(drawn))
    told = table.reading(drawn)
    if view.x:
        told = against.against_reading(results, known[view.x], drawn.metric)
        made = against.against_figure(results, known[view.x], drawn.metric)
    elif len(axes) == 1 and layout.has_names:
        made = charts.dots_figure(drawn)
    elif len(axes) > 1 and view.figure == "map":
        made = charts.map_figure(drawn)
    else:
        made = charts.lines_figure(drawn)
    along = known[view.x].title if view.x else axis_title(layout.over)
    screen().say(Plot(figure=made, words=told, about=f"{drawn.title} along {along}"))
    event = st.plotly_chart(
        made, key="ablations.chart", config={"displayModeBar": False},
        alt=f"{drawn.title} along {along}. {told}",
        on_select="rerun", selection_mode="points",
    )  # fmt: skip
    st.markdown(plain(told))
    _picked(results, picked(event["selection"]["points"], drawn))
    _provenance(results, drawn)
    _pareto(results, drawn)
    with st.expander("All figures and their differences", icon=":material/table_chart:"):
        markup(table.table_html(drawn))
        caption(
            "A difference is better or worse where its 95 % interval leaves out 0. Of twenty "
            "settings that change nothing, one will look so by chance."
        )


def _picked(results: SweepResults, point: Point | None) -> None:
    """The runs behind a point that was clicked on, to be opened."""
    if point is None:
        if any(backend.has_run(run.run_id) for run in results.runs):
            st.caption("Click a point, or a number on the map, to open its runs.")
        return
    ids = [run_id for run_id in results.runs_at(point) if backend.has_run(run_id)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(point_words(point))}**", width="content")
        if not ids:
            st.caption("These runs came along as figures alone.")
            return
        shown = ids[:MAX_CONTENDERS]
        label = count_words(len(shown), "run")
        if st.button(f"Open {label} in the Playground", icon=":material/open_in_new:"):
            routes.show_in_playground(shown)


def _provenance(results: SweepResults, drawn: DrawnSweep) -> None:
    config = results.runs[0].config
    seeds = len({run.config.seed for run in results.runs})
    older = f" · images {results.older}" if results.older and config.corruptions else ""
    caption(
        f"{results.provenance}{older} · {plain(config.dataset)} · {config.backbone} · "
        f"{count_words(seeds, 'seed')}; whiskers and ± are 95 % t-intervals over seeds, "
        "differences are paired by seed"
    )
    csv_button("These figures (CSV)", lambda: table.table(drawn), "ablation")


def _pareto(results: SweepResults, drawn: DrawnSweep) -> None:
    is_accuracy = drawn.metric.unit == "%" and drawn.metric.name != "diverged"
    if not is_accuracy or "train_seconds" not in results.metrics or VIEW.take().x:
        return
    heading("Against cost", "ablations.pareto", ABOUT["pareto"], is_part=True)
    cost = results.metrics["train_seconds"]
    plot(
        against.against_figure(results, cost, drawn.metric),
        against.against_reading(results, cost, drawn.metric), "ablations.pareto",
        about=f"{drawn.metric.title} against cost",
    )  # fmt: skip
