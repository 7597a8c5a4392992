"""What a lesson is: texts, an experiment, and functions from its data to figures and words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic
from urllib.parse import urlencode

from ....kit.draw.axes import Figure
from ..charts import Dot, dots_figure
from ..experiments.experiment import Data, Experiment
from ..figure import Draggable


@dataclass(frozen=True, slots=True)
class Answer:
    """What the data say."""

    came_true: int
    """The number of the prediction."""
    told: str
    """What was measured, in sentences; plain text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LessonChart(Generic[Data]):
    """A figure of the experiment's data."""

    title: str
    draw: Callable[[Data], Figure]
    read: Callable[[Data], str]
    """One sentence that says what the figure shows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SeedsChart(Generic[Data]):
    """A dot for each training, from the moment it has ended: the data may be of a part of them."""

    title: str
    quantity: str
    range: tuple[float, float]
    dots: Callable[[Data], Sequence[Dot]]
    """A row each, with or without values."""
    read: Callable[[Data], str]
    """One sentence that says what the figure shows, once all is there."""
    mark: float | None = None
    is_log: bool = False

    def draw(self, data: Data) -> Figure:
        """As a figure, for where nothing is waited for."""
        return dots_figure(self.dots(data), self.quantity, mark=self.mark, is_log=self.is_log)


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a check."""

    words: str
    feedback: str
    """Why it is right or wrong; Markdown."""
    is_right: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A question with several answers, one of them right."""

    question: str
    options: tuple[Option, ...]

    def __post_init__(self) -> None:
        if sum(option.is_right for option in self.options) != 1:
            raise ValueError(f"one option must be right: {self.question}")

    @property
    def right(self) -> int:
        """The number of the right option."""
        return next(i for i, option in enumerate(self.options) if option.is_right)


@dataclass(frozen=True, slots=True)
class Onward:
    """A page of the app that shows more, set up."""

    label: str
    page: str
    """Its path; empty for the Playground."""
    settings: Mapping[str, str | list[str]]

    @property
    def address(self) -> str:
        """Relative to the lesson's, wherever the app is served."""
        settings = urlencode(self.settings, doseq=True)
        return f"./{self.page}{'?' if settings else ''}{settings}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What a teacher wants to know beforehand."""

    aims: tuple[str, ...]
    pitfalls: tuple[str, ...]
    ask: str
    """A question for the class."""


@dataclass(frozen=True, kw_only=True)
class Lesson(Generic[Data]):
    """One lesson. Texts are Markdown with LaTeX."""

    slug: str
    title: str
    question: str
    minutes: int
    figure: Callable[[], Draggable]
    """Makes what is dragged; what it made comes with the app, see `app.page.lessons.figure`."""
    before: str
    """What is good to know before a prediction."""
    ask: str
    """What is to be predicted; with the question the few words of the first screen."""
    predictions: tuple[str, ...]
    """One of them comes true, whatever the data are."""
    setup: str
    """What the experiment does."""
    experiment: Experiment[Data]
    charts: tuple[LessonChart[Data] | SeedsChart[Data], ...]
    answer: Callable[[Data], Answer]
    after: str
    """Why it is so, and what it does not show."""
    checks: tuple[Check, ...]
    onwards: tuple[Onward, ...]
    note: Note
    asked_at: int = 0
    """The place of the figure's handle that the question is of, counted from 1 through all choices:
    it goes there once a prediction was made, unless somebody has put it elsewhere. 0 leaves it."""
