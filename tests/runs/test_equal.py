"""Tests of several runs at one and the same step."""

from dataclasses import replace

import pytest

from afn.runs.equal import equal_tests, shared_step
from afn.runs.history import History

CASES = [
    ([[50, 100, 150], [50, 100]], 100),  # one is ahead
    ([[50, 100], [50, 100], [50]], 50),  # two have a newer one, but all have this
    ([[50, 100], [50, 100], [70]], 100),  # most, where no step is everybody's
    ([[50, 100], []], 100),  # who was never tested holds nobody back
    ([[50, 50, 50, 100], [50, 50, 50, 100, 100, 100]], 50),  # all its bars, not the first one
    ([[50], [60]], None),
    ([[], []], None),
    ([[3, 7]], 7),
]
"""Steps of several runs, and the one at which they are compared."""


@pytest.mark.parametrize(("steps", "expected"), CASES)
def test_the_step_that_most_have_and_the_newest_of_those(steps, expected):
    assert shared_step(steps) == expected


class Told:
    """A run of which only the name matters."""

    id = "told"


def after(*steps):
    """A history with tests at these steps; the accuracy is a hundredth of the step."""
    test = {"corruption": None, "severity": None, "n": 100}
    tests = [test | {"step": step, "accuracy": step / 100, "correct": step} for step in steps]
    return replace(History(run=Told()), evaluations=tuple(tests))


def test_tests_are_those_of_one_step_and_what_else_there_is_can_be_told():
    found = equal_tests([after(10, 20, 30), after(10, 20), after(15), after()])
    assert found.step == 20
    assert [test and test["accuracy"] for test in found.tests] == [0.2, 0.2, 0.15, None]
    assert [found.is_equal(run) for run in range(4)] == [True, True, False, False]


def test_a_test_repeated_at_a_step_is_the_newest():
    again = after(10, 10)
    again.evaluations[1]["accuracy"] = 0.7
    assert equal_tests([again, after(10)]).tests[0]["accuracy"] == 0.7
