"""A lesson as a room: what its class goes through, and what its experiment says by now."""

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import plotly.io

from ...kit.room.script import Finding, Poll, RoomSource, Script
from ...kit.room.training import PhoneNetwork
from .experiments.trial import Outcome, Trial
from .lessons import LESSONS
from .lessons.lesson import Lesson
from .plans import BEHIND


def source() -> RoomSource:
    """Rooms of lessons."""
    return RoomSource(script=script_of, experiment=finding)


def script_of(slug: str) -> Script:
    """What a class goes through.

    Raises:
        ValueError: There is no such lesson.
    """
    lesson = _lesson(slug)
    prediction = Poll(
        question=_plain(lesson.ask),
        options=tuple(map(_plain, lesson.predictions)),
        why=BEHIND[slug],
    )
    checks = [
        Poll(
            question=_plain(check.question),
            options=tuple(_plain(option.words) for option in check.options),
            why=tuple(_plain(option.feedback) for option in check.options),
            right=check.right,
        )
        for check in lesson.checks
    ]
    return Script(
        subject=f"lesson:{slug}",
        title=lesson.title,
        minutes=2 * lesson.minutes,
        aims=tuple(map(_plain, lesson.note.aims)),
        setup=_plain(lesson.setup),
        polls=(prediction, *checks),
        link=f"lessons?{urlencode({'lesson': slug})}",
    )


def finding(slug: str, begins: bool, networks: Sequence[PhoneNetwork]) -> Finding:
    """What the experiment says: as it ran here or, until then, as it came along.

    Raises:
        ValueError, OSError, RuntimeError: It cannot be begun, or there is no such lesson.
    """
    lesson = _lesson(slug)
    trial = Trial(slug, lesson.experiment)
    if begins:
        trial.begin()
    job = trial.job()
    if job and job.is_running:
        return Finding(share=min(job.share, 0.99), told=job.told or "beginning")
    if live := trial.live:
        return _found(lesson, live, f"measured here, {live.created}")
    if job and job.reason:
        return Finding(share=0.0, told=job.reason)
    if known := trial.precomputed:
        return _found(lesson, known, f"measured beforehand, {known.created}")
    return Finding(share=0.0, told="not run yet")


def _found(lesson: Lesson[Any], outcome: Outcome, told: str) -> Finding:
    data = lesson.experiment.read(outcome.record)
    answer, chart = lesson.answer(data), lesson.charts[0]
    return Finding(
        share=1.0,
        told=told,
        right=answer.came_true,
        answer=answer.told,
        reading=chart.read(data),
        draw=lambda: json.loads(plotly.io.to_json(chart.draw(data))),
    )


def _lesson(slug: str) -> Lesson[Any]:
    if slug not in LESSONS:
        raise ValueError(f"there is no lesson {slug[:40]!r}; there are {', '.join(LESSONS)}")
    return LESSONS[slug]


_SIGNS = {"lambda": "λ", "sigma": "σ", "mu": "μ", "gamma": "γ", "beta": "β", "cdot": "·"}


def _plain(markdown: str) -> str:
    """Without Markdown and with Greek letters: phones draw no formulas."""
    text = re.sub(r"\\([A-Za-z]+)", lambda found: _SIGNS.get(found[1], found[1]), markdown)
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    return " ".join(re.sub(r"[*`${}]", "", text).split())
