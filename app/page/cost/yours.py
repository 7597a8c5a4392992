"""What the answers of one's own models cost, beside this package's networks on the same images."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

import streamlit as st

from afn.cost.records import ModelCost, Report
from afn.own.kept import KeptModel
from afn.own.source import ModelSource
from afn.wording import number_words

from ...kit import backend, jobs, own, people
from ...kit.draw.chart import Rows
from ...kit.draw.palette import GREY, NORM_COLORS
from ...kit.draw.table import dot, table, tag, td, th, tr
from ...kit.markdown import plain
from ...kit.measuring import BusyError
from ...kit.plot import caption, csv_button, heading, markup
from .words import ABOUT

WHAT = "models"
"""What is measured, to whoever looks."""
_MOST = 8
"""Models that take turns."""
_COLUMNS: dict[str, Callable[[ModelCost], float]] = {
    "1 image, ms": lambda cost: cost.ms_one,
    "32 images, ms": lambda cost: cost.ms_batch,
    "peak, MB": lambda cost: cost.peak_bytes / 1e6,
    "parameters": lambda cost: cost.parameters,
    "MACs, million": lambda cost: cost.macs / 1e6,
}


def render() -> None:
    """Draw what was measured, and the button that measures; nothing without such a model."""
    models = {_told(each): each for each in own.models() if not each.averages}
    models = dict(list(models.items())[:_MOST])
    if not models:
        return
    live = backend.measurements()
    running, sources = live.running, list(models)

    def is_of_these(report: Report) -> bool:
        digests = {cost.name: cost.digest for cost in report.models if cost.digest}
        return digests == {name: each.base for name, each in models.items()}

    found = live.newest(is_of_these)
    heading("Your model", "cost.yours", ABOUT["yours"], kind="live" if found else "")
    if found:
        _drawn(live.report(found), models)
    label = "Measure again" if found else "Measure your model"
    st.button(
        label, icon=":material/timer:", key="cost.yours", on_click=_start, args=(sources,),
        disabled=running is not None,
    )  # fmt: skip
    if running and live.what == WHAT:
        jobs.follow(
            lambda: jobs.measuring(running, "cost.yours.stop"), running,
            every=jobs.MEASURING_SECONDS,
        )  # fmt: skip


def _told(kept: KeptModel) -> str:
    """As the command is told it: its source, with its norm where it was converted."""
    return ModelSource.read(kept.source).said(norm=kept.became).to_text()


def _start(sources: Sequence[str]) -> None:
    try:
        backend.measurements().start(("bench", "--model", *sources), people.me(), what=WHAT)
    except BusyError as error:
        st.toast(f"{error}.", icon=":material/info:")
    except OSError as error:
        st.toast(plain(f"Nothing was measured: {error}."), icon=":material/error:")


def _drawn(report: Report, models: Mapping[str, KeptModel]) -> None:
    shapes = list(dict.fromkeys(cost.image_shape for cost in report.models))
    for height, width, channels in shapes:
        alike = [it for it in report.models if it.image_shape == (height, width, channels)]
        markup(_table(alike, models, f"Images of {height}×{width}×{channels}"))
    machine = plain(str(report.head.get("machine", "")))
    caption(
        f"**Live**, this machine · {machine} · medians of {report.models[0].rounds} alternating "
        f"answers"
    )
    csv_button("Your model (CSV)", lambda: _rows(report, models), "cost-yours")


def _table(alike: Sequence[ModelCost], models: Mapping[str, KeptModel], title: str) -> str:
    most = {name: max(map(amount, alike)) or 1.0 for name, amount in _COLUMNS.items()}
    heads = tr(th(title, scope="col"), *(th(name, "number") for name in _COLUMNS))
    body = []
    for cost in alike:
        kept = models.get(cost.name)
        color = NORM_COLORS[kept.norm] if kept else GREY
        told = f"{dot(color)} {escape(kept.label if kept else cost.name)}"
        name = th(tag("span", told, style="white-space:nowrap"), scope="row")
        cells = [
            td(
                f"{cost.parameters:,}" if column == "parameters" else number_words(amount(cost)),
                "number",
                background=_bar(amount(cost) / most[column], color),
            )
            for column, amount in _COLUMNS.items()
        ]  # fmt: skip
        body.append(tr(name, *cells))
    return table("afn-costs", [heads], body, label="Your model beside ours")


def _bar(share: float, color: str) -> str:
    """A bar from the left, as CSS."""
    pale = f"color-mix(in srgb, {color} 30%, transparent)"
    bar = f"linear-gradient(to right, {pale} {100 * share:.1f}%, transparent 0)"
    return f"{bar} left / calc(100% - .7rem) 70% no-repeat"


def _rows(report: Report, models: Mapping[str, KeptModel]) -> Rows:
    return [
        {
            "model": models[cost.name].label if cost.name in models else cost.name,
            "images": "×".join(map(str, cost.image_shape)),
            **{name: amount(cost) for name, amount in _COLUMNS.items()},
        }
        for cost in report.models
    ]
