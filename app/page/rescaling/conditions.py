"""How γ̂ and β̂ differ between corruptions, domains and images: asked of the network at once."""

from collections.abc import Mapping, Sequence

import streamlit as st

from afn.ask.network import Network
from afn.ask.rescaling import LayerRescaling, Rescaling
from afn.wording import distinct, statistics_told

from ...kit import backend, families, histories, jobs
from ...kit.batch_controls import BATCH_SIZES, STATISTICS, corruption
from ...kit.draw.chart import Shown
from ...kit.draw.legend import Entry, legend_html
from ...kit.draw.palette import NORM_COLORS
from ...kit.jobs import Job
from ...kit.markdown import plain
from ...kit.plot import csv_button, markup, plot, say
from ...kit.take import offer
from . import differences
from . import take as scales
from .ridges import SYMBOLS
from .view import CORRUPTIONS, IMAGES, VIEW, RescalingView, not_here, task_of

_CONDITIONS = {"corruption": "severities of a corruption", "domains": "domains"}
_HEIGHT = 300
"""Pixels that are kept free for figures to come."""


def render(chosen: Shown) -> None:
    """Measure the network under the conditions that the page's settings name, and draw it."""
    if chosen.is_live:
        st.caption("Once its training has ended, the network can be asked here.")
        return
    try:
        network = histories.network_of(chosen)
    except (ValueError, OSError) as error:
        st.caption(plain(f"{error}."))
        return
    backend.runner().start()
    others = families.other_domains(chosen.config.dataset)
    if VIEW.take().conditions == "domains" and not others:
        VIEW.set(conditions="corruption")

    asked_for = [families.current_name(name) for name in VIEW.take().domains]
    line = not_here(asked_for, others)
    if line and VIEW.take().conditions == "domains":
        st.warning(plain(line), icon=":material/info:")

    def ask_now() -> tuple[Job]:
        VIEW.keep()
        task = task_of(VIEW.take(), network)
        return (jobs.ask("rescaling", [task], starts=True),)

    def draw(asked: Job) -> None:
        _settings(others, network)
        view = VIEW.take()
        jobs.show("rescaling", asked)
        task = task_of(view, network)
        if measured := task.read():
            _differences(chosen, view, measured, task.question.statistics, others)
        elif asked.is_running:
            st.skeleton(height=_HEIGHT)
        offer("rescaling.differences", lambda: scales.between_conditions(chosen, task))
        VIEW.write(VIEW.take())

    jobs.part(ask_now, draw)


def _settings(others: Mapping[str, str], network: Network) -> None:
    with st.container(horizontal=True, gap="medium"):
        if others:
            VIEW.choice("conditions", "Between", _CONDITIONS)
        if VIEW.take().conditions == "domains":
            asked = map(families.current_name, VIEW.take().domains)
            VIEW.set(domains=[name for name in asked if name in others])
            VIEW.choice("domains", "Domains", others, like=st.pills)
        else:
            corruption(VIEW, CORRUPTIONS, network.config.dataset, network.image_shape)
        if network.has_choice:
            VIEW.choice("stats", "Statistics", STATISTICS)
            VIEW.choice("batch_size", "Test batch", BATCH_SIZES, like=st.select_slider, width=180)
        VIEW.choice("images", "Images of each", IMAGES, like=st.selectbox, width=120)


def _differences(
    chosen: Shown,
    view: RescalingView,
    measured: Rescaling,
    statistics: str,
    titles: Mapping[str, str],
) -> None:
    looked = differences.looks(measured, NORM_COLORS[chosen.config.norm], titles)
    mine = [layer for layer in measured.layers if layer.name == view.layer]
    layer = mine[0] if mine else None
    words = differences.difference_reading(chosen.label, measured, looked, layer)
    say(plain(words))
    if any(each.varies != "nothing" for each in ([layer] if layer else measured.layers)):
        markup(
            legend_html(
                [Entry(f"{look.title} {look.glyph}".strip(), look.color) for look in looked[1:]]
            )
        )
        _difference_figures(measured, looked, layer, words)
    _difference_source(chosen, measured, statistics, layer)


def _difference_figures(
    measured: Rescaling,
    looked: Sequence[differences.ConditionLook],
    layer: LayerRescaling | None,
    words: str,
) -> None:
    for column, name in zip(st.columns(2), SYMBOLS, strict=True):
        with column:
            if layer:
                st.markdown(f"**{SYMBOLS[name]} less that on {plain(looked[0].title)} images**")
                figure = differences.channels_figure(layer, looked, name)
            else:
                st.markdown(f"**|difference of {SYMBOLS[name]}|**, mean over channels")
                figure = differences.layers_figure(measured, looked, name)
            plot(
                figure, words, f"rescaling.differences.{name}",
                about=f"Differences of {SYMBOLS[name]} between conditions", is_told=True,
            )  # fmt: skip


def _difference_source(
    chosen: Shown, measured: Rescaling, statistics: str, layer: LayerRescaling | None
) -> None:
    modes = dict.fromkeys(statistics_told(statistics, n) for n in measured.num_images)
    told = (
        f"Cached · weights of seed {chosen.config.seed}, measured here · "
        f"{distinct(measured.num_images)} test images of each condition · statistics: "
        f"{'; '.join(modes)}"
    )
    if layer and layer.varies != "nothing":
        told += f" · grey band: one standard deviation between {layer.varies}"
    csv_button(
        "Under all conditions (CSV)", lambda: differences.table(measured), "gamma-beta-conditions",
        told,
    )  # fmt: skip
