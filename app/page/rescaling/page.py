"""The learned scale γ̂ and shift β̂: over the steps, per channel, and what they depend on."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from afn.settings.norms import ADAPTIVE_NORMS, NORM_ROWS

from ...kit import card_view, histories, learned, routes
from ...kit.draw.chart import Shown
from ...kit.draw.legend import short_layer
from ...kit.draw.palette import NORM_COLORS
from ...kit.handout.parts import PlotStep
from ...kit.handout.screen import screen
from ...kit.jobs import follow
from ...kit.markdown import plain, warn
from ...kit.offers import Choice, newest
from ...kit.plot import csv_button, heading, painted, plot, say
from ...kit.stage import stage_numbers
from ...kit.take import offer
from . import conditions, ridges
from . import take as scales
from .ridges import SYMBOLS, TITLES, Ridge, Values
from .view import EVERY_LAYER, MOST_BESIDE, NEWEST, VIEW, nearest
from .words import ABOUT

TITLE, PATH = "γ/β", "gamma-beta"
"""In the navigation, and in the address."""

_TICK_SECONDS = 2.0
"""How often the page redraws while its run trains: a figure that changes is mounted anew."""


def render() -> None:
    """Draw the page."""
    is_asked, problems = VIEW.begin()
    st.title("γ/β", anchor=False)
    say(
        "Each channel's new scale and shift, **y = γ̂·x̂ + β̂**: how do they spread as a network "
        "learns, and how much do they depend on what is shown?"
    )
    offered = histories.choices()
    if not offered:
        routes.nothing_yet("**Nothing to look at yet.** Train a network in the Playground.")
        return
    if not VIEW.take().run:
        VIEW.set(run=newest(offered, 1, first=ADAPTIVE_NORMS)[0])
    found, missing = histories.opened([VIEW.take().run])
    chosen = found[0] if found else None
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        _run(offered)
        titles = {choice.id: choice.title for choice in offered if choice.id != VIEW.take().run}
        VIEW.set(beside=[one for one in VIEW.take().beside if one != VIEW.take().run])
        VIEW.pick("beside", "Beside", titles, width=420, max_selections=MOST_BESIDE)
        layers = chosen.history.layers if chosen else []
        if layers:
            problems += _layer(layers, is_linked=is_asked)
    warn([*problems, *missing])
    if chosen is None:
        VIEW.write(VIEW.take())
        st.info("Choose a run or a pretrained model above.", icon=":material/arrow_upward:")
        return
    learned.warn_of_shown([chosen])
    if chosen.recording:
        _follow(chosen, is_linked=is_asked)
        return
    screen().configs = {chosen.label: chosen.config}
    _follow(chosen, is_linked=is_asked)
    card_view.cards([chosen.card] if chosen.card else [], key="rescaling")
    offer("rescaling", lambda: scales.over_steps(chosen, VIEW.take().layer))
    if layers:
        heading("How γ̂ and β̂ differ", "rescaling.differences", ABOUT["differences"])
        conditions.render(chosen)


def _run(offered: Sequence[Choice]) -> None:
    titles = {choice.id: choice.title for choice in offered}
    VIEW.pick("run", "Run or pretrained model", titles, width=420)


def _layer(layers: Sequence[str], *, is_linked: bool) -> list[str]:
    """Has the user choose a layer; a line where the link names one that is not there."""
    problems, named = [], VIEW.take().layer
    if VIEW.settle("layer", [*layers, EVERY_LAYER]) != named and named and is_linked:
        problems.append(
            f"In the link, layer={named[:60]}: this network has no such norm layer. The first one "
            "is shown."
        )
    titles = {name: short_layer(name) for name in layers} | {EVERY_LAYER: "all layers"}
    VIEW.choice("layer", "Layer", titles, like=st.selectbox, width=240)
    return problems


# -- over the steps --------------------------------------------------------------------------------


def _follow(chosen: Shown, *, is_linked: bool) -> None:
    """The figures of the run; they follow one that still trains."""
    heading("As the network learns", "rescaling.ridges", ABOUT["ridges"])
    first = [chosen]

    def stands(now: Shown) -> tuple[bool, bool]:
        return now.is_live, bool(now.history.layers)  # there are layers to choose from

    def drawn() -> tuple[bool, bool]:
        VIEW.keep()
        now = first.pop() if first else (histories.opened([chosen.id])[0] or [chosen])[0]
        _steps(now, is_linked=is_linked)
        VIEW.write(VIEW.take())
        return stands(now)

    follow(drawn, stands(chosen), every=_TICK_SECONDS if chosen.is_live else None)


def _steps(chosen: Shown, *, is_linked: bool) -> None:
    history = chosen.history
    steps = [snapshot["step"] for snapshot in history.snapshots]
    if not steps:
        st.caption(
            "The first snapshot comes with the first step."
            if chosen.is_live
            else "This run ended before its first snapshot."
        )
        return
    drawn = st.container()
    cursor = _cursor(steps, is_linked=is_linked)
    layer = VIEW.take().layer
    if layer == EVERY_LAYER:
        with drawn:
            _all_layers(chosen, cursor)
    else:
        _one_layer(chosen, layer, cursor, drawn)
    told = f"{histories.provenance([chosen])} · with the statistics of a training batch"
    if NORM_ROWS[chosen.norm].networks_see_images:
        told += ", mean over its images"
    told += " · channels counted from 1"
    csv_button("All snapshots (CSV)", lambda: ridges.table(history), "gamma-beta", told)


def _cursor(steps: Sequence[int], *, is_linked: bool) -> int:
    """The step that is looked at, the same in all figures."""
    wanted = VIEW.take().step
    found = nearest(wanted, steps)
    if found != wanted:
        if is_linked and wanted != steps[-1]:
            shown = found or steps[-1]
            st.caption(
                f"There is no snapshot of step {wanted:,}; the nearest, {shown:,}, is shown."
            )
        VIEW.set(step=found)
    if len(steps) == 1:
        return steps[0]
    titles = {step: f"{step:,}" for step in steps[:-1]} | {NEWEST: f"{steps[-1]:,} (newest)"}
    VIEW.choice("step", "Step", titles, like=st.select_slider)
    return VIEW.take().step or steps[-1]


def _one_layer(chosen: Shown, layer: str, cursor: int, above: DeltaGenerator) -> None:
    found = ridges.by_step(chosen.history, layer)
    if cursor not in found:
        st.caption("This snapshot does not hold γ̂ and β̂ of this layer.")
        return
    stage_numbers(ridges.large_numbers(found, cursor, layer, chosen.color))
    if VIEW.take().beside:
        with above:
            words = _beside(chosen, layer, cursor)
        say(plain(words))
        _channels(chosen, found, cursor)
        return
    words = ridges.steps_reading(layer, found, cursor)
    shown = ridges.thinned_steps(list(found), cursor)
    with above:
        _ridges(
            {step: found[step] for step in shown}, [f"{step:,}" for step in shown],
            chosen, shown.index(cursor), f"One ridge per snapshot, step {shown[0]} on top. {words}",
        )  # fmt: skip
    say(plain(words))
    _channels(chosen, found, cursor)


def _beside(chosen: Shown, layer: str, cursor: int) -> str:
    """A ridge for each network; returns what they say."""
    others, problems = histories.opened([chosen.id, *VIEW.take().beside])
    warn(problems)
    found = ridges.beside(others, layer, cursor)
    words = ridges.beside_reading(found)
    for column, name in zip(st.columns(2), SYMBOLS, strict=True):
        shown = [
            Ridge(_label(each, at, own, layer, cursor), values[name], each.color)
            for each, own, at, values in found
        ]
        with column:
            st.markdown(f"**{TITLES[name]}**")
            plot(
                ridges.ridge_figure(shown, name, chosen.color), words, f"rescaling.beside.{name}",
                about=f"{SYMBOLS[name]}, a ridge for each network", is_told=True,
            )  # fmt: skip
    return words


def _label(each: Shown, at: int, own: str, layer: str, cursor: int) -> str:
    """Of a network; with layer and step where these are not those of the first one."""
    parts = [each.label, *([short_layer(own)] if own != layer else [])]
    return ", ".join([*parts, *([f"step {at:,}"] if at != cursor else [])])


def _channels(chosen: Shown, found: Mapping[int, Values], cursor: int) -> None:
    painted()
    heading(
        f"Channel by channel at step {cursor:,}", "rescaling.channels", ABOUT["channels"],
        taken="Channel by channel",
    )  # fmt: skip
    first, now = next(iter(found.values())), found[cursor]
    color = NORM_COLORS[chosen.norm]

    def steps(name: ridges.Name) -> list[PlotStep]:
        return [
            PlotStep(
                name=f"{step:,}",
                figure=ridges.channel_figure(found[step][name], first[name], name, color),
                words=f"{ridges.spread_words(found[step][name], name)}.",
            )
            for step in ridges.thinned_steps(list(found), cursor)
        ]

    for column, name in zip(st.columns(2), SYMBOLS, strict=True):
        with column:
            st.markdown(f"**{TITLES[name]}**")
            plot(
                ridges.channel_figure(now[name], first[name], name, color),
                f"{ridges.spread_words(now[name], name)}.", f"rescaling.channels.{name}",
                about=f"{SYMBOLS[name]} of each channel", steps=partial(steps, name),
                at=f"{cursor:,}",
            )  # fmt: skip


def _all_layers(chosen: Shown, cursor: int) -> None:
    found = ridges.by_layer(chosen.history, cursor)
    if not found:
        st.caption("This snapshot does not hold γ̂ and β̂.")
        return
    stage_numbers(ridges.widest_numbers(found, cursor, chosen.color))
    words = ridges.layers_reading(found, cursor)
    say(plain(words))
    names = [short_layer(name) for name in found]
    _ridges(found, names, chosen, None, f"One ridge per layer, the first on top. {words}")


def _ridges(
    found: Mapping[int, Values] | Mapping[str, Values],
    names: Sequence[str],
    chosen: Shown,
    selected: int | None,
    alt: str,
) -> None:
    color = NORM_COLORS[chosen.norm]
    for column, name in zip(st.columns(2), SYMBOLS, strict=True):
        shown = [
            Ridge(label, values[name]) for label, values in zip(names, found.values(), strict=True)
        ]
        with column:
            st.markdown(f"**{TITLES[name]}**")
            plot(
                ridges.ridge_figure(shown, name, color, selected=selected), alt,
                f"rescaling.ridges.{name}", about=SYMBOLS[name], is_told=True,
            )  # fmt: skip
