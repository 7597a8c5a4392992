"""What is being computed, on a page: asked for, followed, stopped.

A page's section asks for tasks. What is kept costs nothing; for the rest an evaluation runs in the
worker, and the section looks for its cells until all are there.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from afn.ask.evaluation import Evaluation, undone
from afn.ask.tasks import Task
from afn.cost.records import Report
from afn.wording import count_words, duration_words
from afn.work.folder import ENDED

from . import backend, people
from .handout.screen import screen
from .markdown import plain
from .view import in_session

MEASURING_SECONDS = 0.5
"""How often a page looks for news while something is measured."""
TICK_SECONDS = 0.4
"""How often a section looks for news while its evaluation runs."""
_SHORT_SECONDS = 1.0
"""What is over so soon shows no progress."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Something that is computed: how far it is."""

    share: float
    """Of its work, 0 to 1."""
    told: str
    """The same in words, as "3 of 9 trainings"."""
    is_running: bool
    reason: str = ""
    """Why it ended before all was there, in one line."""
    problems: tuple[str, ...] = ()
    """What could not be had, one line each."""
    seconds: float = 0.0
    """Since the start, of what runs."""
    seconds_left: float | None = None

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.share >= 1 and not self.is_running


@dataclass(slots=True)
class Started:
    """The evaluation that a section started last."""

    evaluation: Evaluation | None = None
    wanted: tuple[Any, ...] = ()
    """What tells its tasks from others."""
    at: float = 0.0
    """On the monotonic clock."""
    left_then: int = 0
    """How much was not known when it started."""
    first: tuple[float, int] | None = None
    """When something was there, and how much was left then: what comes before takes longer."""

    def stop(self) -> None:
        """End it, if it still runs."""
        if self.evaluation and self.evaluation.state().status not in ENDED:
            backend.runner().stop(self.evaluation)

    def forget(self) -> None:
        """Let the section start anew."""
        self.evaluation = None


# -- evaluations -----------------------------------------------------------------------------------


def ask(section: str, tasks: Sequence[Task], *, starts: bool) -> Job:
    """How the answers to tasks stand; starts an evaluation where some are not known.

    Args:
        section: Each has one evaluation at a time; other tasks end the one that ran.
        tasks: What is to be known.
        starts: False only looks.

    Raises:
        OSError: An evaluation cannot be written or started, or may not yet.
    """
    started = in_session(Started, section)
    wanted, left = tuple(task.name for task in tasks), undone(tasks)
    total, count = (sum(task.size for task in those) for those in (tasks, left))
    share = 1 - count / total if total else 1.0
    told, missing = _counted(tasks, left)
    if started.wanted != wanted:
        started.stop()
        started.forget()
    if not left or (started.evaluation is None and not starts):
        return Job(share=share, told=told, is_running=False)
    if started.evaluation is None:
        started.evaluation = backend.evaluations().create(left, owner=people.me())
        started.wanted = wanted
        started.at, started.left_then, started.first = time.monotonic(), count, None
        backend.runner().evaluate(started.evaluation)
    state = started.evaluation.state()
    now = time.monotonic()
    if started.first is None and count < started.left_then:
        started.first = now, count
    since, then = started.first or (now, count)
    done = then - count
    is_running = state.status not in ENDED
    return Job(
        share=share,
        told=told,
        is_running=is_running,
        reason="" if is_running else f"{missing}: {state.reason or 'some of it could not be had'}",
        problems=tuple((state.summary or {}).get("problems", ())),
        seconds=now - started.at,
        seconds_left=(now - since) / done * count if done else None,
    )


def _counted(tasks: Sequence[Task], left: Sequence[Task]) -> tuple[str, str]:
    """How much is there and how much is lacking, each in the unit of which it is most."""
    sizes, lacking = Counter[str](), Counter[str]()
    for counted, those in ((sizes, tasks), (lacking, left)):
        for task in those:
            counted[task.UNIT] += task.size

    def whole(unit: str) -> str:
        return count_words(sizes[unit], unit)

    done = [f"{n - lacking[unit]} of {whole(unit)}" for unit, n in sizes.most_common(1)]
    missing = [f"{n} of {whole(unit)} are missing" for unit, n in lacking.most_common(1)]
    return "".join(done), "".join(missing)


