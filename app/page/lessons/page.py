"""Lessons: a question, a prediction, an experiment, an answer from its data, and a check."""

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from ...kit import routes
from ...kit.components.memory import remembered
from ...kit.handout.screen import screen
from ...kit.markdown import lettered, plain, warn
from ...kit.room.rooms import ROOMS
from ...kit.stage import slide
from ...kit.take import offer
from . import figure, handed_out
from . import result as lesson_result
from . import take as trials
from . import view as state
from .lessons import LESSONS
from .lessons.lesson import Check, Lesson
from .view import NONE, LessonsView

TITLE, PATH = "Lessons", "lessons"
"""In the navigation, and in the address."""

_ACROSS = 3
"""Lessons beside each other in the overview."""
_HINT = "Predict first, then it shows."


def render() -> None:
    """Draw the page."""
    view, problems = state.begin()
    is_embedded = bool(st.context.is_embedded)
    body = st.container(key="lessons-embedded" if is_embedded else None)
    with st.container():  # behind the text, but known before it
        visit = state.visit()
        visit.remember(remembered("afn.lessons", visit.completed, forgets=visit.is_forgotten))
    with body:
        if view.lesson:
            with st.container(key="lesson"):
                _lesson(LESSONS[view.lesson], view, problems, is_embedded=is_embedded)
        else:
            with st.container(key="lessons"):
                _overview(problems)


# -- all lessons -----------------------------------------------------------------------------------


def _overview(problems: Sequence[str]) -> None:
    done = state.visit().completed
    st.title("Lessons", anchor=False)
    st.markdown("A question, your **prediction**, a figure to drag, the **answer** from real data.")
    warn(problems)
    lessons = list(LESSONS.values())
    for first in range(0, len(lessons), _ACROSS):
        for column, lesson in zip(
            st.columns(_ACROSS), lessons[first : first + _ACROSS], strict=False
        ):
            with column:
                _card(lesson, is_done=lesson.slug in done)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{len(done)} of {len(lessons)} completed in this browser", width="content")
        if done:
            st.button(
                "Begin all anew", type="tertiary", icon=":material/restart_alt:",
                key="lessons.forget", on_click=state.visit().forget,
            )  # fmt: skip


def _card(lesson: Lesson[Any], *, is_done: bool) -> None:
    number = list(LESSONS).index(lesson.slug) + 1
    with st.container(border=True, height="stretch", key=f"lesson-card-{lesson.slug}"):
        figure.draw_small(lesson.slug)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(
                routes.to("lessons"),
                label=f"{number}. {lesson.title}",
                query_params={"lesson": lesson.slug},
                width="stretch",
            )
            if is_done:
                st.badge("completed", icon=":material/check:", color="green")
            st.caption(f"{lesson.minutes} min", width="content")


# -- one lesson ------------------------------------------------------------------------------------


def _lesson(
    lesson: Lesson[Any], view: LessonsView, problems: Sequence[str], *, is_embedded: bool
) -> None:
    with st.container(key="lesson-first"):
        words, figure_side = st.columns([5, 9], gap="medium")
    with words:
        _head(lesson, is_embedded=is_embedded)
        warn(problems)
        with slide("question"):
            st.markdown(lettered(lesson.question))
        with slide("prediction"):
            _prediction(lesson, view)
        answer = slide("answer", is_answer=True)
    with figure_side, slide("figure"):
        _figure(lesson, view)
    with st.expander("What is good to know first", icon=":material/menu_book:"):
        st.markdown(lettered(lesson.before))
    data = None
    if view.guess:
        with st.container(key="lesson-experiment"):
            st.header("The experiment", anchor=False)
            st.markdown(lettered(lesson.setup))
            data = lesson_result.render(lesson)
        with answer:
            _answer(lesson, view, data)
        with st.expander("Why it is so, and what it does not show", icon=":material/help:"):
            st.markdown(lettered(lesson.after))
        st.header("Check yourself", anchor=False)
        for index, check in enumerate(lesson.checks):
            _check(view, index, check)
    _end(lesson, view, is_embedded=is_embedded)
    if data is not None:
        offer("lessons", lambda: trials.programs_of(lesson, data))
    _note(lesson)
    asked = {"lesson": lesson.slug}
    screen().stands_for(lesson.title, asked, lambda: handed_out.parts_of(lesson))


def _head(lesson: Lesson[Any], *, is_embedded: bool) -> None:
    number = list(LESSONS).index(lesson.slug) + 1
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-head"):
        if not is_embedded:
            st.page_link(routes.to("lessons"), label="All lessons", icon=":material/arrow_back:")
        st.caption(f"{number} of {len(LESSONS)} · {lesson.minutes} min", width="content")
        if lesson.slug in state.visit().completed:
            st.badge("completed", icon=":material/check:", color="green")
    st.title(lesson.title, anchor=False)


