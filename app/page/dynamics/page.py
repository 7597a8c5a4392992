"""How λ moves while networks learn: every layer, several runs and seeds, beside each other."""

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
import streamlit as st

from afn.runs.course import Quantity
from afn.settings.lambda_init import GREEK, LAMBDAS
from afn.settings.norms import ADAPTIVE_NORMS, NORM_TITLES
from afn.wording import enumerate_words, number_words

from ...kit import card_view, histories, learned, routes
from ...kit.draw.chart import Shown
from ...kit.draw.lambdas import TITLES
from ...kit.draw.legend import depth_legend, short_layer
from ...kit.draw.tracks import Course, Series, courses_of, series_of, table
from ...kit.handout.screen import screen
from ...kit.jobs import follow
from ...kit.markdown import lettered, plain, warn
from ...kit.offers import Choice, alike, newest
from ...kit.plot import csv_button, heading, markup, painted, plot, say
from ...kit.sections import movement as moving
from ...kit.stage import StageNumber, stage_numbers
from ...kit.take import lambdas, offer
from . import charts, landscape
from .view import ALL, AXES, BY, MAX_RUNS, SEEDS, VIEW, DynamicsView
from .words import ABOUT, dynamics_reading, panel_reading

TITLE, PATH = "λ dynamics", "lambda"
"""In the navigation, and in the address."""

_TICK_SECONDS = 2.0
"""How often a page redraws whose runs still train: a figure that changes is mounted anew."""
_QUANTITIES: dict[Quantity, str] = {
    "lambda": "λ",
    "logit": "logit",
    "change": "change",
    "gradient": "gradient",
    "move": "effective move",
}
_MIN_LAYERS = 3
"""With fewer layers the depth is no axis."""


def render() -> None:
    """Draw the page."""
    _, problems = VIEW.begin()
    st.title("λ dynamics", anchor=False)
    say(
        "**λ**, four in each layer, say how much of what small networks propose is mixed in. Do "
        "they grow?"
    )
    offered = histories.choices()
    if not offered:
        routes.nothing_yet("**Nothing to look at yet.** Train an AFN network in the Playground.")
        return
    _runs(offered)
    chosen, missing = histories.opened(VIEW.take().runs)
    warn([*problems, *missing])
    if not chosen:
        VIEW.write(VIEW.take())
        st.info("Choose a run or a pretrained model above.", icon=":material/arrow_upward:")
        return
    learned.warn_of_shown(chosen)
    trained = histories.with_config(chosen)
    screen().configs = {each.label: each.config for each in trained}
    if not any(each.norm in ADAPTIVE_NORMS for each in chosen):
        VIEW.write(VIEW.take())
        st.info(_without(chosen), icon=":material/info:")
        return
    _controls(chosen)
    view = VIEW.take()
    VIEW.write(view)
    if without := [each for each in chosen if each.norm not in ADAPTIVE_NORMS]:
        st.caption(_without(without))
    stage_numbers(_furthest(chosen))
    _follow(view, chosen)
    landscape.render(trained)
    card_view.cards([each.card for each in chosen if each.card], key="dynamics")
    moving.render(trained)
    with st.container(border=True):
        left, right = st.columns(2, gap="large")
        left.markdown(lettered(ABOUT["equations"]))
        right.markdown(lettered(ABOUT["look"]))
    if trained:
        offer("dynamics", lambda: lambdas.programs_of(trained, view.quantity))


def _furthest(chosen: Sequence[Shown]) -> list[StageNumber]:
    """Where the λ that moved furthest stand now, for the stage: one of each network, then a second.

    A network's second is the other letter's in the layer where that moved furthest.
    """
    ranked = [_by_movement(each) for each in chosen]
    return [each for mine in zip_longest(*ranked) for each in mine if each]


def _by_movement(shown: Shown) -> list[StageNumber]:
    """Of each letter the λ that moved furthest, the furthest first."""
    history = shown.history
    if not history.start or not history.lambdas.size:
        return []
    now, start = history.lambdas[:, :, -1], np.array(history.start["lambdas"])  # (layers, 4)
    moved = np.abs(now - start)
    found = []
    for i in np.argsort(-moved.max(axis=0)):
        layer = moved[:, i].argmax()
        name = f"{GREEK[LAMBDAS[i]]}, {short_layer(history.adaptive_layers[layer])}"
        about = f"{name}, from {number_words(float(start[layer, i]))}"
        value = number_words(float(now[layer, i]))
        found.append(StageNumber(shown.label, value, shown.color, about))
    return found


def _runs(offered: Sequence[Choice]) -> None:
    titles = {choice.id: choice.title for choice in offered}
    adaptive = [choice for choice in offered if choice.setup.norm in ADAPTIVE_NORMS]
    VIEW.propose("runs", newest(adaptive or offered, MAX_RUNS, first=ADAPTIVE_NORMS))
    VIEW.pick("runs", "Runs and pretrained models", titles, max_selections=MAX_RUNS)


def _without(chosen: Sequence[Shown]) -> str:
    names = enumerate_words(list(dict.fromkeys(each.label for each in chosen)))
    verb = "has" if len(chosen) == 1 else "have"
    return plain(
        f"{names} {verb} no λ: without networks there is nothing to mix in. λ belongs to AFN and "
        "ASRNorm; choose one of those to see it."
    )


