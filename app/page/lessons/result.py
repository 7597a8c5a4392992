"""A lesson's experiment on its page: run, followed, stopped; and what came out of it, drawn."""

import json
from dataclasses import replace
from typing import Any

import streamlit as st

from afn.wording import duration_words

from ...kit import backend, jobs, people
from ...kit.jobs import Job
from ...kit.markdown import plain
from ...kit.plot import download, plot
from . import seeds
from .experiments.experiment import Data
from .experiments.trainings import Trainings
from .experiments.trial import Outcome, Trial
from .lessons.lesson import Lesson, SeedsChart

_TICK_SECONDS = 0.5
"""How often the page looks for news while an experiment runs."""
_MISSING = "The precomputed result is missing, or of another configuration: run the experiment."


def render(lesson: Lesson[Data]) -> Data | None:
    """The controls and figures; returns the data they are drawn from, if there are any."""
    backend.runner().start()
    try:
        trial = Trial(lesson.slug, lesson.experiment)
    except (ValueError, OSError) as error:
        st.error(plain(f"{error}."), icon=":material/error:")
        return None
    job = trial.job()
    live, precomputed = trial.live, trial.precomputed
    _controls(lesson, trial, job, live, precomputed)
    is_running = bool(job and job.is_running)
    for outcome in (live, precomputed):
        if outcome and (data := _read(lesson, outcome)) is not None:
            _charts(lesson, data, is_running=is_running)
            told = _provenance(lesson, data, outcome, is_live=outcome is live)
            st.caption(f"The answer until then: {told}" if is_running else told)
            _files(lesson, outcome)
            return data
    st.info(_MISSING, icon=":material/info:")
    return None


def newest(lesson: Lesson[Data]) -> tuple[Data, str] | None:
    """What came out of it last, and where that is from as Markdown; None where there is nothing.

    Raises:
        ValueError, OSError: It cannot be looked for.
    """
    trial = Trial(lesson.slug, lesson.experiment)
    for outcome in (trial.live, trial.precomputed):
        if outcome and (data := _read(lesson, outcome)) is not None:
            return data, _provenance(lesson, data, outcome, is_live=outcome is trial.live)
    return None


def _read(lesson: Lesson[Data], outcome: Outcome) -> Data | None:
    try:
        return lesson.experiment.read(outcome.record)
    except (ValueError, KeyError, TypeError):
        return None


def _controls(
    lesson: Lesson[Any],
    trial: Trial[Any],
    job: Job | None,
    live: Outcome | None,
    known: Outcome | None,
) -> None:
    if job and job.is_running:
        jobs.follow(lambda: _followed(lesson, trial), True, every=_TICK_SECONDS)
        return
    label = "Run it again" if live else "Go on" if job else "Run it here, live"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            label, icon=":material/play_arrow:", type="secondary" if live else "primary",
            key="lessons.run", on_click=_begin, args=(trial,), kwargs={"is_anew": bool(live)},
            **(people.why_not(trial, words=people.FOREIGN) if live else {}),
        )  # fmt: skip
        if job:
            told = f" ({job.told} are done)" if job.told else ""
            words = f"Not finished{told}: {job.reason or 'stopped by hand'}."
        elif seconds := (live or known) and (live or known).seconds:  # type: ignore[union-attr]
            words = (
                f"took {max(seconds, 0.1):.1f} s"
                if seconds < 2
                else f"took {duration_words(seconds)}"
            )
            words += " here" if live else " where it was precomputed"
        else:
            words = ""
        if words:
            st.caption(plain(words), width="content")


def _begin(trial: Trial[Any], *, is_anew: bool) -> None:
    try:
        trial.again() if is_anew else trial.begin()
    except (ValueError, OSError, RuntimeError) as error:
        st.toast(plain(f"Not started: {error}."), icon=":material/error:")


def _followed(lesson: Lesson[Any], trial: Trial[Any]) -> bool:
    """How far it is; whether it runs. Once it does not, there is more to draw."""
    job = trial.job()
    if job is None or not job.is_running:
        return False
    left = trial.seconds_left(job.share)
    jobs.progress(
        replace(job, seconds_left=left), key="lessons.stop", stop=_end, args=(trial,),
        refused=people.why_not(trial, words=people.FOREIGN),
    )  # fmt: skip
    if isinstance(trial.experiment, Trainings):
        data = trial.experiment.so_far()
        for number, chart in enumerate(lesson.charts):
            if isinstance(chart, SeedsChart):
                _seeds(lesson, number, chart, data)
    return True


def _end(trial: Trial[Any]) -> None:
    try:
        trial.end()
    except OSError as error:
        st.toast(plain(f"Not stopped: {error}."), icon=":material/error:")


def _seeds(lesson: Lesson[Any], number: int, chart: SeedsChart[Data], data: Data) -> None:
    st.markdown(f"**{chart.title}**")
    assert isinstance(lesson.experiment, Trainings)
    of = len(lesson.experiment.plan.spec.seeds)
    seeds.draw(f"lessons.seeds.{lesson.slug}.{number}", chart, data, of=of)


def _charts(lesson: Lesson[Data], data: Data, *, is_running: bool) -> None:
    for number, chart in enumerate(lesson.charts):
        if isinstance(chart, SeedsChart):
            if not is_running:  # else those that have ended by now are drawn
                _seeds(lesson, number, chart, data)
                st.caption(plain(chart.read(data)))
            continue
        words = chart.read(data)
        st.markdown(f"**{chart.title}**")
        plot(chart.draw(data), words, f"lessons.chart.{lesson.slug}.{number}", about=chart.title)


def _provenance(lesson: Lesson[Data], data: Data, outcome: Outcome, *, is_live: bool) -> str:
    what = "**Live**, this machine" if is_live else "**Precomputed**"
    told = " · ".join([outcome.machine, outcome.created, lesson.experiment.conditions(data)])
    return f"{what} · {plain(told)}"


def _files(lesson: Lesson[Any], outcome: Outcome) -> None:
    with st.expander("Configuration and data of this result", icon=":material/download:"):
        text = json.dumps(outcome.to_json(), ensure_ascii=False, indent=1)
        name = f"lesson-{lesson.slug}.json"
        download("Result and configuration (JSON)", text, name, "application/json")
        st.caption("The configuration")
        st.json(outcome.config, expanded=1)
        st.caption("The command that makes the precomputed result anew")
        st.code(f"python -m benchmarks.lessons --keep {lesson.slug}", language="shell")
