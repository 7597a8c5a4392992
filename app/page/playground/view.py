"""The Playground's settings and runs.

What the address asks for, settings and the runs to reattach to, is adopted where a visitor comes by
a link, or by Back or Forward. From then on the widgets hold the settings, and every rerun writes
them back, so that the address is always a link to what is on screen. While another page is open
the `Session` keeps them, and how the runs are looked at.
"""

import math
import random
import secrets
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import streamlit as st

from afn.runs.store import Run
from afn.settings.config import SETTINGS, TrainConfig
from afn.settings.lambda_init import LAMBDAS, LambdaInit
from afn.settings.setting import Setting

from ...kit import address, backend
from ...kit.comparison import (
    MAX_CONTENDERS,
    OWN,
    PRESETS,
    SHARED,
    URL_KEYS,
    Comparison,
    default_comparison,
    from_url,
    opening_comparison,
    share,
    to_url,
)
from ...kit.demo import demo_of
from ...kit.routes import PLAYGROUND_RUNS
from ...kit.view import here, in_session
from .session import Session
from .slot import Slot, started

TARGET, EXPERIMENTS, TWIST = "target", "experiments", "twist"
"""Widget keys: of what the buttons act on, of the presets, and of BN's statistics."""
NO_RUN = "-"
VIEW_DEFAULTS: dict[str, str] = {
    "scale": "λ", "by": "λ", "span": "shared", "layer": "", "step": "", "past": "",
}  # fmt: skip
"""Choices of how to look at the runs; each is a URL parameter and a widget key ``view.<name>``.

The step is the one that the whole page shows, as the browser told when it was chosen; empty: now.
Past are ids of runs of earlier seeds, see `app.page.playground.seeds`.
"""
VIEW_CHOICES = {
    "scale": ("λ", "logit"), "by": ("λ", "layer"), "span": ("shared", "unit", "zoom"),
}  # fmt: skip

OFF_LOGIT = -50.0
"""The lowest logit that can be set; it stands for minus infinity, λ = 0 exactly and frozen."""


def key(name: str, slot: int | None = None) -> str:
    """The widget key of a setting, of a contender's slot where one is given."""
    return f"set.{name}" if slot is None else f"set.{slot}.{name}"


def view_key(name: str) -> str:
    """The widget key of a choice of how to look at the runs."""
    return f"view.{name}"


def change_key(name: str) -> str:
    """The widget key of a change to a training under way."""
    return f"change.{name}"


def session() -> Session:
    """This session's."""
    return in_session(Session)


# -- beginning and end of a script run ------------------------------------------------------------


def begin() -> None:
    """Adopt what the address asks for where it is new; ready the widgets."""
    kept = session()
    url, is_asked = here().begin()
    if is_asked:
        comparison, problems = from_url(url)
        if not {*url} & {*URL_KEYS, PLAYGROUND_RUNS, *VIEW_DEFAULTS}:
            comparison = opening_comparison()
        kept.runs = []
        if linked := [part for part in "~".join(url.get(PLAYGROUND_RUNS, [])).split("~") if part]:
            problems += _adopt_runs(linked[:MAX_CONTENDERS])
            if not any(name in url for name in URL_KEYS):
                comparison = _settings_of_runs() or comparison
        for name, default in VIEW_DEFAULTS.items():
            wanted = url.get(name, [default])[-1]
            st.session_state[view_key(name)] = (
                wanted if wanted in VIEW_CHOICES.get(name, (wanted,)) else default
            )
        show_step(url.get("step", [""])[-1])
        kept.arrivals += 1
        kept.problems = problems
        put(comparison)
        return
    for name, value in kept.views.items():
        st.session_state.setdefault(view_key(name), value)
    if key("dataset") not in st.session_state:  # back from another page: the widgets are gone
        put(kept.settings)
        kept.arrivals += 1


def _adopt_runs(run_ids: list[str]) -> list[str]:
    problems = []
    slots: list[str | None] = []
    for run_id in run_ids:
        if run_id == NO_RUN:
            slots.append(None)
            continue
        try:
            backend.store().open(run_id).config()
            slots.append(run_id)
        except (ValueError, OSError) as error:
            slots.append(None)
            problems.append(f"In the link, run: {error}. It is left out.")
    session().runs = slots if any(slots) else []
    return problems


