"""What a network did with each batch of a stream. Needs no torch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from afn.plain import converted

WINDOW = 100
"""Images over which a course is smoothed, in whole batches: at least so many, once there are."""
COLLAPSED = 0.5
"""From this share on, of the images of a window that are wrongly told to be of one and the same
class, a network has collapsed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamStep:
    """A batch, and what one network answered, before it learned from it.

    Example:
        >>> from afn import StreamStep
        >>> step = StreamStep(
        ...     batch=0, corruption=None, severity=0, images=(7, 2), labels=(1, 4), answers=(1, 1),
        ...     confidences=(0.9, 0.7), entropy=0.4, moved=0.0, rescaled=0.0, lambdas={},
        ... )
        >>> step.accuracy, step.confidence, step.common
        (0.5, 0.8, (1, 1.0))
    """

    batch: int
    """From 0."""
    corruption: str | None
    severity: int
    images: tuple[int, ...]
    """Their numbers in the test set."""
    labels: tuple[int, ...]
    answers: tuple[int, ...]
    """The predicted classes."""
    confidences: tuple[float, ...]
    """The softmax probability of each answer."""
    entropy: float
    """Mean over the images, in nats."""
    moved: float
    r"""How far the means that normalize are from those of training: the mean over layers and
    channels of :math:`|\hat\mu - \mu| / \sqrt{var + eps}`."""
    rescaled: float
    """How far scale and shift are from what was trained: the root of the mean square of γ's and β's
    differences. Of AFN: of γ̂ and β̂ from those that the running averages give."""
    lambdas: dict[str, float]
    """Means over AFN's layers, by name; none for others."""

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0 to 1."""
        return sum(self.hits) / len(self.labels)

    @property
    def hits(self) -> tuple[bool, ...]:
        """Whether each answer is right."""
        return tuple(a == b for a, b in zip(self.answers, self.labels, strict=True))

    @property
    def confidence(self) -> float:
        """Mean over the images, 0 to 1."""
        return sum(self.confidences) / len(self.confidences)

    @property
    def common(self) -> tuple[int, float]:
        """The commonest answer and its share."""
        answer, count = min(Counter(self.answers).items(), key=lambda each: (-each[1], each[0]))
        return answer, count / len(self.answers)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            **asdict(self),
            "confidences": [round(each, 4) for each in self.confidences],
            **{name: round(getattr(self, name), 6) for name in ("entropy", "moved", "rescaled")},
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "StreamStep":
        """The inverse.

        Raises:
            ValueError: Something is missing or not of its kind.
        """
        return converted(record, cls, "a batch of a stream")


def window(steps: Sequence[StreamStep], at: int, images: int = WINDOW) -> list[StreamStep]:
    """The batches up to the one at a place, back to at least so many images where there are."""
    found: list[StreamStep] = []
    count = 0
    for step in reversed(steps[: at + 1]):
        if count >= images:
            break
        found.append(step)
        count += len(step.labels)
    return found[::-1]


def accuracy_of(steps: Sequence[StreamStep]) -> float:
    """Share of right answers over batches, 0 to 1."""
    return sum(sum(each.hits) for each in steps) / max(sum(len(each.labels) for each in steps), 1)


def entropy_of(steps: Sequence[StreamStep]) -> float:
    """Mean entropy over the images of batches, in nats."""
    count = sum(len(each.labels) for each in steps)
    return sum(each.entropy * len(each.labels) for each in steps) / max(count, 1)


def pull_of(steps: Sequence[StreamStep]) -> tuple[int, float]:
    """The class that most images are wrongly told to be, and the share of those images.

    Sorted by class, or not: right answers do not count, so that many images of one class are no
    pull towards it.
    """
    wrong = Counter(
        answer
        for step in steps
        for answer, label in zip(step.answers, step.labels, strict=True)
        if answer != label
    )
    answer, count = min(wrong.items(), key=lambda each: (-each[1], each[0]), default=(0, 0))
    return answer, count / max(sum(len(each.labels) for each in steps), 1)


def collapse_of(steps: Sequence[StreamStep]) -> int | None:
    """The first batch at which it had collapsed (see `COLLAPSED`); None where it never did."""
    for at in range(len(steps)):
        these = window(steps, at)
        enough = sum(len(each.labels) for each in these) >= min(
            WINDOW, sum(len(each.labels) for each in steps)
        )
        if enough and pull_of(these)[1] >= COLLAPSED:
            return steps[at].batch
    return None
