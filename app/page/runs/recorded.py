"""A run that was recorded in a loop of somebody's own: its curves, and what may be changed."""

import math

import streamlit as st

from afn.runs.recording import gate_of, is_steered
from afn.runs.store import Run
from afn.settings.commands import Command
from afn.settings.lambda_init import GREEK, LAMBDAS
from afn.wording import number_words

from ...kit import histories, people, routes
from ...kit.draw import recorded as charts
from ...kit.draw.chart import Chart, Shown
from ...kit.draw.legend import depth_legend
from ...kit.draw.live_chart import live_chart
from ...kit.jobs import follow
from ...kit.letters import lettered_bare
from ...kit.markdown import plain
from ...kit.plot import csv_button, heading, markup, plot, say
from .view import LAMBDA_KIND, LAMBDA_VALUE
from .words import ABOUT, HELP

_TICK_SECONDS = 2.0
_FACTORS = {"÷10": 0.1, "÷2": 0.5, "×2": 2.0}
_LEAST_LAMBDA = 1e-4
"""A λ of 0 or 1 has no logit."""


def render(run: Run) -> None:
    """Its figures; they follow a loop that still trains."""
    found, problems = histories.opened([run.id])
    if not found:
        st.error(plain(problems[0]))
        return
    [shown] = found
    _links(shown)
    first = [shown]

    def stands(now: Shown) -> tuple[bool, bool]:
        return now.is_live, bool(now.history.layers)

    def above() -> tuple[bool, bool]:
        now = first.pop() if first else (histories.opened([run.id])[0] or [shown])[0]
        for note in now.history.notes:
            st.caption(plain(f"{note}."))
        if now.is_live and is_steered(run.path):
            _control(run, now)
        return stands(now)

    follow(above, stands(shown), every=_TICK_SECONDS if shown.is_live else None)
    heading("Loss and accuracy", "recorded.learning", ABOUT["recorded"])
    _mount(run.id, "learning", "Loss and accuracy")
    told = histories.provenance([shown])
    csv_button("Steps (CSV)", lambda: charts.recorded_table(_now(run.id).history),
               f"{run.id}-steps", told)  # fmt: skip
    heading("Gradient", "recorded.gradient", ABOUT["recorded gradient"])
    _mount(run.id, "gradient", "Gradient")
    _drift(shown)


def _now(run_id: str) -> Shown:
    [shown] = histories.opened([run_id])[0]
    return shown


def _links(shown: Shown) -> None:
    with st.container(horizontal=True):
        if shown.history.layers and st.button("Open in γ/β", icon=":material/bar_chart:"):
            routes.show_in_rescaling(shown.id)
        if shown.history.adaptive_layers and st.button(
            "Open in λ dynamics", icon=":material/show_chart:"
        ):
            routes.show_in_dynamics([shown.id])


def _mount(run_id: str, which: str, title: str) -> None:
    panels, reading = {
        "learning": (charts.learning_panels, charts.learning_reading),
        "gradient": (charts.gradient_panels, charts.gradient_reading),
    }[which]

    def make() -> Chart:
        shown = _now(run_id)
        return charts.recorded_chart(shown, panels(shown.history), reading(shown.history))

    live_chart(f"recorded.{which}", title, (run_id, which), make)


def _drift(shown: Shown) -> None:
    first = [shown]

    def drawn() -> bool:
        now = first.pop() if first else (histories.opened([shown.id])[0] or [shown])[0]
        found = charts.drifts(now.history)
        if found:
            heading("Batch against running statistics", "recorded.drift", ABOUT["drift"])
            markup(depth_legend([(now.label, now.color, "solid", list(found))]))
            words = charts.drift_reading(now.history)
            for column, what in zip(st.columns(2), charts.DRIFTS, strict=True):
                with column:
                    st.markdown(f"**{charts.DRIFTS[what]}**")
                    plot(
                        charts.drift_figure(now, what), words, f"recorded.drift.{what}",
                        about=f"{charts.DRIFTS[what]}, over the steps, a line for each layer",
                        is_told=True, replays=True,
                    )  # fmt: skip
            say(plain(words))
            csv_button("By layer (CSV)", lambda: charts.drift_table(now.history),
                       f"{shown.id}-drift")  # fmt: skip
        return now.is_live

    follow(drawn, shown.is_live, every=_TICK_SECONDS if shown.is_live else None)


# -- control ---------------------------------------------------------------------------------------


def _control(run: Run, shown: Shown) -> None:
    refused = people.why_not(run)
    rates = shown.history.columns["lr"]
    lr = float(rates[-1]) if len(rates) and math.isfinite(rates[-1]) else None
    with st.container(horizontal=True, vertical_alignment="center", key="recorded.control"):
        is_paused = shown.history.is_paused
        st.button(
            "Resume" if is_paused else "Pause",
            icon=":material/play_arrow:" if is_paused else ":material/pause:",
            key="recorded.pause", on_click=_send,
            args=(run, {"command": "resume" if is_paused else "pause"}), **refused,
        )  # fmt: skip
        st.button(
            "Stop", icon=":material/stop:", key="recorded.stop", on_click=_send,
            args=(run, {"command": "stop"}), **refused,
        )  # fmt: skip
        if lr is not None:
            st.markdown(f"lr {number_words(lr)}", width="content")
            for word, factor in _FACTORS.items():
                st.button(
                    word, key=f"recorded.lr.{word}", on_click=_send,
                    args=(run, {"command": "set", "lr": lr * factor}),
                    **({"help": HELP["recorded lr"]} | refused),
                )  # fmt: skip
        if shown.history.adaptive_layers:
            with st.popover("Set λ", icon=":material/tune:", **refused):
                _lambdas(run, shown)
    st.caption(HELP["control"])


def _lambdas(run: Run, shown: Shown) -> None:
    which = st.segmented_control(
        "Which", list(LAMBDAS), default=LAMBDAS[0], key=LAMBDA_KIND, required=True,
        format_func=lambda name: lettered_bare(GREEK[name]), label_visibility="collapsed",
    )  # fmt: skip
    value = st.slider("In all layers", 0.0, 1.0, 0.5, 0.01, key=LAMBDA_VALUE)
    is_gated = which in ("mu", "sigma") or gate_of(shown.setup) == "sigmoid"
    inner = min(max(value, _LEAST_LAMBDA), 1 - _LEAST_LAMBDA)
    parameter = math.log(inner / (1 - inner)) if is_gated else value
    st.button(
        "Set", type="primary", key="recorded.set", on_click=_send,
        args=(run, {"command": "set", "lambda": {which: parameter}}),
    )  # fmt: skip


def _send(run: Run, command: Command) -> None:
    try:
        people.require(run)
        run.send(command)
    except (OSError, ValueError) as error:
        st.toast(plain(f"That did not work: {error}."), icon=":material/error:")