def show(section: str, job: Job) -> None:
    """Progress with a stop button while it runs; afterwards why something is missing."""
    if job.is_running:
        if job.seconds >= _SHORT_SECONDS:
            progress(job, key=f"stop.{section}", stop=in_session(Started, section).stop)
        return
    for line in job.problems:
        st.warning(plain(f"{backend.data_words(line)}."), icon=":material/info:")
    if job.reason:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(plain(f"{job.reason}."), width="content")
            st.button(
                "Go on", icon=":material/play_arrow:", key=f"again.{section}",
                on_click=in_session(Started, section).forget,
            )  # fmt: skip


def part(ask_now: Callable[[], Sequence[Job]], draw: Callable[..., None]) -> None:
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

    def drawn() -> bool:
        try:
            found = first.pop() if first else ask_now()
            draw(*found)
        except OSError as error:
            _tell(error)
            return ran_before
        return _is_running(found)

    follow(drawn, ran_before, every=TICK_SECONDS if ran_before else None)


# -- whatever is computed --------------------------------------------------------------------------


def follow(draw: Callable[[], object], stood: object, *, every: float | None) -> None:
    """A part of the page that is drawn again and again; once things stand otherwise, all of it is.

    Args:
        draw: Draws the part and returns how things stand now. Its widgets rerun this part alone.
        stood: How they stood when the page around it was drawn.
        every: Seconds; None where nothing is waited for.
    """

    place = screen().place()

    def followed() -> None:
        with screen().within(place):
            stands = draw()
        if stands != stood:
            st.rerun()  # last: a run that ends before a widget is drawn forgets its value

    st.fragment(followed, run_every=every)()


def progress(
    job: Job,
    *,
    key: str,
    stop: Callable[..., None],
    args: Sequence[Any] = (),
    refused: Mapping[str, Any] | None = None,
) -> None:
    """How far it is, and a button that stops it; `refused` is what `people.why_not` says of it."""
    words = job.told
    if job.seconds_left is not None:
        words += f" · about {duration_words(job.seconds_left)} left"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(job.share, 1.0), text=words, width="stretch")
        st.button(
            "Stop", icon=":material/stop:", key=key, on_click=stop, args=tuple(args),
            **(refused or {}),
        )  # fmt: skip


def measuring(running: str, key: str) -> str | None:
    """How far a measurement is, and a button that stops it; what is measured now."""
    live = backend.measurements()
    if (now := live.running) == running:  # else the results are there, and the page ceases to look
        refused = people.why_not(live, words=people.FOREIGN)
        progress(of_report(live.report(running)), key=key, stop=live.stop, refused=refused)
    return now


def of_report(report: Report) -> Job:
    """How far a measurement is."""
    end = report.end or {}
    is_finished = end.get("status") == "finished"
    left = None
    with suppress(ValueError, KeyError, TypeError, ZeroDivisionError):
        elapsed = time.time() - datetime.fromisoformat(report.head["created"]).timestamp()
        left = elapsed * (1 / report.share - 1)
    return Job(
        share=1.0 if is_finished else min(report.share, 0.99),
        told=" · ".join(
            filter(
                None,
                [
                    f"measuring, {100 * report.share:.0f} %" if report.share else "warming up",
                    report.what,
                ],
            )
        ),
        is_running=report.end is None,
        reason="" if is_finished else str(end.get("reason", "")),
        seconds_left=left,
    )


def _tell(error: OSError) -> None:
    st.error(plain(f"{error}."), icon=":material/error:")


def _is_running(jobs: Sequence[Job]) -> bool:
    return any(each.is_running for each in jobs)
