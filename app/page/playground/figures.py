"""The Playground's figures: each with a title, an explanation, its controls, and its reading."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

import streamlit as st

from afn.settings.config import SETTINGS

from ...kit import people
from ...kit.comparison import Comparison
from ...kit.draw.chart import Chart, Shown
from ...kit.draw.corruptions import corruption_chart
from ...kit.draw.distribution import distribution_chart, layer_names
from ...kit.draw.lambdas import By, PanelSpan, Scale, lambda_chart
from ...kit.draw.learning import gradient_chart, learning_chart
from ...kit.draw.legend import short_layer
from ...kit.draw.live_chart import live_chart
from ...kit.histories import provenance
from ...kit.plot import csv_button, heading
from ...kit.view import settle
from . import branching, moving, transport
from . import view as state
from .answers import render_answers
from .live import Live
from .view import key
from .words import ABOUT, HELP

SPANS = {"shared": "same span", "unit": "0–1", "zoom": "zoomed"}
"""What panels of λ span, by name."""


def render(live: Live, comparison: Comparison) -> None:
    """Draw all figures of the runs on screen."""
    left, right = st.columns(2, gap="medium")
    with left:
        _lambdas(live)
    with right:
        render_answers(live)
    _learning(live)
    _corruptions(live, comparison)
    _distributions(live)
    heading("Gradient and speed", "gradients", ABOUT["gradients"])
    _mount("Gradient and speed", "gradients", live, gradient_chart)


def render_past(live: Live) -> None:
    """Draw curves of earlier seeds, while the present one has not been started."""
    if live.past:
        _lambdas(live)
        _learning(live)


def _learning(live: Live) -> None:
    heading("Loss and accuracy", "learning", ABOUT["learning"])
    _mount("Loss and accuracy", "learning", live, learning_chart, names_statistics=True)


def _mount(
    title: str,
    chart_key: str,
    live: Live,
    draw: Callable[..., Chart],
    *how: Hashable,
    names_statistics: bool = False,
) -> None:
    """A live chart of what `draw` makes of the runs, the sentence that reads it, and what it is."""
    past = live.past if draw in _CURVES else []

    def make() -> Chart:
        shown = live.shown()
        chart = draw([*shown, *past], *how)
        if past:  # what is read and taken along is of the present seed
            now = draw(shown, *how)
            chart = replace(chart, reading=now.reading, table=now.table)
        told = provenance(shown) if shown else ""
        if names_statistics:
            modes = ", ".join(f"{each.label} {each.statistics}" for each in shown)
            told += f" · statistics at test time: {modes}"
        return replace(chart, reading=f"{chart.reading}\n{told}")

    is_curve = draw in _CURVES
    live_chart(
        chart_key, title, (live.key, [each.id for each in past], how), make,
        props=branching.offers(live) if is_curve else None,
        told=branching.told(chart_key) if is_curve else None,
    )  # fmt: skip


def _lambdas(live: Live) -> None:
    shown = live.shown()

    def choices() -> None:
        st.segmented_control(
            "Scale", ["λ", "logit"], key=state.view_key("scale"), required=True,
            help=HELP["scale"], label_visibility="collapsed",
        )  # fmt: skip
        st.segmented_control(
            "A panel per", ["λ", "layer"], key=state.view_key("by"), required=True,
            help=HELP["by"], label_visibility="collapsed",
            format_func=lambda by: f"a panel per {by}",
        )  # fmt: skip
        st.segmented_control(
            "Span", [*SPANS], key=state.view_key("span"), required=True, help=HELP["span"],
            label_visibility="collapsed", format_func=SPANS.__getitem__,
        )  # fmt: skip

    heading("λ of every layer", "lambda", ABOUT["lambda"], side=choices)
    if any(each.history.adaptive_layers for each in [*shown, *live.past]):
        scale, by, span = (state.view(name) for name in ("scale", "by", "span"))
        how = "logit" if scale == "logit" else "λ", "layer" if by == "layer" else "λ", span
        _mount("λ over steps", "lambdas", live, _lambda_chart, *how)
        moving.render(live)
    elif all(each.history.start for each in shown):
        st.caption("None of these contenders has λ: it belongs to AFN and ASRNorm.")
    else:
        st.caption("λ stands at its start; the first step comes in a moment.")


def _lambda_chart(shown: Sequence[Shown], scale: Scale, by: By, span: PanelSpan) -> Chart:
    return lambda_chart(shown, scale=scale, by=by, span=span)


_CURVES = (_lambda_chart, learning_chart, gradient_chart)
"""Charts that show earlier seeds, and whose steps can be branched."""


def _corruptions(live: Live, comparison: Comparison) -> None:
    severity: int = state.value(SETTINGS["severity"])

    def choices() -> None:
        st.segmented_control(
            "Severity", [1, 2, 3, 4, 5], key=key("severity"), required=True,
            persist_state="session", help=SETTINGS["severity"].help, label_visibility="collapsed",
            format_func=lambda s: f"severity {s}" if s == severity else str(s),
        )  # fmt: skip
        st.button(
            "Test now", icon=":material/science:", key="test.now",
            on_click=transport.evaluate, args=(comparison, severity),
            **people.why_not(*(slot.run for slot in live.slots)),
        )  # fmt: skip

    heading("Accuracy per corruption", "corruptions", ABOUT["corruptions"], side=choices)
    title = "Accuracy per corruption"
    _mount(title, "corruptions", live, corruption_chart, severity, names_statistics=True)


def _distributions(live: Live) -> None:
    names, layer = layer_names(live.shown()), state.view_key("layer")

    def choices() -> None:
        settle(layer, names)
        if len(names) <= 4:
            st.segmented_control(
                "Layer", names, key=layer, required=True, format_func=short_layer,
                help=HELP["layer"], label_visibility="collapsed",
            )  # fmt: skip
        else:
            st.selectbox(
                "Layer", names, key=layer, format_func=short_layer, width=220,
                help=HELP["layer"], label_visibility="collapsed",
            )  # fmt: skip

    heading(
        "How γ̂ and β̂ spread", "distribution", ABOUT["distribution"],
        side=choices if names else None,
    )  # fmt: skip
    if not names:
        st.caption("The first snapshot comes with the first step.")
        return
    _mount("γ̂ and β̂", "distribution", live, distribution_chart, state.view("layer"))


def downloads(shown: Sequence[Shown]) -> None:
    """A row of downloads; each file is made when it is asked for."""
    expander = st.expander(
        "Data of these figures", icon=":material/download:", key="open.downloads", on_change="rerun"
    )
    if not expander.open:
        return
    with expander, st.container(horizontal=True):
        for title, name, chart in _charts(shown):
            csv_button(title, chart.table, name, in_list=True)


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
