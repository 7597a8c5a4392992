"""Robustness: all corruptions at all severities."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import streamlit as st

from afn.corruptions.applying import left_out_words
from afn.wording import count_words, enumerate_words

from ...kit import backend, batch_controls, families, jobs, networks
from ...kit.draw import grid
from ...kit.draw.chart import Rows
from ...kit.draw.estimates import Tested
from ...kit.draw.grid import grid_table
from ...kit.draw.legend import Entry, legend_html
from ...kit.jobs import Job
from ...kit.markdown import plain
from ...kit.networks import Chosen
from ...kit.plot import caption, csv_button, heading, markup, plot, say
from ...kit.protocol import card_button
from ...kit.sections import calibration
from ...kit.take import offer
from . import take as corruptions
from .charts import bars, summary
from .charts.batches import batch_table
from .charts.steps import steps_table
from .view import (
    SHOWN,
    VIEW,
    RobustnessView,
    are_shipped,
    asked_of,
    baseline_of,
    batch_points,
    corruptions_for,
    grid_tasks,
    num_corruptions,
    start,
    starts,
    way_steps,
    whole_grid,
)
from .words import ABOUT

_bars_figure = lru_cache(maxsize=32)(bars.bars_figure)
_bars_reading = lru_cache(maxsize=32)(bars.bars_reading)
_heatmap = lru_cache(maxsize=128)(grid.heatmap_html)
_summary = lru_cache(maxsize=32)(summary.summary_html)
_reading = lru_cache(maxsize=32)(summary.grid_reading)
"""Most reruns show the same cells as before."""


def render(chosen: Sequence[Chosen]) -> None:
    """Draw the section."""
    heading("All corruptions", "robustness.grid", ABOUT["grid"])
    is_here = families.is_here(VIEW.take().dataset)

    def ask_now() -> tuple[Job]:
        VIEW.keep()
        tasks = grid_tasks(chosen, VIEW.take())
        return (jobs.ask("grid", tasks, starts=is_here and starts("grid")),)

    def draw(asked: Job) -> None:
        view = VIEW.take()
        VIEW.write(view)
        names = corruptions_for(chosen, view.dataset)
        is_wanted = asked.is_done or starts("grid")
        tested = [whole_grid(each, view.question(each.network)) for each in chosen]
        _told_of(tested)
        if not is_wanted and is_here:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button(
                    f"Test all {len(names)} corruptions", icon=":material/play_arrow:",
                    type="primary", key="robustness.start.grid", on_click=start,
                    args=("grid",),
                )  # fmt: skip
                total = sum(task.size for task in grid_tasks(chosen, view))
                known = round(asked.share * total)
                words = f"{count_words(total, 'test')}, {known} of them known"
                st.caption(words, width="content")
        jobs.show("grid", asked)
        has_several = any(num_corruptions(each) > 1 for each in tested)
        if is_wanted or has_several:
            _tables(chosen, tested, view, asked)
        if trained := networks.of_runs(chosen):
            offer("robustness.grid", lambda: corruptions.grid(trained, view))
        if has_several and not asked.is_running:
            calibration.render(calibration.of_tested(tested), key="robustness")

    jobs.part(ask_now, draw)


def _told_of(tested: Sequence[Tested]) -> None:
    """What was made under an older rule, and what is left out."""
    older = [each for each in tested if each.older]
    if older:
        names = enumerate_words([each.label for each in older])
        words = f"{names}: images {older[0].older}; ask again to compare with newer answers."
        st.info(plain(words), icon=":material/history:")
    if words := left_out_words(why for each in tested for why in each.left_out.values()):
        st.caption(plain(f"{words}."))


def _tables(
    chosen: Sequence[Chosen], tested: Sequence[Tested], view: RobustnessView, asked: Job
) -> None:
    names = corruptions_for(chosen, view.dataset)
    held = baseline_of(chosen, view)
    baseline = tested[list(chosen).index(held)]
    say(plain(_reading(tuple(tested), baseline)))
    markup(_summary(tuple(tested), baseline))
    if len(tested) > 1:
        _how_shown(chosen, held)
    against = baseline if view.shown == "difference" and len(tested) > 1 else None
    markup(grid.scale_html(against))
    shown = [each for each in tested if each is not against]
    for column, each in zip(st.columns(max(len(shown), 2)), shown, strict=False):
        with column:
            markup(_heatmap(each, names, baseline=against))
    if not asked.is_running:
        words = _bars_reading(tuple(tested), names, None)
        markup(legend_html([Entry(each.label, each.color) for each in chosen]))
        plot(_bars_figure(tuple(tested), names, None), words, "robustness.bars")
    caption(_provenance(chosen, view, asked, tested))
    if not asked.is_running:
        _downloads(chosen, tested, view)


def _how_shown(chosen: Sequence[Chosen], held: Chosen) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        VIEW.choice("shown", "Shown", SHOWN, titles={"difference": f"minus {held.label}"})
        titles = {each.network.id: each.label for each in chosen}
        VIEW.choice(
            "baseline", "Baseline", titles, like=st.selectbox, default=held.network.id, width=200
        )


def _provenance(
    chosen: Sequence[Chosen], view: RobustnessView, asked: Job, tested: Sequence[Tested]
) -> str:
    seeds = networks.seeds_of(chosen)
    modes = ", ".join(f"{each.label} {each.told_statistics}" for each in tested)
    images = max((cell.n for each in tested for cell in each.cells.values()), default=view.images)
    sources = {cell.told_source for each in tested for cell in each.cells.values()} - {"clean"}
    what = "Live" if asked.is_running else "Cached"
    if are_shipped(chosen, tested, view):
        what = "Precomputed"
    return plain(
        f"{what} · {images} test images of "
        f"{backend.data_words(view.dataset)} · seed {seeds} · statistics: {modes} · "
        f"batches {batch_controls.ORDERS[view.order]} · "
        f"corruptions {' and '.join(sorted(sources)) or 'not tested yet'}"
    )


def _downloads(chosen: Sequence[Chosen], tested: Sequence[Tested], view: RobustnessView) -> None:
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
                title.lower().replace(" ", "-"), in_list=True,
            )  # fmt: skip
        if families.is_here(view.dataset):
            card_button(lambda: asked_of(chosen, tested, view), "robustness", in_list=True)


def _named(table: Callable[[], Rows], chosen: Sequence[Chosen], view: RobustnessView) -> Rows:
    """With data set and seeds in every row."""
    trained = networks.of_runs(chosen)
    seeds = " ".join(dict.fromkeys(str(each.network.config.seed) for each in trained))
    return [{"data": view.dataset, "seed": seeds, "order": view.order, **row} for row in table()]
