"""What each norm costs: time, memory, parameters and arithmetic, beside batch norm."""

import json
from collections.abc import Sequence
from typing import Literal

import streamlit as st

from afn.cost.plan import SUBJECT_TITLES, SUBJECTS
from afn.cost.records import Measurement, Report
from afn.wording import enumerate_words

from ...kit.draw.legend import Entry, legend_html
from ...kit.draw.palette import NORM_COLORS
from ...kit.markdown import plain, warn
from ...kit.plot import caption, csv_button, download, heading, markup, plot, records, say
from ...kit.stage import stage_numbers
from ...kit.take import offer
from . import charts, yours
from . import live as live_cost
from . import take as costs
from .view import (
    CONTENDERS,
    VARIED,
    VARIED_TITLES,
    VIEW,
    CostView,
    begin,
    reference,
    take,
    title_of,
    write_url,
)
from .words import ABOUT

TITLE, PATH = "Cost", "cost"
"""In the navigation, and in the address."""


def render() -> None:
    """Draw the page."""
    _, problems = begin()
    st.title("What a norm costs", anchor=False)
    say("Time, memory and arithmetic of every norm, beside what **BN** costs.")
    _controls()
    view = take()
    write_url(view)
    warn(problems)
    drawn = st.container()
    live = live_cost.render(view)
    report = live or reference()
    chosen = view.chosen(report.measurements)
    with drawn:
        _figures(chosen, view, report, is_live=live is not None)
    yours.render()
    if chosen:
        _data(chosen, view, report, is_live=live is not None)


def _controls() -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        VIEW.choice("subject", "Measured", SUBJECTS, titles=SUBJECT_TITLES)
        is_layer = VIEW.take().subject == "layer"
        if is_layer:
            VIEW.choice("over", "Over", VARIED_TITLES)
        VIEW.choice("norms", "Beside BN", CONTENDERS, like=st.pills, titles=title_of, wrap=True)
        with st.popover("More", icon=":material/tune:"):
            VIEW.choice("scale", "Shown as", {"ratio": "ratio to BN", "absolute": "ms and MB"})
            for name, values in VARIED.items() if is_layer else ():
                if name != VIEW.take().over:
                    sides = {side: f"{side}×{side}" for side in values} if name == "size" else None
                    VIEW.choice(name, VARIED_TITLES[name].capitalize(), values, titles=sides)


def _figures(chosen: list[Measurement], view: CostView, report: Report, *, is_live: bool) -> None:
    if not chosen:
        st.info("The reference machine has not measured this; measure it here.")
        return
    norms = charts.by_norm(chosen)
    if absent := [title_of(norm) for norm in view.norms if norm not in norms]:
        told = enumerate_words(absent)
        st.info(f"The reference machine has not measured {told}; measure it here.")
    stage_numbers(charts.large_numbers(chosen, view))
    title = ", ".join([view.title(), *view.fixed_words()])
    heading(
        title[0].upper() + title[1:], "cost", ABOUT["cost"],
        kind="live" if is_live else "precomputed",
    )  # fmt: skip
    markup(legend_html(Entry(title_of(norm), NORM_COLORS[norm], "line") for norm in norms))
    for column, (name, metric) in zip(st.columns(3), charts.METRICS.items(), strict=True):
        words = charts.metric_reading(chosen, view, metric)
        with column:
            unit = charts.unit(view, metric)
            st.markdown(f"**{metric.title}**, {unit}")
            plot(
                charts.cost_figure(chosen, view, metric), words, f"cost.chart.{name}",
                about=f"{metric.title}, {unit}, over {VARIED_TITLES[view.varied]}", is_told=True,
            )  # fmt: skip
    say(charts.reading(chosen, view))


def _data(chosen: list[Measurement], view: CostView, report: Report, *, is_live: bool) -> None:
    caption(_provenance(chosen, report, is_live=is_live))
    _table(chosen, view)
    _downloads(chosen, view, report, is_live=is_live)
    offer("cost", lambda: costs.programs_of(view, chosen))


def _provenance(chosen: Sequence[Measurement], report: Report, *, is_live: bool) -> str:
    modes: dict[str, list[str]] = {}
    for norm, mine in charts.by_norm(chosen).items():
        modes.setdefault(mine[0].statistics, []).append(title_of(norm))
    statistics = "; ".join(f"{enumerate_words(norms)}: {mode}" for mode, norms in modes.items())
    what = "**Live**, this machine" if is_live else "**Precomputed**"
    return (
        f"{what} · {plain(str(report.head.get('machine', 'an unknown machine')))} · "
        f"{plain(str(report.head.get('created', '')))[:10]} · medians of {chosen[0].rounds} "
        f"alternating steps · statistics at inference: {statistics}"
    )


def _table(chosen: Sequence[Measurement], view: CostView) -> None:
    rows = charts.table(chosen, view)
    ratio = st.column_config.NumberColumn(format="%.2f")
    columns = {name: ratio for name in rows[0] if name.endswith("× BN")}
    columns |= {name: st.column_config.Column(pinned=True) for name in list(rows[0])[:2]}
    columns |= {name: st.column_config.NumberColumn(format="%.3f") for name in _MEASURED}
    columns |= {name: st.column_config.NumberColumn(format="localized") for name in _COUNTED}
    height: Literal["content"] | int = "content" if len(rows) <= 12 else 450
    records(rows, column_config=columns, height=height)


_MEASURED = ("training step, ms", "inference, ms", "peak, MB")
_COUNTED = ("parameters", "MACs")


def _downloads(
    chosen: Sequence[Measurement], view: CostView, report: Report, *, is_live: bool
) -> None:
    with st.expander("Data of these figures", icon=":material/download:"):
        with st.container(horizontal=True):
            csv_button("Figures (CSV)", lambda: charts.table(chosen, view), "cost", in_list=True)
            record = {**report.head, "measurements": [m.to_json() for m in chosen]}
            text = json.dumps(record, indent=1, ensure_ascii=False)
            download("Measurements (JSON)", text, "cost.json", "application/json")
        if not is_live:
            st.caption("The command behind all precomputed figures")
            st.code(str(report.head.get("command", "")), language="shell")