def _settings_of_runs() -> Comparison | None:
    configs = [slot.config for slot in slots(default_comparison()) if slot.run]
    if not configs:
        return None
    first = configs[0]
    shared = {setting.name: getattr(first, setting.name) for setting in SHARED}
    return share(tuple(configs), **shared)


def write_url(comparison: Comparison) -> None:
    """Make the address a link to what is on screen."""
    session().settings = comparison
    url: dict[str, str | list[str]] = to_url(comparison)
    if runs := [run_id or NO_RUN for run_id in session().runs]:
        url[PLAYGROUND_RUNS] = "~".join(runs)
    session().views = views = {name: view(name) for name in VIEW_DEFAULTS}
    url |= {name: value for name, value in views.items() if value != VIEW_DEFAULTS[name]}
    if not url:  # a bare address opens something else
        url["c"] = [config.norm for config in comparison]
    here().write(url)


def view(name: str) -> str:
    """A choice of how to look at the runs."""
    return st.session_state.get(view_key(name)) or VIEW_DEFAULTS[name]


def show_step(step: str) -> None:
    """Have the page show what was at a step; now, where it is none."""
    is_one = step.isascii() and step.isdigit() and len(step) < 10
    st.session_state[view_key("step")] = str(int(step)) if is_one else ""


def set_view(name: str, value: str) -> None:
    """Look at the runs in another way."""
    st.session_state[view_key(name)] = value


# -- settings <-> widgets --------------------------------------------------------------------------


def put(comparison: Comparison) -> None:
    """Set every widget from a comparison."""
    first = comparison[0]
    for setting in SHARED:
        put_value(setting, getattr(first, setting.name))
    widgets = st.session_state
    widgets[key("count")] = len(comparison)
    for slot, config in enumerate(comparison):
        for name in ("norm", *(setting.name for setting in OWN)):
            widgets[key(name, slot)] = getattr(config, name)
        init = config.lambda_init
        names = [name for name, preset in LambdaInit.PRESETS.items() if preset == init]
        widgets[key("start", slot)] = names[0] if names else "custom"
        for name in LAMBDAS:
            widgets[key(name, slot)] = max(getattr(init, name), OFF_LOGIT)
        widgets[key("rescale_gate", slot)] = init.rescale_gate
    session().settings = comparison


def count() -> int:
    """How many contenders there are."""
    return int(st.session_state[key("count")])


def take() -> tuple[Comparison, list[str]]:
    """The comparison that the widgets say, and one line for each contradiction.

    Where they contradict each other, the last settings that made sense are kept.
    """
    errors: list[str] = []
    try:
        shared = {setting.name: value(setting) for setting in SHARED}
        base = TrainConfig(**shared)
    except (ValueError, TypeError) as error:
        return session().settings, [f"{error}."]
    comparison = []
    for slot in range(count()):
        try:
            comparison.append(_contender(base, slot))
        except ValueError as error:
            errors.append(f"Contender {slot + 1}: {error}.")
    return (tuple(comparison), []) if not errors else (session().settings, errors)


def put_value(setting: Setting, value: Any) -> None:
    """Set the widget of a setting that all contenders share."""
    if setting.is_list:
        value = ", ".join(map(str, value)) if setting.kind == "wholes" else list(value)
    st.session_state[key(setting.name)] = value


def _from_widget(setting: Setting, value: Any) -> Any:
    if setting.kind != "wholes":
        return tuple(value) if setting.is_list else value
    try:
        return tuple(int(part) for part in value.replace("-", ",").split(","))
    except ValueError:
        raise ValueError(
            f"{setting.title} are whole numbers with commas between, such as 16, 32; got {value!r}"
        ) from None


def value(setting: Setting, slot: int | None = None) -> Any:
    """What the widget of a setting says."""
    return _from_widget(setting, st.session_state.get(key(setting.name, slot), setting.default))


def said(slot: int) -> Any:
    """What the widgets say of a contender, by a configuration's names, contradictory or not."""
    get = st.session_state.get
    values = {setting.name: value(setting, slot) for setting in OWN}
    if (start := start_of(slot)) == "custom":
        gate = get(key("rescale_gate", slot), "sigmoid")
        logits = {name: get(key(name, slot), -3.0) for name in LAMBDAS}
        logits = {name: -math.inf if v <= OFF_LOGIT else v for name, v in logits.items()}
        values["lambda_init"] = LambdaInit(**logits, rescale_gate=gate)
    else:
        values["lambda_init"] = LambdaInit.PRESETS[start]
    shared = {setting.name: get(key(setting.name)) for setting in SHARED}
    return SimpleNamespace(**shared, **values, norm=get(key("norm", slot)))


