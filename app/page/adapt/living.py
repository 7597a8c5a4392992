"""Contenders as they live on a stream, and what is said of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from afn.adapt.records import WINDOW, StreamStep
from afn.adapt.task import StreamTask

from ...kit.draw.chart import Rows
from ...kit.draw.ways import WAY_LOOKS
from .courses import Courses, Numbers, courses_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Living:
    """A contender, and how it lived on the stream so far."""

    way: str
    title: str
    steps: Sequence[StreamStep]
    courses: Courses

    @classmethod
    def of(cls, way: str, title: str, steps: Sequence[StreamStep], num_classes: int) -> "Living":
        """With the numbers of its steps."""
        return cls(way=way, title=title, steps=steps, courses=courses_of(steps, num_classes))

    @property
    def color(self) -> str:
        """In every figure."""
        return WAY_LOOKS[self.way][0]

    @property
    def dash(self) -> int:
        """Of its line, as `app/static/live_chart/curves.js` counts them."""
        return int(WAY_LOOKS[self.way][1] != "line")

    @property
    def fall(self) -> int | None:
        """The batch, from 1, by which it had collapsed; None where it has not."""
        return None if self.courses.fall is None else self.courses.fall + 1


class Flow:
    """A stream's contenders as they stand at this moment, for all who look at them."""

    def __init__(
        self,
        tasks: Mapping[str, StreamTask],
        titles: Mapping[str, str],
        classes: Sequence[str],
        *,
        is_running: bool,
    ) -> None:
        self.tasks, self.titles, self.classes = tasks, titles, classes
        self.is_running = is_running
        """Whether more batches were to come when the page looked."""
        self._known: dict[str, Living] = {}

    def look(self) -> list[Living]:
        """What each has answered so far."""
        for way, task in self.tasks.items():
            steps, known = task.steps(), self._known.get(way)
            if known is None or known.steps is not steps:
                self._known[way] = Living.of(way, self.titles[way], steps, len(self.classes))
        return [self._known[way] for way in self.tasks]

    @property
    def is_over(self) -> bool:
        """Whether no more batches come."""
        is_whole = all(len(task.steps()) == task.plan.num_batches for task in self.tasks.values())
        return is_whole or not self.is_running


def fall_words(
    all_living: Sequence[Living], classes: Sequence[str], *, is_over: bool = False
) -> str:
    """Who falls, by when, and to what, as far as it is known; or else how right each was."""
    fallen = [
        f"{each.title} has fallen by batch {at + 1}: of the last {WINDOW} images it wrongly calls "
        f"{100 * each.courses.pull[at]:.0f} % “{classes[each.courses.pulled_to[at]]}”"
        for each in all_living
        if (at := each.courses.fall) is not None
    ]
    if fallen:
        return f"{'; '.join(fallen)}."
    if not is_over:
        return "Nobody has fallen so far."
    answered = sorted((each for each in all_living if each.steps), key=_accuracy, reverse=True)
    told = [f"{each.title} {100 * _accuracy(each):.1f} %" for each in answered]
    return f"Nobody falls. Right: {', '.join(told)}."


def _accuracy(living: Living) -> float:
    """Share of all images that were answered right."""
    return float(living.courses.all_accuracy[-1])


def _batches(all_living: Sequence[Living]) -> int:
    """How many batches any has answered."""
    return max((len(each.steps) for each in all_living), default=0)


def accuracy_reading(all_living: Sequence[Living]) -> str:
    """How all did."""
    told = [
        f"{each.title} {100 * _accuracy(each):.1f} % of all, "
        f"{100 * each.courses.accuracy[-1]:.0f} % in the last batches"
        for each in all_living
        if each.steps
    ]
    return f"By batch {_batches(all_living)}: {'; '.join(told)}." if told else "No batch yet."


def answers_reading(all_living: Sequence[Living], classes: Sequence[str]) -> str:
    """The commonest answer of each."""
    told = []
    for each in all_living:
        if answers := Counter(answer for step in each.steps for answer in step.answers):
            common, count = min(answers.items(), key=lambda one: (-one[1], one[0]))
            share = 100 * count / answers.total()
            told.append(f"{each.title} “{classes[common]}” {share:.0f} %")
    batch = _batches(all_living)
    return f"Commonest answer by batch {batch}: {', '.join(told)}." if told else "No batch yet."


def moves_reading(all_living: Sequence[Living], quantities: Mapping[str, tuple[str, str]]) -> str:
    """Where each has come to."""
    told = []
    for name, (title, unit) in quantities.items():
        ends = [
            f"{each.title} {quantity(each, name)[-1]:.3g}{unit}"
            for each in all_living
            if each.steps
        ]
        told.append(f"{title} {', '.join(ends)}")
    return f"At batch {_batches(all_living)}: {'; '.join(told)}."


def quantity(each: Living, name: str) -> Numbers:
    """One of the courses, batch by batch, as it is drawn."""
    values: Numbers = getattr(each.courses, name)
    return 100 * values if name in ("accuracy", "pull") else values


def lambda_words(all_living: Sequence[Living]) -> str:
    """AFN's λ, which no test changes; empty without AFN."""
    for each in all_living:
        if each.steps and (found := each.steps[-1].lambdas):
            names = {"mu": "μ", "sigma": "σ", "gamma": "γ", "beta": "β"}
            told = ", ".join(f"λ_{names[name]} {value:.3f}" for name, value in found.items())
            return f"AFN's λ stay as learned: {told} (means over its layers)."
    return ""


def stream_table(all_living: Sequence[Living]) -> Rows:
    """A row a batch and contender."""
    return [
        {
            "contender": each.title, "batch": step.batch + 1, "corruption": step.corruption,
            "severity": step.severity, "n": len(step.labels), "accuracy": step.accuracy,
            "confidence": step.confidence, "entropy_nats": step.entropy,
            "commonest_answer": step.common[0], "its_share": step.common[1],
            "means_moved_sigma": step.moved, "gamma_beta_moved": step.rescaled,
            **{f"lambda_{name}": value for name, value in step.lambdas.items()},
        }
        for each in all_living
        for step in each.steps
    ]  # fmt: skip