def _figure(lesson: Lesson[Any], view: LessonsView) -> None:
    place = view.place or (lesson.asked_at if view.guess else 0)
    figure.draw(
        lesson.slug, lesson.title, place=place, is_revealed=bool(view.guess),
        on_place=lambda place: state.place_handle(lesson.slug, place),
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-figure-about"):
        if not view.guess:
            st.caption(_HINT, width="content")
        with st.popover("About this figure", icon=":material/info:", type="tertiary"):
            st.markdown(f"**Precomputed** · {plain(figure.told(lesson.slug))}")


def _prediction(lesson: Lesson[Any], view: LessonsView) -> None:
    st.markdown(lettered(lesson.ask))
    if view.guess:
        mine = (
            "You made no prediction." if view.guess == NONE
            else f"You predict: **{plain(lesson.predictions[int(view.guess)])}**"
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(mine, width="content")
            st.button(
                "Predict again" if view.guess != NONE else "Predict", type="tertiary",
                icon=":material/undo:", key="lessons.again", on_click=state.guess,
                args=(lesson.slug, ""),
            )  # fmt: skip
        return
    with st.container(key="lesson-guess", gap="xsmall"):
        for number, words in enumerate(lesson.predictions):
            st.button(
                words,
                key=f"lessons.guess.{number}",
                on_click=state.guess,
                args=(lesson.slug, str(number)),
                width="stretch",
            )
        st.button(
            "Just show it", type="tertiary", key="lessons.guess.none", on_click=state.guess,
            args=(lesson.slug, NONE),
        )  # fmt: skip


def _answer(lesson: Lesson[Any], view: LessonsView, data: Any) -> None:
    if data is None:
        st.markdown("The answer is computed from the experiment, which has no result yet.")
        return
    found = lesson.answer(data)
    right, told = plain(lesson.predictions[found.came_true]), plain(found.told)
    if view.guess == str(found.came_true):
        st.success(f"**As you predicted: {right}.**", icon=":material/check:")
    elif view.guess == NONE:
        st.info(f"**{right}.**", icon=":material/lightbulb:")
    else:
        mine = plain(lesson.predictions[int(view.guess)])
        st.info(f"**{right}**, not “{mine}”.", icon=":material/lightbulb:")
    with st.expander("The answer in numbers", icon=":material/tag:"):
        st.markdown(told)


def _check(view: LessonsView, index: int, check: Check) -> None:
    chosen = view.chosen[index]
    st.radio(
        lettered(check.question), range(len(check.options)), key=state.check_key(view, index),
        index=None,
        format_func=[lettered(option.words) for option in check.options].__getitem__,
        on_change=state.answer, args=(view.lesson, index),
    )  # fmt: skip
    if chosen is None:
        return
    option = check.options[chosen]
    if option.is_right:
        st.success(lettered(option.feedback), icon=":material/check:")
    else:
        st.warning(lettered(option.feedback), icon=":material/refresh:")


def _end(lesson: Lesson[Any], view: LessonsView, *, is_embedded: bool) -> None:
    if view.is_complete:
        st.success("**Lesson completed.**", icon=":material/school:")
    st.header("Further on", anchor=False)
    with st.container(horizontal=True):
        for onward in lesson.onwards:
            st.link_button(onward.label, onward.address, icon=":material/open_in_new:")
    if is_embedded:
        return
    slugs = list(LESSONS)
    number = slugs.index(lesson.slug)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        for other, icon in ((number - 1, "arrow_back"), (number + 1, "arrow_forward")):
            if 0 <= other < len(slugs):
                st.page_link(
                    routes.to("lessons"), query_params={"lesson": slugs[other]},
                    label=LESSONS[slugs[other]].title, icon=f":material/{icon}:",
                    icon_position="left" if other < number else "right",
                )  # fmt: skip


def _note(lesson: Lesson[Any]) -> None:
    note = lesson.note
    with st.expander("For teachers", icon=":material/school:"):
        if ROOMS.is_served:
            address = ROOMS.link("lesson", lesson.slug)
            st.link_button("Open a room for your class", address, icon=":material/groups:")
        aims = "\n".join(f"- {lettered(aim)}" for aim in note.aims)
        pitfalls = "\n".join(f"- {lettered(pitfall)}" for pitfall in note.pitfalls)
        st.markdown(
            f"**Time** · {lesson.minutes} minutes alone, twice that with a discussion.\n\n"
            f"**Aims**\n\n{aims}\n\n**Pitfalls**\n\n{pitfalls}\n\n"
            f"**A question for the class** · {note.ask}\n\n"
            "**Embed this lesson** in a page or a slide:"
        )
        st.code(_frame(lesson), language="html", wrap_lines=True)


def _frame(lesson: Lesson[Any]) -> str:
    address = (st.context.url or "https://…/lessons").partition("?")[0]
    return (
        f'<iframe src="{escape(address)}?lesson={lesson.slug}&amp;embed=true" '
        f'title="{escape(lesson.title)}" width="100%" height="900" style="border:0"></iframe>'
    )
