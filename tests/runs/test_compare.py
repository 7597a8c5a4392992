"""Two runs compared: what differs in their settings, and the first step that tells them apart."""

from dataclasses import replace

import pytest

from afn import LambdaInit, TrainConfig
from afn.runs.compare import Difference, differences, kinship, parting, sentence
from afn.runs.history import History
from afn.runs.origin import ForkedFrom


class Told:
    """Events that stand in memory."""

    id = "told"

    def __init__(self, *events):
        self._events = list(events)

    def events(self, offset=0):
        return self._events[offset:], len(self._events)


def history(losses, *, first=0, lambdas=None, **columns):
    """A run whose steps have these losses; `lambdas` are λ_mu of its one layer."""
    layers = [] if lambdas is None else ["norm"]
    start = {"kind": "start", "step": first, "layers": layers, "adaptive_layers": layers}
    start["lambdas"] = [[0.0] * 4 for _ in layers]
    steps = []
    for i, loss in enumerate(losses):
        row = [] if lambdas is None else [[lambdas[i], 0.1, 0.1, 0.1]]
        steps.append(
            {
                "kind": "step", "step": first + i + 1, "loss": loss, "accuracy": 0.5, "lr": 0.1,
                "lambda_lr_factor": 1.0, "batch_size": 8, "grad_norm": 1.0, "duration": 0.1,
                "images_left": 0, "lambdas": row, "lambda_grads": row,
            }
            | {name: values[i] for name, values in columns.items()}
        )  # fmt: skip
    found = History.of(Told(start, *steps))
    assert len(found.steps) == len(losses)
    return found


def origin(run, step):
    return ForkedFrom(run=run, step=step, file="step.safetensors", config=TrainConfig())


def test_settings_that_differ_are_told_with_both_values():
    first = TrainConfig(lr=0.1, widths=(4, 8))
    second = replace(first, norm="bn", widths=(4,), lambda_init=LambdaInit(mu=0.0))
    assert differences(first, second) == [
        Difference("norm", "afn", "bn"),
        Difference("widths", [4, 8], [4]),
        Difference("lambda_init.mu", -3.0, 0.0),
    ]
    assert differences(first, first) == []


def test_the_first_step_that_differs_is_where_they_part():
    found = parting(history([3, 2, 1]), history([3, 2, 0.5]))
    assert (found.step, found.what, found.shared) == (3, ("loss",), 3)
    assert sentence(found, "A", "B") == (
        "A and B part at step 3, where the loss differs for the first time among the 3 steps that "
        "both recorded."
    )


def test_lambda_and_accuracy_part_before_the_loss():
    found = parting(history([3, 2], lambdas=[0.1, 0.2]), history([3, 1], lambdas=[0.1, 0.3]))
    assert (found.step, found.what) == (2, ("loss", "lambda"))
    found = parting(
        history([3, 2], lambdas=[0.1, 0.2], accuracy=[0.5, 0.5]),
        history([3, 2], lambdas=[0.3, 0.2], accuracy=[0.6, 0.5]),
    )
    assert (found.step, found.what) == (1, ("accuracy", "lambda"))
    assert "the accuracy and λ differ" in sentence(found, "A", "B")


def test_equal_courses_never_part_and_a_missing_number_equals_itself():
    found = parting(history([3, None, 1], lambdas=[1, 1, 1]), history([3, None], lambdas=[1, 1]))
    assert (found.step, found.shared) == (None, 2)
    assert "never part within the 2 steps" in sentence(found, "A", "B")
    assert "gradient norm and λ are equal" in sentence(found, "A", "B")


def test_a_fork_is_compared_where_both_have_steps():
    found = parting(history([4, 3, 2, 1]), history([2, 0], first=2))
    assert (found.step, found.shared) == (4, 2)


def test_without_lambda_in_both_the_others_are_compared():
    found = parting(history([3, 2], lambdas=[0.1, 0.2]), history([3, 2]))
    assert (found.step, found.has_lambda) == (None, False)
    assert "λ" not in sentence(found, "A", "B")


def test_no_step_in_common_is_said():
    assert parting(history([3]), history([2], first=5)).shared == 0
    assert sentence(parting(history([]), history([2])), "A", "B") == (
        "A and B have recorded no step in common."
    )


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (None, origin("a", 22), (0, (22,), "a")),
        (origin("b", 22), None, (1, (22,), "b")),
        (origin("c", 22), origin("c", 44), (None, (22, 44), "c")),
        (origin("c", 22), origin("d", 22), None),
        (None, None, None),
    ],
)
def test_forks_know_their_kin(mine, theirs, expected):
    found = kinship("a", mine, "b", theirs)
    assert expected == (found and (found.parent, found.steps, found.ancestor))