def _contender(base: TrainConfig, slot: int) -> TrainConfig:
    """Only what the norm heeds, so that equal runs have equal configurations."""
    values = said(slot)
    heeded = {s.name: s.default if s.unheeded(values) else getattr(values, s.name) for s in OWN}
    return replace(base, norm=values.norm, **heeded)


def adopt_preset(name: str) -> None:
    """Set every widget as the preset has it, and put the presets away."""
    put(PRESETS[name].comparison)
    clear_problems()
    st.session_state[EXPERIMENTS] = False


def start_of(slot: int) -> str:
    """The name of a contender's λ start."""
    return str(st.session_state.get(key("start", slot), "paper"))


def begin_logits(slot: int) -> None:
    """Have the fields of a custom start begin with the start that was chosen."""
    preset = LambdaInit.PRESETS.get(start_of(slot))
    if preset and not preset.is_off:
        for name in (*LAMBDAS, "rescale_gate"):
            st.session_state[key(name, slot)] = getattr(preset, name)


def batch_norms() -> list[int]:
    """The slots of plain BN."""
    return [slot for slot in range(count()) if said(slot).norm == "bn"]


def settle_twist() -> str:
    """The key of the switch that gives BN the test batch, which says how BN is set."""
    st.session_state[TWIST] = all(said(slot).eval_stats == "batch" for slot in batch_norms())
    return TWIST


def twist() -> None:
    """Set BN's statistics at test time as the switch says."""
    for slot in batch_norms():
        st.session_state[key("eval_stats", slot)] = "batch" if st.session_state[TWIST] else None
    session().settings, _ = take()


def add_contender() -> None:
    """One more contender: the first norm of a short list that is not there yet."""
    comparison = session().settings
    present = {config.norm for config in comparison}
    norm = next((n for n in ("afn", "asrnorm", "bn", "in", "gn") if n not in present), "afn")
    put(
        (
            *comparison,
            replace(comparison[0], norm=norm, **{each.name: each.default for each in OWN}),
        )
    )


def remove_contender(slot: int) -> None:
    """Take a contender out of the settings."""
    comparison = session().settings
    put(comparison[:slot] + comparison[slot + 1 :])


# -- runs ------------------------------------------------------------------------------------------


def slots(comparison: Comparison) -> list[Slot]:
    """What is on screen: started runs with the configuration they have, the rest as set.

    Where nothing was started, what was recorded of the opening comparison is shown in its place.
    """
    runs = list(session().runs)
    shown = []
    for i in range(max(len(runs), len(comparison)) if runs else len(comparison)):
        run_id = runs[i] if i < len(runs) else None
        if run_id:
            try:
                shown.append(started(run_id))
                continue
            except (ValueError, OSError) as error:
                note_once(f"{error}.")
                attach(i, None)
        if i < len(comparison):
            shown.append(Slot(comparison[i], None, demo=None if runs else demo_of(comparison[i])))
    return shown


def note_once(line: str) -> None:
    """Add a line to what the page says on top."""
    if line not in session().problems:
        session().problems.append(line)


def attach(slot: int, run: Run | None) -> None:
    """Put a run into a slot, or take the one in it away."""
    runs = list(session().runs)
    runs += [None] * (slot + 1 - len(runs))
    runs[slot] = run.id if run else None
    show_step("")
    while runs and runs[-1] is None:
        runs.pop()
    session().runs = runs


def adopt_started(run_ids: list[str]) -> None:
    """Show runs that were started for this session."""
    session().problems = _adopt_runs(run_ids[:MAX_CONTENDERS])
    show_step("")
    note_start()


def note_start() -> None:
    """The order was taken; the next one is another."""
    kept = session()
    kept.started, kept.order = time.monotonic(), secrets.token_hex()


def is_linked() -> bool:
    """Whether the address names runs."""
    return PLAYGROUND_RUNS in address.asked()


def new_seed() -> None:
    """Draw another seed for the settings."""
    put_value(SETTINGS["seed"], random.randrange(1, 10_000))
    session().settings, _ = take()


def clear_problems() -> None:
    """Forget what the link could not give; the user has moved on."""
    session().problems = []
