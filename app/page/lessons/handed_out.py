"""A lesson as a file: the question first, and what answers it behind a line that is clicked on."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from ...kit.handout.parts import Drawing, Folded, Heading, Piece, Plot, Words
from ...kit.markdown import plain
from . import figure, result, seeds
from .experiments.trainings import Trainings
from .lessons.lesson import Check, Lesson, SeedsChart


def parts_of(lesson: Lesson[Any]) -> list[Piece]:
    """All of it, whatever the page shows of it.

    Raises:
        ValueError, OSError: Its result cannot be looked for.
    """
    return list(_parts(lesson))


def _parts(lesson: Lesson[Any]) -> Iterator[Piece]:
    yield Words(markdown=lesson.question)
    if drawn := figure.handed_out(lesson.slug, lesson.title):
        yield drawn
        told = plain(figure.told(lesson.slug))
        yield Words(markdown=f"**Precomputed** · {told}", is_small=True)
    yield Folded(line="What is good to know first", parts=[Words(markdown=lesson.before)])
    yield Heading(title="Your prediction")
    options = "\n".join(f"- {words}" for words in lesson.predictions)
    yield Words(markdown=f"{lesson.ask}\n\n{options}")
    yield Folded(line="The experiment and its answer", parts=_found(lesson), reveals=True)
    why = [Words(markdown=lesson.after)]
    yield Folded(line="Why it is so, and what it does not show", parts=why)
    yield Heading(title="Check yourself")
    for check in lesson.checks:
        yield from _check(check)
    onwards = "\n".join(f"- [{each.label}]({each.address})" for each in lesson.onwards)
    yield Heading(title="Further on")
    yield Words(markdown=onwards)


def _found(lesson: Lesson[Any]) -> list[Piece]:
    """What was tried out, and what it says."""
    found: list[Piece] = [Words(markdown=lesson.setup)]
    known = result.newest(lesson)
    if known is None:
        return [*found, Words(markdown="The experiment has no result yet.")]
    data, told = known
    answer = lesson.answer(data)
    right = plain(lesson.predictions[answer.came_true])
    found.append(Words(markdown=f"**{right}.** {plain(answer.told)}"))
    for chart in lesson.charts:
        words = chart.read(data)
        if isinstance(chart, SeedsChart) and isinstance(lesson.experiment, Trainings):
            of = len(lesson.experiment.plan.spec.seeds)
            drawn = seeds.told(chart, data, of=of)
            found.append(
                Drawing(
                    script="lesson_figure", css="afn-seeds", data=partial(dict, drawn),
                    title=chart.title, words=words,
                )
            )  # fmt: skip
        else:
            found.append(Plot(figure=chart.draw(data), words=words, about=chart.title))
    return [*found, Words(markdown=told, is_small=True)]


def _check(check: Check) -> Iterator[Piece]:
    yield Words(markdown=check.question)
    for option in check.options:
        feedback = f"**{'Right' if option.is_right else 'Not so'}.** {option.feedback}"
        yield Folded(line=option.words, parts=[Words(markdown=feedback)])