def _controls(chosen: Sequence[Shown]) -> None:
    with st.container(horizontal=True, gap="medium"):
        VIEW.choice("quantity", "Shown", _QUANTITIES)
        VIEW.choice("by", "A panel per", BY)
        titles = GREEK | {ALL: "all"}
        if VIEW.take().quantity == "move":
            titles |= {"mu": "mean", "sigma": "spread"}
        VIEW.choice("which", "Of", VIEW.take().offered, titles=titles)
        VIEW.choice("axis", "Steps", AXES)
        if any(len(one.members) > 1 for one in _series(chosen)):
            VIEW.choice("seeds", "Seeds", SEEDS)


def _series(chosen: Sequence[Shown]) -> list[Series]:
    # A fork is no other seed of what its configuration says.
    keys = [each.id if each.recording
            else (alike(each.config), each.norm, each.origin and each.id)
            for each in chosen]  # fmt: skip
    return series_of(chosen, keys)


# -- figures ---------------------------------------------------------------------------------------


def _follow(view: DynamicsView, chosen: Sequence[Shown]) -> None:
    """The figures; they follow runs that still train."""
    is_live = any(each.is_live for each in chosen)
    first = [chosen]

    def drawn() -> bool:
        VIEW.keep()
        now = first.pop() if first else histories.opened(view.runs)[0]
        _figures(view, now)
        return any(each.is_live for each in now)

    follow(drawn, is_live, every=_TICK_SECONDS if is_live else None)


def _figures(view: DynamicsView, chosen: Sequence[Shown]) -> None:
    series = _series(chosen)
    courses = courses_of(series, view.quantity)
    if not courses:
        st.caption(_nothing(view, chosen))
        return
    told = courses
    if view.quantity in ("logit", "change"):
        told = courses_of(series, "lambda")
    markup(
        depth_legend(
            (one.label, one.color, one.dash, one.layers if view.by == "λ" else ()) for one in series
        )
    )
    panels = charts.panels_of(series, view.quantity, view.panels, view.by)
    is_small = view.by == "layer" and len(panels) > 2
    across = 1 if len(panels) == 1 else 3 if is_small else len(panels)
    if view.by == "layer":
        titles = charts.MOVE_TITLES if view.quantity == "move" else TITLES
        unit = charts.UNITS[view.quantity]
        words = [f"**{titles[view.panels[0]]}**", *([unit] if unit else []), "layer by layer"]
        st.markdown(", ".join(words))
    _panels(panels, courses, view, across=across, height=190 if is_small else 300)
    say(plain(dynamics_reading(told, view.quantity)))
    if view.by == "λ" and max(len(one.layers) for one in series) >= _MIN_LAYERS:
        painted()
        _depth(panels, courses, view)
    csv_button(
        "These curves (CSV)", lambda: table(series, view.quantity), f"lambda-{view.quantity}",
        _provenance(view, chosen, courses),
    )  # fmt: skip


def _panels(
    panels: Sequence[charts.Panel], courses: Sequence[Course], view: DynamicsView,
    *, across: int, height: int,
) -> None:  # fmt: skip
    for row in range(0, len(panels), across):
        if row == across:
            painted()
        columns = st.columns(across)
        for column, panel in zip(columns, panels[row : row + across], strict=False):
            words = panel_reading(panel, courses, view.quantity)
            with column:
                st.markdown(_title(panel, view.quantity))
                plot(
                    charts.dynamics_figure(
                        panel, courses, view.quantity, seeds=view.seeds, log=view.axis == "log",
                        height=height,
                    ),
                    words, f"dynamics.{panel.which}.{panel.layer or 'all'}",
                    about=f"{panel.title}, over the steps", is_told=True, replays=True,
                )  # fmt: skip


def _title(panel: charts.Panel, quantity: Quantity) -> str:
    unit = "" if panel.layer else charts.UNITS[quantity]
    return lettered(f"**{panel.title}**{f', {unit}' if unit else ''}")


def _depth(panels: Sequence[charts.Panel], courses: Sequence[Course], view: DynamicsView) -> None:
    heading("From the first layer to the last", "dynamics.depth", ABOUT["depth"])
    for row in range(0, len(panels), 2):
        for column, panel in zip(st.columns(2), panels[row : row + 2], strict=False):
            with column:
                st.markdown(_title(panel, view.quantity))
                words = panel_reading(panel, courses, view.quantity)
                plot(
                    charts.depth_figure(panel, courses, view.quantity), words,
                    f"dynamics.depth.{panel.which}",
                    about=f"{panel.title}, over the depth: hollow at the start, filled at the end",
                    is_told=True,
                )  # fmt: skip


def _nothing(view: DynamicsView, chosen: Sequence[Shown]) -> str:
    if view.quantity == "move" and any(each.history.snapshots for each in chosen):
        return (
            "These runs were recorded before snapshots said how far λ moves the statistics. Train "
            "anew to see it."
        )
    if any(each.is_live for each in chosen):
        return "λ stands at its start; the first step comes in a moment."
    return "These runs ended before their first step."


def _provenance(view: DynamicsView, chosen: Sequence[Shown], courses: Sequence[Course]) -> str:
    adaptive = [each for each in chosen if each.norm in ADAPTIVE_NORMS]
    text = histories.provenance(adaptive)
    if many := [course.series for course in courses if not course.is_alone]:
        how = "band: lowest to highest, line: mean" if view.seeds == "band" else "a line each"
        counts = ", ".join(f"{NORM_TITLES[one.members[0].norm]} {len(one.members)}"
                           for one in many)  # fmt: skip
        text += f" · seeds: {counts} ({how})"
    if len(courses) < len(_series(chosen)):
        text += " · runs that did not record this are left out"
    if any(each.card for each in adaptive):
        text += " · pretrained: not every step, and four digits"
    return f"{text} · statistics in training: AFN the batch's, ASRNorm each image's"
