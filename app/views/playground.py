"""The Playground: contenders that train side by side, live."""

import re
import time
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from afn.runs import ENDED
from app import backend, controls, state, status, transport
from app.charts.chart import Chart, Shown
from app.charts.corruptions import corruption_chart
from app.charts.distribution import distribution_chart, layer_names
from app.charts.lambdas import lambda_chart, short_layer
from app.charts.learning import gradient_chart, learning_chart
from app.charts.palette import run_colors
from app.comparison import Comparison, labels
from app.components.live_chart import live_chart, preload_charts
from app.explanations import CONTROLS, FIGURES
from app.export import downloads
from app.state import Slot, key

TICK_SECONDS = 1.0
"""How often the page looks for news while something runs."""
FIRST_LOOK_SECONDS = 0.6
"""After Start, the page waits so long for the first steps, to come with them and not before."""


def render() -> None:
    """Draw the page."""
    state.begin()
    with st.sidebar:
        comparison, errors = controls.render()
    state.write_url(comparison)
    st.title("Watch normalization layers learn", anchor=False)
    st.markdown(
        "The same network, the same start, the same images in the same order: only the "
        "**normalization layer** differs. Press Start and watch what each one learns, and how far "
        "**λ**, the share that AFN and ASRNorm give to their small networks, moves."
    )
    for line in errors:
        st.warning(plain(line), icon=":material/info:")
    for line in dict.fromkeys(w for config in comparison for w in config.warnings()):
        st.info(line, icon=":material/lightbulb:")
    backend.runner().start()
    slots = state.slots(comparison)
    is_live = transport.is_live([transport.status(slot) for slot in slots])
    st.fragment(_live, run_every=TICK_SECONDS if is_live else None)(not errors, is_live)


def _live(is_valid: bool, is_polling: bool) -> None:
    """Everything that changes while runs train; reruns by itself as long as something does."""
    comparison: Comparison = st.session_state[state.SETTINGS]
    slots = state.slots(comparison)
    statuses = [transport.status(slot) for slot in slots]
    if state.wants_rerun() or transport.is_live(statuses) != is_polling:
        st.rerun()  # begin or cease to look
    state.write_url(comparison)
    for line in state.problems():
        st.warning(plain(line), icon=":material/info:")
    _wait_for_first_steps(slots)
    backend.runner().start()
    names = labels(tuple(slot.config for slot in slots))
    colors = run_colors([slot.config.norm for slot in slots])
    everyone = [
        Shown(name, color, slot.config, backend.history(slot.run.id), is_over=standing in ENDED)
        if slot.run
        else None
        for slot, name, color, standing in zip(slots, names, colors, statuses, strict=True)
    ]
    transport.render(slots, statuses, is_valid=is_valid)
    status.render(everyone, names, colors, statuses)
    _tell_failures(slots, names)
    shown = [each for each in everyone if each is not None]
    if not shown:
        _empty()
        return
    _settings_hint(comparison, slots)
    _learning(shown)
    _lambdas(shown)
    _corruptions(shown, comparison)
    _distributions(shown)
    _heading("Gradient and speed", "gradients")
    _mount("Gradient and speed", gradient_chart(shown), "gradients", shown)
    downloads(shown)


def _wait_for_first_steps(slots: list[Slot]) -> None:
    started = st.session_state.pop(state.STARTED, None)
    if started is None:
        return
    runs = [slot.run for slot in slots if slot.run and slot.config.is_adaptive]
    while time.monotonic() < started + FIRST_LOOK_SECONDS and not any(
        backend.history(run.id).steps for run in runs
    ):
        time.sleep(0.01)


def _tell_failures(slots: list[Slot], names: list[str]) -> None:
    for slot, name in zip(slots, names, strict=True):
        if slot.run is None:
            continue
        found = slot.run.state()
        if found.status == "failed":
            st.error(plain(f"{name} failed: {found.reason}."), icon=":material/error:")
        elif found.status == "stopped" and found.reason != "stopped by hand":
            st.info(plain(f"{name} stopped: {found.reason}."), icon=":material/stop_circle:")
        for command in backend.history(slot.run.id).commands[-1:]:
            if "error" in command:
                line = f"{name} did not obey: {command['error']}."
                st.warning(plain(line), icon=":material/info:")


