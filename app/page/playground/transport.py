"""Start, pause, step, stop, reset: for all contenders or for one."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from afn.runs.store import Run
from afn.settings.commands import Command, change_words
from afn.work.folder import ENDED

from ...kit import backend, orders, people
from ...kit.comparison import Comparison, labels, names_of, to_url
from ...kit.components.starter import start_by
from ...kit.markdown import plain
from ...kit.view import settle
from . import seeds, together
from . import view as state
from .slot import Slot
from .words import HELP

ALL = "all"


def status(slot: Slot) -> str:
    """ready, waiting, running, paused, finished, stopped or failed."""
    if slot.run is None:
        return "ready"
    found = slot.run.state().status
    if found == "running" and backend.history(slot.run.id).is_paused:
        return "paused"
    return found


def is_live(statuses: Sequence[str]) -> bool:
    """Whether anything may still happen by itself."""
    return any(each in ("waiting", "running", "paused") for each in statuses)


def render(
    slots: list[Slot], statuses: list[str], *, is_valid: bool, scrubber: Callable[[], None]
) -> None:
    """The row of buttons, with the scrubber beside them. A click acts before all is drawn again."""
    chosen = _chosen(slots)
    own = own_of(slots)
    mine = [statuses[i] for i in own]
    reason = "" if len(own) == len(chosen) else people.FORK_IT
    can_start = is_valid and any(each == "ready" for each in mine)
    is_over = bool(chosen) and all(statuses[i] in ENDED for i in chosen)
    is_running = any(each in ("running", "waiting") for each in mine)
    can_resume = any(statuses[i] == "paused" or can_reopen(slots[i]) for i in own)
    with st.container(horizontal=True, vertical_alignment="center", key="transport"):
        if is_over:
            _button("Start again", "replay", _start_again, chosen, disabled=not is_valid, main=True)
        else:
            _button("Start", "play_arrow", _start, chosen, disabled=not can_start, main=can_start)
            is_new = len(chosen) == len(slots) and all(each == "ready" for each in statuses)
            if can_start and is_new and orders.ORDERS.is_served:
                _start_at_once(slots)
        if is_running or not can_resume:
            _button("Pause", "pause", _pause, chosen, disabled=not is_running, reason=reason)
        if can_resume:  # beside Pause where some run and others do not
            _button("Resume", "resume", _resume, chosen)
        can_step = can_start or any(each in ("running", "paused") for each in mine)
        _button("Step", "skip_next", _step, chosen, disabled=not can_step, reason=reason)
        _button("Stop", "stop", stop, chosen, disabled=not is_live(mine), reason=reason)
        has_runs = any(slots[i].run for i in chosen)
        _button("Reset", "restart_alt", _reset, chosen, disabled=not has_runs)
        _button("New seed", "casino", _new_seed, list(range(len(slots))))
        _target(slots)
        with st.container(key="timeline"):
            scrubber()
    _set_for_later(slots)


def _start_at_once(slots: list[Slot]) -> None:
    start_by(
        "transport.Start",
        order=state.session().order,
        link=urlencode(to_url(tuple(slot.config for slot in slots)), doseq=True),
        on_started=state.adopt_started,
    )


def _set_for_later(slots: list[Slot]) -> None:
    """What ended runs will obey once they are resumed."""
    names = names_of([slot.config for slot in slots], [slot.origin for slot in slots])
    told = [
        f"{name}: {', '.join(words)}"
        for name, slot in zip(names, slots, strict=True)
        if slot.run and can_reopen(slot) and (words := _pending_words(slot.run))
    ]
    if told:
        st.caption(f":material/tune: Set for when it is resumed. {plain('; '.join(told))}.")


def _pending_words(run: Run) -> list[str]:
    with suppress(OSError, ValueError):
        return [words for command in run.pending() if (words := change_words(command))]
    return []


def _target(slots: list[Slot]) -> None:
    """A choice of whom the buttons act on."""
    if len(slots) == 1:
        return
    names = names_of([slot.config for slot in slots], [slot.origin for slot in slots])
    st.selectbox(
        "Buttons act on",
        [ALL, *map(str, range(len(slots)))],
        format_func=lambda name: "All" if name == ALL else names[int(name)],
        key=state.TARGET,
        label_visibility="collapsed",
        width=110,
    )


def _chosen(slots: list[Slot]) -> list[int]:
    chosen = settle(state.TARGET, [ALL, *map(str, range(len(slots)))])
    return list(range(len(slots))) if chosen == ALL else [int(chosen)]


def own_of(slots: list[Slot]) -> list[int]:
    """Those that the buttons act on and the visitor may change."""
    return [i for i in _chosen(slots) if people.may_change(slots[i].run)]


def _button(
    label: str,
    icon: str,
    act: Callable[[list[int]], None],
    chosen: list[int],
    *,
    disabled: bool = False,
    main: bool = False,
    reason: str = "",
) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"transport.{label}",
        type="primary" if main else "secondary",
        disabled=disabled,
        help=reason if disabled and reason else HELP.get(label),
        on_click=guarded(act),
        args=(chosen,),
    )


# -- what the buttons do -----------------------------------------------------------------------


def _shown() -> list[Slot]:
    return state.slots(state.take()[0])  # a field may have been changed by the same click


def _start(chosen: list[int], commands: Sequence[Command] = ()) -> None:
    """Create the runs that are missing and submit them together."""
    shown = _shown()
    ready = [i for i in chosen if i < len(shown) and shown[i].run is None]
    names = labels(tuple(slot.config for slot in shown))
    group: str = next((slot.run.record()["group"] for slot in shown if slot.run), "")

    def make() -> list[Run]:
        return orders.start(
            [shown[i].config for i in ready],
            names=[names[i] for i in ready],
            group=group,
            commands=commands,
            owner=people.me(),
        )

    try:
        runs = orders.ORDERS.once(state.session().order, make)
    except (OSError, ValueError) as error:
        state.note_once(orders.refusal(error))
        return
    for i, run in zip(ready, runs, strict=False):
        state.attach(i, run)
    state.clear_problems()
    state.note_start()


def _start_again(chosen: list[int]) -> None:
    _reset(chosen)
    _start(chosen)


def start_again() -> None:
    """Start all contenders anew, as they are set."""
    everyone = list(range(max(len(_shown()), state.count())))
    _start_again(everyone)


def _pause(chosen: list[int]) -> None:
    shown = _shown()
    _send(
        [i for i in chosen if i < len(shown) and status(shown[i]) != "paused"], {"command": "pause"}
    )


def _resume(chosen: list[int]) -> None:
    shown = _shown()
    reopened = []
    chosen = [i for i in chosen if i < len(shown)]
    for i in chosen:
        run = shown[i].run
        if run is not None and can_reopen(shown[i]) and run.reopen():
            reopened.append(run)
    if reopened:
        backend.runner().submit(reopened)
    _send([i for i in chosen if status(shown[i]) == "paused"], {"command": "resume"})


def _step(chosen: list[int]) -> None:
    _start(chosen, commands=[{"command": "step"}])
    shown = _shown()
    live = [i for i in chosen if i < len(shown) and status(shown[i]) in ("running", "paused")]
    _send(live, {"command": "step"})


def guarded(act: Callable[..., None]) -> Callable[..., None]:
    """The action; where the disk does not play along, one line instead of a broken page."""

    def guarded(*args: Any) -> None:
        try:
            act(*args)
        except OSError as error:
            state.note_once(f"That did not work: {error}. Check the runs folder and its space.")

    return guarded


def stop(chosen: list[int]) -> None:
    """Stop those of these that run and that the visitor may stop."""
    for run in _live_runs(chosen):
        backend.runner().stop(run)


def _reset(chosen: list[int]) -> None:
    stop(chosen)
    for i in chosen:
        state.attach(i, None)
    state.clear_problems()


def _new_seed(chosen: list[int]) -> None:
    seeds.keep(_shown())
    _reset(chosen)
    state.new_seed()


def _live_runs(chosen: list[int]) -> list[Run]:
    shown = _shown()
    return [
        run
        for i in chosen
        if i < len(shown)
        and (run := shown[i].run)
        and run.state().status not in ENDED
        and people.may_change(run)
    ]


def _send(chosen: list[int], command: Command) -> None:
    together.send(_live_runs(chosen), command)


def can_reopen(slot: Slot) -> bool:
    """Whether it has ended and can go on from a checkpoint."""
    return (
        slot.run is not None
        and slot.run.state().status in ("stopped", "failed")
        and slot.run.weights() is not None
        and people.may_change(slot.run)
    )


def evaluate(comparison: Comparison, severity: int) -> None:
    """Have every run on screen tested at a severity; ended ones are reopened for it."""
    guarded(_evaluate)(comparison, severity)


def _evaluate(comparison: Comparison, severity: int) -> None:
    reopened = []
    for slot in state.slots(comparison):
        if slot.run is None or not people.may_change(slot.run):
            continue
        found = slot.run.state().status
        has_ended = found in ENDED
        if has_ended and slot.run.weights() is None:
            continue
        slot.run.send({"command": "evaluate", "severity": severity})
        if found in ("stopped", "failed"):
            slot.run.send({"command": "stop"})  # test, and do not train on
        if has_ended and slot.run.reopen():
            reopened.append(slot.run)
    if reopened:
        backend.runner().submit(reopened)
