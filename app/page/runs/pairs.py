"""Two runs compared: what differs in their settings, where they part, and their curves overlaid."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from afn.runs.compare import Kinship, differences, kinship, parting, sentence
from afn.runs.store import Run
from afn.settings.lambda_init import LAMBDAS
from afn.settings.norms import ADAPTIVE_NORMS

from ...kit import histories
from ...kit.comparison import LETTERS
from ...kit.draw.chart import Shown
from ...kit.draw.legend import Entry, Stroke, legend_html
from ...kit.handout.screen import screen
from ...kit.jobs import follow
from ...kit.markdown import plain, warn
from ...kit.plot import csv_button, markup, plot, records, say
from ...kit.take import offer
from . import forking
from . import take as experiments
from .parting import TITLES, UNITS, parting_figure, parting_reading, parting_table

_TICK_SECONDS = 2.0
_LOOKS: tuple[Stroke, ...] = ("line", "dashed")
"""In the legend, as in `app.page.runs.parting`."""
_CLOSE = 4
"""Marks so few steps apart are one."""


def render(first: Run, second: Run) -> None:
    """Draw the comparison, the older run first; it follows runs that still train."""
    with st.container(border=True, key="pair"):
        st.header("Two runs compared", anchor=False)
        chosen, problems = histories.opened([first.id, second.id])
        warn(problems)
        if len(chosen) < 2:
            return
        trained = histories.with_config(chosen)
        screen().configs = {each.label: each.config for each in trained}
        is_live = any(each.is_live for each in chosen)

        def drawn() -> bool:
            now, _ = histories.opened([first.id, second.id])
            if len(now) == 2:
                _courses(now)
            return any(each.is_live for each in now)

        follow(drawn, is_live, every=_TICK_SECONDS if is_live else None)
        if len(trained) == len(chosen):
            _differences(chosen)
        if any(each.norm in ADAPTIVE_NORMS for each in chosen):
            forking.on_lambda_page(first.id, second.id)
        if len(trained) == len(chosen):
            offer("pair", lambda: experiments.programs_of(chosen))


def _differences(chosen: Sequence[Shown]) -> None:
    first, second = chosen
    found = differences(first.config, second.config)
    if not found:
        say("Their settings are equal.")
        return
    labels = [first.label, second.label]
    st.markdown("**Settings that differ**")
    records(
        [
            {"setting": _title(each.setting), labels[0]: _text(each.first),
             labels[1]: _text(each.second)}
            for each in found
        ],
        "Settings that differ", height="content", key="pair.settings",
        alt=f"{len(found)} settings that differ",
    )  # fmt: skip


def _title(setting: str) -> str:
    """As the controls call it where that says more."""
    part, _, name = setting.partition(".")
    if part == "lambda_init" and name in LAMBDAS:
        return f"λ({LETTERS[name]}): logit at the start, or set by the fork"
    return setting


def _text(value: Any) -> str:
    match value:
        case None:
            return "the norm's own"
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case list():
            return ", ".join(map(str, value)) or "none"
    return f"{value}"


def _courses(shown: Sequence[Shown]) -> None:
    names = [each.label for each in shown]
    found = parting(shown[0].history, shown[1].history)
    kin = kinship(shown[0].id, shown[0].origin, shown[1].id, shown[1].origin)
    say(plain(" ".join([*_kin_words(kin, names), sentence(found, *names)])))
    markup(
        legend_html(
            Entry(each.label, each.color, look) for each, look in zip(shown, _LOOKS, strict=True)
        )
    )
    marks = _marks(kin, found.step)
    for column, (quantity, title) in zip(st.columns(3), TITLES.items(), strict=True):
        words = parting_reading(shown, quantity)
        with column:
            unit = UNITS[quantity]
            st.markdown(f"**{title}**{f', {unit}' if unit else ''}")
            plot(
                parting_figure(shown, quantity, marks), words, f"pair.{quantity}",
                about=f"{title}, over the steps", replays=True,
            )  # fmt: skip
    modes = dict.fromkeys(f"{each.label} {each.statistics}" for each in shown)
    told = f"{histories.provenance(shown)} · statistics at test time: {', '.join(modes)}"
    csv_button("These curves (CSV)", lambda: parting_table(shown), "two-runs", told)


def _kin_words(kin: Kinship | None, names: Sequence[str]) -> list[str]:
    if kin is None:
        return []
    if kin.parent is None:
        steps = " and ".join(f"{step:,}" for step in dict.fromkeys(kin.steps))
        word = "steps" if len(set(kin.steps)) > 1 else "step"
        return [f"Both were forked from {kin.ancestor}, at {word} {steps}."]
    parent, child = names[kin.parent], names[1 - kin.parent]
    return [f"{child} was forked from {parent} at step {kin.steps[0]:,}."]


def _marks(kin: Kinship | None, step: int | None) -> list[tuple[int, str]]:
    """Where one was forked, and where they part; one mark where that is the same place."""
    marks = [(each, "forked") for each in dict.fromkeys(kin.steps)] if kin else []
    if step is not None and not any(0 <= step - at <= _CLOSE for at, _ in marks):
        marks.append((step, "they part"))
    return marks