def plain(line: str) -> str:
    """The line as Markdown that shows it as it is; links may hold anything."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", " ".join(line.split()))


def _empty() -> None:
    with st.container(border=True):
        st.markdown(
            "**Nothing runs yet.** Press **Start**: each contender trains for a few seconds, and "
            "this page fills with loss and accuracy, λ of every layer, the spread of γ̂ and β̂, "
            "and accuracy under six corruptions. **Step** takes a single step instead.\n\n"
            "The controls are at the left (on a phone, behind the » in the corner): try a "
            "**preset**, change a contender's **λ start**, or make the **batch** small."
        )
    preload_charts()


def _settings_hint(comparison: Comparison, slots: list[Slot]) -> None:
    started = [
        (wanted, slot.config)
        for wanted, slot in zip(comparison, slots, strict=False)
        if slot.run is not None
    ]
    severity = comparison[0].severity
    if any(wanted != replace(config, severity=severity) for wanted, config in started):
        st.caption(
            ":material/edit_note: The settings at the left differ from the runs below; they count "
            "from the next **Reset** and **Start**."
        )


def _heading(title: str, topic: str, side: Callable[[], None] | None = None) -> None:
    """A figure's title, its explanation one tap away, and its own controls beside them."""
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"head.{topic}"):
        st.subheader(title, anchor=False, width="content")
        with st.popover("", icon=":material/help:", type="tertiary", help="What is this?"):
            st.markdown(FIGURES[topic])
        if side is not None:
            side()


def _mount(title: str, chart: Chart, chart_key: str, shown: list[Shown]) -> None:
    """A live chart and the sentence that reads it."""
    live_chart(
        chart_key,
        subject=chart.subject,
        spec=chart.spec,
        feed=chart.feed,
        alt=f"{title}. {chart.reading}",
        is_final=all(each.is_over for each in shown),
    )
    st.caption(chart.reading)


def _learning(shown: list[Shown]) -> None:
    _heading("Loss and accuracy", "learning")
    _mount("Loss and accuracy", learning_chart(shown), "learning", shown)
    st.caption(provenance(shown))


def provenance(shown: list[Shown]) -> str:
    """What the figures are: live, of which data, seed and statistics mode."""
    first = shown[0].config
    modes = "; ".join(f"{each.label} {each.config.statistics}" for each in shown)
    return (
        f"**Live** · {first.dataset} · {first.backbone} · seed {first.seed} · "
        f"statistics at test time: {modes}"
    )


def _lambdas(shown: list[Shown]) -> None:
    def choices() -> None:
        st.segmented_control(
            "Scale", ["λ", "logit"], key="view.scale", required=True, help=CONTROLS["scale"],
            label_visibility="collapsed",
        )  # fmt: skip
        st.segmented_control(
            "A panel per", ["λ", "layer"], key="view.by", required=True, help=CONTROLS["by"],
            format_func=lambda by: f"a panel per {by}", label_visibility="collapsed",
        )  # fmt: skip

    _heading("λ of every layer", "lambda", choices)
    if any(each.history.adaptive_layers for each in shown):
        scale, by = state.view("scale"), state.view("by")
        chart = lambda_chart(
            shown,
            scale="logit" if scale == "logit" else "λ",
            by="layer" if by == "layer" else "λ",
        )
        _mount("λ over steps", chart, "lambdas", shown)
    elif all(each.history.start for each in shown):
        st.caption("None of these contenders has λ: it belongs to AFN and ASRNorm.")
    else:
        st.caption("λ stands at its start; the first step comes in a moment.")


def _corruptions(shown: list[Shown], comparison: Comparison) -> None:
    def choices() -> None:
        severity = st.segmented_control(
            "Severity", [1, 2, 3, 4, 5], key=key("severity.now"), required=True,
            default=None, help=CONTROLS["severity"], label_visibility="collapsed",
            format_func=lambda s: f"severity {s}" if s == _severity(shown) else str(s),
        )  # fmt: skip
        st.button(
            "Test now", icon=":material/science:", key="test.now",
            on_click=transport.evaluate, args=(comparison, severity or 3),
        )  # fmt: skip

    st.session_state.setdefault(key("severity.now"), comparison[0].severity)
    _heading("Accuracy per corruption", "corruptions", choices)
    severity = st.session_state[key("severity.now")] or comparison[0].severity
    _mount("Accuracy per corruption", corruption_chart(shown, severity), "corruptions", shown)
    test = next((t for s in shown if (t := s.history.latest_accuracy())), None)
    if test:
        st.caption(f"{test['n']} test images of {test['dataset']} each. {provenance(shown)}")


def _severity(shown: list[Shown]) -> int:
    return shown[0].config.severity


def _distributions(shown: list[Shown]) -> None:
    names = layer_names(shown)

    def choices() -> None:
        if st.session_state.get("view.layer") not in names:
            st.session_state["view.layer"] = names[0]
        if len(names) <= 4:
            st.segmented_control(
                "Layer", names, key="view.layer", required=True, format_func=short_layer,
                help=CONTROLS["layer"], label_visibility="collapsed",
            )  # fmt: skip
        else:
            st.selectbox(
                "Layer", names, key="view.layer", format_func=short_layer, width=220,
                help=CONTROLS["layer"], label_visibility="collapsed",
            )  # fmt: skip

    _heading("How γ̂ and β̂ spread", "distribution", choices if names else None)
    if not names:
        st.caption("The first snapshot comes with the first step.")
        return
    chart = distribution_chart(shown, st.session_state["view.layer"])
    _mount("γ̂ and β̂", chart, "distribution", shown)
