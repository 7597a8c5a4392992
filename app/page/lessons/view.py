"""Where a visitor is in the lessons: the link says it, the session and the browser remember it.

The link holds the lesson, the prediction, the answers to its checks and where the handle of its
figure stands, so that a reload, or a
colleague, sees the same. The session keeps those of the other lessons; which ones are completed the
browser keeps too, see `app.kit.components.memory`.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import streamlit as st

from ...kit import address
from ...kit.address import Url
from ...kit.view import View, asked_of, here, in_link, in_session, said
from . import figure
from .lessons import LESSONS

NONE = "?"
"""In the place of a prediction: the visitor made none."""
_OPEN = "-"
"""In the place of an answer: there is none yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LessonsView(View):
    """One lesson and how far the visitor is; or, without a lesson, all of them."""

    lesson: str = in_link("lesson", "")
    """A slug; empty for the overview."""
    guess: str = in_link("guess", "")
    """The number of the prediction."""
    checks: tuple[str, ...] = in_link("check", (), repeats=True)
    """The number of the answer to each check."""
    place: int = in_link("at", 0)
    """Where the handle of its figure stands, counted from 1 through all its choices; 0 at first."""

    def __post_init__(self) -> None:
        if not self.lesson:
            return
        if self.lesson not in LESSONS:
            raise ValueError(f"there is no such lesson; there are {', '.join(LESSONS)}")
        lesson = LESSONS[self.lesson]
        known = [str(i) for i in range(len(lesson.predictions))]
        if self.guess and self.guess not in (*known, NONE):
            raise ValueError(f"its predictions are {', '.join(known)}")
        if len(self.checks) > len(lesson.checks):
            raise ValueError(f"it has {len(lesson.checks)} checks")
        for answer, check in zip(self.checks, lesson.checks, strict=False):
            if answer != _OPEN and answer not in map(str, range(len(check.options))):
                raise ValueError(f"{answer[:10]!r} is no answer to one of its checks")
        places = figure.places(self.lesson)
        if not (isinstance(self.place, int) and 0 <= self.place <= places):
            raise ValueError(f"the places of its figure are 1 to {places}")

    @property
    def chosen(self) -> tuple[int | None, ...]:
        """The answer to each check; None where there is none yet."""
        given = [None if each == _OPEN else int(each) for each in self.checks]
        missing = len(LESSONS[self.lesson].checks) - len(given)
        return (*given, *[None] * missing)

    @property
    def is_complete(self) -> bool:
        """Whether it is done: a prediction, or none on purpose, and every check answered right."""
        rights = tuple(check.right for check in LESSONS[self.lesson].checks)
        return bool(self.guess) and self.chosen == rights

    def answered(self, number: int, option: int | None) -> "LessonsView":
        """The same with another answer to one check."""
        chosen = list(self.chosen)
        chosen[number] = option
        return replace(self, checks=tuple(_OPEN if each is None else str(each) for each in chosen))


def from_url(url: Url) -> tuple[LessonsView, list[str]]:
    """The view that a link asks for, and one line for each thing in it that cannot be."""
    is_one = url.get("lesson", [""])[-1] in LESSONS  # else there is nothing to predict
    asked = {name: texts for name, texts in url.items() if is_one or name == "lesson"}
    return asked_of(LessonsView, asked, "It is left out.")


@dataclass(slots=True)
class Visit:
    """What this session knows of the lessons."""

    kept: dict[str, LessonsView] = field(default_factory=dict)
    """How far each is."""
    completed: set[str] = field(default_factory=set)
    """Those that were completed, as far as is known yet."""
    is_forgotten: bool = False
    """Whether the browser is to know no more than this visit does."""
    problems: tuple[str, Sequence[str]] = ("", ())
    """A lesson, and what of its link cannot be."""

    def at(self, slug: str) -> LessonsView:
        """How far a lesson is now; a click may come before the last one's effect is drawn."""
        return self.kept.get(slug, LessonsView(lesson=slug))

    def put(self, view: LessonsView) -> None:
        """Keep how far it is."""
        self.kept[view.lesson] = view
        if view.is_complete:
            self.completed.add(view.lesson)

    def remember(self, told: Iterable[str]) -> None:
        """Take in which lessons the browser knows to be completed."""
        if not self.is_forgotten:
            self.completed.update(slug for slug in told if slug in LESSONS)

    def forget(self) -> None:
        """Begin all lessons anew."""
        self.kept.clear()
        self.completed.clear()
        self.is_forgotten = True


def visit() -> Visit:
    """This session's."""
    return in_session(Visit)


def begin() -> tuple[LessonsView, Sequence[str]]:
    """What the address asks for now, and what of it cannot be.

    A lesson without a prediction in its link goes on where this visit left it.
    """
    url, is_asked = here().begin()
    view, problems = from_url(url)
    known = visit()
    if is_asked:
        known.problems = view.lesson, problems
    if not is_asked or not (view.guess or view.checks or view.place or address.is_travel()):
        view = known.kept.get(view.lesson, view)
    if view.lesson:
        known.put(view)
    here().write(view.to_url(), things=("lesson",))
    about, lines = known.problems
    return view, lines if about == view.lesson else ()


def guess(slug: str, number: str) -> None:
    """The visitor predicts, or takes it back."""
    visit().problems = "", ()
    visit().put(replace(visit().at(slug), guess=number))


def place_handle(slug: str, place: int) -> None:
    """The visitor lets go of the figure's handle; a browser may say anything."""
    visit().problems = "", ()
    with suppress(ValueError):
        visit().put(replace(visit().at(slug), place=place))


def check_key(view: LessonsView, check: int) -> str:
    """The widget key of a check, which shows its answer."""
    key, chosen = _check_key(view.lesson, check), view.chosen[check]
    if st.session_state.get(key) != chosen:
        st.session_state[key] = chosen
    return key


def answer(slug: str, check: int) -> None:
    """The visitor answers a check."""
    visit().problems = "", ()
    visit().put(visit().at(slug).answered(check, said(_check_key(slug, check))))


def _check_key(slug: str, check: int) -> str:
    return f"lessons.check.{slug}.{check}"
