"""Changes while they train: a rail in the sidebar, beside what it changes and never over it."""

import math
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from afn.settings.commands import Command
from afn.settings.config import LIVE, SETTINGS
from afn.settings.lambda_init import LAMBDAS
from afn.wording import number_words
from afn.work.folder import ENDED

from ...kit import people
from ...kit.setting_control import control
from ...kit.view import said
from . import together, transport
from . import view as state
from .slot import Slot
from .words import HELP

_LOGITS = [step / 2 for step in range(-16, 7)]


def render(slots: list[Slot], statuses: Sequence[str]) -> None:
    """Draw it, where one of the contenders that the buttons act on still obeys."""
    slots = [slots[i] for i in transport.own_of(slots)]
    if not any(map(_heeds, slots)):
        return
    is_over = not transport.is_live(statuses)
    with st.container(key="rail"):
        st.header("Change now", anchor=False, help=HELP["change"])
        if is_over:
            st.caption(HELP["change.resume"])
        first = slots[0].config
        columns = st.columns(2, vertical_alignment="bottom")
        for i, name in enumerate(LIVE):
            setting = SETTINGS[name]
            control(
                setting, state.change_key(name), first, value=getattr(first, name),
                on=columns[i] if i < 2 else st,
                on_change=_sends(partial(_number, name), slots, setting.label),
            )  # fmt: skip
        if adaptive := [slot for slot in slots if slot.config.is_adaptive]:
            _lambdas(adaptive)


def _lambdas(slots: list[Slot]) -> None:
    st.pills(
        "λ of all layers", list("μσγβ"), selection_mode="multi", default=list("μσ"),
        key=state.change_key("lambdas"),
    )  # fmt: skip
    st.select_slider(
        "Set these λ", _LOGITS, -3.0, key=state.change_key("logit"), help=HELP["change.lambda"],
        format_func=_share, on_change=_sends(_logits, slots, "λ"),
    )  # fmt: skip


def _share(logit: float) -> str:
    return number_words(1 / (1 + math.exp(-logit)), 2)


def _number(name: str) -> Command:
    return {name: said(state.change_key(name))}


def _logits() -> Command:
    symbols, logit = (said(state.change_key(name)) for name in ("lambdas", "logit"))
    names = [name for name, symbol in zip(LAMBDAS, "μσγβ", strict=True) if symbol in symbols]
    return {"lambda": dict.fromkeys(names, logit)} if names else {}


def _sends(change: Callable[[], Command], slots: Sequence[Slot], label: str) -> Callable[[], None]:
    """What a field does when it is changed: tell the runs that obey, and those once resumed."""

    def send() -> None:
        if not (command := change()):
            return
        runs = [slot.run for slot in slots if slot.run is not None and _heeds(slot)]
        together.send(runs, {"command": "set", **command})
        if any(run.state().status in ENDED for run in runs):
            st.toast(
                f"{label} is set; what has ended obeys it once resumed.", icon=":material/tune:"
            )

    return transport.guarded(send)


def _heeds(slot: Slot) -> bool:
    """Whether its run obeys commands: now, or once it is resumed."""
    if slot.run is None or not people.may_change(slot.run):
        return False
    return transport.can_reopen(slot) or slot.run.state().status not in ENDED
