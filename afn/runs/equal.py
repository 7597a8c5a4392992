"""Tests of several runs at one and the same step: what is compared is compared there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from afn.runs.history import History


def shared_step(steps: Sequence[Sequence[int]]) -> int | None:
    """The step that most of several have, the newest of those; of one its newest.

    None where no two of them have a step in common.

    Args:
        steps: Of each those it has; what it has several times counts where others are equal.

    Example:
        >>> from afn.runs.equal import shared_step
        >>> shared_step([[50, 100, 150], [50, 100]])
        100
    """
    having = [each for each in steps if each]
    runs = Counter(step for each in having for step in set(each))
    times = Counter(step for each in having for step in each)
    best = max(runs, key=lambda step: (runs[step], times[step], step), default=None)
    if best is None or (len(having) > 1 and runs[best] < 2):
        return None
    return best


@dataclass(frozen=True, slots=True)
class EqualTests:
    """Tests of several runs on clean images."""

    step: int | None
    """The one at which they are compared; None where no two were tested at one."""
    tests: tuple[dict[str, Any] | None, ...]
    """Of each its test there, or else its newest; None where it has none."""

    def is_equal(self, run: int) -> bool:
        """Whether a run's test is one of those that can be compared."""
        test = self.tests[run]
        return test is not None and test["step"] == self.step


def equal_tests(histories: Sequence[History]) -> EqualTests:
    """The tests on clean images at the newest step at which most were tested."""
    clean = [[e for e in each.evaluations if e["corruption"] is None] for each in histories]
    step = shared_step([[test["step"] for test in tests] for tests in clean])
    return EqualTests(
        step,
        tuple(
            next((test for test in reversed(tests) if test["step"] == step), None)
            or (tests[-1] if tests else None)
            for tests in clean
        ),
    )
