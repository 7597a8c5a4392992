"""Evaluations on a page: started where something is not known yet, followed, stopped.

A page's section asks for tasks. What is kept costs nothing; for the rest an evaluation runs in the
worker, and the section looks for its cells until all are there.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from afn.ask.evaluation import undone
from afn.ask.tasks import Task
from afn.wording import count_words, duration_words
from afn.work.folder import ENDED

from . import backend
from . import evaluations as state
from .evaluations import Started
from .markdown import plain

TICK_SECONDS = 0.4
"""How often a section looks for news while its evaluation runs."""
_SHORT_SECONDS = 1.0
"""What is over so soon shows no progress."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How the answers to some tasks stand."""

    section: str
    total: int
    left: int
    """How many of the cells and pictures are not known yet."""
    is_running: bool
    reason: str = ""
    """Why it ended without them, in one line."""
    problems: tuple[str, ...] = ()
    """What could not be had, one line each."""
    seconds: float = 0.0
    """Since the start, of what runs."""
    seconds_left: float | None = None

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to wait for."""
        return not self.left


def ask(section: str, tasks: Sequence[Task], *, starts: bool) -> Asked:
    """How the answers stand; starts an evaluation where some are not known.

    Args:
        section: Each has one evaluation at a time; other tasks end the one that ran.
        tasks: What is to be known.
        starts: False only looks.

    Raises:
        OSError: An evaluation cannot be written or started.
    """
    started = state.started(section)
    wanted, left = tuple(task.name for task in tasks), undone(tasks)
    total, count = (sum(task.size for task in those) for those in (tasks, left))
    if started and started.wanted != wanted:
        _end(started)
        started = None
    if not left:
        return Asked(section, total, 0, is_running=False)
    if started is None:
        if not starts:
            return Asked(section, total, count, is_running=False)
        started = Started(wanted, backend.evaluations().create(left), time.monotonic(), count)
        state.put(section, started)
        backend.runner().evaluate(started.evaluation)
    standing = started.evaluation.state()
    seconds = time.monotonic() - started.at
    done = started.left_then - count
    is_running = standing.status not in ENDED
    return Asked(
        section,
        total,
        count,
        is_running=is_running,
        reason="" if is_running else standing.reason or "some of it could not be had",
        problems=tuple((standing.summary or {}).get("problems", ())),
        seconds=seconds,
        seconds_left=seconds / done * count if done else None,
    )


def follow(asked: Asked) -> None:
    """Progress with a stop button while it runs; afterwards why something is missing."""
    if asked.is_running:
        if asked.seconds < _SHORT_SECONDS:
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            share = 1 - asked.left / asked.total
            st.progress(share, text=_words(asked), width="stretch")
            st.button(
                "Stop", icon=":material/stop:", key=f"stop.{asked.section}",
                on_click=_stop, args=(asked.section,),
            )  # fmt: skip
        return
    for line in asked.problems:
        st.warning(plain(f"{line}."), icon=":material/info:")
    if asked.reason:
        with st.container(horizontal=True, vertical_alignment="center"):
            missing = f"{asked.left} of {count_words(asked.total, 'test')}"
            words = f"{missing} are missing: {asked.reason}."
            st.caption(plain(words), width="content")
            st.button(
                "Go on", icon=":material/play_arrow:", key=f"again.{asked.section}",
                on_click=state.forget, args=(asked.section,),
            )  # fmt: skip


def section(ask_now: Callable[[], Sequence[Asked]], draw: Callable[..., None]) -> None:
    """A part of the page that reruns by itself while an evaluation of it runs.

    Args:
        ask_now: How the answers stand.
        draw: Called with that; draws what is known. Its widgets rerun this part alone.
    """
    try:
        first = [ask_now()]
    except OSError as error:
        _tell(error)
        return
    ran_before = _is_running(first[0])

    def part() -> None:
        try:
            asked = first.pop() if first else ask_now()
            draw(*asked)
        except OSError as error:
            _tell(error)
            return
        if _is_running(asked) != ran_before:  # the page begins or ceases to look
            st.rerun()  # last: a run that ends before a widget is drawn forgets its value

    st.fragment(part, run_every=TICK_SECONDS if ran_before else None)()


def _tell(error: OSError) -> None:
    st.error(plain(f"{error}."), icon=":material/error:")


def _is_running(asked: Sequence[Asked]) -> bool:
    return any(each.is_running for each in asked)


def _words(asked: Asked) -> str:
    words = f"{asked.total - asked.left} of {count_words(asked.total, 'test')}"
    if asked.seconds_left is not None:
        words += f" · about {duration_words(asked.seconds_left)} left"
    return words


def _stop(section: str) -> None:
    if started := state.started(section):
        _end(started)


def _end(started: Started) -> None:
    if started.evaluation.state().status not in ENDED:
        backend.runner().stop(started.evaluation)
