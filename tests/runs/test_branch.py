"""Another future of a run, from any step on: the same way up to there, bit by bit."""

from dataclasses import replace

import pytest

from afn import TrainConfig
from afn.engine.execution import execute
from afn.runs.branch import branch
from afn.runs.history import History
from afn.runs.store import RunStore

pytestmark = pytest.mark.slow

CONFIG = TrainConfig(
    dataset="digits8", widths=(4, 8), epochs=3, batch_size=128, evals_per_epoch=0, corruptions=()
)
HALF = {"command": "set", "lambda": {"mu": 0.0}}
SLOW = {"command": "set", "lr": 0.02}


def losses(run):
    history = History.of(run)
    return dict(zip(history.steps.tolist(), history.columns["loss"].tolist(), strict=True))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return RunStore(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def parent(store):
    """Changed once while it trained, in its second epoch; an epoch has 11 steps."""
    run = store.create(CONFIG)
    assert sum(1 for _ in execute(run, script=[(14, SLOW)]))
    return run


@pytest.mark.parametrize(("step", "begins"), [(3, 0), (11, 11), (20, 11), (25, 22)])
def test_a_branch_goes_the_same_way_up_to_its_step_and_another_behind_it(
    store, parent, step, begins
):
    made = branch(store, parent, step=step, command=HALF)
    list(execute(made))
    assert made.state().status == "finished"
    old, new = losses(parent), losses(made)
    assert sorted(new) == [at for at in sorted(old) if at > begins]
    assert {at: new[at] for at in new if at <= step} == {
        at: old[at] for at in old if begins < at <= step
    }
    assert new[step + 2] != old[step + 2]
    history = History.of(made)
    changed = history.lambdas[0, 0, history.steps == step + 1]
    assert changed == pytest.approx(0.5, abs=0.01)
    told = [(c["step"], c.get("lr")) for c in history.commands if "lr" in c]
    assert told == ([(14, 0.02)] if begins <= 14 <= step else [])
    origin = made.origin()
    assert (origin.run, origin.step, origin.branches_at) == (parent.id, begins, step)
    assert made.record()["name"] == f"from step {step}: λ_μ logit 0"


def test_a_branch_of_a_branch_and_of_a_run_that_trains(store):
    run = store.create(replace(CONFIG, seed=1))
    events = execute(run)
    while next(events).step < 5:
        pass
    first = branch(store, run, step=4, command=HALF)
    list(execute(first))
    second = branch(store, first, step=6, command=SLOW)
    list(execute(second))
    assert [at for at, _ in second.origin().script] == [4, 6]
    assert {at: losses(second)[at] for at in range(1, 7)} == {
        at: losses(first)[at] for at in range(1, 7)
    }
    events.close()


@pytest.mark.parametrize(
    ("step", "command", "line"),
    [
        (33, HALF, "at step 33 the training is over: branch before it"),
        (99, HALF, "has the steps 0 to 33 by now: branch it there, got 99"),
        (-1, HALF, "has the steps 0 to 33 by now: branch it there, got -1"),
        (3, {"command": "pause"}, "a branch changes something"),
        (3, {"command": "set", "lr": 99.0}, "lr must be a number"),
    ],
)
def test_what_cannot_be_branched_is_one_line(store, parent, step, command, line):
    with pytest.raises(ValueError, match=line):
        branch(store, parent, step=step, command=command)


def test_a_norm_without_lambda_has_none_to_set(store):
    run = store.create(replace(CONFIG, norm="bn"))
    with pytest.raises(ValueError, match="bn has no λ to set"):
        branch(store, run, step=0, command=HALF)
